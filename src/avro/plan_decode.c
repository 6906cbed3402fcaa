/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan over bytes: every length is checked against the bytes left, every piece of memory against the budget.
 */
#include <string.h>

#include "avro/plan_run.h"
#include "avro/straight_line.h"

#define STACK_DEPTH 64u /* frames without memory from the arena */

/* The default's bytes are read from a copy, so that strings in it live as long as the value. */
static bool open_default(struct chappe_plan_run *run, const struct chappe_instruction *instruction, const uint8_t *at,
                         const uint8_t *end)
{
        struct chappe_plan_frame *frame = chappe_plan_run_push(run);
        uint8_t *copy = frame ? chappe_plan_run_allocate(run, instruction->b) : NULL;

        if (!copy)
                return false;
        memcpy(copy, run->plan->defaults + instruction->a, instruction->b);
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .at = at, .end = end };
        run->copy = copy;
        return true;
}

static int report(struct chappe_plan_run *run, const struct chappe_instruction *instruction, const uint8_t *at,
                  struct chappe_error *error)
{
        const char *reason = run->reason;
        char path[200];

        for (unsigned i = run->depth; i-- > 0;) {
                if (run->frames[i].at)
                        at = run->frames[i].at; /* within a default: where the data stood */
        }
        if (instruction->op == CHAPPE_OP_MISMATCH)
                reason = run->plan->reasons[instruction->a];
        return chappe_fail(error, run->code, "%s at byte %zu: %s",
                           chappe_plan_path_print(run->plan, instruction, run->frames, run->depth, path),
                           (size_t)(at - run->start), reason);
}

#define MALFORMED(text)                                                                                                \
        do {                                                                                                           \
                chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_INVALID, text);                                             \
                goto failed;                                                                                           \
        } while (0)

/* One byte is by far the most common. */
#define READ_VARINT(value)                                                                                             \
        do {                                                                                                           \
                if (__builtin_expect(at < end && *at < 0x80, 1)) {                                                     \
                        value = *at++;                                                                                 \
                } else if (end - at >= 2 && at[1] < 0x80) {                                                            \
                        value = (uint64_t)(at[0] & 0x7F) | (uint64_t)at[1] << 7;                                       \
                        at += 2;                                                                                       \
                } else {                                                                                               \
                        uint64_t long_value;                                                                           \
                        const uint8_t *behind = chappe_take_any_number(at, end, &long_value);                          \
                                                                                                                       \
                        if (!behind)                                                                                   \
                                MALFORMED("a number is cut off or overlong");                                          \
                        value = long_value;                                                                            \
                        at = behind;                                                                                   \
                }                                                                                                      \
        } while (0)

#define READ_LONG(value)                                                                                               \
        do {                                                                                                           \
                uint64_t zigzag;                                                                                       \
                                                                                                                       \
                READ_VARINT(zigzag);                                                                                   \
                value = (int64_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));                                                  \
        } while (0)

#define READ_INT(value)                                                                                                \
        do {                                                                                                           \
                uint64_t zigzag;                                                                                       \
                                                                                                                       \
                READ_VARINT(zigzag);                                                                                   \
                if (zigzag > UINT32_MAX)                                                                               \
                        MALFORMED("an int of more than 32 bits");                                                      \
                value = (int32_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));                                                  \
        } while (0)

#define READ_LENGTH(length)                                                                                            \
        do {                                                                                                           \
                READ_VARINT(length);                                                                                   \
                if ((length)&1)                                                                                        \
                        MALFORMED("a negative length");                                                                \
                (length) >>= 1;                                                                                        \
                if ((length) > (uint64_t)(end - at))                                                                   \
                        MALFORMED("a length beyond the bytes left");                                                   \
        } while (0)

#define READ_RAW(size)                                                                                                 \
        do {                                                                                                           \
                if ((size_t)(end - at) < (size))                                                                       \
                        MALFORMED("the bytes end within a value");                                                     \
                raw = at;                                                                                              \
                at += (size);                                                                                          \
        } while (0)

#define STORE(type, value)                                                                                             \
        do {                                                                                                           \
                *(type *)(base + instruction->offset) = (type)(value);                                                 \
        } while (0)

static int execute(struct chappe_plan_run *run, const uint8_t *at, const uint8_t *end, uint8_t *base,
                   struct chappe_error *error)
{
        const struct chappe_instruction *program = run->plan->program, *next = program, *instruction;
        const uint8_t *raw, *cursor; /* at and end stay in registers: only the cursor's address is given away */

