/* SPDX-License-Identifier: Apache-2.0 */
/* A service's life in one simulated process: made, started, at work, stopped, freed; and what happens when a part
 * refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <chappe/control.h>

#include "base/fibers.h"
#include "broker/sim/sim.h"
#include "broker/world.h"
#include "fixture.h"
#include "service/service.h"

#define SEED             42
#define PINGS            100
#define SECOND_US        INT64_C(1000000)
#define SWITCHES_MAXIMUM 10000000

/* One machine, one cluster, one process, and the strand on which the test's own part of it runs. */
struct fixture {
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        struct chappe_process *process;
        struct chappe_world world;
        struct chappe_strand *strand;
        const struct chappe_service_config *config;
        struct chappe_service *service;
        struct chappe_error error;
        int started, stopped;
        bool controlled;
        bool done;
        char events[200]; /* what the service's own hooks were told, in order */
};

static struct fixture *current; /* hooks get the service only; one test runs at a time */

static int broker_open(void *context, const struct chappe_property *properties, size_t count,
                       struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct fixture *fixture = context;

        return chappe_sim_open(fixture->sim, fixture->process, properties, count, ret_broker, error);
}

/* Where a process can be killed, somebody hears of its steps. */
static void pass_step(void *context, const char *kind)
{
        (void)context;
        (void)kind;
}

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        fixture->fibers = chappe_fibers_new(&(struct chappe_fibers_config){ .seed = SEED });
        fixture->sim = chappe_sim_new(fixture->fibers, &(struct chappe_sim_faults){ 0 });
        fixture->process = chappe_process_new(fixture->fibers, "player");
        fixture->world = (struct chappe_world){
                .clock = chappe_process_clock(fixture->process),
                .executor = chappe_process_executor(fixture->process),
                .broker_open = broker_open,
                .context = fixture,
                .seed = SEED,
                .step = pass_step,
        };
        current = fixture;
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(chappe_process_leftovers(fixture->process), 0);
        chappe_process_free(fixture->process);
        chappe_sim_free(fixture->sim);
        chappe_fibers_free(fixture->fibers);
        free(fixture);
        return 0;
}

static void tell(const char *event)
{
        strncat(current->events, event, sizeof(current->events) - strlen(current->events) - 1);
        strncat(current->events, " ", sizeof(current->events) - strlen(current->events) - 1);
}

static enum chappe_decision on_ping(struct chappe_context *ctx, const void *event)
{
        const struct ping *ping = event;

        return chappe_publish(ctx, &pong_type, &(struct pong){ .id = ping->id }) < 0 ? CHAPPE_RETRY : CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "test.pings", .type = &ping_type, .on_event = on_ping, .partitions = 3 },
        { .kind = CHAPPE_PRODUCES, .topic = "test.pongs", .type = &pong_type },
        { 0 },
};

static void *state_new(struct chappe_service *service, struct chappe_error *error)
{
        (void)error;
        tell("state_new");
        assert_string_equal(chappe_service_setting(service, "currency"), "EUR");
        return current;
}

static void *state_refused(struct chappe_service *service, struct chappe_error *error)
{
        (void)service;
        chappe_fail(error, CHAPPE_E_IO, "no ledger");
        return NULL;
}

static void state_free(void *state)
{
        assert_ptr_equal(state, current);
        tell("state_free");
}

static int front_started(struct chappe_service *service, void *state, struct chappe_error *error)
{
        (void)error;
        assert_ptr_equal(chappe_service_state(service), state);
        tell("started");
        return 0;
}

static int front_refused(struct chappe_service *service, void *state, struct chappe_error *error)
{
        (void)service;
        (void)state;
        return chappe_fail(error, CHAPPE_E_IO, "port taken");
}

static void front_stopping(struct chappe_service *service, void *state)
{
        (void)service;
        (void)state;
        tell("stopping");
}

static const struct chappe_setting own[] = { { "currency", "GBP", "of the shop", false, false }, { 0 } };

/* Until the group has nothing left to do. */
static bool idle(void *context)
{
        struct fixture *fixture = context;

        return fixture->done;
}

static bool pings_are_committed(struct fixture *fixture)
{
        int64_t committed = 0;

        for (int32_t partition = 0; partition < 3; partition++) {
                int64_t offset = chappe_sim_committed(fixture->sim, "player", "test.pings", partition);
                committed += offset > 0 ? offset : 0;
        }
        return committed == PINGS;
}

static void append_pings(struct fixture *fixture)
{
        for (int i = 0; i < PINGS; i++) {
                unsigned char payload[16] = { 0xc3, 0x01 };
                char id[4];

                for (size_t n = 0; n < 8; n++)
                        payload[2 + n] = (unsigned char)(ping_type.fingerprint >> (8 * n));
                snprintf(id, sizeof(id), "%03d", i);
                payload[10] = 6;
                memcpy(payload + 11, id, 3);
                struct chappe_bytes key = { (const uint8_t *)id, 3 }, value = { payload, 15 };
                assert_true(chappe_sim_append(fixture->sim, "test.pings", chappe_sim_partition_of(key, 3), key, value,
                                              NULL, 0) >= 0);
        }
}

