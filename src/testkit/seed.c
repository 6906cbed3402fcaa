/* SPDX-License-Identifier: Apache-2.0 */
/* One seed: services, feed and faults for a while; then everything heals, comes to rest, and is checked. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "testkit/simulate.h"

_Static_assert((int)CHAPPE_TESTKIT_PLANTED_REPLY_SWAPPED == (int)CHAPPE_SIM_PLANTED_REPLY_SWAPPED,
               "one list, told twice");

#define FAULTS_MS         20000
#define PAUSE_MAXIMUM_US  (12 * SECOND_US) /* twice the session */
#define OUTAGE_MAXIMUM_US (20 * SECOND_US)
#define DOWN_MAXIMUM_US   (5 * SECOND_US)
#define JUMP_MAXIMUM_MS   3600000

enum fault_kind { FAULT_CRASH, FAULT_STOP, FAULT_PAUSE, FAULT_REBALANCE, FAULT_OUTAGE, FAULT_CLOCK_JUMP };

struct fault {
        struct chappe_testkit *kit;
        enum fault_kind kind;
        struct chappe_timer timer;
        struct fault *next;
};

static struct chappe_testkit_instance *any_instance(struct chappe_testkit *kit)
{
        struct chappe_testkit_instance *instance;
        size_t count = 0;

        LL_FOREACH(kit->instances, instance)
        {
                count++;
        }
        if (count == 0)
                return NULL;
        instance = kit->instances;
        for (count = chappe_random_below(&kit->random, count); count > 0; count--)
                instance = instance->next;
        return instance;
}

static int64_t draw_us(struct chappe_testkit *kit, int64_t maximum_us)
{
        return (int64_t)chappe_random_below(&kit->random, (uint64_t)maximum_us);
}

static void any_rebalance(struct chappe_testkit *kit)
{
        size_t count = 0;

        while (chappe_sim_group_at(kit->sim, count))
                count++;
        if (count > 0)
                chappe_sim_rebalance(kit->sim, chappe_sim_group_at(kit->sim, chappe_random_below(&kit->random, count)));
}

static void strike_instance(struct chappe_testkit *kit, enum fault_kind kind, struct chappe_testkit_instance *instance)
{
        int64_t now_us = chappe_fibers_now_us(kit->fibers);

        if (kind == FAULT_CRASH)
                chappe_testkit_plan_crash(kit, instance);
        else if (kind == FAULT_STOP)
                chappe_testkit_instance_ask_to_stop(instance, draw_us(kit, DOWN_MAXIMUM_US));
        else if (instance->process && kind == FAULT_PAUSE)
                chappe_process_pause(instance->process, now_us + draw_us(kit, PAUSE_MAXIMUM_US));
        else if (instance->process && kind == FAULT_CLOCK_JUMP)
                chappe_process_clock_jump(instance->process, draw_us(kit, 2 * JUMP_MAXIMUM_MS) - JUMP_MAXIMUM_MS);
}

static void strike(struct chappe_timer *timer)
{
        struct fault *fault = CHAPPE_CONTAINER(timer, struct fault, timer);
        struct chappe_testkit *kit = fault->kit;
        struct chappe_testkit_instance *instance = any_instance(kit);

        if (fault->kind == FAULT_REBALANCE)
                any_rebalance(kit);
        else if (fault->kind == FAULT_OUTAGE)
                chappe_sim_unavailable(kit->sim, chappe_fibers_now_us(kit->fibers) + draw_us(kit, OUTAGE_MAXIMUM_US));
        else if (instance)
                strike_instance(kit, fault->kind, instance);
}

static void schedule(struct chappe_testkit *kit, enum fault_kind kind, uint32_t count, int64_t within_us,
                     struct fault **faults)
{
        while (count-- > 0) {
                struct fault *fault = calloc(1, sizeof(*fault));

                if (!fault)
                        abort();
                fault->kit = kit;
                fault->kind = kind;
                fault->timer.fire = strike;
                LL_PREPEND(*faults, fault);
                chappe_timer_set(kit->fibers, &fault->timer,
                                 chappe_fibers_now_us(kit->fibers) + draw_us(kit, within_us));
        }
}

