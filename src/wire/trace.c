/* SPDX-License-Identifier: Apache-2.0 */
/* W3C trace context: the header traceparent. */
#include "wire/trace.h"

#include <assert.h>
#include <string.h>

#include "base/hex.h"

#define LENGTH            (CHAPPE_TRACEPARENT_SIZE - 1)
#define TRACE_ID_AT       3
#define SPAN_ID_AT        36
#define FLAGS_AT          53
#define VERSION_FORBIDDEN 0xff

/* What a digit is worth, and one more; 0: it is none. Lower case only, as the specification says. */
static const uint8_t worth[256] = {
        ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
        ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static bool read_hex(const char *at, uint8_t *ret_bytes, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                unsigned high = worth[(uint8_t)at[2 * i]], low = worth[(uint8_t)at[2 * i + 1]];

                if (high == 0 || low == 0)
                        return false;
                ret_bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
        }
        return true;
}

static const uint8_t none[16];

static bool all_zero(const uint8_t *bytes, size_t count)
{
        return memcmp(bytes, none, count) == 0;
}

static bool parse(struct chappe_text text, struct chappe_trace *trace)
{
        const char *at = text.at;
        uint8_t version;

        if (text.length < LENGTH || !read_hex(at, &version, 1) || version == VERSION_FORBIDDEN)
                return false;
        if (text.length > LENGTH && (version == 0 || at[LENGTH] != '-'))
                return false;
        if (at[TRACE_ID_AT - 1] != '-' || at[SPAN_ID_AT - 1] != '-' || at[FLAGS_AT - 1] != '-')
                return false;
        return read_hex(at + TRACE_ID_AT, trace->trace_id, sizeof(trace->trace_id)) &&
               read_hex(at + SPAN_ID_AT, trace->span_id, sizeof(trace->span_id)) &&
               read_hex(at + FLAGS_AT, &trace->flags, 1) && !all_zero(trace->trace_id, sizeof(trace->trace_id)) &&
               !all_zero(trace->span_id, sizeof(trace->span_id));
}

bool chappe_trace_parse(struct chappe_text traceparent, struct chappe_trace *ret_trace)
{
        struct chappe_trace trace;
        bool valid = parse(traceparent, &trace);

        *ret_trace = valid ? trace : (struct chappe_trace){ { 0 } };
        return valid;
}

void chappe_trace_format(const struct chappe_trace *trace, char ret_traceparent[CHAPPE_TRACEPARENT_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        char *at = ret_traceparent;

        assert(chappe_trace_is_set(trace));
        memcpy(at, "00-", 3);
        at = chappe_hex_put_16(at + 3, trace->trace_id);
        *at++ = '-';
        at = chappe_hex_put_8(at, trace->span_id);
        *at++ = '-';
        *at++ = digits[trace->flags >> 4];
        *at++ = digits[trace->flags & 15];
        *at = '\0';
}

struct chappe_trace chappe_trace_child(const struct chappe_trace *parent, struct chappe_random *random)
{
        struct chappe_trace child = *parent;

        while (all_zero(child.trace_id, sizeof(child.trace_id)))
                chappe_random_bytes(random, child.trace_id, sizeof(child.trace_id));
        do
                chappe_random_bytes(random, child.span_id, sizeof(child.span_id));
        while (all_zero(child.span_id, sizeof(child.span_id)));
        return child;
}
