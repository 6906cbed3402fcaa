/* SPDX-License-Identifier: Apache-2.0 */
/* Bad for too long. */
#include "flow/alarm.h"

enum chappe_alarm_change chappe_alarm_look(struct chappe_alarm *alarm, bool bad, int64_t after_us, int64_t now_us)
{
        bool was_raised = alarm->raised;
        if (bad && !alarm->bad)
                alarm->since_us = now_us;
        alarm->bad = bad;
        alarm->raised = bad && now_us - alarm->since_us >= after_us;
        if (alarm->raised == was_raised)
                return CHAPPE_ALARM_SAME;
        return alarm->raised ? CHAPPE_ALARM_RAISED : CHAPPE_ALARM_CLEARED;
}
