/* SPDX-License-Identifier: Apache-2.0 */
/* The stage: runtimes driven as the service room drives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/schema.h>

#include "observe/log.h"
#include "observe/metrics.h"

#define SECOND INT64_C(1000000)

static const struct chappe_layout text_layout = { CHAPPE_LAYOUT_STRING, sizeof(struct chappe_text), 0, 0, NULL };
static const struct chappe_layout long_layout = { CHAPPE_LAYOUT_LONG, sizeof(int64_t), 0, 0, NULL };
static const struct chappe_member event_members[] = {
        { "key", offsetof(struct event, key), &text_layout },
        { "n", offsetof(struct event, n), &long_layout },
};
static const struct chappe_layout event_layout = { CHAPPE_LAYOUT_RECORD, sizeof(struct event), 2, 0, event_members };

struct chappe_type event_type = {
        .name = "test.Event",
        .schema = "{\"type\":\"record\",\"name\":\"test.Event\",\"fields\":"
                  "[{\"name\":\"key\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"long\"}]}",
        .layout = &event_layout,
        .key = "key",
};

static struct instance *instance_of(struct stage *stage, struct chappe_process *process)
{
        for (int n = 0; n < STAGE_INSTANCES; n++) {
                if (stage->instances[n].process == process)
                        return &stage->instances[n];
        }
        return NULL;
}

static void machine_step(void *context, struct chappe_process *process, const char *kind)
{
        struct stage *stage = context;
        struct instance *instance = instance_of(stage, process);
        if (stage->step && instance)
                stage->step(stage, instance, kind);
}

void stage_open(struct stage *stage, uint64_t seed, const struct chappe_sim_faults *faults)
{
        struct chappe_schema *schema;
        assert_int_equal(chappe_schema_parse("test.Event", chappe_text(event_type.schema), &schema, NULL), 0);
        event_type.fingerprint = chappe_schema_fingerprint(schema);
        chappe_schema_unref(schema);

        struct chappe_fibers_config config = {
                .seed = seed, .give_way_ppm = 200000, .wake_early_ppm = 20000, .step = machine_step, .context = stage
        };
        stage->seed = seed;
        stage->fibers = chappe_fibers_new(&config);
        stage->sim = chappe_sim_new(stage->fibers, faults);
        assert_non_null(stage->sim);
}

void stage_close(struct stage *stage)
{
        chappe_sim_free(stage->sim);
        chappe_fibers_free(stage->fibers);
}

static int open_broker(void *context, const struct chappe_property *properties, size_t count,
                       struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct instance *instance = context;
        return chappe_sim_open(instance->stage->sim, instance->process, properties, count, ret_broker, error);
}

static void world_step(void *context, const char *kind)
{
        struct instance *instance = context;
        chappe_process_step(instance->process, kind);
}

static void wait_for_stop(struct instance *instance)
{
        struct chappe_executor *executor = instance->world.executor;
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        chappe_mutex_lock(executor, instance->mutex);
        while (!instance->stop && wait != CHAPPE_WAIT_STOPPED)
                wait = chappe_condition_wait(executor, instance->changed, instance->mutex, CHAPPE_FOREVER);
        chappe_mutex_unlock(executor, instance->mutex);
}

static void drive(struct instance *instance)
{
        struct chappe_runtime *runtime = &instance->runtime;
        instance->start_status = instance->world.broker_open(instance, NULL, 0, &runtime->broker, &instance->error);
        if (instance->start_status < 0)
                return;
        instance->start_status = chappe_flow_start(runtime->flow, 60000, &instance->error);
        if (instance->start_status == 0) {
                wait_for_stop(instance);
                instance->stop_status = chappe_flow_drain(runtime->flow, 5000, &instance->error);
                int stopped = chappe_flow_stop(runtime->flow, 20000, &instance->error);
                if (instance->stop_status == 0)
                        instance->stop_status = stopped;
        }
        runtime->broker->operations->close(runtime->broker);
}

static void live(void *argument)
{
        struct instance *instance = argument;
        struct chappe_runtime *runtime = &instance->runtime;
        struct chappe_config_sources sources = { .settings = instance->stage->settings };
        assert_int_equal(chappe_config_load(&sources, &runtime->config, &instance->error), 0);
        if (instance->stage->log || getenv("CHAPPE_TEST_LOG")) {
                struct chappe_log_config log = { .clock = instance->world.clock,
                                                 .service = "test",
                                                 .instance = instance->name,
                                                 .level = CHAPPE_LEVEL_DEBUG,
                                                 .descriptor = instance->stage->log ? instance->stage->log : 2 };
                chappe_log_new(&log, &runtime->log, NULL);
        }
        runtime->metrics = chappe_metrics_new();
        instance->start_status = chappe_flow_new(runtime, &runtime->flow, &instance->error);
        if (instance->start_status == 0)
                drive(instance);
        chappe_flow_free(runtime->flow);
        runtime->metrics = chappe_metrics_free(runtime->metrics);
        chappe_log_free(runtime->log);
        chappe_config_free(runtime->config);
        instance->running = false;
}

void stage_start(struct stage *stage, int n)
{
        static const char *const names[STAGE_INSTANCES] = { "test-0", "test-1", "test-2" };
        struct instance *instance = &stage->instances[n];
        assert_false(instance->running);
        int incarnation = instance->incarnation + 1;
        if (instance->process) {
                chappe_condition_free(instance->world.executor, instance->changed);
                chappe_mutex_free(instance->world.executor, instance->mutex);
                chappe_strand_join(instance->world.executor, instance->strand);
                assert_int_equal(chappe_process_leftovers(instance->process), 0);
                chappe_process_free(instance->process);
        }
        *instance = (struct instance){ .stage = stage, .name = names[n], .incarnation = incarnation };
        instance->process = chappe_process_new(stage->fibers, names[n]);
        instance->world = (struct chappe_world){
                .clock = chappe_process_clock(instance->process),
                .executor = chappe_process_executor(instance->process),
                .broker_open = open_broker,
                .context = instance,
                .seed = stage->seed + (uint64_t)(n * 1000 + incarnation),
                .step = world_step,
        };
        instance->runtime = (struct chappe_runtime){
                .world = &instance->world,
                .service = "test",
                .instance = names[n],
                .topic_prefix = "",
                .operations = stage->operations,
                .state = stage->state,
                .replay_name = stage->replay[n],
        };
        instance->mutex = chappe_mutex_new(instance->world.executor);
        instance->changed = chappe_condition_new(instance->world.executor);
        instance->running = true;
        /* It may be killed as early as here. */
        if (chappe_strand_start(instance->world.executor, "main", live, instance, &instance->strand, NULL) < 0) {
                instance->strand = NULL;
                instance->running = false;
        }
}

