/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan over bytes: every length is checked against the bytes left, every piece of memory against the budget.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "avro/plan_resolved.h"
#include "avro/plan_same.h"
#include "avro/plan_within.h"

#define STACK_DEPTH 64u /* frames without memory from the arena */

/* What each instruction does. */
#define STEPS(X)                                                                                                       \
        CHAPPE_PLAN_SAME_STEPS(X)                                                                                      \
        X(SWITCH, union)                                                                                               \
        X(INT_TO_LONG, int_to_long)                                                                                    \
        X(INT_TO_FLOAT, int_to_float)                                                                                  \
        X(INT_TO_DOUBLE, int_to_double)                                                                                \
        X(LONG_TO_FLOAT, long_to_float)                                                                                \
        X(LONG_TO_DOUBLE, long_to_double)                                                                              \
        X(FLOAT_TO_DOUBLE, float_to_double)                                                                            \
        X(ENUM_MAP, enum_map)                                                                                          \
        X(PRESENT, present)                                                                                            \
        X(STORE_1, store_1)                                                                                            \
        X(STORE_4, store_4)                                                                                            \
        X(STORE_8, store_8)                                                                                            \
        X(DEFAULT, default)                                                                                            \
        X(DEFAULT_END, default_end)                                                                                    \
        X(SKIP, skip)                                                                                                  \
        X(SKIP_VARINT, skip_varint)                                                                                    \
        X(SKIP_LENGTH, skip_length)                                                                                    \
        X(SKIP_ARRAY, skip_array)                                                                                      \
        X(SKIP_NEXT, skip_next)                                                                                        \
        X(MISMATCH, mismatch)

static int report(struct chappe_plan_run *run, const struct chappe_instruction *instruction, const uint8_t *at,
                  struct chappe_error *error)
{
        char path[200], found[60] = "";

        for (unsigned i = run->depth; i-- > 0;) {
                if (run->frames[i].at)
                        at = run->frames[i].at; /* within a default: where the data stood */
        }
        if (run->numbered && run->count == 0)
                snprintf(found, sizeof(found), ": %" PRId64, run->found);
        else if (run->numbered)
                snprintf(found, sizeof(found), ": %" PRId64 ", where there are %" PRIu32, run->found, run->count);
        return chappe_fail(error, run->code, "%s at byte %zu: %s%s",
                           chappe_plan_path_print(run->plan, instruction, run->frames, run->depth, path),
                           (size_t)(at - run->start), run->reason, found);
}

/* A step that succeeds goes on with the next one; all else leaves the switch. */
#define RUN_STEP(op, step)                                                                                             \
        case CHAPPE_OP_##op:                                                                                           \
                if (chappe_plan_do_##step(run, &place))                                                                \
                        continue;                                                                                      \
                break;

static int execute(struct chappe_plan_run *run, const uint8_t *end, uint8_t *base, struct chappe_error *error)
{
        struct chappe_plan_place place = { .at = run->start, .end = end, .base = base, .next = run->plan->program };

        for (;;) {
                place.instruction = place.next++;
                switch ((enum chappe_op)place.instruction->op) {
                        STEPS(RUN_STEP)
                case CHAPPE_OP_END:
                        if (run->used)
                                *run->used = (size_t)(place.at - run->start);
                        else if (place.at != place.end &&
                                 !chappe_plan_malformed(run, "bytes are left over behind the value"))
                                break;
                        return 0;
                default:
                        __builtin_unreachable(); /* the compiler of the plan emits nothing else */
                }
                return report(run, place.instruction, place.at ? place.at : place.end, error);
        }
}

static int decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                  const struct chappe_decode_limits *limits, void *ret_value, size_t *ret_used,
                  struct chappe_error *error)
{
        struct chappe_plan_frame frames[STACK_DEPTH];
        struct chappe_plan_run run = {
                .plan = plan,
                .arena = arena,
                .memory_left = chappe_decode_memory(limits->memory_factor, length, limits->memory_constant),
                .zero_items_left = limits->zero_byte_items,
                .start = bytes,
                .frames = frames,
                .used = ret_used,
                .depth_limit = (unsigned)limits->depth,
        };

        if (run.depth_limit > STACK_DEPTH) {
                run.frames = chappe_arena_alloc(arena, run.depth_limit * sizeof(*run.frames));
                if (!run.frames)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to decode");
        }
        memset(ret_value, 0, plan->layout->size);
        return execute(&run, (const uint8_t *)bytes + length, ret_value, error);
}

int chappe_plan_execute(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                        const struct chappe_decode_limits *limits, void *ret_value, struct chappe_error *error)
{
        return decode(plan, bytes, length, arena, limits, ret_value, NULL, error);
}

int chappe_plan_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                       const struct chappe_decode_limits *limits, void *ret_value, struct chappe_error *error)
{
        struct chappe_decode_limits within = limits ? chappe_decode_limits_of(limits) : chappe_decode_usual;

        return chappe_plan_decode_within(plan, bytes, length, arena, &within, ret_value, error);
}

int chappe_plan_decode_next(const struct chappe_plan *plan, const void *bytes, size_t length,
                            struct chappe_arena *arena, const struct chappe_decode_limits *limits, void *ret_value,
                            size_t *ret_used, struct chappe_error *error)
{
        struct chappe_decode_limits within = chappe_decode_limits_of(limits);

        return decode(plan, bytes, length, arena, &within, ret_value, ret_used, error);
}