/* Waits on the seam's clock. */
static void pause_ms(struct fixture *fixture, int64_t ms)
{
        struct chappe_executor *executor = fixture->world.executor;
        struct chappe_mutex *mutex = chappe_mutex_new(executor);
        struct chappe_condition *condition = chappe_condition_new(executor);
        int64_t until_us = chappe_clock_monotonic_us(fixture->world.clock) + ms * 1000;

        chappe_mutex_lock(executor, mutex);
        while (chappe_clock_monotonic_us(fixture->world.clock) < until_us &&
               chappe_condition_wait(executor, condition, mutex, until_us) != CHAPPE_WAIT_STOPPED)
                ;
        chappe_mutex_unlock(executor, mutex);
        chappe_condition_free(executor, condition);
        chappe_mutex_free(executor, mutex);
}

/* Pause, resume and seek through the public functions, in the middle of the service's life. */
static void control(struct fixture *fixture)
{
        struct chappe_service *service = fixture->service;
        struct chappe_error error = { 0 };

        assert_int_equal(chappe_service_pause(service, "test.pongs", &error), -CHAPPE_E_NOT_DECLARED);
        assert_int_equal(chappe_service_pause(service, "test.pings", &error), 0);
        assert_true(chappe_service_trouble(service, &error));
        assert_int_equal(error.code, CHAPPE_E_PAUSED);
        assert_non_null(strstr(error.text, "test.pings"));
        append_pings(fixture);
        pause_ms(fixture, 10000);
        assert_false(pings_are_committed(fixture));
        assert_int_equal(chappe_sim_end(fixture->sim, "test.pongs", 0), 0);
        assert_int_equal(chappe_service_resume(service, "test.pings", &error), 0);
        assert_false(chappe_service_trouble(service, &error));
        for (int i = 0; i < 600 && !pings_are_committed(fixture); i++)
                pause_ms(fixture, 100);
        assert_true(pings_are_committed(fixture));
        assert_int_equal(chappe_service_seek(service, "test.pings", 0, 20000, &error), 0);
        pause_ms(fixture, 10000);
}

static void live(void *argument)
{
        struct fixture *fixture = argument;

        fixture->started = chappe_service_start(fixture->service, &fixture->error);
        if (fixture->started == 0) {
                for (int i = 0; i < 600 && !chappe_service_ready(fixture->service); i++)
                        pause_ms(fixture, 100);
                if (fixture->controlled)
                        control(fixture);
                else
                        append_pings(fixture);
                for (int i = 0; i < 600 && !pings_are_committed(fixture); i++)
                        pause_ms(fixture, 100);
                fixture->stopped = chappe_service_stop(fixture->service, &fixture->error);
        }
        chappe_service_free(fixture->service);
        fixture->done = true;
}

/* The life of a service of this declaration; at killed_us (0: never) its process is killed. */
static void run_until_killed(struct fixture *fixture, const struct chappe_service_config *config, int64_t killed_us)
{
        const char *settings[] = { "currency=EUR", "start_timeout_ms=20000", NULL };
        struct chappe_service_options options = { .settings = settings, .world = &fixture->world };

        if (chappe_service_new(config, &options, &fixture->service, &fixture->error) < 0)
                fail_msg("%s", fixture->error.text);
        assert_int_equal(chappe_strand_start(fixture->world.executor, "test", live, fixture, &fixture->strand, NULL),
                         0);
        if (killed_us) {
                chappe_fibers_run(fixture->fibers, killed_us, SWITCHES_MAXIMUM, idle, fixture);
                chappe_process_kill(fixture->process);
        }
        chappe_fibers_run(fixture->fibers, 600 * SECOND_US, SWITCHES_MAXIMUM, idle, fixture);
        assert_true(fixture->done);
        chappe_strand_join(fixture->world.executor, fixture->strand);
}

static void run(struct fixture *fixture, const struct chappe_service_config *config)
{
        run_until_killed(fixture, config, 0);
}

static const struct chappe_service_config player = {
        .name = "player",
        .version = "1",
        .operations = operations,
        .settings = own,
        .state_new = state_new,
        .state_free = state_free,
        .started = front_started,
        .stopping = front_stopping,
};

