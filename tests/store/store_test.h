/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's tests share: a runtime over threads with a database of its own in a fresh folder. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/store.h>

#include "base/random.h"
#include "flow/context.h"
#include "flow/publisher.h"
#include "observe/metrics.h"
#include "store/store.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

extern const struct chappe_operation test_consumes;     /* "in", test.Event */
extern const struct chappe_operation test_answers;      /* "ask", test.Service.do */
extern const struct chappe_migration test_migrations[]; /* effects(n, worker) */

/* One service process with a store. */
struct place {
        char folder[64];
        char path[96];
        struct chappe_world world;
        struct chappe_runtime runtime;
        const char *settings[8];
        size_t setting_count;
};

/* A fresh folder; nothing open. */
void place_make(struct place *place);
void place_set(struct place *place, const char *setting);
int place_open(struct place *place, const struct chappe_migration *migrations, struct chappe_error *error);
void place_close(struct place *place);
/* Closes, and removes the folder. */
void place_remove(struct place *place);

/* A worker's context, without the flow room. */
struct work {
        struct chappe_context ctx;
        struct chappe_record record;
        struct chappe_random random;
};
void work_begin(struct work *work, struct chappe_runtime *runtime, const struct chappe_operation *operation,
                const char *event_id);
void work_end(struct work *work);

/* Through a connection of its own. */
int64_t place_number(const struct place *place, const char *sql);
/* One effect, as a handler would. */
int effect(struct chappe_context *ctx, int n);
/* An event published in the open transaction. */
int publish(struct chappe_context *ctx, const char *topic, const char *key, const char *value);
