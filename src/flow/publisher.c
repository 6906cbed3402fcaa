/* SPDX-License-Identifier: Apache-2.0 */
/* The two producers of a service: any strand sends, the poll strand hears how it went. */
#include "flow/publisher.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define URGENCIES    2
#define ROOM_WAIT_US 20000

/* A topic that one producer has looked up. Never changes once it is in the list. */
struct known_topic {
        struct known_topic *next;
        struct chappe_topic *handle;
        char name[];
};

/* One producer. */
struct sending {
        struct chappe_producer *producer;
        struct known_topic *_Atomic topics; /* grows at the front; read without a lock */
};

struct chappe_publisher {
        /* constant after opening */
        struct chappe_runtime *runtime;
        const struct chappe_broker_operations *broker;
        int64_t full_timeout_us;
        int64_t lookup_timeout_ms;
        struct chappe_metric *sent;
        struct chappe_metric *failed;
        void (*ready)(void *context);
        void *ready_context;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *room;
        struct sending sending[URGENCIES];
        /* under mutex */
        uint32_t waiting; /* for room in a full queue */
};

static void delivered(void *context, const struct chappe_delivery_report *report)
{
        struct chappe_publisher *publisher = context;
        struct chappe_deliveries *deliveries = report->opaque;
        int failure = 0;
        if (report->result != CHAPPE_DELIVERED) {
                failure = report->error.code ? report->error.code : CHAPPE_E_DELIVERY_FAILED;
                chappe_metric_add(publisher->failed, 1);
                if (!chappe_executor_stopped(publisher->runtime->world->executor))
                        chappe_log_write(publisher->runtime->log, CHAPPE_LOG_DELIVERY_FAILED,
                                         "a record was not delivered%s: %s",
                                         report->result == CHAPPE_DELIVERY_UNKNOWN ? ", as far as is known" : "",
                                         report->error.text);
        }
        if (deliveries)
                chappe_deliveries_report(deliveries, failure);
}

static void ready(void *context)
{
        struct chappe_publisher *publisher = context;
        publisher->ready(publisher->ready_context);
}

typedef int use_config(struct chappe_publisher *publisher, enum chappe_urgency urgency,
                       const struct chappe_producer_config *config, struct chappe_error *error);

static int open_producer(struct chappe_publisher *publisher, enum chappe_urgency urgency,
                         const struct chappe_producer_config *config, struct chappe_error *error)
{
        return publisher->broker->producer_open(publisher->runtime->broker, config,
                                                &publisher->sending[urgency].producer, error);
}

static int check_producer(struct chappe_publisher *publisher, enum chappe_urgency urgency,
                          const struct chappe_producer_config *config, struct chappe_error *error)
{
        (void)urgency;
        return publisher->broker->producer_check
                       ? publisher->broker->producer_check(publisher->runtime->broker, config, error)
                       : 0;
}

static int with_config(struct chappe_publisher *publisher, enum chappe_urgency urgency, use_config *use,
                       struct chappe_error *error)
{
        char linger[24] = "0";
        if (urgency == CHAPPE_SEND_EVENT)
                snprintf(linger, sizeof(linger), "%" PRId64,
                         chappe_config_integer(publisher->runtime->config, "linger_ms"));
        struct chappe_property properties[] = { { "linger.ms", linger } };
        struct chappe_producer_config config = {
                .properties = properties,
                .property_count = 1,
                .delivered = delivered,
                .ready = ready,
                .context = publisher,
        };
        return use(publisher, urgency, &config, error);
}

static void look_up_metrics(struct chappe_publisher *publisher)
{
        struct chappe_metrics *metrics = publisher->runtime->metrics;
        publisher->sent =
                chappe_metrics_get(metrics, CHAPPE_COUNTER, "records_sent_total", "Records given to a producer.", NULL);
        publisher->failed = chappe_metrics_get(metrics, CHAPPE_COUNTER, "deliveries_failed_total",
                                               "Records whose delivery failed or is unknown.", NULL);
}

int chappe_publisher_check(struct chappe_runtime *runtime, struct chappe_error *error)
{
        struct chappe_publisher publisher = { .runtime = runtime, .broker = runtime->broker->operations };
        int status = with_config(&publisher, CHAPPE_SEND_EVENT, check_producer, error);
        return status < 0 ? status : with_config(&publisher, CHAPPE_SEND_URGENT, check_producer, error);
}