static void test_every_event_is_answered_and_committed_before_the_stop(void **state)
{
        struct fixture *fixture = *state;
        int64_t pongs = 0;

        run(fixture, &player);
        assert_int_equal(fixture->started, 0);
        if (fixture->stopped < 0)
                fail_msg("%s", fixture->error.text);
        for (int32_t partition = 0; partition < chappe_sim_partition_count(fixture->sim, "test.pongs"); partition++)
                pongs += chappe_sim_end(fixture->sim, "test.pongs", partition);
        assert_int_equal(chappe_sim_partition_count(fixture->sim, "test.pings"), 3);
        assert_int_equal(pongs, PINGS);
        assert_true(pings_are_committed(fixture));
        assert_string_equal(fixture->events, "state_new started stopping state_free ");
}

static void test_a_running_service_is_paused_resumed_and_moved(void **state)
{
        struct fixture *fixture = *state;
        int64_t pongs = 0;

        fixture->controlled = true;
        run(fixture, &player);
        assert_int_equal(fixture->stopped, 0);
        for (int32_t partition = 0; partition < chappe_sim_partition_count(fixture->sim, "test.pongs"); partition++)
                pongs += chappe_sim_end(fixture->sim, "test.pongs", partition);
        assert_int_equal(pongs, 2 * PINGS);
}

static void test_a_state_that_cannot_be_made_ends_the_start(void **state)
{
        struct fixture *fixture = *state;
        struct chappe_service_config config = player;

        config.state_new = state_refused;
        run(fixture, &config);
        assert_int_equal(fixture->started, -CHAPPE_E_IO);
        assert_string_equal(fixture->error.text, "no ledger");
        assert_string_equal(fixture->events, "");
}

static void test_a_front_that_cannot_start_stops_all_that_was_started(void **state)
{
        struct fixture *fixture = *state;
        struct chappe_service_config config = player;

        config.started = front_refused;
        run(fixture, &config);
        assert_int_equal(fixture->started, -CHAPPE_E_IO);
        assert_string_equal(fixture->error.text, "port taken");
        assert_string_equal(fixture->events, "state_new state_free ");
}

static void test_a_start_without_brokers_ends_by_its_timeout(void **state)
{
        struct fixture *fixture = *state;

        chappe_sim_unavailable(fixture->sim, 500 * SECOND_US);
        run(fixture, &player);
        assert_true(fixture->started < 0);
        assert_true(chappe_fibers_now_us(fixture->fibers) < 60 * SECOND_US);
        assert_string_equal(fixture->events, "state_new state_free ");
}

/* Whatever it was doing: it unwinds, and nothing of it is left. */
static void test_a_killed_service_unwinds_from_anywhere(void **state)
{
        (void)teardown(state);
        for (int64_t killed_us = 500; killed_us < 6 * SECOND_US; killed_us += killed_us / 6) {
                assert_int_equal(setup(state), 0);
                run_until_killed(*state, &player, killed_us);
                assert_true(chappe_fibers_now_us(((struct fixture *)*state)->fibers) < 7 * SECOND_US);
                (void)teardown(state);
        }
        assert_int_equal(setup(state), 0);
}

static void test_a_service_starts_once(void **state)
{
        struct fixture *fixture = *state;
        struct chappe_service_options options = { .world = &fixture->world };
        struct chappe_service *service;

        assert_int_equal(chappe_service_new(&player, &options, &service, NULL), 0);
        assert_false(chappe_service_ready(service));
        assert_int_equal(chappe_service_pause(service, "test.pings", &fixture->error), -CHAPPE_E_SERVICE_STATE);
        assert_int_equal(chappe_service_seek(service, "test.pings", 0, 1, &fixture->error), -CHAPPE_E_SERVICE_STATE);
        assert_int_equal(chappe_service_stop(service, &fixture->error), -CHAPPE_E_SERVICE_STATE);
        chappe_service_free(service);
        assert_null(chappe_service_free(NULL));
}

static void test_a_wrong_table_is_refused_before_anything_starts(void **state)
{
        struct fixture *fixture = *state;
        static const struct chappe_operation wrong[] = { { .kind = CHAPPE_CONSUMES, .topic = "a", .type = &ping_type },
                                                         { 0 } };
        static const struct chappe_service_config config = { .name = "wrong", .operations = wrong };
        struct chappe_service_options options = { .world = &fixture->world };
        struct chappe_service *service;

        assert_int_equal(chappe_service_new(&config, &options, &service, &fixture->error), -CHAPPE_E_OPERATION_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_every_event_is_answered_and_committed_before_the_stop),
                TEST(test_a_running_service_is_paused_resumed_and_moved),
                TEST(test_a_state_that_cannot_be_made_ends_the_start),
                TEST(test_a_front_that_cannot_start_stops_all_that_was_started),
                TEST(test_a_start_without_brokers_ends_by_its_timeout),
                TEST(test_a_killed_service_unwinds_from_anywhere),
                TEST(test_a_service_starts_once),
                TEST(test_a_wrong_table_is_refused_before_anything_starts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
