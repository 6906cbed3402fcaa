/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated cluster under faults: nothing acknowledged is lost, commits are fenced, the same seed repeats to the
 * byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/coroutine.h"
#include "broker/sim/sim.h"

#define STEPS      5000000
#define RECORDS    60
#define MEMBERS    3
#define PARTITIONS 4
#define SECOND     INT64_C(1000000)

/* One client process with one strand: a producer or a member of the group. */
struct client {
        struct cluster *cluster;
        struct chappe_process *process;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        struct chappe_strand *strand;
        struct chappe_broker *broker;
        const char *instance;
        bool stop;
        bool poked;
        int in_flight;
        int64_t next[PARTITIONS]; /* member: to commit */
        bool owned[PARTITIONS];
        int lost, revoked, refused;
};

struct cluster {
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        struct client producer;
        struct client members[MEMBERS];
        bool acknowledged[RECORDS];
        int seen[RECORDS];
        bool processed[PARTITIONS][8 * RECORDS]; /* by offset */
};

static void client_poke(void *context)
{
        struct client *client = context;

        chappe_mutex_lock(client->executor, client->mutex);
        client->poked = true;
        chappe_condition_broadcast(client->executor, client->changed);
        chappe_mutex_unlock(client->executor, client->mutex);
}

/* False: killed. */
static bool client_wait(struct client *client, int64_t for_us)
{
        int64_t until = chappe_clock_monotonic_us(chappe_process_clock(client->process)) + for_us;
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;

        chappe_mutex_lock(client->executor, client->mutex);
        while (!client->poked && outcome == CHAPPE_WAIT_SIGNALLED)
                outcome = chappe_condition_wait(client->executor, client->changed, client->mutex, until);
        client->poked = false;
        chappe_mutex_unlock(client->executor, client->mutex);
        return outcome != CHAPPE_WAIT_STOPPED;
}

static void delivered(void *context, const struct chappe_delivery_report *report)
{
        struct client *client = context;
        size_t n = (size_t)report->opaque;

        client->in_flight--;
        if (report->result == CHAPPE_DELIVERED)
                client->cluster->acknowledged[n] = true;
}

static void send_missing(struct client *client, struct chappe_producer *producer, struct chappe_topic *topic)
{
        for (size_t n = 0; n < RECORDS; n++) {
                char key[16], value[16];
                int status;

                if (client->cluster->acknowledged[n])
                        continue;
                snprintf(key, sizeof(key), "key-%zu", n % 10);
                snprintf(value, sizeof(value), "%zu", n);
                status = client->broker->operations->producer_send(
                        producer, topic, CHAPPE_PARTITION_BY_KEY, (struct chappe_bytes){ (uint8_t *)key, strlen(key) },
                        (struct chappe_bytes){ (uint8_t *)value, strlen(value) },
                        &(struct chappe_header){ .name = "n", .value = value, .length = strlen(value) }, 1, 0,
                        (void *)n, NULL);
                if (status == 0)
                        client->in_flight++;
                client_wait(client, 3000);
        }
}

static void produce(void *argument)
{
        struct client *client = argument;
        const struct chappe_broker_operations *broker = client->broker->operations;
        struct chappe_producer_config config = { .delivered = delivered, .ready = client_poke, .context = client };
        struct chappe_producer *producer = NULL;
        struct chappe_topic *topic = NULL;
        size_t missing = RECORDS;

        assert_int_equal(broker->producer_open(client->broker, &config, &producer, NULL), 0);
        while (broker->producer_topic(producer, "orders", 1000, &topic, NULL) < 0)
                ;
        while (missing > 0) {
                send_missing(client, producer, topic);
                while (client->in_flight > 0) {
                        broker->producer_poll(producer);
                        if (client->in_flight > 0)
                                client_wait(client, SECOND);
                }
                missing = 0;
                for (int n = 0; n < RECORDS; n++)
                        missing += !client->cluster->acknowledged[n];
        }
        assert_int_equal(broker->producer_flush(producer, 1000, NULL), 0);
        broker->producer_close(producer);
        client->stop = true;
}