int chappe_publisher_open(struct chappe_runtime *runtime, bool urgent, void (*wake)(void *context), void *context,
                          struct chappe_publisher **ret_publisher, struct chappe_error *error)
{
        struct chappe_publisher *publisher = calloc(1, sizeof(*publisher));
        if (!publisher)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a publisher");
        publisher->runtime = runtime;
        publisher->broker = runtime->broker->operations;
        publisher->full_timeout_us = chappe_config_integer(runtime->config, "publish_timeout_ms") * 1000;
        publisher->lookup_timeout_ms = chappe_config_integer(runtime->config, "broker_timeout_ms");
        publisher->ready = wake;
        publisher->ready_context = context;
        publisher->executor = runtime->world->executor;
        publisher->mutex = chappe_mutex_new(publisher->executor);
        publisher->room = chappe_condition_new(publisher->executor);
        look_up_metrics(publisher);

        int status = publisher->mutex && publisher->room
                             ? 0
                             : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a publisher");
        for (int urgency = 0; status == 0 && urgency < (urgent ? URGENCIES : 1); urgency++)
                status = with_config(publisher, (enum chappe_urgency)urgency, open_producer, error);
        if (status < 0)
                publisher = chappe_publisher_close(publisher);
        *ret_publisher = publisher;
        return status;
}

static struct chappe_topic *find_topic(struct sending *sending, const char *name)
{
        struct known_topic *topic = atomic_load_explicit(&sending->topics, memory_order_acquire);
        while (topic && strcmp(topic->name, name) != 0)
                topic = topic->next;
        return topic ? topic->handle : NULL;
}

/* Two strands may look the same topic up at once: the second entry is never found, and does no harm. */
static int remember_topic(struct chappe_publisher *publisher, struct sending *sending, const char *name,
                          struct chappe_topic *handle, struct chappe_error *error)
{
        size_t size = strlen(name) + 1;
        struct known_topic *topic = malloc(sizeof(*topic) + size);
        if (!topic)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a topic's handle");
        memcpy(topic->name, name, size);
        topic->handle = handle;
        chappe_mutex_lock(publisher->executor, publisher->mutex);
        topic->next = atomic_load_explicit(&sending->topics, memory_order_relaxed);
        atomic_store_explicit(&sending->topics, topic, memory_order_release);
        chappe_mutex_unlock(publisher->executor, publisher->mutex);
        return 0;
}

static int get_topic(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *name,
                     int64_t timeout_ms, struct chappe_topic **ret_topic, struct chappe_error *error)
{
        struct sending *sending = &publisher->sending[urgency];
        assert(sending->producer);
        *ret_topic = find_topic(sending, name);
        if (*ret_topic)
                return 0;
        int status = publisher->broker->producer_topic(sending->producer, name, timeout_ms, ret_topic, error);
        return status < 0 ? status : remember_topic(publisher, sending, name, *ret_topic, error);
}

int chappe_publisher_warm(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic,
                          int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_topic *handle;
        return get_topic(publisher, urgency, topic, timeout_ms, &handle, error);
}

bool chappe_publisher_knows(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic)
{
        return find_topic(&publisher->sending[urgency], topic) != NULL;
}

int32_t chappe_publisher_partitions(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic,
                                    struct chappe_error *error)
{
        struct chappe_topic *handle;
        int status = get_topic(publisher, urgency, topic, publisher->lookup_timeout_ms, &handle, error);
        return status < 0 ? status : publisher->broker->topic_partition_count(handle);
}

/* Waits until delivery reports have been heard; shortly, for one may have come just before. */
static int wait_for_room(struct chappe_publisher *publisher, int64_t now_us, int64_t deadline_us,
                         struct chappe_error *error)
{
        if (now_us >= deadline_us)
                return chappe_fail(error, CHAPPE_E_QUEUE_FULL, "the producer's queue was full for %" PRId64 " ms",
                                   publisher->full_timeout_us / 1000);
        int64_t until_us = now_us + ROOM_WAIT_US < deadline_us ? now_us + ROOM_WAIT_US : deadline_us;
        chappe_mutex_lock(publisher->executor, publisher->mutex);
        publisher->waiting++;
        enum chappe_wait wait = chappe_condition_wait(publisher->executor, publisher->room, publisher->mutex, until_us);
        publisher->waiting--;
        chappe_mutex_unlock(publisher->executor, publisher->mutex);
        return wait == CHAPPE_WAIT_STOPPED
                       ? chappe_fail(error, CHAPPE_E_STOPPED, "stopped while the producer's queue was full")
                       : 0;
}

