/* SPDX-License-Identifier: Apache-2.0 */
/* Many seeds on all processors: each worker is a process of its own, so that one that dies costs one seed. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/coroutine.h"
#include "base/sanitizer.h"
#include "testkit/shrink.h"

#define SHRUNK_MAXIMUM 3 /* failed seeds */
#define REPEAT_EVERY   50

struct crew {
        const struct chappe_testkit_simulation *simulation;
        uint64_t first, end; /* seeds */
        size_t workers;
        struct worker_result *results; /* shared, one a worker */
};

static void note_failed(struct worker_result *result, uint64_t seed)
{
        if (result->failed < FAILURES_MAXIMUM)
                result->failures[result->failed] = seed;
        result->failed++;
}

static void run_one(const struct chappe_testkit_simulation *simulation, uint64_t seed, struct worker_result *result)
{
        uint64_t hash = 0, again = 0;

        result->current = seed;
        if (chappe_testkit_run_seed(simulation, seed, NULL, NULL, result, &hash) < 0) {
                note_failed(result, seed);
        } else if (seed % REPEAT_EVERY == 0) {
                chappe_testkit_run_seed(simulation, seed, NULL, NULL, NULL, &again);
                if (again != hash) {
                        fprintf(stderr, "seed %" PRIu64 ": its second run took other decisions\n", seed);
                        result->unrepeated++;
                        note_failed(result, seed);
                }
        }
}

void chappe_testkit_forget_handlers(void)
{
        static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT };

        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                signal(signals[i], SIG_DFL);
}

static void work(const struct crew *crew, size_t worker, uint64_t seed)
{
        chappe_testkit_forget_handlers();
        /* So many failures are enough to look at. */
        for (; seed < crew->end && crew->results[worker].failed < FAILURES_MAXIMUM; seed += crew->workers)
                run_one(crew->simulation, seed, &crew->results[worker]);
        chappe_coroutine_pool_drain();
}

