/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two instances of a service share a database in a simulated machine and are killed at every kind of step. Whatever the
 * seed: each event takes effect once, and each is published at least once, in the order of its key.
 */
#include "store_test.h"

#include <stdio.h>

#include "broker/sim/sim.h"
#include "config/config.h"
#include "flow/wake.h"
#include "observe/log.h"

#define SEEDS     300
#define INSTANCES 2
#define WORKERS   4  /* one a key */
#define EVENTS    12 /* of each key */
#define SECOND    INT64_C(1000000)
#define KILLS     12
#define URI       "file:/crashes?vfs=memdb"

struct machine;

struct instance {
        struct machine *machine;
        char name[32];
        struct chappe_process *process;
        struct chappe_world world;
        struct chappe_runtime runtime;
        struct chappe_wake bell;
        struct chappe_strand *main;
        int lives;
        bool ended;
        bool polling; /* the poll strand goes on */
        struct chappe_error error;
};

struct worker {
        struct instance *instance;
        int key;
};

struct machine {
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        struct chappe_store_anchor *anchor;
        struct chappe_random random;
        struct instance instances[INSTANCES];
        int done[WORKERS]; /* what the log's committed offsets would say: events finished by key */
        int kills;
        bool calm; /* nobody is killed, nothing fails */
};

static const char *const settings[] = { "linger_ms=0", "relay_poll_ms=100", NULL };

static void machine_step(void *context, struct chappe_process *process, const char *kind)
{
        struct machine *machine = context;

        (void)kind;
        if (!machine->calm && machine->kills < KILLS && chappe_random_chance(&machine->random, 6000)) {
                machine->kills++;
                chappe_process_kill(process);
        }
}

static void world_step(void *context, const char *kind)
{
        chappe_process_step(((struct instance *)context)->process, kind);
}

static int open_broker(void *context, const struct chappe_property *properties, size_t count,
                       struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct instance *instance = context;

        return chappe_sim_open(instance->machine->sim, instance->process, properties, count, ret_broker, error);
}

/* One event as a worker of the flow room handles it: true when it is finished. */
static bool handle(struct instance *instance, int key, int n)
{
        struct chappe_runtime *runtime = &instance->runtime;
        char id[24], key_text[12];
        struct work work;
        bool finished;

        snprintf(id, sizeof(id), "%d/%d", key, n);
        snprintf(key_text, sizeof(key_text), "%d", key);
        work_begin(&work, runtime, &test_consumes, id);
        int seen = runtime->work->seen(&work.ctx, work.ctx.event_id, NULL);

        finished = seen > 0;
        if (seen == 0 && effect(&work.ctx, key * 1000 + n) == 0 && publish(&work.ctx, "out", key_text, id) == 0)
                finished = runtime->work->commit(&work.ctx, work.ctx.event_id, NULL) >= 0;
        work_end(&work);
        return finished && !chappe_executor_stopped(instance->world.executor);
}

static void work_on_key(void *argument)
{
        struct worker *worker = argument;
        struct machine *machine = worker->instance->machine;
        int *done = &machine->done[worker->key];

        /* Both instances may be at the same event, as after a rebalance. */
        for (int n = *done; n < EVENTS && !chappe_executor_stopped(worker->instance->world.executor); n = *done)
                if (handle(worker->instance, worker->key, n) && *done == n)
                        *done = n + 1;
}

static void poll_publisher(void *argument)
{
        struct instance *instance = argument;

        while (instance->polling && chappe_wake_wait(&instance->bell, CHAPPE_FOREVER) != CHAPPE_WAIT_STOPPED)
                while (chappe_publisher_poll(instance->runtime.publisher))
                        ;
}

static void run_workers(struct instance *instance)
{
        struct chappe_executor *executor = instance->world.executor;
        struct chappe_strand *strands[WORKERS] = { 0 };
        struct worker workers[WORKERS];

        for (int i = 0; i < WORKERS; i++) {
                workers[i] = (struct worker){ instance, i };
                if (chappe_strand_start(executor, "worker", work_on_key, &workers[i], &strands[i], NULL) < 0)
                        strands[i] = NULL;
        }
        for (int i = 0; i < WORKERS; i++)
                chappe_strand_join(executor, strands[i]);
}