/* One attempt after the other, until the queue takes it. */
static int send_bounded(struct chappe_publisher *publisher, struct sending *sending, struct chappe_topic *topic,
                        const struct chappe_outgoing *outgoing, struct chappe_deliveries *deliveries,
                        struct chappe_error *error)
{
        const struct chappe_clock *clock = publisher->runtime->world->clock;
        int64_t deadline_us = 0;
        for (;;) {
                int status = publisher->broker->producer_send(sending->producer, topic, outgoing->partition,
                                                              outgoing->key, outgoing->value, outgoing->headers,
                                                              outgoing->header_count, 0, deliveries, error);
                if (status != -CHAPPE_E_AGAIN)
                        return status;
                int64_t now_us = chappe_clock_monotonic_us(clock);
                if (deadline_us == 0)
                        deadline_us = now_us + publisher->full_timeout_us;
                status = wait_for_room(publisher, now_us, deadline_us, error);
                if (status < 0)
                        return status;
        }
}

int chappe_publisher_send(struct chappe_publisher *publisher, enum chappe_urgency urgency,
                          const struct chappe_outgoing *outgoing, struct chappe_deliveries *deliveries,
                          struct chappe_error *error)
{
        if (!chappe_step(publisher->runtime->world, "publish.send"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "stopped before a record was sent");
        struct chappe_topic *topic;
        int status = get_topic(publisher, urgency, outgoing->topic, publisher->lookup_timeout_ms, &topic, error);
        if (status < 0)
                return status;
        if (deliveries)
                chappe_deliveries_add(deliveries);
        status = send_bounded(publisher, &publisher->sending[urgency], topic, outgoing, deliveries, error);
        if (status == 0)
                chappe_metric_add(publisher->sent, 1);
        else if (deliveries)
                (void)chappe_deliveries_drop(deliveries); /* the owner still holds on: nothing can settle here */
        return status;
}

bool chappe_publisher_poll(struct chappe_publisher *publisher)
{
        size_t heard = 0;
        for (int urgency = 0; urgency < URGENCIES; urgency++) {
                if (publisher->sending[urgency].producer)
                        heard += publisher->broker->producer_poll(publisher->sending[urgency].producer);
        }
        if (heard == 0)
                return false;
        chappe_mutex_lock(publisher->executor, publisher->mutex);
        if (publisher->waiting > 0)
                chappe_condition_broadcast(publisher->executor, publisher->room);
        chappe_mutex_unlock(publisher->executor, publisher->mutex);
        return true;
}

size_t chappe_publisher_in_flight(struct chappe_publisher *publisher)
{
        size_t in_flight = 0;
        for (int urgency = 0; urgency < URGENCIES; urgency++) {
                if (publisher->sending[urgency].producer)
                        in_flight += publisher->broker->producer_in_flight(publisher->sending[urgency].producer);
        }
        return in_flight;
}

int chappe_publisher_flush(struct chappe_publisher *publisher, int64_t timeout_ms, struct chappe_error *error)
{
        const struct chappe_clock *clock = publisher->runtime->world->clock;
        int64_t deadline_us = chappe_clock_monotonic_us(clock) + timeout_ms * 1000;
        for (int urgency = 0; urgency < URGENCIES; urgency++) {
                if (!publisher->sending[urgency].producer)
                        continue;
                int64_t left_ms = (deadline_us - chappe_clock_monotonic_us(clock)) / 1000;
                int status = publisher->broker->producer_flush(publisher->sending[urgency].producer,
                                                               left_ms > 0 ? left_ms : 0, error);
                if (status < 0)
                        return status;
        }
        return 0;
}

static void close_sending(struct chappe_publisher *publisher, struct sending *sending)
{
        if (sending->producer)
                publisher->broker->producer_close(sending->producer);
        struct known_topic *topic = atomic_load(&sending->topics);
        while (topic) {
                struct known_topic *following = topic->next;
                free(topic);
                topic = following;
        }
}

struct chappe_publisher *chappe_publisher_close(struct chappe_publisher *publisher)
{
        if (!publisher)
                return NULL;
        for (int urgency = 0; urgency < URGENCIES; urgency++)
                close_sending(publisher, &publisher->sending[urgency]);
        chappe_condition_free(publisher->executor, publisher->room);
        chappe_mutex_free(publisher->executor, publisher->mutex);
        free(publisher);
        return NULL;
}
