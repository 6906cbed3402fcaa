/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated consumers: opening, subscribing, static assignment, closing. */
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/consumer.h"

#define SESSION_MS      45000
#define HEARTBEAT_MS    3000
#define POLL_MAXIMUM_MS 300000
#define ASSIGN_MS       10000

static int64_t setting_us(const struct chappe_consumer *consumer, const struct chappe_consumer_config *config,
                          const char *name, int64_t otherwise_ms)
{
        return 1000 * chappe_sim_property_integer(consumer->broker, config->properties, config->property_count, name,
                                                  otherwise_ms);
}

static void configure(struct chappe_consumer *consumer, const struct chappe_consumer_config *config)
{
        const char *value = chappe_sim_property(consumer->broker, config->properties, config->property_count,
                                                "partition.assignment.strategy");

        if (config->protocol >= CHAPPE_GROUP_COOPERATIVE || (value && strncmp(value, "cooperative", 11) == 0))
                consumer->subscription.strategy = SIM_COOPERATIVE;
        else if (value && strncmp(value, "roundrobin", 10) == 0)
                consumer->subscription.strategy = SIM_ROUND_ROBIN;
        value = chappe_sim_property(consumer->broker, config->properties, config->property_count, "auto.offset.reset");
        consumer->from_latest = value && (strcmp(value, "latest") == 0 || strcmp(value, "end") == 0);
        value = chappe_sim_property(consumer->broker, config->properties, config->property_count, "group.instance.id");
        if (value && *value && config->group)
                consumer->instance = strdup(value);
        consumer->subscription.instance = consumer->instance;
        consumer->subscription.session_us = setting_us(consumer, config, "session.timeout.ms", SESSION_MS);
        consumer->heartbeat_us = setting_us(consumer, config, "heartbeat.interval.ms", HEARTBEAT_MS);
        consumer->poll_maximum_us = setting_us(consumer, config, "max.poll.interval.ms", POLL_MAXIMUM_MS);
        consumer->subscription.rebalance_us = consumer->poll_maximum_us;
}

