/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that wait: each is called once, the last to come first, and a kill ends the wait of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/fibers.h"
#include "flow/waiters.h"

#define WORKERS 5

static struct {
        struct chappe_fibers *fibers;
        struct chappe_process *process;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_waiters waiters;
        struct chappe_strand *strands[WORKERS];
        char called[WORKERS + 1]; /* in their order */
        int killed;
} scene;

static void work(void *argument)
{
        size_t n = (size_t)((struct chappe_strand **)argument - scene.strands);

        chappe_mutex_lock(scene.executor, scene.mutex);
        if (chappe_waiters_wait(&scene.waiters, n, scene.mutex))
                scene.called[strlen(scene.called)] = (char)('0' + n);
        else
                scene.killed++;
        chappe_mutex_unlock(scene.executor, scene.mutex);
}

static void run(void)
{
        chappe_fibers_run(scene.fibers, chappe_fibers_now_us(scene.fibers) + 1000000, 100000, NULL, NULL);
}

/* All of them wait, in the order of their numbers, on a machine whose waits may end without a call. */
static void begin(void)
{
        struct chappe_error error = { 0 };

        memset(&scene, 0, sizeof(scene));
        scene.fibers = chappe_fibers_new(&(struct chappe_fibers_config){ .seed = 1, .wake_early_ppm = 300000 });
        scene.process = chappe_process_new(scene.fibers, "workers");
        scene.executor = chappe_process_executor(scene.process);
        scene.mutex = chappe_mutex_new(scene.executor);
        assert_int_equal(chappe_waiters_init(&scene.waiters, scene.executor, WORKERS, &error), 0);
        for (size_t n = 0; n < WORKERS; n++) {
                assert_int_equal(chappe_strand_start(scene.executor, "worker", work, &scene.strands[n],
                                                     &scene.strands[n], &error),
                                 0);
                run();
                assert_int_equal(scene.waiters.waiting, n + 1);
        }
}

static void end(void)
{
        chappe_waiters_deinit(&scene.waiters);
        chappe_mutex_free(scene.executor, scene.mutex);
        chappe_process_free(scene.process);
        chappe_fibers_free(scene.fibers);
}

static void join(void)
{
        for (size_t n = 0; n < WORKERS; n++)
                chappe_strand_join(scene.executor, scene.strands[n]);
}

static void test_the_last_to_come_is_called_first_and_none_twice(void **state)
{
        (void)state;
        begin();
        chappe_waiters_call(&scene.waiters, 1);
        assert_int_equal(scene.waiters.waiting, WORKERS - 1); /* at once, not when it runs */
        run();
        assert_string_equal(scene.called, "4");
        chappe_waiters_call(&scene.waiters, 1);
        run();
        chappe_waiters_call(&scene.waiters, 1);
        run();
        assert_string_equal(scene.called, "432");
        chappe_waiters_call(&scene.waiters, SIZE_MAX);
        assert_int_equal(scene.waiters.waiting, 0);
        run();
        assert_int_equal(strlen(scene.called), WORKERS);
        join();
        end();
}

static void test_a_kill_ends_every_wait(void **state)
{
        (void)state;
        begin();
        chappe_waiters_call(&scene.waiters, 1);
        chappe_process_kill(scene.process);
        run();
        assert_int_equal(scene.waiters.waiting, 0);
        assert_in_range(scene.killed, WORKERS - 1, WORKERS);
        join();
        end();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_last_to_come_is_called_first_and_none_twice),
                cmocka_unit_test(test_a_kill_ends_every_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
