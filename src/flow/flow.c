/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime of one instance: its parts in the order in which they start; they end in reverse. */
#include "flow/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "flow/budget.h"
#include "flow/channels.h"
#include "flow/payload.h"
#include "flow/poll_strand.h"
#include "flow/publisher.h"
#include "flow/replay.h"
#include "flow/schema_registry.h"
#include "flow/schema_topic.h"
#include "flow/topics.h"
#include "flow/worker.h"

#define LANE_RUN    16     /* records of one partition that a worker takes in one turn */
#define SHARE_WIDTH 100000 /* offsets that the ledger of one partition remembers, at most */

struct chappe_flow {
        struct chappe_runtime *runtime;
        struct chappe_channels channels;
        bool consumes;
        bool calls; /* calls or answers: needs the urgent producer */
        struct chappe_reader *reader;
        struct chappe_schema_topic *schema_topic;       /* NULL: schemas come from a registry */
        struct chappe_schema_registry *schema_registry; /* NULL: from the topic */
        /* between start and stop */
        struct chappe_wake bell;
        struct chappe_control control;
        struct chappe_handover *handover;
        struct chappe_poll_strand poll;
        struct chappe_membership *membership;
        struct chappe_worker **workers;
        size_t worker_count;
        bool started;
        bool drained;
        int drain_status;
        size_t unfinished;
        char unfinished_list[250];
        struct chappe_mutex *ending; /* guards handover against whoever asks for what runs while a stop goes on */
};

/* The types of one row, for the codec. Replies go to whoever asks: no topic. */
static int register_types(struct chappe_payload *payload, const struct chappe_operation *row, const char *topic,
                          struct chappe_error *error)
{
        const struct chappe_message *message = row->message;
        if (row->kind == CHAPPE_CONSUMES)
                return chappe_payload_reads(payload, row->type, error);
        if (row->kind == CHAPPE_PRODUCES)
                return chappe_payload_writes(payload, topic, row->type, error);
        bool calls = row->kind == CHAPPE_CALLS;
        int status = calls ? chappe_payload_writes(payload, topic, message->request, error)
                           : chappe_payload_reads(payload, message->request, error);
        if (status == 0)
                status = calls ? chappe_payload_reads(payload, message->response, error)
                               : chappe_payload_writes(payload, NULL, message->response, error);
        for (size_t i = 0; status == 0 && i < message->error_count; i++)
                status = calls ? chappe_payload_reads(payload, message->errors[i].type, error)
                               : chappe_payload_writes(payload, NULL, message->errors[i].type, error);
        return status;
}

static int compile(struct chappe_flow *flow, struct chappe_error *error)
{
        struct chappe_runtime *runtime = flow->runtime;
        int status = chappe_channels_init(&flow->channels, runtime, error);
        if (status < 0)
                return status;
        runtime->channels = &flow->channels;
        status = chappe_payload_new(runtime, &runtime->payload, error);
        if (status == 0)
                status = chappe_reader_new(runtime, &flow->reader, error);
        for (const struct chappe_operation *row = runtime->operations; status == 0 && row && row->kind != CHAPPE_END;
             row++) {
                const struct chappe_channel *channel = chappe_channels_plain(&flow->channels, row->topic);
                flow->consumes |= row->kind == CHAPPE_CONSUMES || row->kind == CHAPPE_ANSWERS;
                flow->calls |= row->kind == CHAPPE_CALLS || row->kind == CHAPPE_ANSWERS;
                status = register_types(runtime->payload, row, channel->name, error);
                if (status < 0)
                        chappe_error_prefix(error, "operation on %s", row->topic);
        }
        return status;
}

int chappe_flow_new(struct chappe_runtime *runtime, struct chappe_flow **ret_flow, struct chappe_error *error)
{
        struct chappe_flow *flow = calloc(1, sizeof(*flow));
        if (!flow)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
        flow->runtime = runtime;
        flow->ending = chappe_mutex_new(runtime->world->executor);
        int status = flow->ending ? compile(flow, error)
                                  : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
        *ret_flow = status < 0 ? chappe_flow_free(flow) : flow;
        runtime->flow = *ret_flow;
        return status;
}

