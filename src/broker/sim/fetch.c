/* SPDX-License-Identifier: Apache-2.0 */
/* Reading partitions: records arrive some time after they were appended, and are taken in order. */
#include <stdlib.h>

#include "broker/sim/consumer.h"

#define DELETED_US 3000000 /* until its readers notice that a topic is gone, at most */
#define MISSING_US 250000  /* until they ask for it again */

struct sim_reading *chappe_sim_reading_find(const struct chappe_consumer *consumer, const char *topic,
                                            int32_t partition)
{
        for (size_t i = 0; i < consumer->reading_count; i++)
                if (consumer->readings[i]->partition == partition &&
                    strcmp(consumer->readings[i]->topic->name, topic) == 0)
                        return consumer->readings[i];
        return NULL;
}

static void fetch_later(struct sim_reading *reading)
{
        struct chappe_sim *sim = reading->consumer->broker->sim;
        int64_t at_us = chappe_sim_leader_us(sim, chappe_sim_place(reading->topic, reading->partition));

        if (!reading->fetch.node.index)
                chappe_timer_set(sim->fibers, &reading->fetch, at_us + chappe_sim_latency_us(sim));
}

/* The end is told once, when everything before it has been taken. */
static void tell_end(struct sim_reading *reading)
{
        int64_t end = reading->topic->logs[reading->partition].end;

        if (reading->position != end || reading->fetched != end || reading->end_told == end)
                return;
        reading->end_told = end;
        chappe_sim_event_add(reading->consumer, CHAPPE_CONSUMER_PARTITION_END,
                             &(struct chappe_position){
                                     .topic = reading->topic->name, .partition = reading->partition, .offset = end },
                             1);
}

void chappe_sim_handle_deleted(struct sim_broker *broker, const struct sim_topic *topic)
{
        struct chappe_sim *sim = broker->sim;

        for (struct chappe_consumer *consumer = broker->consumers; consumer; consumer = consumer->next)
                for (size_t i = 0; i < consumer->reading_count; i++)
                        if (consumer->readings[i]->topic == topic)
                                chappe_timer_set(sim->fibers, &consumer->readings[i]->fetch,
                                                 chappe_fibers_now_us(sim->fibers) +
                                                         (int64_t)chappe_random_below(sim->random, DELETED_US));
}

/* Where to read: a beginning, an end, an offset, or where auto.offset.reset says when there is no such offset. */
static int64_t resolve(const struct chappe_consumer *consumer, const struct sim_log *log, int64_t offset)
{
        if (offset == CHAPPE_OFFSET_EARLIEST)
                return log->low;
        if (offset == CHAPPE_OFFSET_LATEST)
                return log->end;
        if (offset >= log->low && offset <= log->end)
                return offset;
        return consumer->from_latest ? log->end : log->low;
}

/* Not there, or another one by the same name: to a reader it is a log that goes on somewhere, or does not reach so far.
 */
static bool topic_is_there(struct sim_reading *reading)
{
        struct sim_topic *found = reading->topic;
        struct sim_log *log;

        if (!found->deleted)
                return true;
        found = chappe_sim_topic_find(reading->consumer->broker->sim, found->name);
        if (!found || reading->partition >= found->partition_count)
                return false;
        reading->topic = found;
        log = &found->logs[reading->partition];
        reading->position = resolve(reading->consumer, log, reading->fetched);
        log->mistaken |= reading->position == reading->fetched && reading->position > log->low;
        reading->fetched = reading->position;
        reading->end_told = -1;
        return true;
}