static void process_record(struct client *client, const struct chappe_record *record)
{
        struct cluster *cluster = client->cluster;
        struct chappe_header header;
        char text[16];

        assert_true(client->owned[record->partition]);
        assert_int_equal(chappe_record_headers(record, &header, 1), 1);
        assert_string_equal(header.name, "n");
        assert_memory_equal(header.value, record->value.at, record->value.length);
        snprintf(text, sizeof(text), "%.*s", (int)record->value.length, (const char *)record->value.at);
        cluster->seen[atoi(text)]++;
        cluster->processed[record->partition][record->offset] = true;
        client->next[record->partition] = record->offset + 1;
}

static void take_all(struct client *client, struct chappe_consumer *consumer)
{
        struct chappe_record records[5];

        for (int32_t p = 0; p < PARTITIONS; p++) {
                size_t count;

                if (!client->owned[p])
                        continue;
                count = client->broker->operations->consumer_take(consumer, "orders", p, records, 5, SIZE_MAX);
                for (size_t i = 0; i < count; i++) {
                        process_record(client, &records[i]);
                        chappe_record_release(&records[i]);
                }
                if (count > 0)
                        client->poked = true;
        }
}

static void commit(struct client *client, struct chappe_consumer *consumer)
{
        struct chappe_position positions[PARTITIONS];
        size_t count = 0;

        for (int32_t p = 0; p < PARTITIONS; p++)
                if (client->owned[p] && client->next[p] > 0)
                        positions[count++] = (struct chappe_position){ "orders", p, client->next[p], "note" };
        if (count > 0)
                client->broker->operations->consumer_commit(consumer, positions, count, NULL, NULL);
}

static void gained(struct client *client, struct chappe_consumer *consumer, const struct chappe_consumer_event *event)
{
        struct chappe_position positions[PARTITIONS];

        for (size_t i = 0; i < event->position_count; i++) {
                positions[i] = event->positions[i];
                client->owned[positions[i].partition] = true;
                client->next[positions[i].partition] = 0;
                if (positions[i].offset == CHAPPE_OFFSET_NONE)
                        positions[i].offset = CHAPPE_OFFSET_EARLIEST;
                else
                        assert_string_equal(positions[i].metadata, "note");
        }
        client->broker->operations->consumer_accept(consumer, positions, event->position_count,
                                                    &(struct chappe_error){ 0 });
}

static void handle(struct client *client, struct chappe_consumer *consumer, const struct chappe_consumer_event *event)
{
        if (event->kind == CHAPPE_CONSUMER_GAINED) {
                gained(client, consumer, event);
        } else if (event->kind == CHAPPE_CONSUMER_REVOKED || event->kind == CHAPPE_CONSUMER_LOST) {
                client->revoked += event->kind == CHAPPE_CONSUMER_REVOKED;
                client->lost += event->kind == CHAPPE_CONSUMER_LOST;
                if (event->kind == CHAPPE_CONSUMER_REVOKED)
                        commit(client, consumer);
                memset(client->owned, 0, sizeof(client->owned));
                client->broker->operations->consumer_release(consumer, NULL);
        } else if (event->kind == CHAPPE_CONSUMER_COMMITTED) {
                client->refused += event->error.code != 0;
        }
}

static void consume(void *argument)
{
        struct client *client = argument;
        const struct chappe_broker_operations *broker = client->broker->operations;
        struct chappe_property properties[] = {
                { "session.timeout.ms", "6000" },
                { "heartbeat.interval.ms", "500" },
                { "max.poll.interval.ms", "10000" },
                { "group.instance.id", client->instance ? client->instance : "" },
        };
        struct chappe_consumer_config config = { .group = "shipping",
                                                 .properties = properties,
                                                 .property_count = 4,
                                                 .ready = client_poke,
                                                 .context = client };
        struct chappe_consumer *consumer = NULL;

        if (broker->consumer_open(client->broker, &config, &consumer, NULL) < 0)
                return;
        broker->consumer_subscribe(consumer, (const char *const[]){ "orders" }, 1, NULL);
        while (!client->stop && client_wait(client, 200000)) {
                struct chappe_consumer_event event;

                do {
                        broker->consumer_poll(consumer, &event);
                        handle(client, consumer, &event);
                } while (event.kind != CHAPPE_CONSUMER_NOTHING);
                take_all(client, consumer);
                commit(client, consumer);
        }
        broker->consumer_close(consumer, 1000, NULL);
}

