/* SPDX-License-Identifier: Apache-2.0 */
/* A real process that works on a real file is killed with SIGKILL again and again: nothing is lost, nothing doubled. */
#include "store_test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 3
#define EVENTS  400 /* of each worker */
#define KILLS   12

struct worker {
        struct place *place;
        int n;
        int progress; /* a pipe: one byte an event that was committed */
};

static void work_on(void *argument)
{
        struct worker *worker = argument;
        struct chappe_runtime *runtime = &worker->place->runtime;
        struct work work;
        char id[24];

        for (int n = 0; n < EVENTS; n++) {
                snprintf(id, sizeof(id), "%d/%d", worker->n, n);
                work_begin(&work, runtime, &test_consumes, id);
                bool done = runtime->work->seen(&work.ctx, work.ctx.event_id, NULL) > 0;

                if (!done && effect(&work.ctx, worker->n * EVENTS + n) == 0 && publish(&work.ctx, "out", id, id) == 0 &&
                    runtime->work->commit(&work.ctx, work.ctx.event_id, NULL) == 0 &&
                    write(worker->progress, "", 1) != 1)
                        _exit(3);
                work_end(&work);
        }
}

/* The child's whole life; nobody returns from it. */
static void live(struct place *place, int progress)
{
        struct chappe_strand *strands[WORKERS];
        struct worker workers[WORKERS];

        if (place_open(place, test_migrations, NULL) < 0)
                _exit(2);
        for (int i = 0; i < WORKERS; i++) {
                workers[i] = (struct worker){ place, i, progress };
                if (chappe_strand_start(place->world.executor, "worker", work_on, &workers[i], &strands[i], NULL) < 0)
                        _exit(2);
        }
        for (int i = 0; i < WORKERS; i++)
                chappe_strand_join(place->world.executor, strands[i]);
        chappe_store_close(&place->runtime);
        _exit(0);
}

/* Lets a child commit so many events, then kills it (0: lets it finish). Returns how many commits it had told of. */
static int run_child(struct place *place, int commits)
{
        int pipes[2], told = 0, status;
        char byte[64];
        ssize_t size;
        pid_t child;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                close(pipes[0]);
                live(place, pipes[1]);
        }
        close(pipes[1]);
        while ((size = read(pipes[0], byte, sizeof(byte))) > 0) {
                told += (int)size;
                if (commits && told >= commits)
                        kill(child, SIGKILL);
        }
        close(pipes[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!commits)
                assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return told;
}

static void test_killed_process_loses_nothing_and_doubles_nothing(void **state)
{
        static const char *const settings[] = { "synchronous=full", "synchronous=normal" };

        (void)state;
        for (size_t i = 0; i < COUNT(settings); i++) {
                struct place place;
                int64_t told = 0;

                place_make(&place);
                place_set(&place, settings[i]);
                for (int kills = 0; kills < KILLS; kills++) {
                        told += run_child(&place, 20 + 3 * kills);
                        assert_true(place_number(&place, "SELECT count(*) FROM effects") >= told);
                        assert_int_equal(place_number(&place, "SELECT count(*) FROM effects"),
                                         place_number(&place, "SELECT count(*) FROM chappe_inbox"));
                        assert_int_equal(place_number(&place, "SELECT count(*) FROM effects"),
                                         place_number(&place, "SELECT count(*) FROM chappe_outbox"));
                }
                run_child(&place, 0);
                assert_int_equal(place_number(&place, "SELECT count(*) FROM effects"), WORKERS * EVENTS);
                assert_int_equal(place_number(&place, "SELECT count(DISTINCT n) FROM effects"), WORKERS * EVENTS);
                assert_int_equal(place_number(&place, "SELECT count(*) FROM chappe_outbox"), WORKERS * EVENTS);
                place_remove(&place);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_killed_process_loses_nothing_and_doubles_nothing) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