/* Until the outbox is empty: by this instance's relay or the other's. */
static void drain_outbox(struct instance *instance)
{
        struct chappe_condition *never = chappe_condition_new(instance->world.executor);

        while (!chappe_executor_stopped(instance->world.executor) &&
               chappe_store_outbox_count(&instance->runtime, NULL) != 0) {
                chappe_mutex_lock(instance->world.executor, instance->bell.mutex);
                (void)chappe_condition_wait(instance->world.executor, never, instance->bell.mutex,
                                            chappe_clock_monotonic_us(instance->world.clock) + 10000);
                chappe_mutex_unlock(instance->world.executor, instance->bell.mutex);
        }
        chappe_condition_free(instance->world.executor, never);
}

static void with_relay(struct instance *instance)
{
        struct chappe_executor *executor = instance->world.executor;
        struct chappe_strand *poll = NULL;

        instance->polling = true;
        if (chappe_strand_start(executor, "poll", poll_publisher, instance, &poll, NULL) < 0)
                return;
        if (chappe_store_relay_start(&instance->runtime, NULL) == 0) {
                run_workers(instance);
                drain_outbox(instance);
                chappe_store_relay_stop(&instance->runtime, 1000, NULL);
        }
        instance->polling = false;
        chappe_wake_ring(&instance->bell);
        chappe_strand_join(executor, poll);
}

static void with_broker(struct instance *instance)
{
        struct chappe_runtime *runtime = &instance->runtime;

        if (open_broker(instance, NULL, 0, &runtime->broker, &instance->error) < 0)
                return;
        if (chappe_wake_init(&instance->bell, instance->world.executor, NULL) == 0 &&
            chappe_publisher_open(runtime, false, chappe_wake_ring, &instance->bell, &runtime->publisher, NULL) == 0) {
                if (chappe_publisher_warm(runtime->publisher, CHAPPE_SEND_EVENT, "out", 5000, NULL) == 0)
                        with_relay(instance);
                chappe_publisher_close(runtime->publisher);
        }
        chappe_wake_deinit(&instance->bell);
        runtime->broker->operations->close(runtime->broker);
}

static void live(void *argument)
{
        struct instance *instance = argument;
        struct chappe_runtime *runtime = &instance->runtime;
        const struct chappe_config_sources sources = { .settings = settings };

        assert_int_equal(chappe_config_load(&sources, &runtime->config, NULL), 0);
        if (getenv("CHAPPE_TEST_LOG"))
                chappe_log_new(&(struct chappe_log_config){ .clock = instance->world.clock,
                                                            .service = "test",
                                                            .instance = instance->name,
                                                            .level = CHAPPE_LEVEL_DEBUG,
                                                            .descriptor = 2 },
                               &runtime->log, NULL);
        if (chappe_store_open(runtime, test_migrations, 10000, &instance->error) == 0) {
                with_broker(instance);
                chappe_store_close(runtime);
        }
        chappe_log_free(runtime->log);
        chappe_config_free(runtime->config);
        instance->ended = true;
}

static void start(struct machine *machine, int n)
{
        struct instance *instance = &machine->instances[n];
        int lives = instance->lives + 1;

        *instance = (struct instance){ .machine = machine, .lives = lives };
        snprintf(instance->name, sizeof(instance->name), "test-%d", n);
        instance->process = chappe_process_new(machine->fibers, instance->name);
        instance->world = (struct chappe_world){
                .clock = chappe_process_clock(instance->process),
                .executor = chappe_process_executor(instance->process),
                .broker_open = open_broker,
                .context = instance,
                .seed = (uint64_t)(n * 100 + lives),
                .database = URI,
                .step = world_step,
        };
        instance->runtime = (struct chappe_runtime){
                .world = &instance->world, .service = "test", .instance = instance->name, .topic_prefix = ""
        };
        if (chappe_strand_start(instance->world.executor, "main", live, instance, &instance->main, NULL) < 0)
                instance->ended = true;
}

static void clear(struct instance *instance)
{
        chappe_strand_join(instance->world.executor, instance->main);
        assert_int_equal(chappe_process_leftovers(instance->process), 0);
        chappe_process_free(instance->process);
}

static bool any_ended(void *context)
{
        struct machine *machine = context;

        return machine->instances[0].ended || machine->instances[1].ended;
}

static bool all_done(const struct machine *machine)
{
        for (int key = 0; key < WORKERS; key++)
                if (machine->done[key] < EVENTS)
                        return false;
        return true;
}