static void client_start(struct cluster *cluster, struct client *client, const char *name, void (*run)(void *))
{
        client->cluster = cluster;
        client->process = chappe_process_new(cluster->fibers, name);
        client->executor = chappe_process_executor(client->process);
        client->mutex = chappe_mutex_new(client->executor);
        client->changed = chappe_condition_new(client->executor);
        assert_int_equal(chappe_sim_open(cluster->sim, client->process, NULL, 0, &client->broker, NULL), 0);
        assert_int_equal(chappe_strand_start(client->executor, name, run, client, &client->strand, NULL), 0);
}

static bool client_ended(void *context)
{
        struct client *client = context;

        return chappe_process_strands(client->process) == 0;
}

static void client_end(struct cluster *cluster, struct client *client)
{
        client->stop = true;
        assert_int_equal(chappe_fibers_run(cluster->fibers, CHAPPE_FOREVER, STEPS, client_ended, client),
                         CHAPPE_FIBERS_DONE);
        chappe_strand_join(client->executor, client->strand);
        client->broker->operations->close(client->broker);
        chappe_condition_free(client->executor, client->changed);
        chappe_mutex_free(client->executor, client->mutex);
        assert_int_equal(chappe_process_leftovers(client->process), 0);
        chappe_process_free(client->process);
}

static void member_start(struct cluster *cluster, int n, bool stable)
{
        static const char *const names[MEMBERS] = { "member-0", "member-1", "member-2" };

        cluster->members[n] = (struct client){ .instance = stable ? names[n] : NULL,
                                               .lost = cluster->members[n].lost,
                                               .revoked = cluster->members[n].revoked,
                                               .refused = cluster->members[n].refused };
        client_start(cluster, &cluster->members[n], names[n], consume);
}

/* A fault at a drawn moment. */
static void disturb(struct cluster *cluster, struct chappe_random *random)
{
        int n = (int)chappe_random_below(random, MEMBERS);
        int64_t now = chappe_fibers_now_us(cluster->fibers);

        switch (chappe_random_below(random, 5)) {
        case 0:
                chappe_process_kill(cluster->members[n].process);
                client_end(cluster, &cluster->members[n]);
                member_start(cluster, n, chappe_random_chance(random, 500000));
                break;
        case 1:
                chappe_process_pause(cluster->members[n].process,
                                     now + (int64_t)chappe_random_below(random, 20 * SECOND));
                break;
        case 2:
                chappe_sim_unavailable(cluster->sim, now + (int64_t)chappe_random_below(random, 10 * SECOND));
                break;
        case 3:
                chappe_sim_rebalance(cluster->sim, "shipping");
                break;
        default:
                client_end(cluster, &cluster->members[n]);
                member_start(cluster, n, chappe_random_chance(random, 500000));
        }
}

static bool backlog_gone(void *context)
{
        struct cluster *cluster = context;

        return client_ended(&cluster->producer) && chappe_sim_backlog(cluster->sim) == 0;
}

struct outcome {
        uint64_t hash;
        int lost, revoked, refused, repeated;
};

/* Every record that was acknowledged was processed, and no commit passed one that was not. */
static void check(struct cluster *cluster, struct outcome *outcome)
{
        for (int n = 0; n < RECORDS; n++) {
                assert_true(cluster->acknowledged[n]);
                assert_true(cluster->seen[n] > 0);
                outcome->repeated += cluster->seen[n] > 1;
        }
        for (int32_t p = 0; p < PARTITIONS; p++)
                for (int64_t o = 0; o < chappe_sim_committed(cluster->sim, "shipping", "orders", p); o++)
                        assert_true(cluster->processed[p][o]);
}

