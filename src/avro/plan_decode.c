/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan over bytes: every length is checked against the bytes left, every piece of memory against the budget.
 */
#include <string.h>

#include "avro/plan.h"
#include "avro/utf8.h"
#include "avro/varint.h"

#define STACK_DEPTH 64u /* frames without memory from the arena */

#define DEFAULT_DEPTH           64
#define DEFAULT_ZERO_BYTE_ITEMS 10000
#define DEFAULT_MEMORY_FACTOR   16
#define DEFAULT_MEMORY_CONSTANT ((size_t)1 << 20)

/* What the loop needs seldom. */
struct run {
        const struct chappe_plan *plan;
        struct chappe_arena *arena;
        size_t memory_left, zero_items_left;
        const uint8_t *start;
        struct chappe_plan_frame *frames;
        unsigned depth, depth_limit;
        const uint8_t *copy; /* of the default opened last */
        int code;            /* of what went wrong */
        const char *reason;  /* static */
};

/* What every array and map lies in. */
struct items {
        void *at;
        size_t count;
};

static bool fail(struct run *run, int code, const char *reason)
{
        run->code = code;
        run->reason = reason;
        return false;
}

static void *allocate(struct run *run, size_t size)
{
        void *memory;

        if (size > run->memory_left) {
                fail(run, CHAPPE_E_PAYLOAD_LIMIT, "the value needs more memory than the decode limits allow");
                return NULL;
        }
        memory = chappe_arena_zalloc(run->arena, size);
        if (!memory)
                fail(run, CHAPPE_E_NO_MEMORY, "the arena is out of memory");
        else
                run->memory_left -= size;
        return memory;
}

static struct chappe_plan_frame *push(struct run *run)
{
        if (run->depth >= run->depth_limit) {
                fail(run, CHAPPE_E_PAYLOAD_LIMIT, "the value is nested too deeply");
                return NULL;
        }
        return &run->frames[run->depth++];
}

/* Reads the count that starts a block, past its size in bytes if it has one. False: malformed or more than can follow.
 */
static bool read_block(struct run *run, const uint8_t **at, const uint8_t *end, uint32_t least, size_t *ret_count,
                       const uint8_t **ret_block_end)
{
        uint64_t raw, size;
        int64_t count;

        *at = chappe_varint_read(*at, end, &raw);
        if (!*at)
                return fail(run, CHAPPE_E_PAYLOAD_INVALID, "the number of items is cut off or overlong");
        count = chappe_unzigzag(raw);
        *ret_block_end = NULL;
        if (count < 0) {
                *at = chappe_varint_read(*at, end, &size);
                if (!*at || (size & 1) || size >> 1 > (uint64_t)(end - *at) || count == INT64_MIN)
                        return fail(run, CHAPPE_E_PAYLOAD_INVALID,
                                    "the size of a block is not that of bytes that follow");
                *ret_block_end = *at + (size >> 1);
                count = -count;
        }
        if (least > 0 && (uint64_t)count > (uint64_t)(end - *at) / least)
                return fail(run, CHAPPE_E_PAYLOAD_INVALID, "more items than the bytes left can hold");
        if (least == 0 && (uint64_t)count > run->zero_items_left)
                return fail(run, CHAPPE_E_PAYLOAD_LIMIT, "too many items that take no bytes");
        if (least == 0)
                run->zero_items_left -= (size_t)count;
        *ret_count = (size_t)count;
        return true;
}

/* Room for the items of a further block; most arrays have one, so that nothing is copied. */
static bool grow(struct run *run, struct chappe_plan_frame *frame, size_t added)
{
        size_t stride = CHAPPE_PLAN_STRIDE(frame->instruction->a), needed = frame->total + added, capacity = needed;
        uint8_t *items;

        if (needed <= frame->capacity)
                return true;
        if (frame->total > 0 && capacity < 2 * frame->capacity)
                capacity = 2 * frame->capacity;
        if (stride && capacity > run->memory_left / stride)
                capacity = needed;
        items = stride && capacity > run->memory_left / stride
                        ? (fail(run, CHAPPE_E_PAYLOAD_LIMIT,
                                "the value needs more memory than the decode limits allow"),
                           NULL)
                        : allocate(run, capacity * stride);
        if (!items)
                return false;
        if (frame->total > 0)
                memcpy(items, frame->items, frame->total * stride);
        frame->items = items;
        frame->capacity = capacity;
        return true;
}

/* The first block of an array at base + offset. 1: its body is to be run for the frame on top; 0: it is empty. */
static int open_array(struct run *run, const struct chappe_instruction *instruction, uint8_t *base, const uint8_t **at,
                      const uint8_t *end)
{
        const uint8_t *block_end;
        struct chappe_plan_frame *frame;
        size_t count;

        if (!read_block(run, at, end, CHAPPE_PLAN_LEAST(instruction->a), &count, &block_end))
                return -1;
        if (count == 0)
                return 0;
        frame = push(run);
        if (!frame)
                return -1;
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .base = base };
        if (!grow(run, frame, count))
                return -1;
        frame->left = frame->total = count;
        return 1;
}

/* Behind the last item of a block. 1: another block follows; 0: the array is complete and its frame popped. */
static int next_block(struct run *run, const uint8_t **at, const uint8_t *end)
{
        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];
        const uint8_t *block_end;
        size_t count;

        if (!read_block(run, at, end, CHAPPE_PLAN_LEAST(frame->instruction->a), &count, &block_end))
                return -1;
        if (count == 0) {
                struct items *items = (struct items *)(frame->base + frame->instruction->offset);

                *items = (struct items){ frame->items, frame->total };
                run->depth--;
                return 0;
        }
        if (!grow(run, frame, count))
                return -1;
        frame->left = count;
        frame->total += count;
        return 1;
}

