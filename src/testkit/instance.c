/* SPDX-License-Identifier: Apache-2.0 */
/* One instance of a service: process after process, each with a main strand that starts, serves and stops. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include <chappe/control.h>

#include "testkit/kit.h"

/* A simulated group notices sooner than a real one's defaults would: the virtual minutes cost real milliseconds. */
static const char *const usual_settings[] = { "session.timeout.ms=6000", "heartbeat.interval.ms=1000",
                                              "max.poll.interval.ms=30000" };
#define SEEK_TIMEOUT_MS 3000
#define USUAL_COUNT     (sizeof(usual_settings) / sizeof(usual_settings[0]))

static int world_broker_open(void *context, const struct chappe_property *properties, size_t count,
                             struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct chappe_testkit_instance *instance = context;

        return chappe_sim_open(instance->kit->sim, instance->process, properties, count, ret_broker, error);
}

static void world_step(void *context, const char *kind)
{
        struct chappe_testkit_instance *instance = context;

        chappe_process_step(instance->process, kind);
}

/* A service that runs does what it is told to. */
static void expect_obedience(struct chappe_testkit_instance *instance, int status, const struct chappe_error *error)
{
        if (status < 0 && !chappe_process_stopped(instance->process))
                chappe_testkit_note_failure(instance->kit, "%s could not be paused or resumed: E%d %s", instance->name,
                                            error->code, error->text);
}

static void hold(struct chappe_testkit_instance *instance, const char *topic)
{
        struct chappe_error error = { 0 };

        if (instance->held)
                expect_obedience(instance, chappe_service_resume(instance->service, instance->held, &error), &error);
        instance->held_us = 0;
        if (topic) {
                expect_obedience(instance, chappe_service_pause(instance->service, topic, &error), &error);
                chappe_testkit_note_sight(instance->kit, "an operation was paused");
                instance->held_us = chappe_fibers_now_us(instance->kit->fibers);
        }
        instance->held = topic;
        chappe_fibers_note(instance->kit->fibers, topic ? "holds" : "holds no more", instance->name, 0, 0);
}

/* The cluster may be away, handlers may take longer than that. */
static void seek(struct chappe_testkit_instance *instance, const char *topic)
{
        struct chappe_error error = { 0 };
        int status;

        instance->seeks++;
        chappe_fibers_note(instance->kit->fibers, "seeks", instance->name, 0, 0);
        status = chappe_service_seek(instance->service, topic, instance->seek_ms, SEEK_TIMEOUT_MS, &error);
        if (status == 0)
                chappe_testkit_note_sight(instance->kit, "an operation was moved to another time");
}

/* The main strand has nothing else to do than what it is told. */
static void wait_for_the_end(struct chappe_testkit_instance *instance)
{
        struct chappe_executor *executor = chappe_process_executor(instance->process);
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;

        chappe_mutex_lock(executor, instance->mutex);
        while (!instance->asked_to_stop && outcome != CHAPPE_WAIT_STOPPED) {
                const char *to_hold = instance->hold, *to_seek = instance->seek;

                if (to_hold == instance->held && !to_seek) {
                        outcome = chappe_condition_wait(executor, instance->changed, instance->mutex, CHAPPE_FOREVER);
                        continue;
                }
                instance->seek = NULL;
                chappe_mutex_unlock(executor, instance->mutex);
                if (to_hold != instance->held)
                        hold(instance, to_hold);
                if (to_seek)
                        seek(instance, to_seek);
                chappe_mutex_lock(executor, instance->mutex);
        }
        chappe_mutex_unlock(executor, instance->mutex);
}

/* main() of the simulated process. */
static void instance_main(void *argument)
{
        struct chappe_testkit_instance *instance = argument;
        struct chappe_service_options options = { .settings = (const char *const *)instance->settings,
                                                  .world = &instance->world };
        struct chappe_service *service = NULL;
        int status = chappe_service_new(instance->config, &options, &service, &instance->error);

        if (status == 0)
                status = chappe_service_start(service, &instance->error);
        instance->start_status = status;
        if (status == 0) {
                instance->service = service;
                wait_for_the_end(instance);
                instance->service = NULL;
                instance->stop_status = chappe_service_stop(service, &instance->error);
        }
        chappe_service_free(service);
        chappe_timer_set(instance->kit->fibers, &instance->supervisor, chappe_fibers_now_us(instance->kit->fibers));
}

