/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a running decode, and how it takes values from the bytes. All of it is inlined into one loop, where the
 * place's members stay in registers: its address is given to nothing else.
 */
#pragma once

#include "avro/plan_run.h"

#define CHAPPE_PLAN_STEP static inline __attribute__((always_inline)) bool

struct chappe_plan_place {
        const uint8_t *at, *end;                      /* the bytes left; at NULL: a number was cut off */
        uint8_t *base;                                /* of the struct, or item of an array, that is being filled */
        const struct chappe_instruction *instruction; /* that runs */
        const struct chappe_instruction *next;
};

/* Says why; false. */
CHAPPE_PLAN_STEP chappe_plan_malformed(struct chappe_plan_run *run, const char *reason)
{
        chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_INVALID, reason);
        return false;
}

static inline void *chappe_plan_field(const struct chappe_plan_place *place)
{
        return place->base + place->instruction->offset;
}

/* One byte is by far the most common. */
CHAPPE_PLAN_STEP chappe_plan_take_number(struct chappe_plan_run *run, struct chappe_plan_place *place, uint64_t *ret)
{
        const uint8_t *at = place->at, *behind;
        uint64_t number; /* so that *ret stays in a register */

        if (__builtin_expect(at < place->end && *at < 0x80, 1)) {
                *ret = *at;
                place->at = at + 1;
                return true;
        }
        if (place->end - at >= 2 && at[1] < 0x80) {
                *ret = (uint64_t)(at[0] & 0x7F) | (uint64_t)at[1] << 7;
                place->at = at + 2;
                return true;
        }
        behind = chappe_take_any_number(at, place->end, &number);
        if (!behind)
                return chappe_plan_malformed(run, "a number is cut off or overlong");
        *ret = number;
        place->at = behind;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_take_long(struct chappe_plan_run *run, struct chappe_plan_place *place, int64_t *ret)
{
        uint64_t zigzag;

        if (!chappe_plan_take_number(run, place, &zigzag))
                return false;
        *ret = (int64_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_take_int(struct chappe_plan_run *run, struct chappe_plan_place *place, int32_t *ret)
{
        uint64_t zigzag;

        if (!chappe_plan_take_number(run, place, &zigzag))
                return false;
        if (zigzag > UINT32_MAX)
                return chappe_plan_malformed(run, "an int of more than 32 bits");
        *ret = (int32_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));
        return true;
}

/* The length of bytes that are there. */
CHAPPE_PLAN_STEP chappe_plan_take_length(struct chappe_plan_run *run, struct chappe_plan_place *place, uint64_t *ret)
{
        uint64_t twice;

        if (!chappe_plan_take_number(run, place, &twice))
                return false;
        if (twice & 1)
                return chappe_plan_malformed(run, "a negative length");
        if (twice >> 1 > (uint64_t)(place->end - place->at))
                return chappe_plan_malformed(run, "a length beyond the bytes left");
        *ret = twice >> 1;
        return true;
}

/* A number below count. */
CHAPPE_PLAN_STEP chappe_plan_take_index(struct chappe_plan_run *run, struct chappe_plan_place *place, uint32_t count,
                                        const char *reason, uint64_t *ret)
{
        uint64_t twice;

        if (!chappe_plan_take_number(run, place, &twice))
                return false;
        if ((twice & 1) || twice >> 1 >= count) {
                chappe_plan_run_fail_number(run, reason, (int64_t)(twice >> 1 ^ (0 - (twice & 1))), count);
                return false;
        }
        *ret = twice >> 1;
        return true;
}

/* So many bytes as they are. */
CHAPPE_PLAN_STEP chappe_plan_take_raw(struct chappe_plan_run *run, struct chappe_plan_place *place, size_t size,
                                      const uint8_t **ret)
{
        if ((size_t)(place->end - place->at) < size)
                return chappe_plan_malformed(run, "the bytes end within a value");
        *ret = place->at;
        place->at += size;
        return true;
}