int chappe_flow_check(struct chappe_flow *flow, struct chappe_error *error)
{
        int status = chappe_publisher_check(flow->runtime, error);
        return status < 0 || !flow->consumes ? status : chappe_membership_check(flow->runtime, &flow->channels, error);
}

int chappe_flow_read(struct chappe_flow *flow, const struct chappe_source *source, struct chappe_error *error)
{
        return chappe_reader_add(flow->reader, source, error);
}

static int open_handover(struct chappe_flow *flow, struct chappe_error *error)
{
        const struct chappe_config *config = flow->runtime->config;
        struct chappe_budget budget;
        size_t parked_bytes = (size_t)chappe_config_integer(config, "parked_bytes");
        chappe_budget_divide((size_t)chappe_config_integer(config, "in_flight_records"),
                             (size_t)chappe_config_integer(config, "in_flight_bytes"), 1, &budget);
        struct chappe_dispatcher_limits limits = {
                .records = budget.records,
                .bytes = budget.bytes,
                .lane_run = LANE_RUN,
                .share_width = SHARE_WIDTH,
                .troubled = (size_t)chappe_config_integer(config, "parked_keys"),
                .apart = (int64_t)budget.records,
                .troubled_bytes = parked_bytes < budget.bytes / 2 ? parked_bytes : budget.bytes / 2,
        };
        int status = chappe_wake_init(&flow->bell, flow->runtime->world->executor, error);
        if (status == 0)
                status = chappe_control_init(&flow->control, flow->runtime, &flow->bell, error);
        return status < 0 ? status : chappe_handover_new(flow->runtime, &limits, &flow->bell, &flow->handover, error);
}

/* Only where schemas are shared through it. */
static int read_schema_topic(struct chappe_flow *flow, struct chappe_error *error)
{
        struct chappe_schema_sharing sharing;
        int status = chappe_schema_sharing(flow->runtime, &sharing, error);
        if (status < 0 || !sharing.topic)
                return status;
        status = chappe_schema_topic_new(flow->runtime, &flow->schema_topic, error);
        return status < 0 ? status : chappe_schema_topic_prepare(flow->schema_topic, flow->reader, error);
}

/* From here on the poll strand serves; what the rest of the start waits for comes through it. */
static int start_polling(struct chappe_flow *flow, struct chappe_error *error)
{
        struct chappe_runtime *runtime = flow->runtime;
        int status =
                chappe_publisher_open(runtime, flow->calls, chappe_wake_ring, &flow->bell, &runtime->publisher, error);
        if (status == 0)
                status = read_schema_topic(flow, error);
        if (status == 0)
                status = chappe_reader_open(flow->reader, &flow->bell, error);
        if (status < 0)
                return status;
        flow->poll.runtime = runtime;
        flow->poll.bell = &flow->bell;
        flow->poll.reader = flow->reader;
        flow->poll.handover = flow->handover;
        return chappe_poll_strand_start(&flow->poll, error);
}

static int share_schemas(struct chappe_flow *flow, int64_t deadline_us, struct chappe_error *error)
{
        struct chappe_schema_sharing sharing;
        struct chappe_schema_backend backend = { 0 };
        int status = chappe_schema_sharing(flow->runtime, &sharing, error);
        if (status == 0 && sharing.topic) {
                status = chappe_schema_topic_await(flow->schema_topic, deadline_us, error);
                backend = chappe_schema_topic_backend(flow->schema_topic);
        }
        if (status == 0 && sharing.registry) {
                status = chappe_schema_registry_open(flow->runtime, sharing.topic ? &backend : NULL, deadline_us,
                                                     &flow->schema_registry, error);
                if (status == 0)
                        backend = chappe_schema_registry_backend(flow->schema_registry);
        }
        return status < 0 ? status : chappe_payload_start(flow->runtime->payload, &backend, error);
}