/* Of its own, whatever happened to others. */
static uint64_t process_seed(struct chappe_testkit_instance *instance)
{
        struct chappe_random random;
        uint64_t seed = instance->kit->seed * 1000 + ++instance->incarnation;

        for (const char *at = instance->name; *at; at++)
                seed = seed * 31 + (uint8_t)*at;
        chappe_random_init(&random, seed);
        return chappe_random_next(&random);
}

void chappe_testkit_instance_start(struct chappe_testkit_instance *instance)
{
        struct chappe_testkit *kit = instance->kit;
        struct chappe_executor *executor;
        struct chappe_error error;

        instance->process = chappe_process_new(kit->fibers, instance->name);
        if (!instance->process)
                abort();
        executor = chappe_process_executor(instance->process);
        instance->mutex = chappe_mutex_new(executor);
        instance->changed = chappe_condition_new(executor);
        instance->world = (struct chappe_world){
                .clock = chappe_process_clock(instance->process),
                .executor = executor,
                .broker_open = world_broker_open,
                .context = instance,
                .seed = process_seed(instance),
                .database = chappe_testkit_database_uri(kit, instance->config->name),
                .step = world_step,
        };
        instance->state = INSTANCE_UP;
        instance->troubled = kit->faults_last;
        instance->asked_to_stop = instance->stays_down = false;
        instance->hold = instance->held = instance->seek = NULL;
        instance->held_us = 0;
        instance->handlers = 0;
        instance->start_status = instance->stop_status = 0;
        instance->error = (struct chappe_error){ 0 };
        /* A crash may strike here already. */
        if (chappe_strand_start(executor, "main", instance_main, instance, &instance->strand, &error) < 0)
                chappe_timer_set(kit->fibers, &instance->supervisor, chappe_fibers_now_us(kit->fibers));
}

/* A dead letter, say, cannot be written while the cluster is away; nor is it there at once when that is back. */
static bool has_excuse(const struct chappe_testkit_instance *instance)
{
        return instance->troubled ||
               chappe_fibers_now_us(instance->kit->fibers) < instance->kit->away_until_us + SECOND_US;
}

/* What the process leaves behind when all its strands have returned. */
static void bury(struct chappe_testkit_instance *instance)
{
        struct chappe_executor *executor = chappe_process_executor(instance->process);
        struct chappe_testkit *kit = instance->kit;
        bool killed = chappe_process_stopped(instance->process);

        chappe_strand_join(executor, instance->strand);
        chappe_condition_free(executor, instance->changed);
        chappe_mutex_free(executor, instance->mutex);
        if (chappe_process_leftovers(instance->process) > 0)
                chappe_testkit_note_failure(kit, "%s left %zu mutexes and conditions behind", instance->name,
                                            chappe_process_leftovers(instance->process));
        if (!killed && instance->start_status < 0 && !instance->troubled)
                chappe_testkit_note_failure(kit, "%s did not start: E%d %s", instance->name, instance->error.code,
                                            instance->error.text);
        if (!killed && instance->stop_status < 0 && !has_excuse(instance))
                chappe_testkit_note_failure(kit, "%s did not stop cleanly: E%d %s", instance->name,
                                            instance->error.code, instance->error.text);
        if (instance->start_status < 0 && instance->down_us < SECOND_US)
                instance->down_us = SECOND_US;
        instance->process = chappe_process_free(instance->process);
        instance->strand = NULL;
        instance->state = INSTANCE_DOWN;
}

