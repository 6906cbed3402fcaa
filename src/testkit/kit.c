/* SPDX-License-Identifier: Apache-2.0 */
/* The kit: a machine, a cluster, instances; running them until something holds. */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "testkit/schedule.h"

#define GIVE_WAY_PPM     50000
#define WAKE_EARLY_PPM   5000
#define SWITCHES_MAXIMUM 20000000 /* a run that takes more spins */
#define SLICE_US         (SECOND_US / 4)
#define QUIET_US         (3 * SECOND_US) /* longer than commits and the relay's fallback take */
#define PATIENCE_US      (600 * SECOND_US)

struct chappe_testkit *chappe_testkit_create(uint64_t seed, uint64_t schedule_seed, FILE *trace)
{
        struct chappe_testkit *kit = calloc(1, sizeof(*kit));

        if (!kit)
                return NULL;
        kit->seed = seed;
        chappe_random_init(&kit->random, ~seed);
        kit->fibers = chappe_fibers_new(&(struct chappe_fibers_config){ .seed = schedule_seed,
                                                                        .give_way_ppm = GIVE_WAY_PPM,
                                                                        .wake_early_ppm = WAKE_EARLY_PPM,
                                                                        .trace = trace,
                                                                        .step = chappe_testkit_step,
                                                                        .context = kit });
        kit->sim = kit->fibers ? chappe_sim_new(kit->fibers, NULL) : NULL;
        kit->arena = chappe_arena_new(0);
        if (!kit->sim || !kit->arena)
                abort();
        return kit;
}

struct chappe_testkit *chappe_testkit_new(uint64_t seed, const struct chappe_service_config *service, ...)
{
        struct chappe_testkit *kit = chappe_testkit_create(seed, seed, NULL);
        va_list services;

        va_start(services, service);
        for (; kit && service; service = va_arg(services, const struct chappe_service_config *))
                chappe_testkit_add(kit, service, NULL);
        va_end(services);
        return kit;
}

bool chappe_testkit_feeds(const struct chappe_testkit *kit, int n)
{
        return !kit->selection || n < 0 || n >= ITEMS_MAXIMUM || !kit->selection->without_item[n];
}

void chappe_testkit_note_sight(struct chappe_testkit *kit, const char *what)
{
        size_t at = 0;

        while (at < kit->sight_count && strcmp(kit->sights[at].what, what) != 0)
                at++;
        assert(at < SIGHTS);
        if (at == kit->sight_count)
                kit->sights[kit->sight_count++] = (struct sight){ .what = what };
        kit->sights[at].times++;
}

/* The first of several is the one to look at. */
void chappe_testkit_note_failure(struct chappe_testkit *kit, const char *format, ...)
{
        va_list arguments;

        if (kit->failed)
                return;
        kit->failed = true;
        va_start(arguments, format);
        vsnprintf(kit->failure, sizeof(kit->failure), format, arguments);
        va_end(arguments);
}

struct chappe_testkit_instance *
chappe_testkit_add(struct chappe_testkit *kit, const struct chappe_service_config *service, const char *const *settings)
{
        struct chappe_testkit_instance *instance;
        size_t n = 0;

        while (chappe_testkit_instance(kit, service->name, n))
                n++;
        instance = chappe_testkit_instance_new(kit, service, n, settings);
        LL_APPEND(kit->instances, instance);
        chappe_testkit_instance_come_up(instance);
        return instance;
}

struct chappe_testkit_instance *chappe_testkit_instance(struct chappe_testkit *kit, const char *service, size_t n)
{
        struct chappe_testkit_instance *instance;

        LL_FOREACH(kit->instances, instance)
        {
                if (strcmp(instance->config->name, service) == 0 && n-- == 0)
                        return instance;
        }
        return NULL;
}