int chappe_sim_consumer_open(struct chappe_broker *handle, const struct chappe_consumer_config *config,
                             struct chappe_consumer **ret_consumer, struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        struct chappe_consumer *consumer;

        if (!chappe_process_step(broker->process, "broker.consumer_open"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        consumer = calloc(1, sizeof(*consumer));
        if (!consumer)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a consumer");
        consumer->broker = broker;
        consumer->config = (struct chappe_consumer_config){ .ahead = config->ahead,
                                                            .ready = config->ready,
                                                            .context = config->context };
        consumer->generation = -1;
        consumer->heartbeat.fire = chappe_sim_membership_heartbeat;
        consumer->join.fire = chappe_sim_membership_arrived;
        consumer->ready.fire = chappe_sim_consumer_ready_fired;
        consumer->polled_us = chappe_fibers_now_us(broker->sim->fibers);
        configure(consumer, config);
        if (config->group) {
                consumer->group_name = strdup(config->group);
                consumer->group = chappe_sim_group_get(broker->sim, config->group);
        }
        DL_APPEND2(broker->consumers, consumer, previous, next);
        *ret_consumer = consumer;
        return 0;
}

static void topics_free(struct chappe_consumer *consumer)
{
        for (size_t i = 0; i < consumer->topic_count; i++)
                free(consumer->topics[i]);
        free(consumer->topics);
        consumer->topics = NULL;
        consumer->topic_count = 0;
}

static void tell_missing(struct chappe_consumer *consumer, const char *topic)
{
        struct sim_event *event = chappe_sim_event_add(consumer, CHAPPE_CONSUMER_ERROR, NULL, 0);

        chappe_fail(&event->event.error, CHAPPE_E_TOPIC_MISSING, "topic %s does not exist", topic);
}

int chappe_sim_consumer_subscribe(struct chappe_consumer *consumer, const char *const *topics, size_t count,
                                  struct chappe_error *error)
{
        if (!chappe_process_step(consumer->broker->process, "broker.subscribe"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (!consumer->group || consumer->membership != SIM_OUTSIDE)
                return chappe_fail(error, CHAPPE_E_USAGE, "subscribe once, with a group");
        consumer->topics = calloc(count + 1, sizeof(char *));
        if (!consumer->topics)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu topics", count);
        for (; consumer->topic_count < count; consumer->topic_count++) {
                consumer->topics[consumer->topic_count] = strdup(topics[consumer->topic_count]);
                if (!chappe_sim_topic_find(consumer->broker->sim, topics[consumer->topic_count]))
                        tell_missing(consumer, topics[consumer->topic_count]);
        }
        consumer->subscription.topics = consumer->topics;
        consumer->subscription.topic_count = consumer->topic_count;
        chappe_sim_membership_join(consumer);
        return 0;
}

int chappe_sim_consumer_assign(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error)
{
        int status;

        if (consumer->membership != SIM_OUTSIDE)
                return chappe_fail(error, CHAPPE_E_USAGE, "a consumer that subscribed cannot be assigned by hand");
        status = chappe_sim_round_trip(consumer->broker, "broker.assign", ASSIGN_MS, error);
        if (status < 0)
                return status;
        chappe_sim_readings_clear(consumer);
        return chappe_sim_readings_add(consumer, positions, count, error);
}

static void leave(struct chappe_consumer *consumer)
{
        struct sim_member *member = consumer->member;

        if (!member)
                return;
        consumer->member = NULL;
        if (consumer->instance || chappe_process_stopped(consumer->broker->process))
                chappe_sim_group_abandon(member);
        else
                chappe_sim_group_leave(member);
}

static void consumer_end(struct chappe_consumer *consumer)
{
        struct chappe_fibers *fibers = consumer->broker->sim->fibers;

        chappe_timer_cancel(fibers, &consumer->heartbeat);
        chappe_timer_cancel(fibers, &consumer->join);
        chappe_sim_readings_clear(consumer);
        chappe_sim_commits_free(consumer);
        chappe_sim_events_free(consumer);
        chappe_timer_cancel(fibers, &consumer->ready);
        topics_free(consumer);
        free(consumer->revoked);
        DL_DELETE2(consumer->broker->consumers, consumer, previous, next);
        free(consumer->instance);
        free(consumer->group_name);
        consumer->broker = NULL;
}

/* An abandoned consumer goes with the last of its records. */
void chappe_sim_consumer_record_released(struct chappe_consumer *consumer, size_t bytes)
{
        consumer->lent_bytes -= bytes;
        if (--consumer->lent > 0)
                return;
        if (consumer->broker)
                chappe_sim_changed(consumer->broker);
        else
                free(consumer);
}

int chappe_sim_consumer_leave(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_fibers *fibers = consumer->broker->sim->fibers;

        (void)timeout_ms;
        (void)error;
        chappe_timer_cancel(fibers, &consumer->heartbeat);
        chappe_timer_cancel(fibers, &consumer->join);
        leave(consumer);
        return 0;
}

/* As librdkafka: a record that is kept keeps the consumer. */
int chappe_sim_consumer_close(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error)
{
        struct sim_broker *broker = consumer->broker;
        int64_t deadline_us = chappe_fibers_now_us(broker->sim->fibers) + timeout_ms * 1000;

        while (consumer->lent > 0 && chappe_process_step(broker->process, "broker.close") &&
               chappe_fibers_now_us(broker->sim->fibers) < deadline_us)
                chappe_sim_wait(broker, deadline_us);
        leave(consumer);
        consumer_end(consumer);
        if (consumer->lent > 0)
                return chappe_fail(error, CHAPPE_E_BROKER_CLOSE, "%zu records were not released within %lld ms",
                                   consumer->lent, (long long)timeout_ms);
        free(consumer);
        return 0;
}
