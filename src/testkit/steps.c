/* SPDX-License-Identifier: Apache-2.0 */
/* Crash points: every step of every instance, counted by kind; where a planned crash strikes. */
#include <string.h>

#include "testkit/kit.h"

#define STEPS_OF_A_START 60 /* about */

static struct step_kind *kind_get(struct chappe_testkit *kit, const char *name)
{
        for (size_t i = 0; i < kit->kind_count; i++)
                if (kit->kinds[i].name == name || strcmp(kit->kinds[i].name, name) == 0)
                        return &kit->kinds[i];
        if (kit->kind_count == STEP_KINDS)
                return NULL;
        kit->kinds[kit->kind_count] = (struct step_kind){ .name = name };
        return &kit->kinds[kit->kind_count++];
}

/* One in three crashes comes again soon after the restart: starting is worth it too. */
static void crash(struct chappe_testkit *kit, struct step_kind *kind)
{
        struct chappe_testkit_instance *instance = kit->crash_of;

        kit->crash_of = NULL;
        kit->crashes++;
        kind->kills++;
        chappe_fibers_note(kit->fibers, "crash at", kind->name, 0, 0);
        chappe_testkit_instance_kill(instance, kit->crash_down_us);
        if (chappe_random_chance(&kit->crash_random, 333333)) {
                kit->crash_of = instance;
                kit->crash_kind = NULL;
                kit->crash_after = 1 + chappe_random_below(&kit->crash_random, STEPS_OF_A_START);
                kit->crash_at_us = INT64_MAX;
        }
}

/* When its kind does not come, any step will do, but waits, which are most of all steps, only after a while. */
static bool is_due(struct chappe_testkit *kit, const char *kind)
{
        bool waits = strcmp(kind, "executor.wait") == 0;

        if (chappe_fibers_now_us(kit->fibers) - (waits ? SECOND_US : 0) >= kit->crash_at_us)
                return true;
        return (!kit->crash_kind || strcmp(kit->crash_kind, kind) == 0) && --kit->crash_after == 0;
}

static void count_handlers(struct chappe_testkit *kit, const struct chappe_process *process, const char *name)
{
        struct chappe_testkit_instance *instance = kit->instances;

        while (instance && instance->process != process)
                instance = instance->next;
        if (instance && strcmp(name, "handler.begin") == 0)
                instance->handlers++;
        else if (instance && instance->handlers > 0)
                instance->handlers--;
}

void chappe_testkit_step(void *context, struct chappe_process *process, const char *name)
{
        struct chappe_testkit *kit = context;
        struct step_kind *kind = kind_get(kit, name);

        if (!kind)
                return;
        kind->seen++;
        if (strncmp(name, "handler.", 8) == 0)
                count_handlers(kit, process, name);
        if (kit->crash_of && kit->crash_of->process == process && is_due(kit, name))
                crash(kit, kind);
}

/* A kind that comes no more must not save the instance. */
void chappe_testkit_plan_crash(struct chappe_testkit *kit, struct chappe_testkit_instance *instance, uint64_t pick,
                               int64_t down_us)
{
        struct chappe_random *random = &kit->crash_random;

        chappe_random_init(random, pick);
        kit->crash_down_us = down_us;
        kit->crash_of = instance;
        kit->crash_kind = NULL; /* nothing has run yet */
        kit->crash_after = 1 + chappe_random_below(random, STEPS_OF_A_START);
        if (kit->kind_count > 0) {
                kit->crash_kind = kit->kinds[chappe_random_below(random, kit->kind_count)].name;
                kit->crash_after = 1 + chappe_random_below(random, 8);
        }
        kit->crash_at_us = chappe_fibers_now_us(kit->fibers) + 2 * SECOND_US;
}
