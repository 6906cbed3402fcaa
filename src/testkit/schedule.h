/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of one seed, drawn before it runs: a list that can be printed, and of which some can be left out without
 * the others changing. */
#pragma once

#include "testkit/kit.h"

#define FAULTS_MAXIMUM 64
#define ITEMS_MAXIMUM  512

enum fault_kind {
        FAULT_CRASH,
        FAULT_STOP,
        FAULT_PAUSE,
        FAULT_REBALANCE,
        FAULT_OUTAGE,
        FAULT_BROKER_AWAY,
        FAULT_CLOCK_JUMP,
        FAULT_HOLD,
        FAULT_SEEK,
        FAULT_GROWTH,
        FAULT_RETENTION,
        FAULT_TOPIC_DELETED,
        FAULT_TROUBLE, /* one kind of it, for a while */
};

struct fault {
        struct chappe_testkit *kit;
        enum fault_kind kind;
        int64_t at_us;                            /* since faults began */
        int64_t for_us;                           /* how long; CRASH and STOP: until it starts again */
        struct chappe_testkit_instance *instance; /* whom it strikes; NULL: nobody in particular */
        uint64_t pick;                            /* which kind of step, group, broker; CLOCK_JUMP: by how many ms */
        const char *topic; /* that the instance consumes; NULL: of no concern, or there is none */
        size_t trouble;    /* in the table of troubles */
        uint32_t ppm;
        int32_t partitions; /* of a topic that was deleted */
        bool lasts;         /* what ends later than it begins, and has begun */
        struct chappe_timer begin, end;
};

struct schedule {
        struct fault faults[FAULTS_MAXIMUM];
        size_t count;
};

/* What a run leaves out, and in which of several ways its strands are scheduled. Zero: nothing, the first. */
struct selection {
        bool without_fault[FAULTS_MAXIMUM];
        bool without_item[ITEMS_MAXIMUM];
        uint32_t variant;
};

/* Draws, once the instances are there. */
void chappe_testkit_schedule_draw(struct schedule *schedule, struct chappe_testkit *kit,
                                  const struct chappe_testkit_faults *wanted, int64_t within_us);
/* From now on they strike, each at its time. */
void chappe_testkit_schedule_begin(struct schedule *schedule);
void chappe_testkit_schedule_end(struct schedule *schedule);
/* One line, without an end. */
void chappe_testkit_fault_print(const struct fault *fault, FILE *file);