static int64_t number(const char *sql)
{
        sqlite3 *connection;
        sqlite3_stmt *statement;
        int64_t found;

        assert_int_equal(sqlite3_open_v2(URI, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        found = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(connection);
        return found;
}

/* What a consumer with an inbox makes of the log: every event once, in order. */
static void check_published(struct machine *machine)
{
        bool seen[WORKERS][EVENTS] = { { false } };
        int next[WORKERS] = { 0 }, key, n;

        for (int32_t partition = 0; partition < chappe_sim_partition_count(machine->sim, "out"); partition++) {
                struct chappe_record record;

                for (int64_t offset = 0; chappe_sim_read(machine->sim, "out", partition, offset, &record); offset++) {
                        char id[24];

                        snprintf(id, sizeof(id), "%.*s", (int)record.value.length, (const char *)record.value.at);
                        assert_int_equal(sscanf(id, "%d/%d", &key, &n), 2);
                        if (!seen[key][n])
                                assert_int_equal(n, next[key]++);
                        seen[key][n] = true;
                        chappe_record_release(&record);
                }
        }
        for (key = 0; key < WORKERS; key++)
                assert_int_equal(next[key], EVENTS);
}

/* A record each: where nothing fails, the relays of two instances never publish the same row. */
static void check_published_once(struct machine *machine)
{
        int64_t count = 0;

        for (int32_t partition = 0; partition < chappe_sim_partition_count(machine->sim, "out"); partition++)
                count += chappe_sim_end(machine->sim, "out", partition);
        assert_int_equal(count, WORKERS * EVENTS);
}

static void run_seed(uint64_t seed, bool calm, int *ret_kills)
{
        const struct chappe_sim_faults faults = { .delivery_failed_ppm = 20000, .acknowledgement_lost_ppm = 20000 };
        struct machine machine = { .calm = calm };
        const struct chappe_fibers_config config = {
                .seed = seed, .give_way_ppm = 200000, .wake_early_ppm = 20000, .step = machine_step, .context = &machine
        };

        chappe_random_init(&machine.random, seed);
        assert_int_equal(chappe_store_anchor_open(URI, &machine.anchor, NULL), 0);
        machine.fibers = chappe_fibers_new(&config);
        machine.sim = chappe_sim_new(machine.fibers, calm ? NULL : &faults);
        chappe_sim_topic_create(machine.sim, "out", 3);
        for (int i = 0; i < INSTANCES; i++)
                start(&machine, i);
        for (int alive = INSTANCES; alive > 0;) {
                enum chappe_fibers_end end =
                        chappe_fibers_run(machine.fibers, 600 * SECOND, 20000000, any_ended, &machine);

                if (end != CHAPPE_FIBERS_DONE)
                        print_message("seed %llu ends with %d\n", (unsigned long long)seed, end);
                assert_int_equal(end, CHAPPE_FIBERS_DONE);
                for (int i = 0; i < INSTANCES; i++) {
                        struct instance *instance = &machine.instances[i];

                        if (!instance->ended)
                                continue;
                        bool killed = chappe_process_stopped(instance->process);

                        clear(instance);
                        instance->ended = false;
                        if (killed)
                                start(&machine, i);
                        else
                                alive--;
                }
        }
        print_message("# seed %llu, %d kills\n", (unsigned long long)seed, machine.kills);
        *ret_kills += machine.kills;
        assert_true(all_done(&machine));
        assert_int_equal(number("SELECT count(*) FROM effects"), WORKERS * EVENTS);
        assert_int_equal(number("SELECT count(DISTINCT n) FROM effects"), WORKERS * EVENTS);
        assert_int_equal(number("SELECT count(*) FROM chappe_outbox"), 0);
        check_published(&machine);
        if (calm)
                check_published_once(&machine);
        chappe_sim_free(machine.sim);
        chappe_fibers_free(machine.fibers);
        chappe_store_anchor_close(machine.anchor);
}

static void test_killed_at_any_step_nothing_is_lost_or_doubled(void **state)
{
        int kills = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
                run_seed(seed, false, &kills);
        assert_true(kills > SEEDS);
}

static void test_one_relay_at_a_time_publishes(void **state)
{
        int kills = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS / 10; seed++)
                run_seed(seed, true, &kills);
        assert_int_equal(kills, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_killed_at_any_step_nothing_is_lost_or_doubled),
                cmocka_unit_test(test_one_relay_at_a_time_publishes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
