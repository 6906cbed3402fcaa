/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime on real threads and librdkafka, against its mock cluster: what is published is consumed, once, and the
 * stop is clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <chappe/publish.h>

#include "stage.h"
#include "observe/log.h"

#define RECORDS 2000

static _Atomic int runs[RECORDS];
static _Atomic int handled;
static struct chappe_mutex *mutex;
static struct chappe_condition *changed;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        struct chappe_executor *executor = ctx->runtime->world->executor;
        if (chappe_publish(ctx, &event_type, event) < 0)
                return CHAPPE_RETRY;
        atomic_fetch_add(&runs[event->n], 1);
        if (atomic_fetch_add(&handled, 1) + 1 < RECORDS)
                return CHAPPE_DONE;
        chappe_mutex_lock(executor, mutex);
        chappe_condition_broadcast(executor, changed);
        chappe_mutex_unlock(executor, mutex);
        return CHAPPE_DONE;
}

static const struct chappe_operation consumes[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type },
        { 0 },
};
static const struct chappe_operation produces[] = {
        { .kind = CHAPPE_PRODUCES, .topic = "in", .type = &event_type },
        { 0 },
};

static void open_runtime(struct chappe_runtime *runtime, const char *name, const struct chappe_operation *operations,
                         const char *brokers)
{
        char setting[200];
        struct chappe_error error;
        snprintf(setting, sizeof(setting), "brokers=%s", brokers);
        const char *settings[] = { setting, "workers=4", "commit_interval_ms=100", NULL };
        struct chappe_config_sources sources = { .settings = settings };
        struct chappe_property property = { "bootstrap.servers", brokers };
        *runtime = (struct chappe_runtime){ .world = chappe_world_system(),
                                            .service = name,
                                            .instance = name,
                                            .topic_prefix = "",
                                            .operations = operations };
        assert_int_equal(chappe_config_load(&sources, &runtime->config, &error), 0);
        assert_int_equal(runtime->world->broker_open(runtime->world->context, &property, 1, &runtime->broker, &error),
                         0);
        assert_int_equal(chappe_flow_new(runtime, &runtime->flow, &error), 0);
        if (chappe_flow_start(runtime->flow, 30000, &error) < 0)
                fail_msg("E%d %s", error.code, error.text);
}

static void close_runtime(struct chappe_runtime *runtime)
{
        struct chappe_error error = { 0 };
        int drained = chappe_flow_drain(runtime->flow, 10000, &error);
        int stopped = chappe_flow_stop(runtime->flow, 20000, &error);
        if (drained < 0 || stopped < 0)
                fail_msg("E%d %s", error.code, error.text);
        chappe_flow_free(runtime->flow);
        runtime->broker->operations->close(runtime->broker);
        chappe_config_free(runtime->config);
}

static void publish_all(struct chappe_runtime *runtime)
{
        struct chappe_error error;
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)runtime, NULL, 30000);
        for (int64_t n = 0; n < RECORDS; n++) {
                char key[8];
                snprintf(key, sizeof(key), "k%lld", (long long)(n % 50));
                struct event event = { chappe_text(key), n };
                assert_int_equal(chappe_publish(ctx, &event_type, &event), 0);
        }
        assert_int_equal(chappe_context_finish(ctx, &error), 0);
        chappe_context_close(ctx);
}

static void test_published_events_are_consumed_and_the_stop_is_clean(void **state)
{
        (void)state;
        const struct chappe_world *world = chappe_world_system();
        mutex = chappe_mutex_new(world->executor);
        changed = chappe_condition_new(world->executor);
        char reason[200];
        rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof(reason));
        rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
        const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);
        assert_int_equal(rd_kafka_mock_topic_create(cluster, "in", 4, 1), 0);
        assert_int_equal(rd_kafka_mock_topic_create(cluster, "out", 4, 1), 0);

        struct chappe_runtime publisher, consumer;
        open_runtime(&publisher, "publisher", produces, brokers);
        publish_all(&publisher);
        open_runtime(&consumer, "consumer", consumes, brokers);
        int64_t deadline_us = chappe_clock_monotonic_us(world->clock) + 60000000;
        chappe_mutex_lock(world->executor, mutex);
        while (atomic_load(&handled) < RECORDS &&
               chappe_condition_wait(world->executor, changed, mutex, deadline_us) == CHAPPE_WAIT_SIGNALLED)
                ;
        chappe_mutex_unlock(world->executor, mutex);
        assert_int_equal(atomic_load(&handled), RECORDS);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(atomic_load(&runs[n]), 1);
        close_runtime(&consumer);
        close_runtime(&publisher);
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(host);
        chappe_condition_free(world->executor, changed);
        chappe_mutex_free(world->executor, mutex);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_published_events_are_consumed_and_the_stop_is_clean),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
