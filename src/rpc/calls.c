/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing what calls share: the reply topic, the partition taken of it, the table of callees. */
#include "rpc/calls.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "config/config.h"
#include "flow/flow.h"
#include "flow/topics.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define TIMEOUT_DEFAULT_MS 2000
#define REPLY_PARTITIONS   4
#define REPLY_RETENTION_MS "600000" /* no call waits that long */

const struct chappe_callee *chappe_calls_find(const struct chappe_calls *calls, const struct chappe_message *message)
{
        for (size_t i = 0; i < calls->callee_count; i++)
                if (calls->callees[i].operation->message == message)
                        return &calls->callees[i];
        return NULL;
}

static int fill_callees(struct chappe_calls *calls, struct chappe_error *error)
{
        const struct chappe_operation *operation;
        size_t count = 0;

        for (operation = calls->runtime->operations; operation->kind != CHAPPE_END; operation++)
                count += operation->kind == CHAPPE_CALLS;
        calls->callees = calloc(count + 1, sizeof(*calls->callees));
        if (!calls->callees)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for calls");
        for (operation = calls->runtime->operations; operation->kind != CHAPPE_END; operation++) {
                struct chappe_callee *callee = &calls->callees[calls->callee_count];

                if (operation->kind != CHAPPE_CALLS)
                        continue;
                *callee = (struct chappe_callee){
                        .operation = operation,
                        .topic = chappe_flow_topic(calls->runtime, operation->topic),
                        .timeout_ms = operation->timeout_ms > 0 ? operation->timeout_ms : TIMEOUT_DEFAULT_MS,
                };
                calls->callee_count++;
                if (!callee->topic)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for calls");
        }
        return 0;
}

static int name_reply_topic(struct chappe_calls *calls, struct chappe_error *error)
{
        const struct chappe_runtime *runtime = calls->runtime;
        const char *configured = chappe_config_text(runtime->config, "reply_topic");
        int length = *configured
                             ? asprintf(&calls->reply_topic, "%s", configured)
                             : asprintf(&calls->reply_topic, "%s%s.replies", runtime->topic_prefix, runtime->service);

        if (length >= 0)
                return 0;
        calls->reply_topic = NULL;
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the reply topic's name");
}

/* Partitions of the reply topic; 0 while it does not exist. One question, however long the start may take. */
static int32_t count_partitions(struct chappe_calls *calls, int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_broker *broker = calls->runtime->broker;
        int64_t question_ms = chappe_config_integer(calls->runtime->config, "broker_timeout_ms");
        const char *const names[] = { calls->reply_topic };
        struct chappe_topic_description *topics = NULL;
        size_t count = 0;
        int32_t partitions = broker->operations->topics_describe(
                broker, names, 1, timeout_ms < question_ms ? timeout_ms : question_ms, &topics, &count, error);

        if (partitions == 0 && count == 1)
                partitions = topics[0].partition_count;
        free(topics);
        return partitions;
}

#define VISIBLE_STEP_US 20000

/* A topic that was just made is not seen everywhere at once. */
static int32_t await_partitions(struct chappe_calls *calls, int64_t deadline_us, struct chappe_error *error)
{
        struct chappe_condition *never = chappe_condition_new(calls->executor);
        enum chappe_wait outcome = CHAPPE_WAIT_TIMED_OUT;
        int32_t partitions = 0;

        while (never && outcome != CHAPPE_WAIT_STOPPED) {
                int64_t now_us = chappe_clock_monotonic_us(calls->clock);

                partitions = count_partitions(calls, (deadline_us - now_us) / 1000, error);
                if (partitions != 0 || now_us >= deadline_us)
                        break;
                chappe_mutex_lock(calls->executor, calls->mutex);
                do
                        outcome = chappe_condition_wait(calls->executor, never, calls->mutex, now_us + VISIBLE_STEP_US);
                while (outcome == CHAPPE_WAIT_SIGNALLED);
                chappe_mutex_unlock(calls->executor, calls->mutex);
        }
        chappe_condition_free(calls->executor, never);
        return partitions != 0 ? partitions
                               : chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "reply topic %s did not appear",
                                             calls->reply_topic);
}

static uint32_t spread(const char *text)
{
        uint32_t hash = 2166136261u; /* FNV-1a */

        for (; *text; text++)
                hash = (hash ^ (uint8_t)*text) * 16777619u;
        return hash;
}

static int take_partition(struct chappe_calls *calls, int64_t timeout_ms, struct chappe_error *error)
{
        static const struct chappe_property retention = { "retention.ms", REPLY_RETENTION_MS };
        int64_t deadline_us = chappe_clock_monotonic_us(calls->clock) + timeout_ms * 1000;
        int32_t partitions = count_partitions(calls, timeout_ms, error);

        if (partitions == 0) {
                int status =
                        chappe_topic_make(calls->runtime, calls->reply_topic, REPLY_PARTITIONS, &retention, 1, error);

                if (status < 0 && status != -CHAPPE_E_BROKER_UNSUPPORTED) /* such brokers make topics by themselves */
                        return status;
                partitions = await_partitions(calls, deadline_us, error);
        }
        if (partitions < 0)
                return partitions;
        calls->reply_partition = (int32_t)(spread(calls->runtime->instance) % (uint32_t)partitions);
        chappe_log_write(calls->runtime->log, CHAPPE_LOG_REPLY_TOPIC, "replies are read from %s[%" PRId32 "]",
                         calls->reply_topic, calls->reply_partition);
        return 0;
}

