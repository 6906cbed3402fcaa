/* SPDX-License-Identifier: Apache-2.0 */
/* What is fetched ahead of being taken: bounded, and never in the way of what somebody wants. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "peer.h"

#define MANY    2000
#define EACH    400 /* of every partition */
#define LARGE   100000
#define AHEAD   20  /* records that may wait */
#define ANSWERS 100 /* what an answer of 1,024 bytes may bring beyond them */

/* False once patience ends. */
static bool many_wait(struct trial *trial, struct chappe_consumer *consumer)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000;
        struct chappe_consumer_event event;
        size_t waiting;

        while ((waiting = operations->consumer_waiting(consumer)) < AHEAD) {
                if (chappe_clock_monotonic_us(trial->stage->clock) > deadline_us)
                        return expect(trial, false, "%zu records wait", waiting);
                operations->consumer_poll(consumer, &event);
                peer_pause(trial, 5);
        }
        return true;
}

/* What the partition has, up to maximum, in its order: from *next on. */
static size_t take(struct trial *trial, struct chappe_consumer *consumer, int32_t partition, size_t maximum,
                   int64_t *next)
{
        struct chappe_record records[AHEAD];
        size_t count =
                trial->broker->operations->consumer_take(consumer, trial->topic, partition, records, maximum, SIZE_MAX);

        for (size_t i = 0; i < count; i++) {
                expect(trial, records[i].offset == *next && records[i].partition == partition,
                       "[%d]@%lld and not @%lld", (int)records[i].partition, (long long)records[i].offset,
                       (long long)*next);
                *next = records[i].offset + 1;
                chappe_record_release(&records[i]);
        }
        return count;
}

/* Returns where it was once that many have come, or patience ended. */
static int64_t take_until(struct trial *trial, struct chappe_consumer *consumer, int32_t partition, int64_t next,
                          int64_t wanted)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000;
        struct chappe_consumer_event event;

        while (next < wanted && chappe_clock_monotonic_us(trial->stage->clock) < deadline_us) {
                size_t count = take(trial, consumer, partition, AHEAD, &next);

                operations->consumer_poll(consumer, &event);
                if (count == 0)
                        peer_pause(trial, 1);
        }
        expect(trial, next >= wanted, "%lld of %lld records of partition %d", (long long)next, (long long)wanted,
               (int)partition);
        return next;
}

/* Of the first so many partitions. patient: a question to a broker may be open for so long that only a few can be asked
 * before patience ends. */
static struct chappe_consumer *open_bounded(struct trial *trial, size_t bytes, int partitions, bool patient)
{
        struct chappe_property properties[] = { { "fetch.wait.max.ms", "3000" } };
        struct chappe_consumer_config config = { .ahead = { AHEAD, bytes, 1024 },
                                                 .properties = properties,
                                                 .property_count = patient ? 1 : 0 };
        struct chappe_position starts[PARTITIONS];
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct chappe_consumer *consumer = NULL;
        struct chappe_error error = { 0 };
        int status = operations->consumer_open(trial->broker, &config, &consumer, &error);

        for (int i = 0; i < partitions; i++)
                starts[i] = (struct chappe_position){ trial->topic, i, 0, NULL };
        if (status == 0)
                status = operations->consumer_assign(consumer, starts, (size_t)partitions, &error);
        expect(trial, status == 0, "%s", error.text);
        return consumer;
}

/* A client that fetched no more for a second each time that enough waits would not be through before patience ends. */
static void what_waits_is_bounded_and_all_of_it_comes_at_once(struct trial *trial)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct chappe_consumer *consumer;
        struct chappe_error error = { 0 };
        size_t waiting = 0;

        for (int i = 0; i < MANY; i += MANY / 8)
                writer_fill(trial, 0, i, MANY / 8);
        consumer = open_bounded(trial, 1000000, 1, false);
        for (int i = 0; many_wait(trial, consumer) && i < 20; i++) {
                peer_pause(trial, 10);
                waiting = operations->consumer_waiting(consumer);
        }
        expect(trial, waiting >= AHEAD && waiting < AHEAD + ANSWERS, "%zu records wait", waiting);
        (void)take_until(trial, consumer, 0, 0, MANY);
        expect(trial, operations->consumer_waiting(consumer) == 0, "none is left");
        expect(trial, operations->consumer_close(consumer, PATIENCE_MS, &error) == 0, "close: %s", error.text);
}

static void records_larger_than_what_may_wait_get_through(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        struct chappe_consumer *consumer;
        struct chappe_error error = { 0 };
        char *value = malloc(LARGE + 1);

        memset(value, 'x', LARGE);
        value[LARGE] = '\0';
        writer_open(writer, trial, "0");
        for (int i = 0; i < 60; i++)
                writer_send(writer, 0, "k", i % 3 == 1 ? value : "small", NULL, 0);
        writer_settle(writer);
        writer_close(writer);
        consumer = open_bounded(trial, 1000, 1, false);
        (void)take_until(trial, consumer, 0, 0, 60);
        expect(trial, trial->broker->operations->consumer_close(consumer, PATIENCE_MS, &error) == 0, "close: %s",
               error.text);
        free(value);
        free(writer);
}

