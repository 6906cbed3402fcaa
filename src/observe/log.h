/* SPDX-License-Identifier: Apache-2.0 */
/* Leveled log lines with stable ids: readable on a terminal, JSON lines elsewhere, control characters escaped. */
#pragma once

#include <chappe/error.h>
#include <chappe/log_level.h>

#include "base/clock.h"
#include "observe/log_events.h"

struct chappe_log;

enum chappe_log_event {
#define CHAPPE_LOG_EVENT(symbol, id, level, summary) CHAPPE_LOG_##symbol = id,
        CHAPPE_LOG_EVENTS(CHAPPE_LOG_EVENT)
#undef CHAPPE_LOG_EVENT
};

enum chappe_log_format { CHAPPE_LOG_AUTO, CHAPPE_LOG_PRETTY, CHAPPE_LOG_JSON };

struct chappe_log_config {
        const struct chappe_clock *clock;
        const char *service;  /* copied */
        const char *instance; /* copied */
        enum chappe_log_level level;
        enum chappe_log_format format; /* AUTO: PRETTY when the descriptor is a terminal */
        int descriptor;                /* -1: drop everything */
};

/* Any strand may write. */
int chappe_log_new(const struct chappe_log_config *config, struct chappe_log **ret_log, struct chappe_error *error);
struct chappe_log *chappe_log_free(struct chappe_log *log);

/* One line; the event gives id and level. log may be NULL (nothing happens). One write(2) a line, at most 4 KiB, cut
 * beyond. Waits at most 50 ms for a reader that has fallen behind; then lines are dropped, and their number is told. */
void chappe_log_write(struct chappe_log *log, enum chappe_log_event event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The same with fields that become JSON members: name, value, name, value, …, NULL before the format. */
struct chappe_log_field {
        const char *name;
        const char *value; /* NULL: left out */
};
void chappe_log_write_fields(struct chappe_log *log, enum chappe_log_event event, const struct chappe_log_field *fields,
                             size_t field_count, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* An error, with its code; the same ids for the same cause. */
void chappe_log_error(struct chappe_log *log, enum chappe_log_event event, const struct chappe_error *error);
