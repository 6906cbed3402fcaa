/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: what may run, what waits for deliveries, what must run again. */
#include "flow/lanes.h"

#include <assert.h>

size_t chappe_lane_take_alike(struct chappe_lane *lane, struct chappe_task **ret_tasks, size_t together, size_t maximum)
{
        bool alone = lane->next->alone;
        size_t alike = 0;
        if (!alone)
                maximum = together;
        for (struct chappe_task *task = lane->next; alike < maximum && task && task->alone == alone; task = task->next)
                alike++;
        return chappe_lane_take(lane, ret_tasks, alike);
}

void chappe_lane_adopt(struct chappe_lane *lane, struct chappe_task *task)
{
        bool runs = task->state == CHAPPE_TASK_RUNNING;
        struct chappe_task *next = lane->next;
        assert(runs || task->state == CHAPPE_TASK_QUEUED);
        chappe_lane_append(lane, task);
        lane->bytes += task->bytes;
        if (!runs)
                return;
        task->state = CHAPPE_TASK_RUNNING;
        lane->running++;
        lane->queued--;
        lane->next = next;
}

void chappe_lane_unrun(struct chappe_lane *lane, struct chappe_task *task)
{
        assert(task->state == CHAPPE_TASK_RUNNING);
        lane->running--;
        lane->queued++;
        task->state = CHAPPE_TASK_QUEUED;
        if (!lane->next || task->offset < lane->next->offset)
                lane->next = task;
}

static void rule(struct chappe_lane *lane, struct chappe_task *task, bool again)
{
        task->state = again ? CHAPPE_TASK_FAILED : CHAPPE_TASK_SETTLED;
        if (again) {
                task->alone = true;
                task->attempt++;
                lane->failed++;
        }
}

void chappe_lane_return(struct chappe_lane *lane, struct chappe_task *task, bool again, bool outstanding,
                        int64_t due_us)
{
        assert(task->state == CHAPPE_TASK_RUNNING);
        lane->running--;
        task->again = again;
        task->due_us = due_us;
        if (outstanding) {
                task->state = CHAPPE_TASK_RETURNED;
                lane->returned++;
                lane->failed += again; /* at once: nothing behind it may begin */
        } else {
                rule(lane, task, again);
        }
}

void chappe_lane_settle(struct chappe_lane *lane, struct chappe_task *task, bool again, int64_t due_us)
{
        assert(task->state == CHAPPE_TASK_RETURNED);
        lane->returned--;
        if (task->again)
                lane->failed--;
        else
                task->due_us = due_us;
        rule(lane, task, again || task->again);
}

void chappe_lane_must(struct chappe_lane *lane, const struct chappe_task *task)
{
        struct chappe_task *before = lane->head;
        for (; before != task; before = before->next)
                before->must = true;
        before->must = true;
}

struct chappe_task *chappe_lane_finish(struct chappe_lane *lane)
{
        struct chappe_task *task = lane->head;
        if (!task || task->state != CHAPPE_TASK_SETTLED)
                return NULL;
        lane->head = task->next;
        if (!lane->head)
                lane->tail = NULL;
        task->next = NULL;
        return task;
}

static struct chappe_task *first_failed(const struct chappe_lane *lane)
{
        struct chappe_task *task = lane->head;
        while (task->state != CHAPPE_TASK_FAILED)
                task = task->next;
        return task;
}

/* Back to the first failed task; due when all that failed are. */
static int64_t wind_back(struct chappe_lane *lane)
{
        int64_t due_us = 0;
        lane->next = first_failed(lane);
        lane->failed = 0;
        lane->queued = 0;
        for (struct chappe_task *task = lane->next; task; task = task->next) {
                lane->queued++;
                if (task->state == CHAPPE_TASK_FAILED && task->due_us > due_us)
                        due_us = task->due_us;
                task->state = CHAPPE_TASK_QUEUED;
        }
        return due_us;
}

enum chappe_lane_state chappe_lane_next(struct chappe_lane *lane, int64_t *ret_due_us)
{
        if (lane->running > 0)
                return CHAPPE_LANE_RUNNING;
        if (lane->failed > 0) {
                if (lane->returned > 0)
                        return CHAPPE_LANE_BLOCKED;
                *ret_due_us = wind_back(lane);
                return CHAPPE_LANE_PARKED;
        }
        return lane->next ? CHAPPE_LANE_READY : CHAPPE_LANE_IDLE;
}

static bool outstanding(const struct chappe_task *task)
{
        return task->state == CHAPPE_TASK_RUNNING || task->state == CHAPPE_TASK_RETURNED;
}

static struct chappe_task *cut_all(struct chappe_lane *lane)
{
        struct chappe_task *removed = NULL;
        struct chappe_task **link = &lane->head;
        lane->tail = NULL;
        lane->failed = 0;
        while (*link) {
                struct chappe_task *task = *link;
                if (outstanding(task)) {
                        lane->failed += task->state == CHAPPE_TASK_RETURNED && task->again;
                        lane->tail = task;
                        link = &task->next;
                } else {
                        *link = task->next;
                        task->next = removed;
                        removed = task;
                }
        }
        lane->next = NULL;
        lane->queued = 0;
        return removed;
}

/* From this one on, but for what is outstanding. */
static struct chappe_task *cut_from(struct chappe_lane *lane, const struct chappe_task *from)
{
        struct chappe_task *removed = NULL, **end = &removed, **link = &lane->head;
        lane->tail = NULL;
        for (; *link != from; link = &(*link)->next)
                lane->tail = *link;
        while (*link) {
                struct chappe_task *task = *link;
                if (outstanding(task)) {
                        lane->tail = task;
                        link = &task->next;
                        continue;
                }
                lane->failed -= task->state == CHAPPE_TASK_FAILED;
                *link = task->next;
                *end = task;
                end = &task->next;
        }
        *end = NULL;
        return removed;
}

struct chappe_task *chappe_lane_cut(struct chappe_lane *lane, bool all)
{
        if (all)
                return cut_all(lane);
        /* While a worker hands its tasks back one by one, running ones stand behind queued ones. */
        if (lane->running > 0)
                return NULL;
        struct chappe_task *from = lane->failed > 0 && lane->returned == 0 ? first_failed(lane) : lane->next;
        if (!from)
                return NULL;
        lane->next = NULL;
        lane->queued = 0;
        return cut_from(lane, from);
}
