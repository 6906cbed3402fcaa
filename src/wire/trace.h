/* SPDX-License-Identifier: Apache-2.0 */
/* W3C trace context (https://www.w3.org/TR/trace-context/): the header traceparent. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/text.h>

#include "base/random.h"

#define CHAPPE_HEADER_TRACEPARENT "traceparent"
#define CHAPPE_HEADER_TRACESTATE  "tracestate"

/* As carried on; all zero: none. */
struct chappe_trace {
        uint8_t trace_id[16];
        uint8_t span_id[8];
        uint8_t flags;
};

#define CHAPPE_TRACEPARENT_SIZE 56 /* 55 characters and the terminator */

static inline bool chappe_trace_is_set(const struct chappe_trace *trace)
{
        static const uint8_t none[16];

        return memcmp(trace->trace_id, none, sizeof(none)) != 0;
}

/* False, with *ret_trace all zero, for what the specification calls invalid. A version beyond 00 may go on behind the
 * flags. */
bool chappe_trace_parse(struct chappe_text traceparent, struct chappe_trace *ret_trace);
/* Version 00 of a trace that is set. */
void chappe_trace_format(const struct chappe_trace *trace, char ret_traceparent[CHAPPE_TRACEPARENT_SIZE]);
/* A span of the same trace; of a new one, not sampled, when the parent is not set. */
struct chappe_trace chappe_trace_child(const struct chappe_trace *parent, struct chappe_random *random);