static void run_seed(uint64_t seed, FILE *trace, struct outcome *outcome)
{
        struct chappe_sim_faults faults = { .slow_ppm = 20000,
                                            .slow_us = SECOND,
                                            .delivery_failed_ppm = 20000,
                                            .acknowledgement_lost_ppm = 20000,
                                            .duplicate_ppm = 20000,
                                            .queue_full_ppm = 20000,
                                            .commit_failed_ppm = 50000,
                                            .commit_unknown_ppm = 50000,
                                            .rebalance_ppm = 5000,
                                            .expulsion_ppm = 5000 };
        struct cluster *cluster = calloc(1, sizeof(*cluster));
        struct chappe_random random;

        chappe_random_init(&random, seed);
        cluster->fibers = chappe_fibers_new(&(struct chappe_fibers_config){
                .seed = seed, .give_way_ppm = 100000, .wake_early_ppm = 10000, .trace = trace });
        cluster->sim = chappe_sim_new(cluster->fibers, &faults);
        chappe_sim_topic_create(cluster->sim, "orders", PARTITIONS);
        client_start(cluster, &cluster->producer, "producer", produce);
        for (int n = 0; n < MEMBERS; n++)
                member_start(cluster, n, n > 0);
        for (int n = 0; n < 6; n++) {
                chappe_fibers_run(cluster->fibers,
                                  chappe_fibers_now_us(cluster->fibers) +
                                          (int64_t)chappe_random_below(&random, 8 * SECOND),
                                  STEPS, NULL, NULL);
                disturb(cluster, &random);
        }
        chappe_sim_set_faults(cluster->sim, &(struct chappe_sim_faults){ 0 });
        assert_int_equal(chappe_fibers_run(cluster->fibers, chappe_fibers_now_us(cluster->fibers) + 600 * SECOND, STEPS,
                                           backlog_gone, cluster),
                         CHAPPE_FIBERS_DONE);
        check(cluster, outcome);
        client_end(cluster, &cluster->producer);
        for (int n = 0; n < MEMBERS; n++) {
                client_end(cluster, &cluster->members[n]);
                outcome->lost += cluster->members[n].lost;
                outcome->revoked += cluster->members[n].revoked;
                outcome->refused += cluster->members[n].refused;
        }
        outcome->hash = chappe_fibers_hash(cluster->fibers);
        chappe_sim_free(cluster->sim);
        chappe_fibers_free(cluster->fibers);
        free(cluster);
}

static void test_acknowledged_records_survive_faults_and_commits_never_pass_unprocessed_ones(void **state)
{
        struct outcome outcome = { 0 };

        (void)state;
        for (uint64_t seed = 1; seed <= 100; seed++) {
                struct outcome again = { 0 };

                print_message("# seed %llu\n", (unsigned long long)seed);
                run_seed(seed, NULL, &outcome);
                if (seed % 10 == 0) {
                        run_seed(seed, NULL, &again);
                        assert_true(again.hash == outcome.hash);
                }
        }
        print_message("# lost %d, revoked %d, commits refused %d, records repeated %d\n", outcome.lost, outcome.revoked,
                      outcome.refused, outcome.repeated);
        assert_true(outcome.lost > 20);
        assert_true(outcome.revoked > 50);
        assert_true(outcome.refused > 50);
        assert_true(outcome.repeated > 50);
}

static void test_same_seed_gives_the_same_trace_to_the_byte(void **state)
{
        char *first = NULL, *second = NULL;
        size_t first_size = 0, second_size = 0;
        struct outcome outcome = { 0 };
        FILE *trace;

        (void)state;
        trace = open_memstream(&first, &first_size);
        run_seed(7, trace, &outcome);
        fclose(trace);
        trace = open_memstream(&second, &second_size);
        run_seed(7, trace, &outcome);
        fclose(trace);
        assert_true(first_size > 100000);
        assert_int_equal(first_size, second_size);
        assert_memory_equal(first, second, first_size);
        free(first);
        free(second);
}

/* A member that stops polling, is put out of its group unawares, and commits all the same. */
static void commit_late(void *argument)
{
        struct client *client = argument;
        const struct chappe_broker_operations *broker = client->broker->operations;
        struct chappe_property properties[] = { { "max.poll.interval.ms", "5000" },
                                                { "heartbeat.interval.ms", "500" } };
        struct chappe_consumer_config config = { .group = "shipping",
                                                 .properties = properties,
                                                 .property_count = 2,
                                                 .ready = client_poke,
                                                 .context = client };
        struct chappe_consumer *consumer = NULL;
        struct chappe_consumer_event event = { 0 };

        broker->consumer_open(client->broker, &config, &consumer, NULL);
        broker->consumer_subscribe(consumer, (const char *const[]){ "orders" }, 1, NULL);
        while (event.kind != CHAPPE_CONSUMER_GAINED && client_wait(client, SECOND)) {
                broker->consumer_poll(consumer, &event);
                handle(client, consumer, &event);
        }
        for (int32_t p = 0; p < PARTITIONS; p++)
                client->next[p] = 1;
        while (!client->stop)
                client_wait(client, SECOND);
        commit(client, consumer);
        while (event.kind != CHAPPE_CONSUMER_COMMITTED) {
                client_wait(client, SECOND);
                broker->consumer_poll(consumer, &event);
                handle(client, consumer, &event);
        }
        broker->consumer_close(consumer, 1000, NULL);
}

