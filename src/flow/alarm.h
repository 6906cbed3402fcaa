/* SPDX-License-Identifier: Apache-2.0 */
/* Something that is bad for too long: raised once, cleared once. Pure; time is given. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise. */
struct chappe_alarm {
        int64_t since_us;
        bool bad;
        bool raised;
};

enum chappe_alarm_change {
        CHAPPE_ALARM_SAME,
        CHAPPE_ALARM_RAISED,
        CHAPPE_ALARM_CLEARED,
};

/* How it looks now; raised once it has looked bad for after_us without a break. */
enum chappe_alarm_change chappe_alarm_look(struct chappe_alarm *alarm, bool bad, int64_t after_us, int64_t now_us);