/* The reader hears of it, asks what there is, and brings its group to share it out again. */
static void tell_missing(struct sim_reading *reading)
{
        struct chappe_consumer *consumer = reading->consumer;
        struct chappe_sim *sim = consumer->broker->sim;

        chappe_timer_set(sim->fibers, &reading->fetch, chappe_fibers_now_us(sim->fibers) + MISSING_US);
        if (reading->told_missing || chappe_process_paused(consumer->broker->process) ||
            (consumer->group && !chappe_sim_reachable(sim, consumer->group->number)))
                return;
        reading->told_missing = true;
        chappe_fail(&chappe_sim_event_add(consumer, CHAPPE_CONSUMER_ERROR, NULL, 0)->event.error,
                    CHAPPE_E_TOPIC_MISSING, "topic %s does not exist", reading->topic->name);
        if (consumer->member)
                chappe_sim_group_assemble(consumer->group);
}

/* No more is asked for than may wait. */
static int64_t within_reach(const struct sim_reading *reading)
{
        int64_t end = reading->topic->logs[reading->partition].end;
        int64_t ahead = (int64_t)reading->consumer->config.ahead.records;

        return ahead > 0 && reading->position + ahead < end ? reading->position + ahead : end;
}

static void fetched(struct chappe_timer *timer)
{
        struct sim_reading *reading = CHAPPE_CONTAINER(timer, struct sim_reading, fetch);
        struct chappe_consumer *consumer = reading->consumer;
        const struct sim_log *log;

        if (chappe_process_stopped(consumer->broker->process))
                return;
        if (!chappe_sim_reachable(consumer->broker->sim, chappe_sim_place(reading->topic, reading->partition))) {
                fetch_later(reading);
                return;
        }
        if (!topic_is_there(reading)) {
                tell_missing(reading);
                return;
        }
        log = &reading->topic->logs[reading->partition];
        if (reading->fetched < log->low && reading->position < reading->fetched)
                return; /* what came before it was deleted is taken first */
        if (reading->fetched < log->low)
                reading->position = resolve(consumer, log, reading->fetched);
        reading->fetched = within_reach(reading);
        tell_end(reading);
        chappe_sim_consumer_ready(consumer);
}

void chappe_sim_handle_appended(struct sim_broker *broker, const struct sim_topic *topic, int32_t partition)
{
        for (struct chappe_consumer *consumer = broker->consumers; consumer; consumer = consumer->next)
                for (size_t i = 0; i < consumer->reading_count; i++)
                        if (consumer->readings[i]->topic == topic && consumer->readings[i]->partition == partition)
                                fetch_later(consumer->readings[i]);
}

static struct sim_reading *reading_add(struct chappe_consumer *consumer, struct sim_topic *topic, int32_t partition)
{
        struct sim_reading **grown =
                reallocarray(consumer->readings, consumer->reading_count + 1, sizeof(struct sim_reading *));
        struct sim_reading *reading = calloc(1, sizeof(*reading));

        if (!grown || !reading)
                abort();
        consumer->readings = grown;
        grown[consumer->reading_count++] = reading;
        reading->consumer = consumer;
        reading->topic = topic;
        reading->partition = partition;
        reading->fetch.fire = fetched;
        return reading;
}

static void reading_start(struct sim_reading *reading, int64_t offset)
{
        reading->position = reading->fetched =
                resolve(reading->consumer, &reading->topic->logs[reading->partition], offset);
        reading->end_told = -1;
        fetch_later(reading);
}

/* One that was deleted since it was assigned is told as missing later. */
static struct sim_topic *topic_with(const struct chappe_sim *sim, const char *name, int32_t partition)
{
        struct sim_topic *topic = chappe_sim_topic_find(sim, name);

        if (topic && partition >= 0 && partition < topic->partition_count)
                return topic;
        topic = sim->deleted_topics;
        while (topic && (strcmp(topic->name, name) != 0 || partition < 0 || partition >= topic->partition_count))
                topic = topic->next_deleted;
        return topic;
}

int chappe_sim_readings_add(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                            struct chappe_error *error)
{
        for (size_t i = 0; i < count; i++) {
                struct sim_topic *topic = topic_with(consumer->broker->sim, positions[i].topic, positions[i].partition);

                if (!topic)
                        return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "%s[%d]: no such partition",
                                           positions[i].topic, positions[i].partition);
                reading_start(reading_add(consumer, topic, positions[i].partition), positions[i].offset);
        }
        return 0;
}