/* The main strand has returned, or it is time to start again. */
static void supervise(struct chappe_timer *timer)
{
        struct chappe_testkit_instance *instance = CHAPPE_CONTAINER(timer, struct chappe_testkit_instance, supervisor);
        struct chappe_testkit *kit = instance->kit;

        if (!instance->process) {
                if (!instance->stays_down)
                        chappe_testkit_instance_start(instance);
                return;
        }
        if (chappe_process_strands(instance->process) > 0) {
                CHAPPE_CLEANUP(buffer) struct chappe_buffer report = { 0 };

                chappe_fibers_report(kit->fibers, &report);
                fprintf(stderr, "%s has ended, but not all of its strands:\n%.*s", instance->name, (int)report.length,
                        (const char *)report.at);
                abort();
        }
        bury(instance);
        if (!instance->stays_down)
                chappe_timer_set(kit->fibers, &instance->supervisor,
                                 chappe_fibers_now_us(kit->fibers) + instance->down_us);
}

static void go_down(struct chappe_testkit_instance *instance, int64_t down_us)
{
        instance->stays_down = down_us == CHAPPE_FOREVER;
        instance->down_us = down_us;
}

void chappe_testkit_instance_kill(struct chappe_testkit_instance *instance, int64_t down_us)
{
        if (!instance->process || instance->state == INSTANCE_KILLED)
                return;
        go_down(instance, down_us);
        instance->state = INSTANCE_KILLED;
        chappe_process_kill(instance->process);
}

void chappe_testkit_instance_ask_to_stop(struct chappe_testkit_instance *instance, int64_t down_us)
{
        if (!instance->process || instance->state != INSTANCE_UP)
                return;
        go_down(instance, down_us);
        instance->state = INSTANCE_STOPPING;
        instance->troubled = instance->kit->faults_last;
        instance->asked_to_stop = true;
        chappe_condition_broadcast(chappe_process_executor(instance->process), instance->changed);
}

void chappe_testkit_instance_pause(struct chappe_testkit_instance *instance, int64_t until_us)
{
        chappe_process_pause(instance->process, until_us);
        instance->stood_us = until_us;
}

static bool takes_orders(const struct chappe_testkit_instance *instance)
{
        return instance->process && instance->state == INSTANCE_UP;
}

void chappe_testkit_hold(struct chappe_testkit_instance *instance, const char *topic)
{
        if (!takes_orders(instance))
                return;
        instance->hold = topic;
        chappe_condition_broadcast(chappe_process_executor(instance->process), instance->changed);
}

void chappe_testkit_seek(struct chappe_testkit_instance *instance, const char *topic, int64_t time_ms)
{
        if (!takes_orders(instance))
                return;
        instance->seek = topic;
        instance->seek_ms = time_ms;
        chappe_condition_broadcast(chappe_process_executor(instance->process), instance->changed);
}

void chappe_testkit_instance_come_up(struct chappe_testkit_instance *instance)
{
        instance->stays_down = false;
        instance->down_us = 0;
        if (!instance->process)
                chappe_timer_set(instance->kit->fibers, &instance->supervisor,
                                 chappe_fibers_now_us(instance->kit->fibers));
}

static char **settings_new(const char *const *settings)
{
        size_t count = 0, n = 0;
        char **copy;

        while (settings && settings[count])
                count++;
        copy = calloc(USUAL_COUNT + count + 1, sizeof(char *));
        if (!copy)
                abort();
        for (size_t i = 0; i < USUAL_COUNT; i++)
                copy[n++] = strdup(usual_settings[i]);
        for (size_t i = 0; i < count; i++)
                copy[n++] = strdup(settings[i]);
        return copy;
}

struct chappe_testkit_instance *chappe_testkit_instance_new(struct chappe_testkit *kit,
                                                            const struct chappe_service_config *config, size_t n,
                                                            const char *const *settings)
{
        struct chappe_testkit_instance *instance = calloc(1, sizeof(*instance));

        if (!instance || asprintf(&instance->name, "%s-%zu", config->name, n) < 0)
                abort();
        instance->kit = kit;
        instance->config = config;
        instance->settings = settings_new(settings);
        instance->supervisor.fire = supervise;
        return instance;
}

void chappe_testkit_instance_free(struct chappe_testkit_instance *instance)
{
        chappe_timer_cancel(instance->kit->fibers, &instance->supervisor);
        for (char **setting = instance->settings; *setting; setting++)
                free(*setting);
        free(instance->settings);
        free(instance->name);
        free(instance);
}