/* Without the parent's exit handlers, but not without a look at what leaked. */
static void leave(void)
{
        fflush(NULL);
        _exit(CHAPPE_LEAKED() ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* A worker that dies is replaced by one that goes on behind the seed that killed it. */
static void manage(const struct crew *crew)
{
        pid_t pids[WORKERS_MAXIMUM] = { 0 };
        size_t running = 0;

        fflush(NULL);
        for (size_t i = 0; i < crew->workers; i++, running++)
                if ((pids[i] = fork()) == 0) {
                        work(crew, i, crew->first + i);
                        leave();
                }
        while (running > 0) {
                int status = 0;
                pid_t pid = wait(&status);
                size_t i = 0;

                if (pid < 0)
                        break;
                while (i < crew->workers && pids[i] != pid)
                        i++;
                if (i == crew->workers)
                        continue;
                running--;
                if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                        continue;
                fprintf(stderr, "seed %" PRIu64 ": the program died of it\n", crew->results[i].current);
                note_failed(&crew->results[i], crew->results[i].current);
                running++;
                if ((pids[i] = fork()) == 0) {
                        work(crew, i, crew->results[i].current + crew->workers);
                        leave();
                }
        }
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
        const char *value = getenv(name);

        return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

static void merge(struct worker_result *sum, const struct worker_result *result)
{
        sum->seeds += result->seeds;
        sum->unrepeated += result->unrepeated;
        sum->switches += result->switches;
        sum->crashes += result->crashes;
        for (uint32_t i = 0; i < result->failed; i++)
                note_failed(sum, i < FAILURES_MAXIMUM ? result->failures[i] : 0);
        for (size_t i = 0; i < result->sight_count; i++)
                chappe_testkit_saw(sum, result->sights[i].what, result->sights[i].times, result->sights[i].seeds);
        for (size_t i = 0; i < result->kind_count; i++) {
                struct covered_kind *covered = chappe_testkit_covered(sum, result->kinds[i].name);

                if (covered) {
                        covered->seen += result->kinds[i].seen;
                        covered->kills += result->kinds[i].kills;
                }
        }
}

void chappe_testkit_print_command(const struct chappe_testkit_simulation *simulation, FILE *file)
{
        if (simulation->test)
                fprintf(file, "CHAPPE_TEST_ONLY=%s ", simulation->test);
        fprintf(file, "%s\n", simulation->command ? simulation->command : program_invocation_name);
}

static void tell(const struct chappe_testkit_simulation *simulation, const struct worker_result *sum)
{
        printf("# %u seeds, %u failed, %" PRIu64 " switches, %u crashes\n", sum->seeds, sum->failed, sum->switches,
               sum->crashes);
        for (size_t i = 0; i < sum->kind_count; i++)
                printf("#   killed %5u times at %-24s of %10" PRIu64 "\n", sum->kinds[i].kills, sum->kinds[i].name,
                       sum->kinds[i].seen);
        for (size_t i = 0; i < sum->sight_count; i++)
                printf("#   in %5u seeds, %6" PRIu64 " times: %s\n", sum->sights[i].seeds, sum->sights[i].times,
                       sum->sights[i].what);
        for (uint32_t i = 0; i < sum->failed && i < FAILURES_MAXIMUM; i++) {
                printf("# failed: CHAPPE_TEST_SEED=%" PRIu64 " ", sum->failures[i]);
                chappe_testkit_print_command(simulation, stdout);
        }
        fflush(stdout);
}

static void run_single(const struct chappe_testkit_simulation *simulation, uint64_t seed, struct worker_result *result)
{
        const char *file = getenv("CHAPPE_TEST_TRACE");
        FILE *trace = file ? fopen(file, "w") : NULL;
        struct selection selection;
        uint64_t hash;

        chappe_testkit_selection_read(&selection);
        if (chappe_testkit_run_seed(simulation, seed, &selection, trace, result, &hash) < 0)
                note_failed(result, seed);
        printf("# seed %" PRIu64 ": trace %016" PRIx64 "\n", seed, hash);
        if (trace)
                fclose(trace);
}

static void run_all(const struct chappe_testkit_simulation *simulation, struct worker_result *sum)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        uint64_t seeds = number_from("CHAPPE_TEST_SEEDS", simulation->seeds);
        struct crew crew = { .simulation = simulation,
                             .first = number_from("CHAPPE_TEST_FIRST_SEED",
                                                  simulation->first_seed ? simulation->first_seed : 1),
                             .workers = processors < 1                 ? 1
                                        : processors > WORKERS_MAXIMUM ? WORKERS_MAXIMUM
                                                                       : (size_t)processors };

        crew.end = crew.first + seeds;
        crew.results = mmap(NULL, WORKERS_MAXIMUM * sizeof(*crew.results), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (crew.results == MAP_FAILED)
                abort();
        manage(&crew);
        for (size_t i = 0; i < crew.workers; i++)
                merge(sum, &crew.results[i]);
        munmap(crew.results, WORKERS_MAXIMUM * sizeof(*crew.results));
}

static int by_number(const void *a, const void *b)
{
        uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

/* Of the lowest few, the one that becomes shortest: some have many causes. */
static void shrink(const struct chappe_testkit_simulation *simulation, struct worker_result *sum,
                   struct chappe_testkit_report *report)
{
        struct shrunk shrunk, shortest;
        size_t count = sum->failed < FAILURES_MAXIMUM ? sum->failed : FAILURES_MAXIMUM, tried = 0;
        uint64_t of = 0;

        qsort(sum->failures, count, sizeof(*sum->failures), by_number);
        report->first_failed = sum->failures[0];
        for (size_t i = 0; i < count && tried < SHRUNK_MAXIMUM; i++) {
                if (!chappe_testkit_shrink(simulation, sum->failures[i], &shrunk))
                        continue;
                if (tried++ > 0 && shrunk.faults + shrunk.items >= shortest.faults + shortest.items)
                        continue;
                shortest = shrunk;
                of = sum->failures[i];
        }
        if (tried == 0)
                return;
        chappe_testkit_shrunk_tell(simulation, of, &shortest);
        report->shrunk_faults = (uint32_t)shortest.faults;
        report->shrunk_items = (uint32_t)shortest.items;
}

int chappe_testkit_simulate(const struct chappe_testkit_simulation *simulation,
                            struct chappe_testkit_report *ret_report)
{
        struct worker_result *sum = calloc(1, sizeof(*sum));
        uint64_t single = number_from("CHAPPE_TEST_SEED", 0);
        struct chappe_testkit_report report = { 0 };
        uint32_t failed;

        if (!sum)
                abort();
        if (single)
                run_single(simulation, single, sum);
        else
                run_all(simulation, sum);
        tell(simulation, sum);
        failed = sum->failed;
        report = (struct chappe_testkit_report){ .seeds = sum->seeds,
                                                 .failed = failed,
                                                 .first_failed = failed ? sum->failures[0] : 0,
                                                 .unrepeated = sum->unrepeated,
                                                 .switches = sum->switches,
                                                 .crashes = sum->crashes };
        for (size_t i = 0; i < sum->kind_count; i++)
                report.step_kinds += sum->kinds[i].kills > 0;
        for (size_t i = 0; i < sum->sight_count; i++)
                report.sights += sum->sights[i].times > 0;
        if (failed && !single)
                shrink(simulation, sum, &report);
        if (ret_report)
                *ret_report = report;
        free(sum);
        return (int)failed;
}