static void close_bounded(struct trial *trial, struct chappe_consumer *consumer)
{
        struct chappe_error error = { 0 };

        expect(trial, trial->broker->operations->consumer_close(consumer, PATIENCE_MS, &error) == 0, "close: %s",
               error.text);
}

/* Had each partition a bound of its own, then whenever it is reached, the next question would be for those alone that
 * have nothing, and open for as long as it may be. (The first one may be, for they do not all begin at once.) */
static void a_backlog_is_not_held_up_by_partitions_at_their_end(struct trial *trial)
{
        struct chappe_consumer *consumer;

        for (int i = 0; i < MANY; i += MANY / 8)
                writer_fill(trial, 0, i, MANY / 8);
        consumer = open_bounded(trial, 1000000, PARTITIONS, true);
        (void)take_until(trial, consumer, 0, 0, MANY);
        close_bounded(trial, consumer);
}

/* It asks for what stands behind another partition's records, and is told so once: nothing else would wake it. */
static bool told_held_up(struct trial *trial, struct chappe_consumer *consumer, int32_t partition)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000, next = 0;
        bool told = !operations->consumer_held_up;

        while (!told && chappe_clock_monotonic_us(trial->stage->clock) < deadline_us) {
                take(trial, consumer, partition, 1, &next);
                told = operations->consumer_held_up(consumer);
                peer_pause(trial, 1);
        }
        return told;
}

/* Nothing is taken of the first, far more than may wait. And it is all there, in its order, when somebody wants it. */
static void what_nobody_takes_is_not_in_the_way_of_the_others(struct trial *trial)
{
        struct chappe_consumer *consumer;

        for (int i = 0; i < MANY; i += MANY / 8)
                writer_fill(trial, 0, i, MANY / 8);
        consumer = open_bounded(trial, 1000000, PARTITIONS, false);
        many_wait(trial, consumer);
        expect(trial, told_held_up(trial, consumer, 1), "held up");
        for (int i = 0; i < 3; i++) {
                writer_fill(trial, 1, i * 200, 200);
                (void)take_until(trial, consumer, 1, i * 200, (i + 1) * 200);
        }
        (void)take_until(trial, consumer, 0, 0, MANY);
        writer_fill(trial, 0, MANY, 10);
        (void)take_until(trial, consumer, 0, MANY, MANY + 10);
        close_bounded(trial, consumer);
}

/* Each partition is taken from for a while and left alone for a while, now and then from an earlier record on. */
static void every_partition_keeps_its_order_whoever_waits(struct trial *trial)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        uint64_t seed = chappe_random_system_seed();
        struct chappe_error error = { 0 };
        struct chappe_consumer_event event;
        struct chappe_random random;
        struct chappe_consumer *consumer;
        int64_t next[PARTITIONS] = { 0 };

        fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
        chappe_random_init(&random, seed);
        for (int partition = 0; partition < PARTITIONS; partition++)
                for (int i = 0; i < EACH; i += EACH / 2)
                        writer_fill(trial, partition, i, EACH / 2);
        consumer = open_bounded(trial, 2000, PARTITIONS, false);
        for (int i = 0; i < 400; i++) {
                int32_t partition = (int32_t)chappe_random_below(&random, PARTITIONS);

                for (uint64_t turns = chappe_random_below(&random, 8); turns > 0; turns--)
                        take(trial, consumer, partition, 1 + (size_t)chappe_random_below(&random, AHEAD),
                             &next[partition]);
                operations->consumer_poll(consumer, &event);
                if (chappe_random_below(&random, 4) == 0)
                        peer_pause(trial, 3);
                if (chappe_random_below(&random, 40) == 0) {
                        next[partition] = (int64_t)chappe_random_below(&random, (uint64_t)next[partition] + 1);
                        expect(trial,
                               operations->consumer_seek(consumer, trial->topic, partition, next[partition], &error) ==
                                       0,
                               "%s", error.text);
                }
        }
        for (int partition = 0; partition < PARTITIONS; partition++)
                (void)take_until(trial, consumer, partition, next[partition], EACH);
        close_bounded(trial, consumer);
}

const struct trial_case ahead_cases[] = {
        { "what_waits_is_bounded_and_all_of_it_comes_at_once", what_waits_is_bounded_and_all_of_it_comes_at_once, 0 },
        { "records_larger_than_what_may_wait_get_through", records_larger_than_what_may_wait_get_through, 0 },
        { "a_backlog_is_not_held_up_by_partitions_at_their_end", a_backlog_is_not_held_up_by_partitions_at_their_end,
          0 },
        { "what_nobody_takes_is_not_in_the_way_of_the_others", what_nobody_takes_is_not_in_the_way_of_the_others, 0 },
        { "every_partition_keeps_its_order_whoever_waits", every_partition_keeps_its_order_whoever_waits, 0 },
        { 0 },
};
