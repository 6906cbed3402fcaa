/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that a service ANSWERS, and where its replies may go. */
#pragma once

#include "rpc/rpc.h"
#include "wire/call_headers.h"

struct chappe_metric;
struct chappe_writer;

/* One row of the table. */
struct chappe_answer {
        const struct chappe_operation *operation;
        char *topic; /* with prefix */
};

/* Constant after open. */
struct chappe_answers {
        struct chappe_answer *rows;
        size_t count;
        char *allowed; /* shell patterns, terminated one by one, an empty one at the end */
        struct chappe_metric *answered;
        struct chappe_metric *expired;
        struct chappe_metric *refused;
        struct chappe_metric *unaddressed;
};

/* By the method's name, or for an empty one by the writer's record (which may be NULL); or NULL. */
const struct chappe_answer *chappe_answers_find(const struct chappe_answers *answers, const char *topic,
                                                struct chappe_text method, const struct chappe_writer *writer);
/* Is this a topic's name, not one of a system's own (they begin with an underscore), and allowed? */
bool chappe_answers_allow(const struct chappe_answers *answers, struct chappe_text reply_topic);

/* What runtime->answer does. */
enum chappe_decision chappe_answer_request(struct chappe_context *ctx);
