/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that a service ANSWERS, and where its replies may go. */
#include "rpc/answers.h"

#include <stdlib.h>

#include "config/config.h"
#include "config/patterns.h"
#include "flow/flow.h"
#include "flow/payload.h"
#include "observe/metrics.h"

const struct chappe_answer *chappe_answers_find(const struct chappe_answers *answers, const char *topic,
                                                struct chappe_text method, const struct chappe_writer *writer)
{
        for (size_t i = 0; i < answers->count; i++) {
                const struct chappe_message *message = answers->rows[i].operation->message;

                if (strcmp(answers->rows[i].topic, topic) != 0)
                        continue;
                if (method.length ? chappe_text_equal(method, chappe_text(message->name))
                                  : writer && chappe_payload_matches(writer, message->request))
                        return &answers->rows[i];
        }
        return NULL;
}

static bool is_topic_name(struct chappe_text name)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

        if (name.length == 0 || name.length > CHAPPE_TOPIC_NAME_MAXIMUM || name.at[0] == '_')
                return false;
        for (size_t i = 0; i < name.length; i++)
                if (name.at[i] == '\0' || !strchr(allowed, name.at[i]))
                        return false;
        return true;
}

bool chappe_answers_allow(const struct chappe_answers *answers, struct chappe_text reply_topic)
{
        char name[CHAPPE_TOPIC_NAME_MAXIMUM + 1];

        if (!is_topic_name(reply_topic))
                return false;
        memcpy(name, reply_topic.at, reply_topic.length);
        name[reply_topic.length] = '\0';
        return chappe_patterns_match(answers->allowed, name);
}

static int fill_rows(struct chappe_answers *answers, const struct chappe_runtime *runtime, struct chappe_error *error)
{
        const struct chappe_operation *operation;
        size_t count = 0;

        for (operation = runtime->operations; operation->kind != CHAPPE_END; operation++)
                count += operation->kind == CHAPPE_ANSWERS;
        answers->rows = calloc(count + 1, sizeof(*answers->rows));
        if (!answers->rows)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for requests");
        for (operation = runtime->operations; operation->kind != CHAPPE_END; operation++) {
                if (operation->kind != CHAPPE_ANSWERS)
                        continue;
                struct chappe_answer *row = &answers->rows[answers->count++];

                row->operation = operation;
                row->topic = chappe_flow_topic(runtime, operation->topic);
                if (!row->topic)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for requests");
        }
        return 0;
}

static void count_in(struct chappe_answers *answers, struct chappe_metrics *metrics)
{
        answers->answered =
                chappe_metrics_get(metrics, CHAPPE_COUNTER, "requests_answered_total", "Replies sent.", NULL);
        answers->expired = chappe_metrics_get(metrics, CHAPPE_COUNTER, "requests_expired_total",
                                              "Requests dropped undecoded because their deadline had passed.", NULL);
        answers->refused = chappe_metrics_get(metrics, CHAPPE_COUNTER, "requests_refused_total",
                                              "Requests whose reply topic is not allowed or does not exist.", NULL);
        answers->unaddressed = chappe_metrics_get(metrics, CHAPPE_COUNTER, "requests_unaddressed_total",
                                                  "Requests handled that asked for no reply.", NULL);
}

static struct chappe_answers *dispose(struct chappe_answers *answers)
{
        if (!answers)
                return NULL;
        for (size_t i = 0; i < answers->count; i++)
                free(answers->rows[i].topic);
        free(answers->rows);
        free(answers->allowed);
        free(answers);
        return NULL;
}

int chappe_answers_open(struct chappe_runtime *runtime, struct chappe_error *error)
{
        struct chappe_answers *answers = calloc(1, sizeof(*answers));

        if (!answers || !(answers->allowed = chappe_patterns_split(chappe_config_text(runtime->config, "reply_topics_allowed"))) ||
            fill_rows(answers, runtime, error) < 0) {
                dispose(answers);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for requests");
        }
        count_in(answers, runtime->metrics);
        runtime->answers = answers;
        runtime->answer = chappe_answer_request;
        return 0;
}

void chappe_answers_close(struct chappe_runtime *runtime)
{
        runtime->answers = dispose(runtime->answers);
        runtime->answer = NULL;
}