static struct fault *faults_new(struct chappe_testkit *kit, const struct chappe_testkit_faults *wanted,
                                int64_t within_us)
{
        uint32_t ppm = wanted->trouble_ppm;
        struct fault *faults = NULL;

        schedule(kit, FAULT_CRASH, wanted->crashes, within_us, &faults);
        schedule(kit, FAULT_STOP, wanted->stops, within_us, &faults);
        schedule(kit, FAULT_PAUSE, wanted->pauses, within_us, &faults);
        schedule(kit, FAULT_REBALANCE, wanted->rebalances, within_us, &faults);
        schedule(kit, FAULT_OUTAGE, wanted->outages, within_us, &faults);
        schedule(kit, FAULT_CLOCK_JUMP, wanted->clock_jumps, within_us, &faults);
        chappe_sim_set_faults(kit->sim, &(struct chappe_sim_faults){ .slow_ppm = ppm,
                                                                     .slow_us = 3 * SECOND_US,
                                                                     .delivery_failed_ppm = ppm,
                                                                     .acknowledgement_lost_ppm = ppm,
                                                                     .queue_full_ppm = ppm,
                                                                     .commit_failed_ppm = 2 * ppm,
                                                                     .commit_unknown_ppm = 2 * ppm,
                                                                     .rebalance_ppm = ppm,
                                                                     .expulsion_ppm = ppm / 2 });
        kit->faults_last = faults || ppm;
        if (wanted->crashes && chappe_random_chance(&kit->random, 250000))
                chappe_testkit_plan_crash(kit, any_instance(kit)); /* the very first start */
        return faults;
}

static void faults_free(struct chappe_testkit *kit, struct fault *faults)
{
        while (faults) {
                struct fault *fault = faults;

                faults = fault->next;
                chappe_timer_cancel(kit->fibers, &fault->timer);
                free(fault);
        }
}

static void run_until(struct chappe_testkit *kit, int64_t until_us)
{
        int64_t for_us = until_us - chappe_fibers_now_us(kit->fibers);

        if (for_us > 0)
                chappe_testkit_run_for(kit, (for_us + 999) / 1000);
}

/* Feeding goes on as it wants to; faults end at their time, but not before everything was fed. */
static void run_with_faults(const struct chappe_testkit_simulation *simulation, struct chappe_testkit *kit)
{
        int64_t within_us = (simulation->faults_ms ? simulation->faults_ms : FAULTS_MS) * 1000;
        int64_t end_us = chappe_fibers_now_us(kit->fibers) + within_us;
        struct fault *faults = faults_new(kit, &simulation->faults, within_us);
        int64_t wait_ms = 1;

        for (int round = 0; wait_ms > 0 && simulation->feed; round++) {
                wait_ms = simulation->feed(kit, round, simulation->context);
                run_until(kit, chappe_fibers_now_us(kit->fibers) + wait_ms * 1000);
        }
        if (kit->faults_last)
                run_until(kit, end_us);
        faults_free(kit, faults);
}

struct covered_kind *chappe_testkit_covered(struct worker_result *result, const char *name)
{
        for (size_t i = 0; i < result->kind_count; i++)
                if (strncmp(result->kinds[i].name, name, KIND_NAME_SIZE - 1) == 0)
                        return &result->kinds[i];
        if (result->kind_count == STEP_KINDS)
                return NULL;
        strncpy(result->kinds[result->kind_count].name, name, KIND_NAME_SIZE - 1);
        return &result->kinds[result->kind_count++];
}

static void add_up(const struct chappe_testkit *kit, struct worker_result *result)
{
        result->seeds++;
        result->switches += chappe_fibers_switches(kit->fibers);
        result->crashes += kit->crashes;
        for (size_t i = 0; i < kit->kind_count; i++) {
                struct covered_kind *covered = chappe_testkit_covered(result, kit->kinds[i].name);

                if (covered) {
                        covered->seen += kit->kinds[i].seen;
                        covered->kills += kit->kinds[i].kills;
                }
        }
}

int chappe_testkit_run_seed(const struct chappe_testkit_simulation *simulation, uint64_t seed, FILE *trace,
                            struct worker_result *result, uint64_t *ret_hash)
{
        struct chappe_testkit *kit = chappe_testkit_create(seed, trace);
        struct chappe_error error = { 0 };
        int status;

        if (!kit)
                abort();
        chappe_sim_plant(kit->sim, (enum chappe_sim_planted)simulation->planted);
        simulation->prepare(kit, simulation->context);
        run_with_faults(simulation, kit);
        chappe_testkit_heal(kit);
        status = chappe_testkit_run_until_idle(kit);
        if (status == 0 && simulation->check)
                status = simulation->check(kit, simulation->context, &error);
        if (status < 0 && error.code)
                fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, error.text);
        if (chappe_testkit_end(kit) < 0 && status == 0) {
                fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, kit->failure);
                status = -CHAPPE_E_UNFINISHED;
        }
        if (result)
                add_up(kit, result);
        *ret_hash = chappe_fibers_hash(kit->fibers);
        chappe_testkit_destroy(kit);
        return status;
}