static void test_commit_of_a_former_generation_is_refused(void **state)
{
        struct cluster *cluster = calloc(1, sizeof(*cluster));
        struct client *late = &cluster->members[0];

        (void)state;
        cluster->fibers = chappe_fibers_new(&(struct chappe_fibers_config){ .seed = 3 });
        cluster->sim = chappe_sim_new(cluster->fibers, NULL);
        chappe_sim_topic_create(cluster->sim, "orders", PARTITIONS);
        for (int32_t p = 0; p < PARTITIONS; p++)
                chappe_sim_append(cluster->sim, "orders", p, (struct chappe_bytes){ 0 }, (struct chappe_bytes){ 0 },
                                  NULL, 0);
        client_start(cluster, late, "late", commit_late);
        chappe_fibers_run(cluster->fibers, chappe_fibers_now_us(cluster->fibers) + 3 * SECOND, STEPS, NULL, NULL);
        assert_true(late->owned[0] && late->owned[PARTITIONS - 1]);
        chappe_fibers_run(cluster->fibers, chappe_fibers_now_us(cluster->fibers) + 10 * SECOND, STEPS, NULL, NULL);
        client_end(cluster, late);
        assert_int_equal(late->refused, 1);
        assert_int_equal(late->lost, 1);
        for (int32_t p = 0; p < PARTITIONS; p++)
                assert_int_equal(chappe_sim_committed(cluster->sim, "shipping", "orders", p), CHAPPE_OFFSET_NONE);
        chappe_sim_free(cluster->sim);
        chappe_fibers_free(cluster->fibers);
        free(cluster);
}

/* Two cooperative members in one process, the second of which comes later. */
struct cooperator {
        struct chappe_consumer *consumer;
        size_t owned;
        size_t revoked; /* in all */
        size_t lost;
};

static void cooperator_open(struct client *client, struct cooperator *cooperator)
{
        struct chappe_property properties[] = { { "partition.assignment.strategy", "cooperative-sticky" },
                                                { "heartbeat.interval.ms", "500" } };
        struct chappe_consumer_config config = { .group = "shipping",
                                                 .properties = properties,
                                                 .property_count = 2,
                                                 .ready = client_poke,
                                                 .context = client };

        client->broker->operations->consumer_open(client->broker, &config, &cooperator->consumer, NULL);
        client->broker->operations->consumer_subscribe(cooperator->consumer, (const char *const[]){ "orders" }, 1,
                                                       NULL);
}

static void cooperator_turn(struct client *client, struct cooperator *cooperator)
{
        const struct chappe_broker_operations *broker = client->broker->operations;
        struct chappe_consumer_event event;

        broker->consumer_poll(cooperator->consumer, &event);
        if (event.kind == CHAPPE_CONSUMER_GAINED) {
                assert_int_equal(
                        broker->consumer_accept(cooperator->consumer, event.positions, event.position_count, NULL), 0);
                cooperator->owned += event.position_count;
        } else if (event.kind == CHAPPE_CONSUMER_REVOKED) {
                cooperator->owned -= event.position_count;
                cooperator->revoked += event.position_count;
                assert_int_equal(broker->consumer_release(cooperator->consumer, NULL), 0);
        }
        cooperator->lost += event.kind == CHAPPE_CONSUMER_LOST;
}