void chappe_testkit_stub(struct chappe_testkit *kit, const char *topic, const struct chappe_message *message,
                         chappe_request_handler *handler)
{
        struct stub *stub = calloc(1, sizeof(*stub));

        if (!stub || asprintf(&stub->name, "stub-%s-%s", topic, message->name) < 0)
                abort();
        stub->operations[0] = (struct chappe_operation){
                .kind = CHAPPE_ANSWERS, .topic = topic, .message = message, .on_request = handler
        };
        stub->config = (struct chappe_service_config){
                .name = stub->name, .version = "0", .description = "a stub", .operations = stub->operations
        };
        LL_PREPEND(kit->stubs, stub);
        chappe_testkit_add(kit, &stub->config, NULL);
}

void chappe_testkit_crash(struct chappe_testkit_instance *instance)
{
        chappe_testkit_instance_kill(instance, CHAPPE_FOREVER);
}

void chappe_testkit_restart(struct chappe_testkit_instance *instance)
{
        chappe_testkit_instance_come_up(instance);
}

static bool is_down(void *context)
{
        const struct chappe_testkit_instance *instance = context;

        return !instance->process;
}

int chappe_testkit_stop(struct chappe_testkit_instance *instance)
{
        struct chappe_fibers *fibers = instance->kit->fibers;

        chappe_testkit_instance_ask_to_stop(instance, CHAPPE_FOREVER);
        chappe_fibers_run(fibers, chappe_fibers_now_us(fibers) + PATIENCE_US, SWITCHES_MAXIMUM, is_down, instance);
        return instance->process ? -CHAPPE_E_TIMEOUT : instance->stop_status;
}

void chappe_testkit_run_for(struct chappe_testkit *kit, int64_t virtual_ms)
{
        chappe_fibers_run(kit->fibers, chappe_fibers_now_us(kit->fibers) + virtual_ms * 1000, SWITCHES_MAXIMUM, NULL,
                          NULL);
}

uint64_t chappe_testkit_seed(const struct chappe_testkit *kit)
{
        return kit->seed;
}

int64_t chappe_testkit_now_ms(struct chappe_testkit *kit)
{
        return chappe_fibers_wall_ms(kit->fibers);
}

static bool all_ready(const struct chappe_testkit *kit)
{
        const struct chappe_testkit_instance *instance;

        LL_FOREACH(kit->instances, instance)
        {
                if (!instance->stays_down && (!instance->service || !chappe_service_ready(instance->service)))
                        return false;
        }
        return true;
}

/* Of a record perhaps that is not in the log any more. */
static bool any_handler_runs(const struct chappe_testkit *kit)
{
        const struct chappe_testkit_instance *instance;

        LL_FOREACH(kit->instances, instance)
        {
                if (instance->process && instance->handlers > 0)
                        return true;
        }
        return false;
}

static void report_stuck(struct chappe_testkit *kit, const char *what)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer report = { 0 };
        const struct chappe_testkit_instance *instance;

        LL_FOREACH(kit->instances, instance)
        {
                if (!instance->service || !chappe_service_ready(instance->service))
                        chappe_buffer_printf(&report, "%s is %s (last: E%d %s)\n", instance->name,
                                             instance->service ? "not ready" : "down", instance->error.code,
                                             instance->error.text);
        }
        chappe_sim_report(kit->sim, &report);
        chappe_fibers_report(kit->fibers, &report);
        fprintf(stderr, "seed %llu: %s at %.3f s:\n%.*s", (unsigned long long)kit->seed, what,
                (double)chappe_fibers_now_us(kit->fibers) / SECOND_US, (int)report.length, (const char *)report.at);
}

