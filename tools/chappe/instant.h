/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as people write them, and now. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "-10m" (ago; ms, s, m, h or d), "2026-11-24", "2026-11-24T10:00:00.123" (UTC, a Z may follow; without the fraction,
 * too), in ms since the epoch. */
bool instant_parse(const char *text, int64_t *ret_ms);
/* 2026-11-24T10:00:00.123Z */
const char *instant_format(int64_t ms, char buffer[40]);
int64_t instant_now_ms(void);
/* For durations. */
int64_t instant_monotonic_us(void);
/* Sleeps until then, at most a tenth of a second. */
void instant_wait_until_us(int64_t monotonic_us);
