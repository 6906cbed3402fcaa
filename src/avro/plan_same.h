/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a decode for what both sides call the same: values, unions, arrays, records. */
#pragma once

#include "avro/plan_take.h"

CHAPPE_PLAN_STEP chappe_plan_do_boolean(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const uint8_t *raw;

        if (!chappe_plan_take_raw(run, place, 1, &raw))
                return false;
        if (*raw > 1) {
                chappe_plan_run_fail_number(run, "a boolean that is neither 0 nor 1", *raw, 0);
                return false;
        }
        *(uint8_t *)chappe_plan_field(place) = *raw;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_int(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int32_t number;

        if (!chappe_plan_take_int(run, place, &number))
                return false;
        *(int32_t *)chappe_plan_field(place) = number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_long(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        int64_t number;

        if (!chappe_plan_take_long(run, place, &number))
                return false;
        *(int64_t *)chappe_plan_field(place) = number;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_raw(struct chappe_plan_run *run, struct chappe_plan_place *place, size_t size)
{
        const uint8_t *raw;

        if (!chappe_plan_take_raw(run, place, size, &raw))
                return false;
        memcpy(chappe_plan_field(place), raw, size);
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_float(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        return chappe_plan_do_raw(run, place, sizeof(float));
}

CHAPPE_PLAN_STEP chappe_plan_do_double(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        return chappe_plan_do_raw(run, place, sizeof(double));
}

CHAPPE_PLAN_STEP chappe_plan_do_fixed(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        return chappe_plan_do_raw(run, place, place->instruction->a);
}

CHAPPE_PLAN_STEP chappe_plan_do_bytes(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t length;

        if (!chappe_plan_take_length(run, place, &length))
                return false;
        *(struct chappe_bytes *)chappe_plan_field(place) = (struct chappe_bytes){ place->at, length };
        place->at += length;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_string(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t length;

        if (!chappe_plan_take_length(run, place, &length))
                return false;
        if (!chappe_utf8_check(place->at, length, place->end))
                return chappe_plan_malformed(run, "a string that is not UTF-8");
        *(struct chappe_text *)chappe_plan_field(place) = (struct chappe_text){ (const char *)place->at, length };
        place->at += length;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_enum(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t symbol;

        if (!chappe_plan_take_index(run, place, place->instruction->a, "an enum symbol that does not exist", &symbol))
                return false;
        *(int32_t *)chappe_plan_field(place) = (int32_t)symbol;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_optional(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t branch;

        if (!chappe_plan_take_index(run, place, 2, "a union branch that does not exist", &branch))
                return false;
        if (branch == place->instruction->a)
                place->next = run->plan->program + place->instruction->b;
        else
                *(bool *)chappe_plan_field(place) = true;
        return true;
}

/* To the branch's arm; of a writer's union that the reader has not as well. */
CHAPPE_PLAN_STEP chappe_plan_do_union(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        uint64_t branch;

        if (!chappe_plan_take_index(run, place, place->instruction->b, "a union branch that does not exist", &branch))
                return false;
        place->next = run->plan->program + run->plan->jumps[place->instruction->a + branch];
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_branch(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        (void)run;
        *(int32_t *)chappe_plan_field(place) = (int32_t)place->instruction->a;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_jump(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        place->next = run->plan->program + place->instruction->b;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_array(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const uint8_t *at = place->at;
        int r = chappe_plan_open_array(run, place->instruction, place->base, &at, place->end);

        place->at = at;
        if (r < 0)
                return false;
        if (r == 0)
                place->next = run->plan->program + place->instruction->b;
        else
                place->base = run->frames[run->depth - 1].items;
        return true;
}

/* Behind the last item of a block that is most likely the only one. */
CHAPPE_PLAN_STEP chappe_plan_end_block(struct chappe_plan_run *run, struct chappe_plan_place *place,
                                       struct chappe_plan_frame *frame)
{
        size_t done = frame->total;
        const uint8_t *at = place->at;
        int r;

        if (__builtin_expect(at < place->end && *at == 0, 1)) {
                struct chappe_plan_items *items =
                        (struct chappe_plan_items *)(frame->base + frame->instruction->offset);

                *items = (struct chappe_plan_items){ frame->items, frame->total };
                place->at = at + 1;
                place->base = frame->base;
                run->depth--;
                return true;
        }
        r = chappe_plan_next_block(run, &at, place->end);
        place->at = at;
        if (r < 0)
                return false;
        place->base = r == 0 ? frame->base : frame->items + done * CHAPPE_PLAN_STRIDE(frame->instruction->a);
        if (r > 0)
                place->next = frame->instruction + 1;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_next(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];

        place->base += CHAPPE_PLAN_STRIDE(frame->instruction->a);
        if (--frame->left == 0)
                return chappe_plan_end_block(run, place, frame);
        place->next = frame->instruction + 1;
        return true;
}

/* A frame that leads back here; NULL when the value is nested too deeply. */
static inline __attribute__((always_inline)) struct chappe_plan_frame *
chappe_plan_push_return(struct chappe_plan_run *run, const struct chappe_plan_place *place)
{
        struct chappe_plan_frame *frame = chappe_plan_run_push(run);

        if (frame)
                *frame = (struct chappe_plan_frame){ .instruction = place->instruction,
                                                     .next = place->next,
                                                     .base = place->base };
        return frame;
}

CHAPPE_PLAN_STEP chappe_plan_do_pointer(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        size_t size = place->instruction->a;
        uint8_t *target = chappe_plan_push_return(run, place) ? chappe_plan_run_allocate(run, size) : NULL;

        if (!target)
                return false;
        *(void **)chappe_plan_field(place) = memset(target, 0, size);
        place->base = target;
        place->next = run->plan->program + place->instruction->b;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_call(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        if (!chappe_plan_push_return(run, place))
                return false;
        place->base = chappe_plan_field(place);
        place->next = run->plan->program + place->instruction->b;
        return true;
}

CHAPPE_PLAN_STEP chappe_plan_do_return(struct chappe_plan_run *run, struct chappe_plan_place *place)
{
        const struct chappe_plan_frame *frame = &run->frames[--run->depth];

        place->base = frame->base;
        place->next = frame->next;
        return true;
}
