/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan of a type to itself the other way: from a struct to bytes. */
#include <string.h>

#include "avro/plan.h"
#include "avro/straight_line.h"

struct run {
        const struct chappe_plan *plan;
        struct chappe_plan_frame frames[CHAPPE_ENCODE_DEPTH];
        unsigned depth;
        int code;
        const char *reason;
};

/* Where a running encode is. Inlined into one loop, its members stay in registers. */
struct place {
        struct chappe_encoder encoder;
        uint8_t *at;
        const uint8_t *base; /* of the struct that is read */
        const struct chappe_instruction *instruction, *next;
};

#define STEP static inline __attribute__((always_inline)) bool

/* What every array and map lies in. */
struct items {
        const uint8_t *at;
        size_t count;
};

static bool fail(struct run *run, int code, const char *reason)
{
        run->code = code;
        run->reason = reason;
        return false;
}

STEP unfit(struct run *run, const char *reason)
{
        fail(run, CHAPPE_E_VALUE_INVALID, reason);
        return false;
}

/* at: behind what was put; NULL: there was no room for it. */
STEP put(struct run *run, struct place *place, uint8_t *at)
{
        place->at = at;
        return at ? true : fail(run, CHAPPE_E_NO_MEMORY, "no memory to encode");
}

STEP make_room(struct run *run, struct place *place)
{
        return put(run, place, chappe_put_room(&place->encoder, place->at));
}

static inline const void *field(const struct place *place)
{
        return place->base + place->instruction->offset;
}

/* A frame that leads back here. */
STEP push(struct run *run, const struct place *place)
{
        if (run->depth >= CHAPPE_ENCODE_DEPTH)
                return unfit(run, "the value is nested too deeply");
        run->frames[run->depth++] = (struct chappe_plan_frame){ .instruction = place->instruction,
                                                                .next = place->next,
                                                                .base = (uint8_t *)place->base };
        return true;
}

STEP put_number(struct run *run, struct place *place, uint64_t number)
{
        if (!make_room(run, place))
                return false;
        place->at = chappe_put_number(place->at, number);
        return true;
}

STEP put_raw(struct run *run, struct place *place, size_t size)
{
        if (!make_room(run, place))
                return false;
        place->at = chappe_put_raw(place->at, field(place), size);
        return true;
}

/* A number below count, as symbols and branches are written. */
STEP put_index(struct run *run, struct place *place, uint32_t count, const char *reason)
{
        uint32_t index = *(const uint32_t *)field(place);

        return index < count ? put_number(run, place, (uint64_t)index << 1) : unfit(run, reason);
}

STEP do_boolean(struct run *run, struct place *place)
{
        return *(const uint8_t *)field(place) <= 1 ? put_raw(run, place, sizeof(bool))
                                                   : unfit(run, "a bool that is neither 0 nor 1");
}

STEP do_int(struct run *run, struct place *place)
{
        if (!make_room(run, place))
                return false;
        place->at = chappe_put_int(place->at, *(const int32_t *)field(place));
        return true;
}

STEP do_long(struct run *run, struct place *place)
{
        if (!make_room(run, place))
                return false;
        place->at = chappe_put_long(place->at, *(const int64_t *)field(place));
        return true;
}

STEP do_float(struct run *run, struct place *place)
{
        return put_raw(run, place, sizeof(float));
}

STEP do_double(struct run *run, struct place *place)
{
        return put_raw(run, place, sizeof(double));
}

STEP do_fixed(struct run *run, struct place *place)
{
        return put(run, place, chappe_put_block(&place->encoder, place->at, field(place), place->instruction->a));
}

STEP do_bytes(struct run *run, struct place *place)
{
        const struct chappe_bytes *bytes = field(place);

        if (__builtin_expect(!bytes->at && bytes->length, 0))
                return unfit(run, "a length, at NULL");
        return put(run, place, chappe_put_bytes(&place->encoder, place->at, bytes));
}

STEP do_string(struct run *run, struct place *place)
{
        const struct chappe_text *text = field(place);
        uint8_t *behind;

        if (__builtin_expect(!text->at && text->length, 0))
                return unfit(run, "a length, at NULL");
        if (!make_room(run, place))
                return false;
        behind = chappe_put_text(&place->encoder, place->at, text);
        if (!behind && !chappe_utf8_valid(text->at, text->length))
                return unfit(run, "a string that is not UTF-8");
        return put(run, place, behind);
}