/* The first record to a topic would wait for its metadata. */
static int warm_topics(struct chappe_flow *flow, struct chappe_error *error)
{
        int64_t timeout_ms = chappe_config_integer(flow->runtime->config, "broker_timeout_ms");
        int status = 0;
        for (size_t i = 0; status == 0 && i < flow->channels.count; i++) {
                const struct chappe_channel *channel = &flow->channels.at[i];
                if (channel->produces)
                        status = chappe_publisher_warm(flow->runtime->publisher, CHAPPE_SEND_EVENT, channel->name,
                                                       timeout_ms, error);
                if (status == 0 && channel->calls)
                        status = chappe_publisher_warm(flow->runtime->publisher, CHAPPE_SEND_URGENT, channel->name,
                                                       timeout_ms, error);
        }
        return status;
}

static int start_workers(struct chappe_flow *flow, struct chappe_error *error)
{
        size_t wanted = (size_t)chappe_config_integer(flow->runtime->config, "workers");
        flow->workers = calloc(wanted, sizeof(struct chappe_worker *));
        if (!flow->workers)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for workers");
        for (size_t i = 0; i < wanted; i++) {
                int status = chappe_worker_start(flow->runtime, flow->handover, (int)i, &flow->workers[i], error);
                if (status < 0)
                        return status;
                flow->worker_count++;
        }
        return 0;
}

static int start_consuming(struct chappe_flow *flow, struct chappe_error *error)
{
        if (!flow->consumes)
                return 0;
        int status = start_workers(flow, error);
        if (status == 0 && flow->runtime->replay)
                status = chappe_replay_start(flow->runtime->replay, error);
        if (status == 0)
                status = chappe_membership_open(flow->runtime, &flow->channels, flow->handover, &flow->control,
                                                &flow->bell, &flow->membership, error);
        if (status == 0)
                status = chappe_membership_subscribe(flow->membership, error);
        if (status < 0)
                return status;
        atomic_store(&flow->poll.membership, flow->membership);
        chappe_wake_ring(&flow->bell);
        return 0;
}

int chappe_flow_start(struct chappe_flow *flow, int64_t timeout_ms, struct chappe_error *error)
{
        int64_t deadline_us = chappe_clock_monotonic_us(flow->runtime->world->clock) + timeout_ms * 1000;
        flow->started = true;
        int status = open_handover(flow, error);
        if (status == 0)
                status = chappe_topics_prepare(flow->runtime, &flow->channels.partitions, error);
        if (status == 0 && flow->runtime->replay_name)
                status = chappe_replay_open(flow->runtime, &flow->channels, &flow->runtime->replay, error);
        if (status == 0)
                status = start_polling(flow, error);
        if (status == 0)
                status = share_schemas(flow, deadline_us, error);
        if (status == 0)
                status = warm_topics(flow, error);
        atomic_store(&flow->runtime->serving, status == 0);
        if (status == 0)
                status = start_consuming(flow, error);
        if (status < 0) {
                flow->drained = true; /* nothing was taken yet */
                (void)chappe_flow_stop(flow, timeout_ms, NULL);
        }
        return status;
}

bool chappe_flow_ready(struct chappe_flow *flow)
{
        struct chappe_membership *membership = atomic_load(&flow->poll.membership);
        return flow->started && (!flow->consumes || (membership && chappe_membership_assigned(membership)));
}

static const struct chappe_channel *find_consumed(const struct chappe_flow *flow, const char *topic,
                                                  struct chappe_error *error)
{
        const struct chappe_channel *channel = chappe_channels_plain(&flow->channels, topic);
        if (channel && chappe_channel_reads(channel))
                return channel;
        chappe_fail(error, CHAPPE_E_NOT_DECLARED, "the operations table consumes no topic %s", topic);
        return NULL;
}

