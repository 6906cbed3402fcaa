/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated consumer has to tell: a queue of events, one a poll. */
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/consumer.h"

static size_t size_of(const char *string)
{
        return string ? strlen(string) + 1 : 0;
}

static const char *put(char **at, const char *string)
{
        char *start = *at;

        if (!string)
                return NULL;
        *at = stpcpy(start, string) + 1;
        return start;
}

/* One allocation, texts behind the positions. */
struct chappe_position *chappe_sim_positions_copy(const struct chappe_position *positions, size_t count)
{
        size_t size = (count + 1) * sizeof(*positions);
        struct chappe_position *copy;
        char *at;

        for (size_t i = 0; i < count; i++)
                size += size_of(positions[i].topic) + size_of(positions[i].metadata);
        copy = malloc(size);
        if (!copy)
                abort();
        at = (char *)(copy + count + 1);
        for (size_t i = 0; i < count; i++) {
                copy[i] = positions[i];
                copy[i].topic = put(&at, positions[i].topic);
                copy[i].metadata = put(&at, positions[i].metadata);
        }
        return copy;
}

struct sim_event *chappe_sim_event_add(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind,
                                       const struct chappe_position *positions, size_t count)
{
        struct sim_event *event = calloc(1, sizeof(*event));

        if (!event)
                abort();
        event->event.kind = kind;
        event->positions = chappe_sim_positions_copy(positions, count);
        event->event.positions = event->positions;
        event->event.position_count = count;
        DL_APPEND2(consumer->events, event, previous, next);
        chappe_sim_consumer_ready(consumer);
        return event;
}

static void event_free(struct sim_event *event)
{
        if (event)
                free(event->positions);
        free(event);
}

void chappe_sim_event_drop(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind)
{
        struct sim_event *event, *next;

        DL_FOREACH_SAFE2(consumer->events, event, next, next)
        {
                if (event->event.kind != kind)
                        continue;
                DL_DELETE2(consumer->events, event, previous, next);
                event_free(event);
        }
}

void chappe_sim_events_free(struct chappe_consumer *consumer)
{
        while (consumer->events) {
                struct sim_event *event = consumer->events;

                DL_DELETE2(consumer->events, event, previous, next);
                event_free(event);
        }
        event_free(consumer->told);
        consumer->told = NULL;
}

void chappe_sim_consumer_ready_fired(struct chappe_timer *timer)
{
        struct chappe_consumer *consumer = CHAPPE_CONTAINER(timer, struct chappe_consumer, ready);

        if (chappe_process_stopped(consumer->broker->process))
                return;
        if (consumer->config.ready)
                consumer->config.ready(consumer->config.context);
        chappe_sim_changed(consumer->broker);
}

void chappe_sim_consumer_ready(struct chappe_consumer *consumer)
{
        struct chappe_fibers *fibers = consumer->broker->sim->fibers;

        if (!consumer->ready.node.index)
                chappe_timer_set(fibers, &consumer->ready, chappe_fibers_now_us(fibers));
}

/* A revocation that is told late may have become a loss. */
void chappe_sim_consumer_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        struct sim_event *event = consumer->events;

        *ret_event = (struct chappe_consumer_event){ 0 };
        if (chappe_process_stopped(consumer->broker->process))
                return;
        if (event && !chappe_process_step(consumer->broker->process, "broker.poll"))
                return;
        consumer->polled_us = chappe_fibers_now_us(consumer->broker->sim->fibers);
        event_free(consumer->told);
        consumer->told = event = consumer->events;
        if (!event)
                return;
        DL_DELETE2(consumer->events, event, previous, next);
        if (event->event.kind == CHAPPE_CONSUMER_REVOKED && consumer->lost)
                event->event.kind = CHAPPE_CONSUMER_LOST;
        *ret_event = event->event;
        chappe_fibers_note(consumer->broker->sim->fibers, "event", chappe_process_name(consumer->broker->process),
                           (int64_t)event->event.kind, (int64_t)event->event.position_count);
        consumer->told_gained |= event->event.kind == CHAPPE_CONSUMER_GAINED;
        consumer->told_lost |= event->event.kind == CHAPPE_CONSUMER_LOST;
        if (consumer->broker->sim->watch.told)
                consumer->broker->sim->watch.told(consumer->broker->sim->watch.context, consumer->broker->process,
                                                  consumer->group_name, &event->event);
        if (consumer->events)
                chappe_sim_consumer_ready(consumer);
}
