/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime on real threads and librdkafka: what is published is consumed, once, and the stop is clean; topics are
 * paused and moved meanwhile. Against the mock cluster, or with the argument kafka the Apache Kafka that
 * CHAPPE_TEST_BROKERS names, for only that one finds offsets by time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <chappe/publish.h>

#include "stage.h"
#include "observe/log.h"

#define RECORDS 2000

#define PATIENCE_US 60000000

static _Atomic int runs[RECORDS];
static _Atomic int handled;
static _Atomic int awaited;
static _Atomic bool together; /* several were handled at once */
static struct chappe_mutex *mutex;
static struct chappe_condition *changed;
static char prefix[60]; /* of everything, on a cluster that others use */

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *cluster; /* NULL: Apache Kafka */
static const char *brokers;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        struct chappe_executor *executor = ctx->runtime->world->executor;
        if (chappe_publish(ctx, &event_type, event) < 0)
                return CHAPPE_RETRY;
        atomic_fetch_add(&runs[event->n], 1);
        if (atomic_fetch_add(&handled, 1) + 1 < atomic_load(&awaited))
                return CHAPPE_DONE;
        chappe_mutex_lock(executor, mutex);
        chappe_condition_broadcast(executor, changed);
        chappe_mutex_unlock(executor, mutex);
        return CHAPPE_DONE;
}

static enum chappe_decision on_events(struct chappe_context *ctx, const void *decoded, size_t count)
{
        const struct event *events = decoded;
        enum chappe_decision decision = CHAPPE_DONE;
        if (count > 1)
                atomic_store(&together, true);
        for (size_t i = 0; i < count && decision == CHAPPE_DONE; i++) {
                chappe_context_select(ctx, i);
                decision = on_event(ctx, &events[i]);
        }
        return decision;
}

static const struct chappe_operation consumes_several[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_batch = on_events, .batch_wait_ms = 50 },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type },
        { 0 },
};
static const struct chappe_operation consumes[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type },
        { 0 },
};
static const struct chappe_operation produces[] = {
        { .kind = CHAPPE_PRODUCES, .topic = "in", .type = &event_type },
        { 0 },
};

static void open_runtime(struct chappe_runtime *runtime, const char *name, const struct chappe_operation *operations)
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
                                            .topic_prefix = prefix,
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

static void publish(struct chappe_runtime *runtime, int64_t from, int64_t to)
{
        struct chappe_error error;
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)runtime, NULL, 30000);
        for (int64_t n = from; n < to; n++) {
                char key[8];
                snprintf(key, sizeof(key), "k%lld", (long long)(n % 50));
                struct event event = { chappe_text(key), n };
                assert_int_equal(chappe_publish(ctx, &event_type, &event), 0);
        }
        assert_int_equal(chappe_context_finish(ctx, &error), 0);
        chappe_context_close(ctx);
}

static void await_handled(int count)
{
        const struct chappe_world *world = chappe_world_system();
        int64_t deadline_us = chappe_clock_monotonic_us(world->clock) + PATIENCE_US;
        chappe_mutex_lock(world->executor, mutex);
        atomic_store(&awaited, count);
        while (atomic_load(&handled) < count &&
               chappe_condition_wait(world->executor, changed, mutex, deadline_us) == CHAPPE_WAIT_SIGNALLED)
                ;
        chappe_mutex_unlock(world->executor, mutex);
        assert_int_equal(atomic_load(&handled), count);
}

static int setup(void **state)
{
        static int number;
        struct chappe_executor *executor = chappe_world_system()->executor;
        char topic[80];
        (void)state;
        for (int n = 0; n < RECORDS; n++)
                atomic_store(&runs[n], 0);
        atomic_store(&handled, 0);
        atomic_store(&awaited, RECORDS);
        mutex = chappe_mutex_new(executor);
        changed = chappe_condition_new(executor);
        snprintf(prefix, sizeof(prefix), "t%d-%lld-%d.", (int)getpid(), (long long)time(NULL), number++);
        if (!cluster)
                return 0;
        snprintf(topic, sizeof(topic), "%sin", prefix);
        rd_kafka_mock_topic_create(cluster, topic, 4, 1);
        snprintf(topic, sizeof(topic), "%sout", prefix);
        rd_kafka_mock_topic_create(cluster, topic, 4, 1);
        return 0;
}

static int teardown(void **state)
{
        struct chappe_executor *executor = chappe_world_system()->executor;
        (void)state;
        chappe_condition_free(executor, changed);
        chappe_mutex_free(executor, mutex);
        return 0;
}

