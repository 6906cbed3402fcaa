/* SPDX-License-Identifier: Apache-2.0 */
/* A process's handle of the cluster: its properties, its blocking requests, the seam's table. */
#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/sim_private.h"

static void properties_free(struct chappe_property *properties, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                free((char *)properties[i].name);
                free((char *)properties[i].value);
        }
        free(properties);
}

static int properties_copy(struct sim_broker *broker, const struct chappe_property *properties, size_t count)
{
        broker->properties = calloc(count ? count : 1, sizeof(*properties));
        if (!broker->properties)
                return -CHAPPE_E_NO_MEMORY;
        broker->property_count = count;
        for (size_t i = 0; i < count; i++) {
                broker->properties[i].name = strdup(properties[i].name);
                broker->properties[i].value = strdup(properties[i].value);
                if (!broker->properties[i].name || !broker->properties[i].value)
                        return -CHAPPE_E_NO_MEMORY;
        }
        return 0;
}

static const char *property_in(const struct chappe_property *properties, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(properties[i].name, name) == 0)
                        return properties[i].value;
        return NULL;
}

const char *chappe_sim_property(const struct sim_broker *broker, const struct chappe_property *properties, size_t count,
                                const char *name)
{
        const char *value = property_in(properties, count, name);

        return value ? value : property_in(broker->properties, broker->property_count, name);
}

int64_t chappe_sim_property_integer(const struct sim_broker *broker, const struct chappe_property *properties,
                                    size_t count, const char *name, int64_t otherwise)
{
        const char *value = chappe_sim_property(broker, properties, count, name);

        return value ? strtoll(value, NULL, 10) : otherwise;
}

static void handle_free(struct sim_broker *broker)
{
        chappe_condition_free(broker->executor, broker->changed);
        chappe_mutex_free(broker->executor, broker->mutex);
        properties_free(broker->properties, broker->property_count);
        free(broker);
}

int chappe_sim_open(struct chappe_sim *sim, struct chappe_process *process, const struct chappe_property *properties,
                    size_t property_count, struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct sim_broker *broker;

        if (!chappe_process_step(process, "broker.open"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        broker = calloc(1, sizeof(*broker));
        if (!broker)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a broker handle");
        broker->broker.operations = &chappe_sim_operations;
        broker->sim = sim;
        broker->process = process;
        broker->executor = chappe_process_executor(process);
        broker->mutex = chappe_mutex_new(broker->executor);
        broker->changed = chappe_condition_new(broker->executor);
        if (!broker->mutex || !broker->changed || properties_copy(broker, properties, property_count) < 0) {
                handle_free(broker);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a broker handle");
        }
        DL_APPEND2(sim->brokers, broker, previous, next);
        *ret_broker = &broker->broker;
        return 0;
}

static void handle_close(struct chappe_broker *handle)
{
        struct sim_broker *broker = (struct sim_broker *)handle;

        assert(!broker->producers && !broker->consumers && "close producers and consumers before their broker");
        DL_DELETE2(broker->sim->brokers, broker, previous, next);
        handle_free(broker);
}

bool chappe_sim_wait(struct sim_broker *broker, int64_t deadline_us)
{
        enum chappe_wait outcome;

        chappe_mutex_lock(broker->executor, broker->mutex);
        outcome = chappe_condition_wait(broker->executor, broker->changed, broker->mutex, deadline_us);
        chappe_mutex_unlock(broker->executor, broker->mutex);
        return outcome == CHAPPE_WAIT_SIGNALLED;
}

void chappe_sim_changed(struct sim_broker *broker)
{
        chappe_condition_broadcast(broker->executor, broker->changed);
}

static bool sleep_until(struct sim_broker *broker, int64_t until_us)
{
        while (!chappe_process_stopped(broker->process) && chappe_fibers_now_us(broker->sim->fibers) < until_us)
                chappe_sim_wait(broker, until_us);
        return !chappe_process_stopped(broker->process);
}

/* There and back; while the cluster is away the request is tried again until its time is up. */
int chappe_sim_round_trip(struct sim_broker *broker, const char *kind, int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_sim *sim = broker->sim;
        int64_t deadline_us = chappe_fibers_now_us(sim->fibers) + timeout_ms * 1000;
        int64_t answer_us;

        if (!chappe_process_step(broker->process, kind))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        answer_us = chappe_fibers_now_us(sim->fibers) + chappe_sim_latency_us(sim) + chappe_sim_latency_us(sim);
        if (answer_us < sim->unavailable_until_us)
                answer_us = sim->unavailable_until_us;
        if (!sleep_until(broker, answer_us < deadline_us ? answer_us : deadline_us))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (answer_us > deadline_us)
                return chappe_fail(error, CHAPPE_E_BROKER_UNREACHABLE, "no broker answered within %lld ms",
                                   (long long)timeout_ms);
        return 0;
}

const struct chappe_broker_operations chappe_sim_operations = {
        .producer_open = chappe_sim_producer_open,
        .producer_topic = chappe_sim_producer_topic,
        .topic_partition_count = chappe_sim_topic_partition_count,
        .producer_send = chappe_sim_producer_send,
        .producer_poll = chappe_sim_producer_poll,
        .producer_in_flight = chappe_sim_producer_in_flight,
        .producer_flush = chappe_sim_producer_flush,
        .producer_close = chappe_sim_producer_close,
        .consumer_open = chappe_sim_consumer_open,
        .consumer_subscribe = chappe_sim_consumer_subscribe,
        .consumer_assign = chappe_sim_consumer_assign,
        .consumer_poll = chappe_sim_consumer_poll,
        .consumer_accept = chappe_sim_consumer_accept,
        .consumer_release = chappe_sim_consumer_release,
        .consumer_take = chappe_sim_consumer_take,
        .consumer_waiting = chappe_sim_consumer_waiting,
        .consumer_commit = chappe_sim_consumer_commit,
        .consumer_seek = chappe_sim_consumer_seek,
        .consumer_leave = chappe_sim_consumer_leave,
        .consumer_close = chappe_sim_consumer_close,
        .record_headers = chappe_sim_record_headers,
        .record_release = chappe_sim_record_release,
        .topic_create = chappe_sim_admin_topic_create,
        .topics_describe = chappe_sim_admin_describe,
        .watermarks = chappe_sim_admin_watermarks,
        .offset_for_time = chappe_sim_admin_offset_for_time,
        .groups_describe = chappe_sim_admin_groups,
        .group_committed = chappe_sim_admin_committed,
        .group_commit = chappe_sim_admin_commit,
        .group_delete = chappe_sim_admin_delete,
        .close = handle_close,
};