void chappe_sim_reading_remove(struct chappe_consumer *consumer, const char *topic, int32_t partition)
{
        const struct chappe_sim_watch *watch = &consumer->broker->sim->watch;
        size_t at = 0;

        while (at < consumer->reading_count && (consumer->readings[at]->partition != partition ||
                                                strcmp(consumer->readings[at]->topic->name, topic) != 0))
                at++;
        if (at == consumer->reading_count)
                return;
        if (watch->released)
                watch->released(watch->context, consumer->broker->process, consumer->group_name, topic, partition);
        chappe_timer_cancel(consumer->broker->sim->fibers, &consumer->readings[at]->fetch);
        free(consumer->readings[at]);
        consumer->readings[at] = consumer->readings[--consumer->reading_count];
}

void chappe_sim_readings_clear(struct chappe_consumer *consumer)
{
        while (consumer->reading_count > 0) {
                struct sim_reading *reading = consumer->readings[consumer->reading_count - 1];

                chappe_sim_reading_remove(consumer, reading->topic->name, reading->partition);
        }
        free(consumer->readings);
        consumer->readings = NULL;
        chappe_sim_event_drop(consumer, CHAPPE_CONSUMER_PARTITION_END);
}

size_t chappe_sim_consumer_take(struct chappe_consumer *consumer, const char *topic, int32_t partition,
                                struct chappe_record *ret_records, size_t maximum, size_t maximum_bytes)
{
        struct sim_reading *reading = chappe_sim_reading_find(consumer, topic, partition);
        size_t count = 0, bytes = 0;

        if (!reading || reading->position == reading->fetched || maximum == 0 ||
            !chappe_process_step(consumer->broker->process, "broker.take"))
                return 0;
        while (count < maximum && bytes < maximum_bytes && reading->position < reading->fetched) {
                chappe_sim_record_lend(reading->topic, partition, reading->position++, consumer, &ret_records[count]);
                consumer->lent++;
                bytes += ret_records[count].key.length + ret_records[count].value.length;
                count++;
        }
        consumer->lent_bytes += bytes;
        chappe_fibers_note(consumer->broker->sim->fibers, "take", topic, partition, reading->position);
        if (consumer->broker->sim->watch.taken)
                consumer->broker->sim->watch.taken(consumer->broker->sim->watch.context, consumer->broker->process,
                                                   consumer->group_name, consumer->lent, consumer->lent_bytes);
        tell_end(reading);
        /* There is room for more, or what follows was deleted under the reader. */
        if (reading->fetched < within_reach(reading) ||
            (reading->position == reading->fetched && reading->fetched < reading->topic->logs[partition].low))
                fetch_later(reading);
        return count;
}

size_t chappe_sim_consumer_waiting(struct chappe_consumer *consumer)
{
        size_t waiting = 0;

        for (size_t i = 0; i < consumer->reading_count; i++) {
                const struct sim_reading *reading = consumer->readings[i];

                if (reading->fetched > reading->position)
                        waiting += (size_t)(reading->fetched - reading->position);
        }
        return waiting;
}

int chappe_sim_consumer_seek(struct chappe_consumer *consumer, const char *topic, int32_t partition, int64_t offset,
                             struct chappe_error *error)
{
        struct sim_reading *reading = chappe_sim_reading_find(consumer, topic, partition);
        const struct chappe_sim_watch *watch = &consumer->broker->sim->watch;

        if (!chappe_process_step(consumer->broker->process, "broker.seek"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (!reading)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "%s[%d] is not being read", topic, partition);
        reading_start(reading, offset);
        if (watch->sought)
                watch->sought(watch->context, consumer->broker->process, consumer->group_name, topic, partition,
                              offset);
        return 0;
}