STEP do_enum(struct run *run, struct place *place)
{
        return put_index(run, place, place->instruction->a, "a number that is no symbol of the enum");
}

STEP do_optional(struct run *run, struct place *place)
{
        bool present = *(const uint8_t *)field(place);
        uint32_t null = place->instruction->a;

        if (!present)
                place->next = run->plan->program + place->instruction->b;
        return put_number(run, place, (present ? 1 - null : null) << 1);
}

STEP do_union(struct run *run, struct place *place)
{
        if (!put_index(run, place, place->instruction->b, "a number that is no branch of the union"))
                return false;
        place->next = run->plan->program + run->plan->jumps[place->instruction->a + *(const uint32_t *)field(place)];
        return true;
}

STEP do_branch(struct run *run, struct place *place)
{
        (void)run, (void)place; /* the union has written it */
        return true;
}

STEP do_jump(struct run *run, struct place *place)
{
        place->next = run->plan->program + place->instruction->b;
        return true;
}

STEP do_array(struct run *run, struct place *place)
{
        const struct items *items = field(place);
        struct chappe_plan_frame *frame;

        if (items->count == 0) {
                place->next = run->plan->program + place->instruction->b;
                return put_number(run, place, 0);
        }
        if (!items->at)
                return unfit(run, "an array that has a count but no items");
        if (!push(run, place))
                return false;
        frame = &run->frames[run->depth - 1];
        frame->left = frame->total = items->count;
        frame->items = (uint8_t *)items->at;
        if (!put_number(run, place, (uint64_t)items->count << 1))
                return false;
        place->base = items->at;
        return true;
}

STEP do_next(struct run *run, struct place *place)
{
        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];

        if (--frame->left > 0) {
                place->base += CHAPPE_PLAN_STRIDE(frame->instruction->a);
                place->next = frame->instruction + 1;
                return true;
        }
        place->base = frame->base;
        run->depth--;
        return put_number(run, place, 0);
}

STEP enter(struct run *run, struct place *place, const uint8_t *base)
{
        if (!push(run, place))
                return false;
        place->base = base;
        place->next = run->plan->program + place->instruction->b;
        return true;
}

STEP do_pointer(struct run *run, struct place *place)
{
        const uint8_t *target = *(const uint8_t *const *)field(place);

        return target ? enter(run, place, target) : unfit(run, "a pointer that is NULL");
}

STEP do_call(struct run *run, struct place *place)
{
        return enter(run, place, field(place));
}

STEP do_return(struct run *run, struct place *place)
{
        const struct chappe_plan_frame *frame = &run->frames[--run->depth];

        place->base = frame->base;
        place->next = frame->next;
        return true;
}

/* A step that succeeds goes on with the next one; all else leaves the switch. */
#define RUN_STEP(op, step)                                                                                             \
        case CHAPPE_OP_##op:                                                                                           \
                if (do_##step(run, &place))                                                                            \
                        continue;                                                                                      \
                break;

/* Apart, because of the frames: straight lines need no such stack. */
static __attribute__((noinline)) int execute(const struct chappe_plan *plan, const uint8_t *base,
                                             struct chappe_buffer *buffer, struct chappe_error *error)
{
        struct place place = { .base = base, .next = plan->program };
        struct run frames, *run = &frames;
        char path[200];

        run->plan = plan;
        run->depth = 0;
        place.at = chappe_put_begin(&place.encoder, buffer);
        if (!place.at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to encode");
        for (;;) {
                place.instruction = place.next++;
                switch ((enum chappe_op)place.instruction->op) {
                        CHAPPE_PLAN_SAME_STEPS(RUN_STEP)
                case CHAPPE_OP_END:
                        chappe_put_end(buffer, place.at);
                        return 0;
                default:
                        unfit(run, "a plan that cannot encode");
                }
                return chappe_fail(error, run->code, "%s: %s",
                                   chappe_plan_path_print(run->plan, place.instruction, run->frames, run->depth, path),
                                   run->reason);
        }
}

int chappe_plan_encode(const struct chappe_plan *plan, const void *value, struct chappe_buffer *buffer,
                       struct chappe_error *error)
{
        if (!plan->encodable)
                return chappe_fail(error, CHAPPE_E_USAGE, "only a plan of a type to itself can encode");
        if (plan->type && chappe_straight_encode(plan->type, value, buffer))
                return 0;
        return execute(plan, value, buffer, error);
}
