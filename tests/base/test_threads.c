/* SPDX-License-Identifier: Apache-2.0 */
/* The executor over threads: strands meet over a mutex and a condition; deadlines end waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/executor.h"

#define ROUNDS 1000

struct table {
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        int turn;
        int rounds;
};

static void play(struct table *table, int me)
{
        chappe_mutex_lock(table->executor, table->mutex);
        for (int i = 0; i < ROUNDS; i++) {
                while (table->turn != me)
                        chappe_condition_wait(table->executor, table->changed, table->mutex, CHAPPE_FOREVER);
                table->turn = !me;
                table->rounds++;
                chappe_condition_broadcast(table->executor, table->changed);
        }
        chappe_mutex_unlock(table->executor, table->mutex);
}

static void run_other(void *argument)
{
        play(argument, 1);
}

static int set_up(void **state)
{
        static struct table table;

        table = (struct table){ .executor = chappe_executor_threads() };
        table.mutex = chappe_mutex_new(table.executor);
        table.changed = chappe_condition_new(table.executor);
        *state = &table;
        return !table.mutex || !table.changed;
}

static int tear_down(void **state)
{
        struct table *table = *state;

        chappe_condition_free(table->executor, table->changed);
        chappe_mutex_free(table->executor, table->mutex);
        return 0;
}

static void test_two_strands_take_turns(void **state)
{
        struct table *table = *state;
        struct chappe_strand *strand = NULL;
        struct chappe_error error;

        assert_int_equal(
                chappe_strand_start(table->executor, "other-with-a-long-name", run_other, table, &strand, &error), 0);
        play(table, 0);
        chappe_strand_join(table->executor, strand);
        assert_int_equal(table->rounds, 2 * ROUNDS);
        assert_false(chappe_executor_stopped(table->executor));
}

static void test_wait_ends_at_its_deadline_and_not_before(void **state)
{
        const struct chappe_clock *clock = chappe_clock_system();
        struct table *table = *state;
        int64_t deadline = chappe_clock_monotonic_us(clock) + 2000;

        chappe_mutex_lock(table->executor, table->mutex);
        while (chappe_condition_wait(table->executor, table->changed, table->mutex, deadline) != CHAPPE_WAIT_TIMED_OUT)
                ;
        assert_true(chappe_clock_monotonic_us(clock) >= deadline);
        assert_int_equal(chappe_condition_wait(table->executor, table->changed, table->mutex, -5),
                         CHAPPE_WAIT_TIMED_OUT);
        chappe_mutex_unlock(table->executor, table->mutex);
}

static void test_wall_clock_is_in_milliseconds_of_this_century(void **state)
{
        (void)state;
        assert_true(chappe_clock_wall_ms(chappe_clock_system()) > INT64_C(1577836800000));
        assert_true(chappe_clock_wall_ms(chappe_clock_system()) < INT64_C(4102444800000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_two_strands_take_turns, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_wait_ends_at_its_deadline_and_not_before, set_up, tear_down),
                cmocka_unit_test(test_wall_clock_is_in_milliseconds_of_this_century),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
