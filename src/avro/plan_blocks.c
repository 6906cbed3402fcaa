/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of arrays and maps while a plan runs: their counts, room for their items, stepping over them. */
#include <string.h>

#include "avro/plan_run.h"

bool chappe_plan_run_fail(struct chappe_plan_run *run, int code, const char *reason)
{
        run->code = code;
        run->reason = reason;
        run->numbered = false;
        return false;
}

void chappe_plan_run_fail_number(struct chappe_plan_run *run, const char *reason, int64_t found, uint32_t count)
{
        chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_INVALID, reason);
        run->numbered = true;
        run->found = found;
        run->count = count;
}

void *chappe_plan_run_allocate(struct chappe_plan_run *run, size_t size)
{
        void *memory;

        if (size > run->memory_left) {
                chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_LIMIT, CHAPPE_PLAN_TOO_LARGE);
                return NULL;
        }
        memory = chappe_arena_alloc(run->arena, size);
        if (!memory)
                chappe_plan_run_fail(run, CHAPPE_E_NO_MEMORY, "the arena is out of memory");
        else
                run->memory_left -= size;
        return memory;
}

struct chappe_plan_frame *chappe_plan_run_push(struct chappe_plan_run *run)
{
        if (run->depth >= run->depth_limit) {
                chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_LIMIT,
                                     "the value is nested too deeply: decode_depth says how deeply");
                return NULL;
        }
        return &run->frames[run->depth++];
}

/* Reads the count that starts a block, past its size in bytes if it has one. False: malformed or more than can follow.
 */
static bool read_block(struct chappe_plan_run *run, const uint8_t **at, const uint8_t *end, uint32_t least,
                       size_t *ret_count, const uint8_t **ret_block_end)
{
        uint64_t raw, size, left;
        int64_t count;

        *at = chappe_take_number(*at, end, &raw);
        if (!*at)
                return chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_INVALID,
                                            "the number of items is cut off or overlong");
        count = (int64_t)(raw >> 1 ^ (~(raw & 1) + 1));
        *ret_block_end = NULL;
        if (count < 0) {
                *at = chappe_take_number(*at, end, &size);
                if (!*at || (size & 1) || size >> 1 > (uint64_t)(end - *at) || count == INT64_MIN)
                        return chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_INVALID,
                                                    "the size of a block is not that of bytes that follow");
                *ret_block_end = *at + (size >> 1);
                count = -count;
        }
        left = (uint64_t)(end - *at);
        if (least > 0 && ((uint64_t)count > left || (uint64_t)count * least > left))
                return chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_INVALID, "more items than the bytes left can hold");
        if (least == 0 && (uint64_t)count > run->zero_items_left)
                return chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_LIMIT,
                                            "more items that take no bytes than decode_zero_byte_items allows");
        if (least == 0)
                run->zero_items_left -= (size_t)count;
        *ret_count = (size_t)count;
        return true;
}

/* Room for the items of a further block; most arrays have one, so that nothing is copied. */
static bool grow(struct chappe_plan_run *run, struct chappe_plan_frame *frame, size_t added)
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
                        ? (chappe_plan_run_fail(run, CHAPPE_E_PAYLOAD_LIMIT, CHAPPE_PLAN_TOO_LARGE), NULL)
                        : chappe_plan_run_allocate(run, capacity * stride);
        if (!items)
                return false;
        memcpy(items, frame->items, frame->total * stride);
        memset(items + frame->total * stride, 0, (capacity - frame->total) * stride);
        frame->items = items;
        frame->capacity = capacity;
        return true;
}

/* The first block of an array at base + offset. 1: its body is to be run for the frame on top; 0: it is empty. */
int chappe_plan_open_array(struct chappe_plan_run *run, const struct chappe_instruction *instruction, uint8_t *base,
                           const uint8_t **at, const uint8_t *end)
{
        const uint8_t *block_end;
        struct chappe_plan_frame *frame;
        size_t count, size;

        if (!read_block(run, at, end, CHAPPE_PLAN_LEAST(instruction->a), &count, &block_end))
                return -1;
        if (count == 0)
                return 0;
        frame = chappe_plan_run_push(run);
        if (!frame)
                return -1;
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .base = base };
        if (__builtin_mul_overflow(count, CHAPPE_PLAN_STRIDE(instruction->a), &size))
                size = SIZE_MAX;
        frame->items = chappe_plan_run_allocate(run, size);
        if (!frame->items)
                return -1;
        memset(frame->items, 0, size);
        frame->left = frame->total = frame->capacity = count;
        return 1;
}

/* Behind the last item of a block. 1: another block follows; 0: the array is complete and its frame popped. */
int chappe_plan_next_block(struct chappe_plan_run *run, const uint8_t **at, const uint8_t *end)
{
        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];
        const uint8_t *block_end;
        size_t count;

        if (!read_block(run, at, end, CHAPPE_PLAN_LEAST(frame->instruction->a), &count, &block_end))
                return -1;
        if (count == 0) {
                struct chappe_plan_items *items =
                        (struct chappe_plan_items *)(frame->base + frame->instruction->offset);

                *items = (struct chappe_plan_items){ frame->items, frame->total };
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
static int skip_blocks(struct chappe_plan_run *run, uint32_t least, size_t *ret_count, const uint8_t **at,
                       const uint8_t *end)
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

int chappe_plan_open_skip(struct chappe_plan_run *run, const struct chappe_instruction *instruction, const uint8_t **at,
                          const uint8_t *end)
{
        struct chappe_plan_frame *frame;
        size_t count;
        int r = skip_blocks(run, instruction->a, &count, at, end);

        if (r <= 0)
                return r;
        frame = chappe_plan_run_push(run);
        if (!frame)
                return -1;
        *frame = (struct chappe_plan_frame){ .instruction = instruction, .left = count, .total = count };
        return 1;
}

int chappe_plan_next_skip(struct chappe_plan_run *run, const uint8_t **at, const uint8_t *end)
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
