/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes under a scene's services: records that retention takes, topics that are deleted and made anew,
 * operations that are held or moved. Who is excused by it, and what must hold all the same.
 */
#include "runtime_scene.h"

#include <string.h>

#define HELD_US 1000000 /* so long after a pause its poll strand has come round */

static void excuse(struct scene_log *log, int32_t partition, int64_t before)
{
        for (int64_t offset = 0; offset < before && offset < log->end[partition]; offset++) {
                log->excused[partition][offset] = true;
                if (log->items[partition][offset] >= 0)
                        log->lost[log->items[partition][offset]] = true;
        }
}

/* What was in the way is left out. A seek that nobody asked for is the runtime's own: it reads again. */
void scene_sought(void *context, struct chappe_process *process, const char *group, const char *topic,
                  int32_t partition, int64_t offset)
{
        struct scene_log *log = scene_log_of(group);
        int number = scene_instance_number(process);
        struct scene_holding *holding;

        (void)context;
        (void)topic;
        if (!log || scene_instance_of(log, process)->seeks == 0)
                return;
        holding = &log->holdings[number][partition];
        holding->moved = true;
        if (offset > log->end[partition])
                log->stale[partition] = true; /* looked up in the topic that was there before */
        if (holding->behind < offset)
                holding->behind = offset;
        if (log->back_to[partition] > offset)
                log->back_to[partition] = offset;
        excuse(log, partition, offset);
}

void scene_deleted(void *context, const char *topic, int32_t partition, int64_t before)
{
        struct scene_log *log = scene_log_named(topic);

        (void)context;
        if (log)
                excuse(log, partition, before);
}

void scene_topic_deleted(void *context, const char *topic)
{
        struct scene_log *log = scene_log_named(topic);

        (void)context;
        if (!log)
                return;
        log->life++;
        for (int32_t p = 0; p < SCENE_GROWN; p++) {
                excuse(log, p, log->end[p]);
                log->end[p] = 0;
                log->committed[p] = -1;
                log->checked[p] = 0;
                log->back_to[p] = INT64_MAX;
                log->stale[p] = false;
        }
}

void scene_check_held(const struct scene_log *log, struct chappe_process *process, const char *what)
{
        const struct chappe_testkit_instance *instance = scene_instance_of(log, process);
        int64_t since_us = instance->held_us > instance->stood_us ? instance->held_us : instance->stood_us;

        if (instance->held_us && !chappe_process_stopped(process) &&
            chappe_fibers_now_us(scene->kit->fibers) - since_us > HELD_US)
                scene_complain("%s %s of %s, which is paused", chappe_process_name(process), what, log->topic);
}

bool scene_waited_for_the_store(struct scene_log *log, struct chappe_process *process)
{
        const struct chappe_testkit_instance *instance = scene_instance_of(log, process);
        int n = scene_instance_number(process);

        if (log != &scene->mid || !instance->held_us)
                return false;
        if (log->held_us[n] != instance->held_us)
                log->waited[n] = 0;
        log->held_us[n] = instance->held_us;
        return ++log->waited[n] < log->workers;
}

/* Those of which a handler says when they are done. */
static bool is_told_by_handler(const struct scene_log *log, int n)
{
        return log == &scene->in && n >= 0 && (scene->items[n].kind == ITEM_GOOD || scene->items[n].kind == ITEM_SHAKY);
}

bool scene_came_late(const struct scene_log *log, struct chappe_process *process, int32_t partition, int64_t offset)
{
        const struct scene_holding *holding = &log->holdings[scene_instance_number(process)][partition];

        return is_told_by_handler(log, log->items[partition][offset]) && !holding->told_finished[offset] &&
               holding->done[offset] != holding->gained &&
               holding->late[offset] == scene_instance_of(log, process)->incarnation;
}

static void check_offset(const struct scene_log *log, struct chappe_process *process, int32_t partition, int64_t offset)
{
        const struct scene_holding *holding = &log->holdings[scene_instance_number(process)][partition];

        if (offset >= log->end[partition] || !is_told_by_handler(log, log->items[partition][offset]) ||
            log->excused[partition][offset] || offset < holding->behind || holding->told_finished[offset] ||
            holding->done[offset] == holding->gained)
                return;
        scene_complain("%s commits that %s[%d]@%lld (item %d) is finished, which it was not told and %s",
                       chappe_process_name(process), log->topic, partition, (long long)offset,
                       log->items[partition][offset],
                       holding->done[offset] ? "did only for a former assignment" : "did not do");
}

void scene_check_fenced(const struct scene_log *log, struct chappe_process *process,
                        const struct chappe_position *position)
{
        struct chappe_progress progress = { 0 };

        if (log->stale[position->partition])
                return;
        for (int64_t offset = 0; offset < position->offset; offset++)
                check_offset(log, process, position->partition, offset);
        if (chappe_progress_parse(&progress, position->metadata, position->offset))
                for (size_t i = 0; i < progress.run_count; i++)
                        for (int64_t offset = progress.runs[i].from; offset <= progress.runs[i].to; offset++)
                                check_offset(log, process, position->partition, offset);
        chappe_progress_deinit(&progress);
}