int chappe_flow_pause(struct chappe_flow *flow, const char *topic, bool paused, struct chappe_error *error)
{
        const struct chappe_channel *channel = find_consumed(flow, topic, error);
        if (!channel)
                return -CHAPPE_E_NOT_DECLARED;
        chappe_handover_pause(flow->handover, (size_t)(channel - flow->channels.at), paused);
        chappe_wake_ring(&flow->bell);
        return 0;
}

int chappe_flow_seek(struct chappe_flow *flow, const char *topic, int64_t time_ms, int64_t timeout_ms,
                     struct chappe_error *error)
{
        const struct chappe_channel *channel = find_consumed(flow, topic, error);
        if (flow->runtime->replay)
                return chappe_fail(error, CHAPPE_E_SERVICE_STATE, "a replay goes through its window, and nowhere else");
        return channel ? chappe_control_seek(&flow->control, channel, time_ms, timeout_ms, error)
                       : -CHAPPE_E_NOT_DECLARED;
}

const char *chappe_flow_paused(struct chappe_flow *flow)
{
        ptrdiff_t paused = chappe_handover_paused(flow->handover);
        return paused < 0 ? NULL : flow->channels.at[paused].plain;
}

bool chappe_flow_healthy(struct chappe_flow *flow, struct chappe_error *error)
{
        struct chappe_membership *membership = atomic_load(&flow->poll.membership);
        int failure = membership ? chappe_membership_failure(membership) : 0;
        if (failure)
                chappe_fail(error, CHAPPE_E_CONSUMPTION_STOPPED, "consumption has stopped (E%d); the log says why",
                            failure);
        bool alarm = membership && !failure && chappe_membership_alarm(membership, error);
        bool late = !alarm && !failure && flow->started && chappe_poll_strand_is_late(&flow->poll);
        if (late)
                chappe_fail(error, CHAPPE_E_POLL_LATE, "%s", chappe_error_summary(CHAPPE_E_POLL_LATE));
        return failure == 0 && !alarm && !late;
}

bool chappe_flow_trouble(struct chappe_flow *flow, struct chappe_error *error)
{
        struct chappe_membership *membership = atomic_load(&flow->poll.membership);
        bool trouble = membership && chappe_membership_trouble(membership, error);
        const char *paused = trouble ? NULL : chappe_flow_paused(flow);
        if (paused)
                chappe_fail(error, CHAPPE_E_PAUSED, "%s is paused", paused);
        return trouble || paused;
}

void chappe_flow_list_running(struct chappe_flow *flow, char *ret_text, size_t size)
{
        struct chappe_executor *executor = flow->runtime->world->executor;
        ret_text[0] = '\0';
        chappe_mutex_lock(executor, flow->ending);
        if (flow->handover)
                chappe_runs_print(chappe_handover_runs(flow->handover),
                                  chappe_clock_monotonic_us(flow->runtime->world->clock), ret_text, size);
        chappe_mutex_unlock(executor, flow->ending);
}

static int tell_unfinished(const struct chappe_flow *flow, struct chappe_error *error)
{
        if (flow->drain_status == 0)
                return 0;
        if (flow->drain_status == -CHAPPE_E_STOPPED)
                return chappe_fail(error, CHAPPE_E_STOPPED, "stopped while handlers were running");
        return chappe_fail(error, CHAPPE_E_UNFINISHED,
                           "%zu records were unfinished when the time was up (%s); they run again after the next start",
                           flow->unfinished, flow->unfinished_list);
}

int chappe_flow_drain(struct chappe_flow *flow, int64_t timeout_ms, struct chappe_error *error)
{
        if (!flow->started)
                return 0;
        if (!flow->drained) {
                flow->drained = true;
                flow->drain_status = chappe_poll_strand_drain(&flow->poll, timeout_ms * 1000, &flow->unfinished);
                if (flow->unfinished > 0)
                        snprintf(flow->unfinished_list, sizeof(flow->unfinished_list), "%s",
                                 chappe_membership_unfinished(flow->membership));
                else
                        chappe_flow_list_running(flow, flow->unfinished_list, sizeof(flow->unfinished_list));
        }
        return tell_unfinished(flow, error);
}