static void cooperate(void *argument)
{
        struct client *client = argument;
        const struct chappe_broker_operations *broker = client->broker->operations;
        struct cooperator first = { 0 }, second = { 0 };

        cooperator_open(client, &first);
        while (first.owned < PARTITIONS && client_wait(client, SECOND))
                cooperator_turn(client, &first);
        cooperator_open(client, &second);
        while (second.owned < PARTITIONS / 2 && client_wait(client, SECOND / 4)) {
                cooperator_turn(client, &first);
                cooperator_turn(client, &second);
        }
        assert_int_equal(first.revoked, PARTITIONS / 2); /* only what moves */
        broker->consumer_close(second.consumer, 1000, NULL);
        while (first.owned < PARTITIONS && client_wait(client, SECOND / 4))
                cooperator_turn(client, &first);
        assert_int_equal(first.revoked, PARTITIONS / 2);
        assert_int_equal(first.lost + second.lost + second.revoked, 0);
        broker->consumer_close(first.consumer, 1000, NULL);
}

static struct cluster *quiet_cluster(void)
{
        struct cluster *cluster = calloc(1, sizeof(*cluster));

        cluster->fibers = chappe_fibers_new(&(struct chappe_fibers_config){ .seed = 3 });
        cluster->sim = chappe_sim_new(cluster->fibers, NULL);
        chappe_sim_topic_create(cluster->sim, "orders", PARTITIONS);
        return cluster;
}

static void cluster_free(struct cluster *cluster)
{
        chappe_sim_free(cluster->sim);
        chappe_fibers_free(cluster->fibers);
        free(cluster);
}

static void test_cooperative_member_gives_up_only_what_moves(void **state)
{
        struct cluster *cluster = quiet_cluster();

        (void)state;
        client_start(cluster, &cluster->members[0], "both", cooperate);
        chappe_fibers_run(cluster->fibers, chappe_fibers_now_us(cluster->fibers) + 60 * SECOND, STEPS, client_ended,
                          &cluster->members[0]);
        client_end(cluster, &cluster->members[0]);
        cluster_free(cluster);
}

/* Its partitions are read again once others have noticed; those of the others all the time. */
static void test_records_of_a_broker_that_is_away_arrive_when_another_leads(void **state)
{
        struct cluster *cluster = quiet_cluster();
        struct client *producer = &cluster->producer;
        int64_t at_us = chappe_fibers_now_us(cluster->fibers);

        (void)state;
        chappe_sim_node_away(cluster->sim, 0, at_us + 600 * SECOND);
        client_start(cluster, producer, "producer", produce);
        chappe_fibers_run(cluster->fibers, at_us + 2 * SECOND, STEPS, NULL, NULL);
        assert_int_equal(chappe_sim_end(cluster->sim, "orders", 0), 0);
        assert_true(chappe_sim_end(cluster->sim, "orders", 1) > 0);
        chappe_fibers_run(cluster->fibers, at_us + 60 * SECOND, STEPS, NULL, NULL);
        assert_true(chappe_sim_end(cluster->sim, "orders", 0) > 0);
        for (int n = 0; n < RECORDS; n++)
                assert_true(cluster->acknowledged[n]);
        client_end(cluster, producer);
        cluster_free(cluster);
}

/* Reference: org.apache.kafka.common.utils.UtilsTest.testMurmur2, made positive, and modulo 2^31 - 1 where it fits. */
static void test_keys_go_where_java_puts_them(void **state)
{
        static const struct {
                const char *key;
                int32_t hash;
        } cases[] = { { "21", -973932308 },
                      { "foobar", -790332482 },
                      { "a-little-bit-long-string", -985981536 },
                      { "a-little-bit-longer-string", -1486304829 },
                      { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
                      { "abc", 479470107 } };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct chappe_bytes key = { (const uint8_t *)cases[i].key, strlen(cases[i].key) };

                assert_int_equal(chappe_sim_partition_of(key, 1000003),
                                 (int32_t)(((uint32_t)cases[i].hash & 0x7fffffff) % 1000003));
        }
}

static int drain(void **state)
{
        (void)state;
        chappe_coroutine_pool_drain();
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_acknowledged_records_survive_faults_and_commits_never_pass_unprocessed_ones),
                cmocka_unit_test(test_same_seed_gives_the_same_trace_to_the_byte),
                cmocka_unit_test(test_commit_of_a_former_generation_is_refused),
                cmocka_unit_test(test_cooperative_member_gives_up_only_what_moves),
                cmocka_unit_test(test_records_of_a_broker_that_is_away_arrive_when_another_leads),
                cmocka_unit_test(test_keys_go_where_java_puts_them),
        };
        return cmocka_run_group_tests(tests, NULL, drain);
}