/* Blocks that know their size are stepped over; the body runs for the items of the others. As open_array and
 * next_block. */
static int skip_blocks(struct run *run, uint32_t least, size_t *ret_count, const uint8_t **at, const uint8_t *end)
{
        const uint8_t *block_end;

        do {
                if (!read_block(run, at, end, least, ret_count, &block_end))
                        return -1;
                if (block_end)
                        *at = block_end;
        } while (block_end);
        return *ret_count > 0;
}

static int open_skip(struct run *run, const struct chappe_instruction *instruction, const uint8_t **at,
                     const uint8_t *end)
{
        struct chappe_plan_frame *frame;
        size_t count;
        int r = skip_blocks(run, instruction->a, &count, at, end);

        if (r <= 0)
                return r;
        frame = push(run);
        if (!frame)
                return -1;
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .left = count, .total = count };
        return 1;
}

static int next_skip(struct run *run, const uint8_t **at, const uint8_t *end)
{
        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];
        size_t count;
        int r = skip_blocks(run, frame->instruction->a, &count, at, end);

        if (r == 0)
                run->depth--;
        frame->left = count;
        frame->total += count;
        return r;
}

/* The default's bytes are read from a copy, so that strings in it live as long as the value. */
static bool open_default(struct run *run, const struct chappe_instruction *instruction, const uint8_t *at,
                         const uint8_t *end)
{
        struct chappe_plan_frame *frame = push(run);
        uint8_t *copy = frame ? allocate(run, instruction->b) : NULL;

        if (!copy)
                return false;
        memcpy(copy, run->plan->defaults + instruction->a, instruction->b);
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .at = at, .end = end };
        run->copy = copy;
        return true;
}

static int report(struct run *run, const struct chappe_instruction *instruction, const uint8_t *at,
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
                fail(run, CHAPPE_E_PAYLOAD_INVALID, text);                                                             \
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
                        const uint8_t *behind = chappe_varint_read(at, end, &long_value);                              \
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
                value = chappe_unzigzag(zigzag);                                                                       \
        } while (0)

#define READ_INT(value)                                                                                                \
        do {                                                                                                           \
                uint64_t zigzag;                                                                                       \
                                                                                                                       \
                READ_VARINT(zigzag);                                                                                   \
                if (zigzag > UINT32_MAX)                                                                               \
                        MALFORMED("an int of more than 32 bits");                                                      \
                value = (int32_t)chappe_unzigzag(zigzag);                                                              \
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

static int execute(struct run *run, const uint8_t *at, const uint8_t *end, uint8_t *base, struct chappe_error *error)
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
                        r = open_array(run, instruction, base, &cursor, end);
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
                                        struct items *items =
                                                (struct items *)(frame->base + frame->instruction->offset);

                                        *items = (struct items){ frame->items, frame->total };
                                        at++;
                                        run->depth--;
                                        base = frame->base;
                                        break;
                                }
                                size_t done = frame->total;

                                cursor = at;
                                r = next_block(run, &cursor, end);
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
                        struct chappe_plan_frame *frame = push(run);
                        uint8_t *target = base + instruction->offset;

                        if (!frame)
                                goto failed;
                        *frame = (struct chappe_plan_frame){ .instruction = instruction, .next = next, .base = base };
                        if (instruction->op == CHAPPE_OP_POINTER) {
                                target = allocate(run, instruction->a);
                                if (!target)
                                        goto failed;
                                STORE(void *, target);
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
                        if (at != end)
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
                                fail(run, CHAPPE_E_SCHEMA_INCOMPATIBLE, "an enum symbol that the reader does not know");
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
                        r = open_skip(run, instruction, &cursor, end);
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
                                r = next_skip(run, &cursor, end);
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
                        fail(run, CHAPPE_E_SCHEMA_INCOMPATIBLE, NULL);
                        goto failed;
                default:
                        __builtin_unreachable(); /* the compiler of the plan emits nothing else */
                }
        }
failed:
        return report(run, instruction, at ? at : end, error);
}

/* factor × payload + constant, as far as numbers go */
static size_t memory_limit(const struct chappe_decode_limits *limits, size_t length)
{
        size_t factor = limits && limits->memory_factor ? limits->memory_factor : DEFAULT_MEMORY_FACTOR;
        size_t constant = limits && limits->memory_constant ? limits->memory_constant : DEFAULT_MEMORY_CONSTANT, limit;

        if (__builtin_mul_overflow(factor, length, &limit) || __builtin_add_overflow(limit, constant, &limit))
                return SIZE_MAX;
        return limit;
}

int chappe_plan_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                       const struct chappe_decode_limits *limits, void *ret_value, struct chappe_error *error)
{
        struct chappe_plan_frame frames[STACK_DEPTH];
        struct run run = {
                .plan = plan,
                .arena = arena,
                .memory_left = memory_limit(limits, length),
                .zero_items_left =
                        limits && limits->zero_byte_items ? limits->zero_byte_items : DEFAULT_ZERO_BYTE_ITEMS,
                .start = bytes,
                .frames = frames,
                .depth_limit = limits && limits->depth ? (unsigned)limits->depth : DEFAULT_DEPTH,
        };

        if (run.depth_limit > STACK_DEPTH) {
                run.depth_limit =
                        limits->depth < CHAPPE_PLAN_DEPTH_LIMIT ? (unsigned)limits->depth : CHAPPE_PLAN_DEPTH_LIMIT;
                run.frames = chappe_arena_alloc(arena, run.depth_limit * sizeof(*run.frames));
                if (!run.frames)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to decode");
        }
        memset(ret_value, 0, plan->layout->size);
        return execute(&run, bytes, (const uint8_t *)bytes + length, ret_value, error);
}
