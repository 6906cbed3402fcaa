/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a decode for what the two sides see differently: promotions, defaults, what is skipped. */
#pragma once

#include "avro/plan_take.h"

CHAPPE_PLAN_STEP chappe_plan_do_int_to_long(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int32_t number;

        if (!chappe_plan_take_int(run, place, &number))
                return false;
        *(int64_t *)chappe_plan_field(place) = number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_int_to_float(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int32_t number;

        if (!chappe_plan_take_int(run, place, &number))
                return false;
        *(float *)chappe_plan_field(place) = (float)number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_int_to_double(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int32_t number;

        if (!chappe_plan_take_int(run, place, &number))
                return false;
        *(double *)chappe_plan_field(place) = number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_long_to_float(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int64_t number;

        if (!chappe_plan_take_long(run, place, &number))
                return false;
        *(float *)chappe_plan_field(place) = (float)number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_long_to_double(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int64_t number;

        if (!chappe_plan_take_long(run, place, &number))
                return false;
        *(double *)chappe_plan_field(place) = (double)number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_float_to_double(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const uint8_t *raw;
        float number;

        if (!chappe_plan_take_raw(run, place, sizeof(number), &raw))
                return false;
        memcpy(&number, raw, sizeof(number));
        *(double *)chappe_plan_field(place) = number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_enum_map(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t theirs;
        uint32_t ours;

        if (!chappe_plan_take_index(run, place, place->instruction->b, "an enum symbol that does not exist", &theirs))
                return false;
        ours = run->plan->jumps[place->instruction->a + theirs];
        if (ours == UINT32_MAX)
                return chappe_plan_run_fail(run, CHAPPE_E_SCHEMA_INCOMPATIBLE,
                                            "an enum symbol that the reader does not know");
        *(uint32_t *)chappe_plan_field(place) = ours;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_present(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        (void)run;
        *(bool *)chappe_plan_field(place) = true;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_store_1(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        (void)run;
        *(uint8_t *)chappe_plan_field(place) = (uint8_t)place->instruction->a;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_store_4(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        (void)run;
        *(uint32_t *)chappe_plan_field(place) = place->instruction->a;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_store_8(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        (void)run;
        memcpy(chappe_plan_field(place), &place->instruction->a, 8);
        return true;
}

/* The default's bytes are read from a copy, so that strings in it live as long as the value. */
CHAPPE_PLAN_STEP chappe_plan_do_default(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const struct chappe_instruction *instruction = place->instruction;
        struct chappe_plan_frame *frame = chappe_plan_run_push(run);
        uint8_t *copy;

        if (!frame)
                return false;
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .at = place->at, .end = place->end };
        copy = chappe_plan_run_allocate(run, instruction->b);
        if (!copy)
                return false;
        memcpy(copy, run->plan->defaults + instruction->a, instruction->b);
        place->at = copy;
        place->end = copy + instruction->b;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_default_end(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const struct chappe_plan_frame *frame = &run->frames[--run->depth];

        place->at = frame->at;
        place->end = frame->end;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_skip(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const uint8_t *raw;

        return chappe_plan_take_raw(run, place, place->instruction->a, &raw);
}

CHAPPE_PLAN_STEP chappe_plan_do_skip_varint(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t number;

        for (uint32_t i = 0; i < place->instruction->a; i++) {
                if (!chappe_plan_take_number(run, place, &number))
                        return false;
        }
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_skip_length(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t length;

        if (!chappe_plan_take_length(run, place, &length))
                return false;
        place->at += length;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_skip_array(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const uint8_t *at = place->at;
        int r = chappe_plan_open_skip(run, place->instruction, &at, place->end);

        place->at = at;
        if (r == 0)
                place->next = run->plan->program + place->instruction->b;
        return r >= 0;
}

CHAPPE_PLAN_STEP chappe_plan_do_skip_next(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];
        const uint8_t *at = place->at;
        int r = 1;

        if (--frame->left == 0) {
                r = chappe_plan_next_skip(run, &at, place->end);
                place->at = at;
        }
        if (r > 0)
                place->next = frame->instruction + 1;
        return r >= 0;
}

CHAPPE_PLAN_STEP chappe_plan_do_mismatch(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        return chappe_plan_run_fail(run, CHAPPE_E_SCHEMA_INCOMPATIBLE, run->plan->reasons[place->instruction->a]);
}
