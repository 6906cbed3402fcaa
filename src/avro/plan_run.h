/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a running decode share. */
#pragma once

#include <chappe/straight.h>

#include "avro/plan.h"

/* What the loop needs seldom. */
struct chappe_plan_run {
        const struct chappe_plan *plan;
        struct chappe_arena *arena;
        size_t memory_left, zero_items_left;
        const uint8_t *start;
        struct chappe_plan_frame *frames;
        unsigned depth, depth_limit;
        int code;           /* of what went wrong */
        const char *reason; /* static */
        bool numbered;      /* a number was found that is none of those below count */
        int64_t found;
        uint32_t count;
        size_t *used; /* how far the value went; NULL: it must fill all the bytes */
};

/* What every array and map lies in. */
struct chappe_plan_items {
        void *at;
        size_t count;
};

#define CHAPPE_PLAN_TOO_LARGE                                                                                          \
        "the value needs more memory than decode_memory_factor × payload + decode_memory_constant bytes; raise them " \
        "if "                                                                                                          \
        "the data is honest"

/* Notes what went wrong; returns false. */
bool chappe_plan_run_fail(struct chappe_plan_run *run, int code, const char *reason);
/* The same for a number that is none of those below count (0: the reason says it). */
void chappe_plan_run_fail_number(struct chappe_plan_run *run, const char *reason, int64_t found, uint32_t count);
/* Memory within the budget, not cleared; NULL beyond. */
void *chappe_plan_run_allocate(struct chappe_plan_run *run, size_t size);
/* A frame more, its content undefined; NULL when the value is nested too deeply. */
struct chappe_plan_frame *chappe_plan_run_push(struct chappe_plan_run *run);

/* The first block of an array at base + offset. 1: its body is to be run for the frame on top; 0: it is empty. */
int chappe_plan_open_array(struct chappe_plan_run *run, const struct chappe_instruction *instruction, uint8_t *base,
                           const uint8_t **at, const uint8_t *end);
/* Behind the last item of a block. 1: another block follows; 0: the array is complete and its frame popped. */
int chappe_plan_next_block(struct chappe_plan_run *run, const uint8_t **at, const uint8_t *end);
/* The same for an array that nobody wants. Blocks that know their size are stepped over; the body runs for the others.
 */
int chappe_plan_open_skip(struct chappe_plan_run *run, const struct chappe_instruction *instruction, const uint8_t **at,
                          const uint8_t *end);
int chappe_plan_next_skip(struct chappe_plan_run *run, const uint8_t **at, const uint8_t *end);

/* As chappe_plan_decode, of a value that others may follow: how many bytes it took comes back. */
int chappe_plan_decode_next(const struct chappe_plan *plan, const void *bytes, size_t length,
                            struct chappe_arena *arena, const struct chappe_decode_limits *limits, void *ret_value,
                            size_t *ret_used, struct chappe_error *error);