static int64_t left_ms(const struct chappe_flow *flow, int64_t deadline_us)
{
        int64_t left_us = deadline_us - chappe_clock_monotonic_us(flow->runtime->world->clock);
        return left_us > 0 ? left_us / 1000 : 0;
}

static void stop_workers(struct chappe_flow *flow)
{
        if (flow->handover)
                chappe_handover_close(flow->handover);
        for (size_t i = 0; i < flow->worker_count; i++)
                chappe_worker_join(flow->workers[i]);
        free(flow->workers);
        flow->workers = NULL;
        flow->worker_count = 0;
}

/* Every report is heard before the records that wait for it are let go of, and every record before the consumer closes.
 */
static int close_broker_side(struct chappe_flow *flow, int64_t deadline_us, struct chappe_error *error)
{
        struct chappe_runtime *runtime = flow->runtime;
        struct chappe_publisher *publisher = runtime->publisher;
        int status = publisher ? chappe_publisher_flush(publisher, left_ms(flow, deadline_us), error) : 0;
        runtime->publisher = NULL;
        chappe_publisher_close(publisher);
        if (flow->handover)
                chappe_handover_settle(flow->handover);
        atomic_store(&flow->poll.membership, NULL);
        int left = chappe_membership_close(flow->membership, left_ms(flow, deadline_us), status == 0 ? error : NULL);
        flow->membership = NULL;
        status = status < 0 ? status : left;
        left = chappe_reader_close(flow->reader, left_ms(flow, deadline_us), status == 0 ? error : NULL);
        return status < 0 ? status : left;
}

int chappe_flow_stop(struct chappe_flow *flow, int64_t timeout_ms, struct chappe_error *error)
{
        if (!flow->started)
                return 0;
        int64_t deadline_us = chappe_clock_monotonic_us(flow->runtime->world->clock) + timeout_ms * 1000;
        struct chappe_error later = { 0 };
        atomic_store(&flow->runtime->serving, false);
        chappe_control_close(&flow->control);
        int drained = chappe_flow_drain(flow, timeout_ms / 2, error);
        stop_workers(flow);
        chappe_poll_strand_join(&flow->poll);
        int closed = close_broker_side(flow, deadline_us, &later);
        chappe_replay_stop(flow->runtime->replay, left_ms(flow, deadline_us));
        chappe_mutex_lock(flow->runtime->world->executor, flow->ending);
        flow->handover = chappe_handover_free(flow->handover);
        chappe_mutex_unlock(flow->runtime->world->executor, flow->ending);
        flow->schema_registry = chappe_schema_registry_free(flow->schema_registry);
        flow->schema_topic = chappe_schema_topic_free(flow->schema_topic);
        chappe_control_deinit(&flow->control);
        chappe_wake_deinit(&flow->bell);
        flow->started = false;
        if (drained == 0 && closed < 0 && error)
                *error = later;
        return drained < 0 ? drained : closed;
}

struct chappe_flow *chappe_flow_free(struct chappe_flow *flow)
{
        if (!flow)
                return NULL;
        if (flow->started)
                (void)chappe_flow_stop(flow, chappe_config_integer(flow->runtime->config, "stop_timeout_ms"), NULL);
        chappe_reader_free(flow->reader);
        flow->runtime->payload = chappe_payload_free(flow->runtime->payload);
        flow->runtime->replay = chappe_replay_free(flow->runtime->replay);
        flow->runtime->channels = NULL;
        flow->runtime->flow = NULL;
        chappe_channels_deinit(&flow->channels);
        if (flow->ending)
                chappe_mutex_free(flow->runtime->world->executor, flow->ending);
        free(flow);
        return NULL;
}