        for (;;) {
                uint64_t length;
                int64_t number;
                int32_t small;
                int r;

                instruction = next++;
                switch ((enum chappe_op)instruction->op) {
                case CHAPPE_OP_BOOLEAN:
                        READ_RAW(1);
                        if (*raw > 1)
                                MALFORMED("a boolean that is neither 0 nor 1");
                        STORE(uint8_t, *raw);
                        break;
                case CHAPPE_OP_INT:
                        READ_INT(small);
                        STORE(int32_t, small);
                        break;
                case CHAPPE_OP_LONG:
                        READ_LONG(number);
                        STORE(int64_t, number);
                        break;
                case CHAPPE_OP_FLOAT:
                        READ_RAW(4);
                        memcpy(base + instruction->offset, raw, 4);
                        break;
                case CHAPPE_OP_DOUBLE:
                        READ_RAW(8);
                        memcpy(base + instruction->offset, raw, 8);
                        break;
                case CHAPPE_OP_BYTES:
                        READ_LENGTH(length);
                        STORE(struct chappe_bytes, ((struct chappe_bytes){ at, length }));
                        at += length;
                        break;
                case CHAPPE_OP_STRING:
                        READ_LENGTH(length);
                        if (!chappe_utf8_check(at, length, end))
                                MALFORMED("a string that is not UTF-8");
                        STORE(struct chappe_text, ((struct chappe_text){ (const char *)at, length }));
                        at += length;
                        break;
                case CHAPPE_OP_FIXED:
                        READ_RAW(instruction->a);
                        memcpy(base + instruction->offset, raw, instruction->a);
                        break;
                case CHAPPE_OP_ENUM:
                        READ_VARINT(length);
                        if ((length & 1) || length >> 1 >= instruction->a)
                                MALFORMED("an enum symbol that does not exist");
                        STORE(int32_t, length >> 1);
                        break;
                case CHAPPE_OP_OPTIONAL:
                        READ_VARINT(length);
                        if ((length & 1) || length > 2)
                                MALFORMED("a union branch that does not exist");
                        if (length >> 1 == instruction->a)
                                next = program + instruction->b;
                        else
                                STORE(bool, true);
                        break;
                case CHAPPE_OP_UNION:
                case CHAPPE_OP_SWITCH:
                        READ_VARINT(length);
                        if ((length & 1) || length >> 1 >= instruction->b)
                                MALFORMED("a union branch that does not exist");
                        next = program + run->plan->jumps[instruction->a + (length >> 1)];
                        break;
                case CHAPPE_OP_BRANCH:
                        STORE(int32_t, instruction->a);
                        break;
                case CHAPPE_OP_JUMP:
                        next = program + instruction->b;
                        break;
                case CHAPPE_OP_ARRAY:
                        cursor = at;
                        r = chappe_plan_open_array(run, instruction, base, &cursor, end);
                        at = cursor;
                        if (r < 0)
                                goto failed;
                        if (r == 0)
                                next = program + instruction->b;
                        else
                                base = run->frames[run->depth - 1].items;
                        break;
                case CHAPPE_OP_NEXT: {
                        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];

                        base += CHAPPE_PLAN_STRIDE(frame->instruction->a);
                        if (--frame->left == 0) {
                                if (__builtin_expect(at < end && *at == 0, 1)) {
                                        struct chappe_plan_items *items =
                                                (struct chappe_plan_items *)(frame->base + frame->instruction->offset);

                                        *items = (struct chappe_plan_items){ frame->items, frame->total };
                                        at++;
                                        run->depth--;
                                        base = frame->base;
                                        break;
                                }
                                size_t done = frame->total;

                                cursor = at;
                                r = chappe_plan_next_block(run, &cursor, end);
                                at = cursor;
                                if (r < 0)
                                        goto failed;
                                base = r == 0 ? frame->base
                                              : frame->items + done * CHAPPE_PLAN_STRIDE(frame->instruction->a);
                                if (r == 0)
                                        break;
                        }
                        next = frame->instruction + 1;
                        break;
                }
                case CHAPPE_OP_POINTER:
                case CHAPPE_OP_CALL: {
                        struct chappe_plan_frame *frame = chappe_plan_run_push(run);
                        uint8_t *target = base + instruction->offset;

                        if (!frame)
                                goto failed;
                        *frame = (struct chappe_plan_frame){ .instruction = instruction, .next = next, .base = base };
                        if (instruction->op == CHAPPE_OP_POINTER) {
                                target = chappe_plan_run_allocate(run, instruction->a);
                                if (!target)
                                        goto failed;
                                STORE(void *, memset(target, 0, instruction->a));
                        }
                        base = target;
                        next = program + instruction->b;
                        break;
                }
                case CHAPPE_OP_RETURN: {
                        struct chappe_plan_frame *frame = &run->frames[--run->depth];

                        base = frame->base;
                        next = frame->next;
                        break;
                }
                case CHAPPE_OP_END:
                        if (run->used)
                                *run->used = (size_t)(at - run->start);
                        else if (at != end)
                                MALFORMED("bytes are left over behind the value");
                        return 0;
                case CHAPPE_OP_INT_TO_LONG:
                        READ_INT(small);
                        STORE(int64_t, small);
                        break;
                case CHAPPE_OP_INT_TO_FLOAT:
                        READ_INT(small);
                        STORE(float, small);
                        break;
                case CHAPPE_OP_INT_TO_DOUBLE:
                        READ_INT(small);
                        STORE(double, small);
                        break;
                case CHAPPE_OP_LONG_TO_FLOAT:
                        READ_LONG(number);
                        STORE(float, number);
                        break;
                case CHAPPE_OP_LONG_TO_DOUBLE:
                        READ_LONG(number);
                        STORE(double, number);
                        break;
                case CHAPPE_OP_FLOAT_TO_DOUBLE: {
                        float value;

                        READ_RAW(4);
                        memcpy(&value, raw, 4);
                        STORE(double, value);
                        break;
                }
                case CHAPPE_OP_ENUM_MAP:
                        READ_VARINT(length);
                        if ((length & 1) || length >> 1 >= instruction->b)
                                MALFORMED("an enum symbol that does not exist");
                        if (run->plan->jumps[instruction->a + (length >> 1)] == UINT32_MAX) {
                                chappe_plan_run_fail(run, CHAPPE_E_SCHEMA_INCOMPATIBLE,
                                                     "an enum symbol that the reader does not know");
                                goto failed;
                        }
                        STORE(int32_t, run->plan->jumps[instruction->a + (length >> 1)]);
                        break;
                case CHAPPE_OP_PRESENT:
                        STORE(bool, true);
                        break;
                case CHAPPE_OP_STORE_1:
                        STORE(uint8_t, instruction->a);
                        break;
                case CHAPPE_OP_STORE_4:
                        STORE(uint32_t, instruction->a);
                        break;
                case CHAPPE_OP_STORE_8:
                        memcpy(base + instruction->offset, &instruction->a, 8);
                        break;
                case CHAPPE_OP_DEFAULT:
                        if (!open_default(run, instruction, at, end))
                                goto failed;
                        at = run->copy;
                        end = at + instruction->b;
                        break;
                case CHAPPE_OP_DEFAULT_END: {
                        struct chappe_plan_frame *frame = &run->frames[--run->depth];

                        at = frame->at;
                        end = frame->end;
                        break;
                }
                case CHAPPE_OP_SKIP:
                        READ_RAW(instruction->a);
                        break;
                case CHAPPE_OP_SKIP_VARINT:
                        for (uint32_t i = 0; i < instruction->a; i++)
                                READ_VARINT(length);
                        break;
                case CHAPPE_OP_SKIP_LENGTH:
                        READ_LENGTH(length);
                        at += length;
                        break;
                case CHAPPE_OP_SKIP_ARRAY:
                        cursor = at;
                        r = chappe_plan_open_skip(run, instruction, &cursor, end);
                        at = cursor;
                        if (r < 0)
                                goto failed;
                        if (r == 0)
                                next = program + instruction->b;
                        break;
                case CHAPPE_OP_SKIP_NEXT: {
                        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];

                        if (--frame->left == 0) {
                                cursor = at;
                                r = chappe_plan_next_skip(run, &cursor, end);
                                at = cursor;
                                if (r < 0)
                                        goto failed;
                                if (r == 0)
                                        break;
                        }
                        next = frame->instruction + 1;
                        break;
                }
                case CHAPPE_OP_MISMATCH:
                        chappe_plan_run_fail(run, CHAPPE_E_SCHEMA_INCOMPATIBLE, NULL);
                        goto failed;
                default:
                        __builtin_unreachable(); /* the compiler of the plan emits nothing else */
                }
        }
failed:
        return report(run, instruction, at ? at : end, error);
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
        return execute(&run, bytes, (const uint8_t *)bytes + length, ret_value, error);
}

int chappe_plan_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                       const struct chappe_decode_limits *limits, void *ret_value, struct chappe_error *error)
{
        struct chappe_decode_limits within = limits ? chappe_decode_limits_of(limits) : chappe_decode_usual;

        if (plan->type && chappe_straight_decode(plan->type, bytes, length, arena, &within, ret_value))
                return 0;
        return decode(plan, bytes, length, arena, &within, ret_value, NULL, error);
}

int chappe_plan_decode_next(const struct chappe_plan *plan, const void *bytes, size_t length,
                            struct chappe_arena *arena, void *ret_value, size_t *ret_used, struct chappe_error *error)
{
        return decode(plan, bytes, length, arena, &chappe_decode_usual, ret_value, ret_used, error);
}