/* A reply that nobody waits for: counted, and said, because the service called has worked in vain. */
static void drop_late(struct chappe_calls *calls, struct chappe_record *record)
{
        chappe_metric_add(calls->late, 1);
        chappe_log_write(calls->runtime->log, CHAPPE_LOG_CALL_LATE, "%s[%" PRId32 "]@%" PRId64 ": a late reply",
                         record->topic, record->partition, record->offset);
        chappe_record_release(record);
}

/* On the poll strand: finds who waits, and leaves the rest to its strand. */
static void take_reply(void *context, struct chappe_record *record)
{
        struct chappe_calls *calls = context;
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(record, headers, CHAPPE_HEADERS_MAXIMUM);
        struct chappe_reply_headers reply = { 0 };
        enum chappe_reply_fate fate;
        uint32_t slot = 0;

        if (chappe_headers_check(headers, count, NULL) == 0)
                chappe_reply_headers_read(headers, count, &reply);
        chappe_mutex_lock(calls->executor, calls->mutex);
        fate = chappe_pending_reply(&calls->pending, reply.correlation, chappe_clock_monotonic_us(calls->clock), &slot);
        if (fate == CHAPPE_REPLY_EXPECTED) {
                calls->waiting[slot].reply = *record;
                chappe_condition_signal(calls->executor, calls->waiting[slot].condition);
        }
        chappe_mutex_unlock(calls->executor, calls->mutex);
        if (fate == CHAPPE_REPLY_FOREIGN)
                chappe_record_release(record);
        else if (fate == CHAPPE_REPLY_LATE)
                drop_late(calls, record);
}

/* Unlike any other instance's, and unlike that of this one's earlier lives, whose replies may still arrive. */
static uint64_t draw_prefix(const struct chappe_runtime *runtime)
{
        struct chappe_random random;

        chappe_random_init(&random, runtime->world->seed ^ (uint64_t)spread(runtime->instance) << 32 ^
                                            (uint64_t)chappe_clock_wall_ms(runtime->world->clock));
        return chappe_random_next(&random);
}

static int make_waiting(struct chappe_calls *calls, struct chappe_error *error)
{
        uint32_t capacity = (uint32_t)chappe_config_integer(calls->runtime->config, "calls_in_flight");

        calls->mutex = chappe_mutex_new(calls->executor);
        calls->waiting = calloc(capacity, sizeof(*calls->waiting));
        if (!calls->mutex || !calls->waiting ||
            chappe_pending_init(&calls->pending, capacity, draw_prefix(calls->runtime)) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %" PRIu32 " calls", capacity);
        for (uint32_t i = 0; i < capacity; i++)
                calls->waiting[i].calls = calls;
        return 0;
}

static void count_in(struct chappe_calls *calls, struct chappe_metrics *metrics)
{
        calls->sent = chappe_metrics_get(metrics, CHAPPE_COUNTER, "calls_total", "Calls made.", NULL);
        calls->failed =
                chappe_metrics_get(metrics, CHAPPE_COUNTER, "calls_failed_total", "Calls that got no answer.", NULL);
        calls->late = chappe_metrics_get(metrics, CHAPPE_COUNTER, "calls_late_replies_total",
                                         "Replies that came when nobody waited for them.", NULL);
        calls->duration = chappe_metrics_get(metrics, CHAPPE_HISTOGRAM, "call_duration_seconds",
                                             "From the request to its reply.", NULL);
}

static void dispose(struct chappe_calls *calls)
{
        for (uint32_t i = 0; calls->waiting && i < calls->pending.capacity; i++)
                chappe_condition_free(calls->executor, calls->waiting[i].condition);
        for (size_t i = 0; i < calls->callee_count; i++)
                free(calls->callees[i].topic);
        chappe_pending_deinit(&calls->pending);
        chappe_mutex_free(calls->executor, calls->mutex);
        free(calls->waiting);
        free(calls->callees);
        free(calls->reply_topic);
        free(calls);
}

static int prepare(struct chappe_calls *calls, int64_t timeout_ms, struct chappe_error *error)
{
        int status = fill_callees(calls, error);

        if (status == 0)
                status = make_waiting(calls, error);
        if (status == 0)
                status = name_reply_topic(calls, error);
        if (status == 0)
                status = take_partition(calls, timeout_ms, error);
        if (status < 0)
                return status;
        const struct chappe_source source = {
                .topic = calls->reply_topic,
                .partition = calls->reply_partition,
                .offset = CHAPPE_OFFSET_LATEST,
                .record = take_reply,
                .context = calls,
        };
        return chappe_flow_read(calls->runtime->flow, &source, error);
}

int chappe_calls_open(struct chappe_runtime *runtime, int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_calls *calls = calloc(1, sizeof(*calls));
        int status;

        if (!calls)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for calls");
        calls->runtime = runtime;
        calls->executor = runtime->world->executor;
        calls->clock = runtime->world->clock;
        count_in(calls, runtime->metrics);
        status = prepare(calls, timeout_ms, error);
        if (status < 0) {
                dispose(calls);
                return status;
        }
        runtime->calls = calls;
        return 0;
}

void chappe_calls_stop(struct chappe_runtime *runtime)
{
        struct chappe_calls *calls = runtime->calls;

        if (!calls)
                return;
        chappe_mutex_lock(calls->executor, calls->mutex);
        calls->stopping = true;
        for (uint32_t i = 0; i < calls->pending.capacity; i++)
                if (calls->waiting[i].condition)
                        chappe_condition_broadcast(calls->executor, calls->waiting[i].condition);
        chappe_mutex_unlock(calls->executor, calls->mutex);
}

void chappe_calls_close(struct chappe_runtime *runtime)
{
        if (!runtime->calls)
                return;
        dispose(runtime->calls);
        runtime->calls = NULL;
}
