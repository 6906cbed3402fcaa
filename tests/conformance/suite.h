/* SPDX-License-Identifier: Apache-2.0 */
/* One suite over the broker seam. A stage is a broker to run it on; what one cannot do is named in its stage, and
 * nowhere else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/executor.h"
#include "broker/broker.h"

#define PARTITIONS  4 /* of every topic of the suite: what the embedded broker gives */
#define PATIENCE_MS 20000

enum lack {
        LACKS_ADMIN = 1, /* topics get the broker's default number of partitions, and no properties */
        LACKS_STATIC_MEMBERSHIP = 2,
        LACKS_OFFSETS_BY_TIME = 4,      /* says so */
        LACKS_METADATA_LIMIT = 8,       /* commit metadata of any length is taken */
        LACKS_MISSING_TOPICS = 16,      /* a topic is there as soon as it is asked for */
        LACKS_COMMIT_IN_REBALANCE = 32, /* refuses commits of a member that drains */
        LACKS_CHANGES = 64,             /* topics do not grow, records are not deleted */
        LACKS_STRANGERS = 128,          /* a group takes members of one kind, or has no bounds at all */
        LACKS_EXPULSION = 512,          /* who does not poll keeps its partitions from others until it does */
        LACKS_TAKEOVER = 256,           /* a static member's place is not given to another that bears its name */
};

struct trial;

struct stage {
        const char *name;
        unsigned lacks; /* enum lack */
        enum chappe_group_protocol protocol;
        const char *run; /* what makes its topics and groups its own */
        struct chappe_executor *executor;
        const struct chappe_clock *clock;
        int (*broker_open)(struct stage *stage, struct chappe_broker **ret_broker, struct chappe_error *error);
        /* Runs body on a strand of this stage, to its end. */
        void (*perform)(struct stage *stage, void (*body)(void *argument), void *argument);
        /* Changes from outside; 0 or negative. NULL with LACKS_CHANGES. */
        int (*records_delete)(struct trial *trial, int32_t partition, int64_t before);
        int (*topic_grow)(struct trial *trial, int32_t partition_count);
        int (*topic_delete)(struct trial *trial);
        /* A member whose protocol no member of ours speaks. NULL with LACKS_STRANGERS. */
        void *(*stranger_join)(struct trial *trial);
        void (*stranger_leave)(struct trial *trial, void *stranger);
        void *context;
};

struct trial_case {
        const char *name;
        void (*body)(struct trial *trial);
        unsigned needs; /* what a stage must not lack */
};

extern const struct trial_case producing_cases[], reading_cases[], ahead_cases[], group_cases[], outside_cases[],
        contract_cases[]; /* end with { 0 } */

/* One case on one stage. */
struct trial {
        struct stage *stage;
        const struct trial_case *of;
        struct chappe_broker *broker;
        char topic[100];
        char group[100];
        int failures;
};

/* Notes a broken expectation; the trial goes on, for a strand cannot be left from the middle. Returns holds. */
bool expect_at(struct trial *trial, bool holds, const char *file, int line, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
#define expect(trial, holds, ...) expect_at(trial, holds, __FILE__, __LINE__, __VA_ARGS__)

/* What CHAPPE_TEST_GROUP_PROTOCOL asks for, as the setting group_protocol does. */
enum chappe_group_protocol suite_protocol(void);

/* The whole of a stage's main. */
int suite_run(struct stage *stage);
