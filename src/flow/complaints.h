/* SPDX-License-Identifier: Apache-2.0 */
/* The same complaint over and over: told once a while, with how often it came meanwhile. Pure; time is given. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/error.h>

#define CHAPPE_COMPLAINTS_KINDS    8
#define CHAPPE_COMPLAINTS_EVERY_US INT64_C(60000000)

/* Zero-initialise. */
struct chappe_complaints {
        struct chappe_complaint {
                int code; /* 0: free */
                int64_t told_us;
                uint32_t untold; /* since then */
        } kinds[CHAPPE_COMPLAINTS_KINDS];
};

/* Is a complaint with this code (not 0) to be told now? *ret_untold: how many like it were not told since the last. */
bool chappe_complaints_tell(struct chappe_complaints *complaints, int code, int64_t now_us, uint32_t *ret_untold);
/* The same for an error, whose text says how many of its code were not told. */
bool chappe_complaints_tell_error(struct chappe_complaints *complaints, struct chappe_error *error, int64_t now_us);
