/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime on Apache Kafka with a live schema registry: what is published is framed with the registry's id, and
 * consumed by a service that learns the schema there. Run under tools/kafka/run --registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <chappe/publish.h>

#include "base/random.h"
#include "stage.h"

#define RECORDS 200

static char prefix[40];
static _Atomic int handled;
static _Atomic int framed;
static _Atomic int64_t sum;
static struct chappe_mutex *mutex;
static struct chappe_condition *changed;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        struct chappe_executor *executor = ctx->runtime->world->executor;
        atomic_fetch_add(&sum, event->n);
        atomic_fetch_add(&framed, ctx->record->value.at[0] == 0);
        if (atomic_fetch_add(&handled, 1) + 1 < RECORDS)
                return CHAPPE_DONE;
        chappe_mutex_lock(executor, mutex);
        chappe_condition_broadcast(executor, changed);
        chappe_mutex_unlock(executor, mutex);
        return CHAPPE_DONE;
}

static const struct chappe_operation consumes[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event },
        { 0 },
};
static const struct chappe_operation produces[] = {
        { .kind = CHAPPE_PRODUCES, .topic = "in", .type = &event_type },
        { 0 },
};

static int open_runtime(struct chappe_runtime *runtime, const char *name, const struct chappe_operation *operations,
                        const char *extra, struct chappe_error *error)
{
        char brokers[300], registry[300], topics[60];
        snprintf(brokers, sizeof(brokers), "brokers=%s", getenv("CHAPPE_TEST_BROKERS"));
        snprintf(registry, sizeof(registry), "registry=%s", getenv("CHAPPE_TEST_REGISTRY"));
        snprintf(topics, sizeof(topics), "topic_prefix=%s", prefix);
        const char *settings[] = { brokers, registry, topics, "workers=4", extra, NULL };
        struct chappe_config_sources sources = { .settings = settings };
        struct chappe_property property = { "bootstrap.servers", getenv("CHAPPE_TEST_BROKERS") };
        *runtime = (struct chappe_runtime){ .world = chappe_world_system(),
                                            .service = name,
                                            .instance = name,
                                            .topic_prefix = prefix,
                                            .operations = operations };
        assert_int_equal(chappe_config_load(&sources, &runtime->config, error), 0);
        assert_int_equal(runtime->world->broker_open(runtime->world->context, &property, 1, &runtime->broker, error),
                         0);
        assert_int_equal(chappe_flow_new(runtime, &runtime->flow, error), 0);
        return chappe_flow_start(runtime->flow, 30000, error);
}

static void close_runtime(struct chappe_runtime *runtime)
{
        struct chappe_error error = { 0 };
        if (chappe_flow_stop(runtime->flow, 20000, &error) < 0)
                fail_msg("E%d %s", error.code, error.text);
        chappe_flow_free(runtime->flow);
        runtime->broker->operations->close(runtime->broker);
        chappe_config_free(runtime->config);
}

static void start(struct chappe_runtime *runtime, const char *name, const struct chappe_operation *operations,
                  const char *extra)
{
        struct chappe_error error;
        if (open_runtime(runtime, name, operations, extra, &error) < 0)
                fail_msg("E%d %s", error.code, error.text);
}

static void publish_all(struct chappe_runtime *runtime)
{
        struct chappe_error error;
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)runtime, NULL, 30000);
        for (int64_t n = 1; n <= RECORDS; n++) {
                struct event event = { chappe_text(n % 2 ? "odd" : "even"), n };
                assert_int_equal(chappe_publish(ctx, &event_type, &event), 0);
        }
        assert_int_equal(chappe_context_finish(ctx, &error), 0);
        chappe_context_close(ctx);
}

static void test_an_unregistered_schema_stops_the_start(void **state)
{
        struct chappe_runtime runtime;
        struct chappe_error error;
        (void)state;
        assert_int_equal(open_runtime(&runtime, "early", produces, NULL, &error), -CHAPPE_E_SCHEMA_NOT_FOUND);
        close_runtime(&runtime);
}

static void test_events_travel_by_the_registrys_ids(void **state)
{
        const struct chappe_world *world = chappe_world_system();
        struct chappe_runtime publisher, consumer;
        (void)state;
        mutex = chappe_mutex_new(world->executor);
        changed = chappe_condition_new(world->executor);
        start(&publisher, "publisher", produces, "schemas_register=true");
        publish_all(&publisher);
        start(&consumer, "consumer", consumes, NULL);
        int64_t deadline_us = chappe_clock_monotonic_us(world->clock) + 60000000;
        chappe_mutex_lock(world->executor, mutex);
        while (atomic_load(&handled) < RECORDS &&
               chappe_condition_wait(world->executor, changed, mutex, deadline_us) == CHAPPE_WAIT_SIGNALLED)
                ;
        chappe_mutex_unlock(world->executor, mutex);
        close_runtime(&consumer);
        close_runtime(&publisher);
        assert_int_equal(atomic_load(&handled), RECORDS);
        assert_int_equal(atomic_load(&framed), RECORDS);
        assert_int_equal(atomic_load(&sum), RECORDS * (RECORDS + 1) / 2);
        chappe_condition_free(world->executor, changed);
        chappe_mutex_free(world->executor, mutex);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_unregistered_schema_stops_the_start),
                cmocka_unit_test(test_events_travel_by_the_registrys_ids),
        };
        if (!getenv("CHAPPE_TEST_BROKERS") || !getenv("CHAPPE_TEST_REGISTRY")) {
                fprintf(stderr, "CHAPPE_TEST_BROKERS and CHAPPE_TEST_REGISTRY are not set: run this under "
                                "tools/kafka/run --registry\n");
                return 1;
        }
        snprintf(prefix, sizeof(prefix), "live-%08x.", (unsigned)chappe_random_system_seed());
        return cmocka_run_group_tests(tests, NULL, NULL);
}
