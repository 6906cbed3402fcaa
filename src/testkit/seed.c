/* SPDX-License-Identifier: Apache-2.0 */
/* One seed: services, feed and faults for a while; then everything heals, comes to rest, and is checked. */
#include <stdlib.h>
#include <string.h>

#include "testkit/simulate.h"

_Static_assert((int)CHAPPE_TESTKIT_PLANTED_REPLY_SWAPPED == (int)CHAPPE_SIM_PLANTED_REPLY_SWAPPED,
               "one list, told twice");

#define FAULTS_MS 20000

static void run_until(struct chappe_testkit *kit, int64_t until_us)
{
        int64_t for_us = until_us - chappe_fibers_now_us(kit->fibers);

        if (for_us > 0)
                chappe_testkit_run_for(kit, (for_us + 999) / 1000);
}

static int64_t faults_us(const struct chappe_testkit_simulation *simulation)
{
        return (simulation->faults_ms ? simulation->faults_ms : FAULTS_MS) * 1000;
}

/* Feeding goes on as it wants to; faults end at their time, but not before everything was fed. */
static void run_with_faults(const struct chappe_testkit_simulation *simulation, struct chappe_testkit *kit)
{
        int64_t end_us = chappe_fibers_now_us(kit->fibers) + faults_us(simulation);
        int64_t wait_ms = 1;

        for (int round = 0; wait_ms > 0 && simulation->feed && !kit->failed; round++) {
                wait_ms = simulation->feed(kit, round, simulation->context);
                run_until(kit, chappe_fibers_now_us(kit->fibers) + wait_ms * 1000);
        }
        if (kit->faults_last && !kit->failed)
                run_until(kit, end_us);
        chappe_testkit_schedule_end(kit->schedule);
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

void chappe_testkit_saw(struct worker_result *result, const char *what, uint64_t times, uint32_t seeds)
{
        size_t at = 0;

        while (at < result->sight_count && strncmp(result->sights[at].what, what, SIGHT_SIZE - 1) != 0)
                at++;
        if (at == SIGHTS)
                return;
        if (at == result->sight_count)
                strncpy(result->sights[result->sight_count++].what, what, SIGHT_SIZE - 1);
        result->sights[at].times += times;
        result->sights[at].seeds += seeds;
}

static void add_up(const struct chappe_testkit *kit, struct worker_result *result)
{
        result->seeds++;
        result->switches += chappe_fibers_switches(kit->fibers);
        result->crashes += kit->crashes;
        for (size_t i = 0; i < kit->sight_count; i++)
                chappe_testkit_saw(result, kit->sights[i].what, kit->sights[i].times, 1);
        for (size_t i = 0; i < kit->kind_count; i++) {
                struct covered_kind *covered = chappe_testkit_covered(result, kit->kinds[i].name);

                if (covered) {
                        covered->seen += kit->kinds[i].seen;
                        covered->kills += kit->kinds[i].kills;
                }
        }
}

/* Up to where faults begin: the machine, its services, and what will strike them. */
static struct chappe_testkit *kit_of_seed(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                                          const struct selection *selection, FILE *trace, struct schedule *schedule)
{
        uint64_t variant = selection ? selection->variant : 0;
        struct chappe_testkit *kit = chappe_testkit_create(seed, seed + (variant << 40), trace);

        if (!kit)
                abort();
        kit->schedule = schedule;
        kit->selection = selection;
        chappe_sim_plant(kit->sim, (enum chappe_sim_planted)simulation->planted);
        simulation->prepare(kit, simulation->context);
        chappe_testkit_schedule_draw(schedule, kit, &simulation->faults, faults_us(simulation));
        return kit;
}

/* Wound up in order, also after a failure: the next seed runs in the same process. */
static int end(struct chappe_testkit *kit, int status)
{
        if (chappe_testkit_end(kit) < 0 && status == 0) {
                fprintf(stderr, "seed %llu: %s\n", (unsigned long long)kit->seed, kit->failure);
                status = -CHAPPE_E_UNFINISHED;
        }
        return status;
}

int chappe_testkit_run_seed(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                            const struct selection *selection, FILE *trace, struct worker_result *result,
                            uint64_t *ret_hash)
{
        struct schedule schedule;
        struct chappe_testkit *kit = kit_of_seed(simulation, seed, selection, trace, &schedule);
        struct chappe_error error = { 0 };
        int status;

        chappe_testkit_schedule_begin(&schedule);
        run_with_faults(simulation, kit);
        chappe_testkit_heal(kit);
        status = chappe_testkit_run_until_idle(kit);
        if (status == 0 && simulation->check)
                status = simulation->check(kit, simulation->context, &error);
        if (status < 0 && error.code)
                fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, error.text);
        status = end(kit, status);
        if (result)
                add_up(kit, result);
        *ret_hash = chappe_fibers_hash(kit->fibers);
        if (simulation->finish)
                simulation->finish(kit, simulation->context);
        chappe_testkit_destroy(kit);
        return status;
}

size_t chappe_testkit_print_faults(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                                   const struct selection *selection, FILE *file)
{
        struct schedule schedule;
        struct chappe_testkit *kit = kit_of_seed(simulation, seed, selection, NULL, &schedule);

        for (size_t i = 0; file && i < schedule.count; i++) {
                if (selection && selection->without_fault[i])
                        continue;
                fprintf(file, "#   fault %2zu: ", i);
                chappe_testkit_fault_print(&schedule.faults[i], file);
                fputc('\n', file);
        }
        if (simulation->finish)
                simulation->finish(kit, simulation->context);
        chappe_testkit_destroy(kit);
        return schedule.count;
}