int chappe_testkit_run_until_idle(struct chappe_testkit *kit)
{
        int64_t begun_us = chappe_fibers_now_us(kit->fibers), busy_us = begun_us;
        uint64_t first_switch = chappe_fibers_switches(kit->fibers);
        uint64_t appended = chappe_sim_appended(kit->sim);

        if (busy_us < kit->away_until_us)
                busy_us = kit->away_until_us;
        while (!kit->failed && chappe_fibers_now_us(kit->fibers) - busy_us < QUIET_US) {
                if (chappe_fibers_now_us(kit->fibers) - begun_us > PATIENCE_US ||
                    chappe_fibers_switches(kit->fibers) - first_switch > SWITCHES_MAXIMUM) {
                        report_stuck(kit, "no rest");
                        return -CHAPPE_E_TIMEOUT;
                }
                chappe_fibers_run(kit->fibers, chappe_fibers_now_us(kit->fibers) + SLICE_US, SWITCHES_MAXIMUM, NULL,
                                  NULL);
                if (chappe_sim_appended(kit->sim) != appended || chappe_sim_backlog(kit->sim) > 0 ||
                    any_handler_runs(kit) || !all_ready(kit))
                        busy_us = chappe_fibers_now_us(kit->fibers);
                appended = chappe_sim_appended(kit->sim);
        }
        if (kit->failed)
                fprintf(stderr, "seed %llu: %s\n", (unsigned long long)kit->seed, kit->failure);
        return kit->failed ? -CHAPPE_E_TIMEOUT : 0;
}

void chappe_testkit_heal(struct chappe_testkit *kit)
{
        struct chappe_testkit_instance *instance;

        chappe_fibers_note(kit->fibers, "faults end", "", 0, 0);
        kit->crash_of = NULL;
        kit->faults_last = false;
        chappe_sim_set_faults(kit->sim, &(struct chappe_sim_faults){ 0 });
        chappe_sim_unavailable(kit->sim, chappe_fibers_now_us(kit->fibers));
        for (int node = 0; node < CHAPPE_SIM_NODES; node++)
                chappe_sim_node_away(kit->sim, node, chappe_fibers_now_us(kit->fibers));
        LL_FOREACH(kit->instances, instance)
        {
                if (instance->process && chappe_process_paused(instance->process))
                        chappe_process_pause(instance->process, chappe_fibers_now_us(kit->fibers));
                chappe_testkit_instance_come_up(instance);
        }
}

static bool all_down(void *context)
{
        const struct chappe_testkit *kit = context;
        const struct chappe_testkit_instance *instance;

        LL_FOREACH(kit->instances, instance)
        {
                if (instance->process)
                        return false;
        }
        return true;
}

int chappe_testkit_end(struct chappe_testkit *kit)
{
        struct chappe_testkit_instance *instance;

        kit->crash_of = NULL;
        LL_FOREACH(kit->instances, instance)
        {
                instance->stays_down = true;
                chappe_testkit_instance_ask_to_stop(instance, CHAPPE_FOREVER);
        }
        if (chappe_fibers_run(kit->fibers, chappe_fibers_now_us(kit->fibers) + PATIENCE_US, SWITCHES_MAXIMUM, all_down,
                              kit) != CHAPPE_FIBERS_DONE) {
                report_stuck(kit, "not all instances stop");
                abort(); /* their strands cannot be dropped */
        }
        return kit->failed ? -CHAPPE_E_UNFINISHED : 0;
}

void chappe_testkit_destroy(struct chappe_testkit *kit)
{
        while (kit->instances) {
                struct chappe_testkit_instance *instance = kit->instances;

                LL_DELETE(kit->instances, instance);
                chappe_testkit_instance_free(instance);
        }
        while (kit->stubs) {
                struct stub *stub = kit->stubs;

                LL_DELETE(kit->stubs, stub);
                free(stub->name);
                free(stub);
        }
        chappe_testkit_databases_free(kit);
        chappe_testkit_plans_free(kit);
        chappe_sim_free(kit->sim);
        chappe_fibers_free(kit->fibers);
        chappe_arena_free(kit->arena);
        free(kit);
}

struct chappe_testkit *chappe_testkit_free(struct chappe_testkit *kit)
{
        if (!kit)
                return NULL;
        if (chappe_testkit_end(kit) < 0) {
                fprintf(stderr, "seed %llu: %s\n", (unsigned long long)kit->seed, kit->failure);
                abort();
        }
        chappe_testkit_destroy(kit);
        return NULL;
}