void stage_stop(struct stage *stage, int n)
{
        struct instance *instance = &stage->instances[n];
        instance->stop = true;
        chappe_condition_broadcast(instance->world.executor, instance->changed);
}

void stage_kill(struct stage *stage, int n)
{
        chappe_process_kill(stage->instances[n].process);
}

bool stage_running(const struct stage *stage, int n)
{
        return stage->instances[n].running;
}

static void explain(struct stage *stage, const char *what)
{
        struct chappe_buffer report = { 0 };
        chappe_fibers_report(stage->fibers, &report);
        print_message("seed %llu: %s at %lld us\n%.*s\n", (unsigned long long)stage->seed, what,
                      (long long)chappe_fibers_now_us(stage->fibers), (int)report.length, (const char *)report.at);
        chappe_buffer_deinit(&report);
        fail();
}

void stage_run(struct stage *stage, int64_t for_us, bool (*done)(void *context), void *context)
{
        int64_t until_us = chappe_fibers_now_us(stage->fibers) + for_us;
        enum chappe_fibers_end end = chappe_fibers_run(stage->fibers, until_us, 20000000, done, context);
        if (end == CHAPPE_FIBERS_TOO_LONG)
                explain(stage, "something spins");
}

static bool all_ended(void *context)
{
        struct stage *stage = context;
        for (int n = 0; n < STAGE_INSTANCES; n++) {
                if (stage->instances[n].running)
                        return false;
        }
        return true;
}

void stage_end(struct stage *stage)
{
        for (int n = 0; n < STAGE_INSTANCES; n++) {
                if (stage->instances[n].running)
                        stage_stop(stage, n);
        }
        stage_run(stage, 120 * SECOND, all_ended, stage);
        if (!all_ended(stage))
                explain(stage, "an instance does not end");
        for (int n = 0; n < STAGE_INSTANCES; n++) {
                struct instance *instance = &stage->instances[n];
                if (!instance->process)
                        continue;
                chappe_condition_free(instance->world.executor, instance->changed);
                chappe_mutex_free(instance->world.executor, instance->mutex);
                chappe_strand_join(instance->world.executor, instance->strand);
                if (chappe_process_leftovers(instance->process) != 0)
                        explain(stage, "mutexes or conditions were left behind");
                chappe_process_free(instance->process);
                instance->process = NULL;
        }
}

void stage_nap(struct chappe_context *ctx, int64_t for_us)
{
        struct chappe_executor *executor = ctx->runtime->world->executor;
        struct chappe_mutex *mutex = chappe_mutex_new(executor);
        struct chappe_condition *never = chappe_condition_new(executor);
        int64_t until_us = chappe_clock_monotonic_us(ctx->runtime->world->clock) + for_us;
        chappe_mutex_lock(executor, mutex);
        while (chappe_condition_wait(executor, never, mutex, until_us) == CHAPPE_WAIT_SIGNALLED)
                ;
        chappe_mutex_unlock(executor, mutex);
        chappe_condition_free(executor, never);
        chappe_mutex_free(executor, mutex);
}

bool stage_measures(const struct stage *stage, int n, const char *line)
{
        struct chappe_buffer text = { 0 };
        chappe_metrics_print(stage->instances[n].runtime.metrics, &text);
        chappe_buffer_append(&text, "", 1);
        const char *found = strstr((const char *)text.at, line);
        bool whole = found && (found == (const char *)text.at || found[-1] == '\n') && found[strlen(line)] == '\n';
        chappe_buffer_deinit(&text);
        return whole;
}

static size_t put_long(uint8_t *at, int64_t value)
{
        uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
        size_t used = 0;
        for (; zigzag > 127; zigzag >>= 7)
                at[used++] = (uint8_t)(zigzag | 0x80);
        at[used++] = (uint8_t)zigzag;
        return used;
}

void stage_append(struct stage *stage, const char *topic, int32_t partition, const char *key, int64_t n)
{
        uint8_t payload[128] = { 0xc3, 0x01 };
        size_t used = 2;
        for (int i = 0; i < 8; i++)
                payload[used++] = (uint8_t)(event_type.fingerprint >> (8 * i));
        used += put_long(payload + used, (int64_t)strlen(key));
        memcpy(payload + used, key, strlen(key));
        used += strlen(key);
        used += put_long(payload + used, n);
        struct chappe_bytes record_key = { (const uint8_t *)key, strlen(key) };
        assert_true(chappe_sim_append(stage->sim, topic, partition, record_key, (struct chappe_bytes){ payload, used },
                                      NULL, 0) >= 0);
}