static void assert_runs(int from, int to, int expected)
{
        for (int n = from; n < to; n++)
                assert_int_equal(atomic_load(&runs[n]), expected);
}

static void publish_and_consume(const struct chappe_operation *operations)
{
        struct chappe_runtime publisher, consumer;
        open_runtime(&publisher, "publisher", produces);
        publish(&publisher, 0, RECORDS);
        open_runtime(&consumer, "consumer", operations);
        await_handled(RECORDS);
        assert_runs(0, RECORDS, 1);
        close_runtime(&consumer);
        close_runtime(&publisher);
}

static void test_published_events_are_consumed_and_the_stop_is_clean(void **state)
{
        (void)state;
        publish_and_consume(consumes);
}

static void test_they_are_also_where_they_are_handled_together(void **state)
{
        (void)state;
        publish_and_consume(consumes_several);
        assert_true(atomic_load(&together));
}

static void test_what_comes_while_a_topic_is_paused_runs_when_it_is_resumed(void **state)
{
        struct chappe_runtime publisher, consumer;
        (void)state;
        open_runtime(&publisher, "publisher", produces);
        open_runtime(&consumer, "consumer", consumes);
        publish(&publisher, 0, RECORDS / 2);
        await_handled(RECORDS / 2);
        int held = 0;
        for (int64_t n = RECORDS / 2; n < RECORDS; n += 100) {
                assert_int_equal(chappe_flow_pause(consumer.flow, "in", true, NULL), 0);
                publish(&publisher, n, n + 100);
                /* Of these none began; but where the poll strand stood still between two looks, a few may have. */
                held += atomic_load(&handled) <= (int)n;
                assert_int_equal(chappe_flow_pause(consumer.flow, "in", false, NULL), 0);
        }
        assert_true(held > 0);
        await_handled(RECORDS);
        assert_runs(0, RECORDS, 1);
        close_runtime(&consumer);
        close_runtime(&publisher);
}

/* Commits are on their way, records are being fetched: what is behind the place runs once more. */
static void test_a_topic_is_moved_and_everything_behind_the_place_runs_again(void **state)
{
        struct chappe_runtime publisher, consumer;
        struct chappe_error error = { 0 };
        (void)state;
        open_runtime(&publisher, "publisher", produces);
        open_runtime(&consumer, "consumer", consumes);
        publish(&publisher, 0, RECORDS / 2);
        await_handled(RECORDS / 2);
        assert_int_equal(chappe_flow_pause(consumer.flow, "in", true, NULL), 0);
        if (chappe_flow_seek(consumer.flow, "in", 0, 30000, &error) < 0)
                fail_msg("E%d %s", error.code, error.text);
        publish(&publisher, RECORDS / 2, RECORDS);
        assert_int_equal(chappe_flow_pause(consumer.flow, "in", false, NULL), 0);
        await_handled(RECORDS / 2 + RECORDS);
        assert_runs(0, RECORDS / 2, 2);
        assert_runs(RECORDS / 2, RECORDS, 1);
        /* And forward, while it works: nothing runs that had not begun, and what comes then does. */
        if (chappe_flow_seek(consumer.flow, "in", INT64_MAX / 2, 30000, &error) < 0)
                fail_msg("E%d %s", error.code, error.text);
        publish(&publisher, 0, 100);
        await_handled(RECORDS / 2 + RECORDS + 100);
        assert_runs(0, 100, 3);
        close_runtime(&consumer);
        close_runtime(&publisher);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest on_kafka[] = {
                cmocka_unit_test_setup_teardown(test_a_topic_is_moved_and_everything_behind_the_place_runs_again, setup,
                                                teardown),
        };
        const struct CMUnitTest on_mock[] = {
                cmocka_unit_test_setup_teardown(test_published_events_are_consumed_and_the_stop_is_clean, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_they_are_also_where_they_are_handled_together, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_comes_while_a_topic_is_paused_runs_when_it_is_resumed, setup,
                                                teardown),
        };
        char reason[200];
        if (argc > 1 && strcmp(argv[1], "kafka") == 0) {
                brokers = getenv("CHAPPE_TEST_BROKERS");
                if (!brokers || !*brokers) {
                        fprintf(stderr, "CHAPPE_TEST_BROKERS is not set: run this under tools/kafka/run\n");
                        return 1;
                }
                return cmocka_run_group_tests_name("threads on Kafka", on_kafka, NULL, NULL);
        }
        host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof(reason));
        cluster = rd_kafka_mock_cluster_new(host, 1);
        brokers = rd_kafka_mock_cluster_bootstraps(cluster);
        int failed = cmocka_run_group_tests_name("threads", on_mock, NULL, NULL);
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(host);
        return failed;
}
