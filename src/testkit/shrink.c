/* SPDX-License-Identifier: Apache-2.0 */
/* Shrinking: parts are left out, larger ones first, as long as the seed still fails without them. */
#include "testkit/shrink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testkit/story.h"

#define RUNS_MAXIMUM 300
/* Ways of scheduling that are tried with a smaller list: one decision less changes all later ones. */
#define VARIANTS     3

struct shrinking {
        const struct chappe_testkit_simulation *simulation;
        uint64_t seed;
        struct selection selection; /* fails */
        size_t faults, items;
        uint32_t runs;
};

static bool fails(struct shrinking *shrinking, const struct selection *selection)
{
        int status = 0;
        pid_t pid;

        shrinking->runs++;
        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                int nowhere = open("/dev/null", O_WRONLY);
                uint64_t hash;

                chappe_testkit_forget_handlers();
                dup2(nowhere, STDOUT_FILENO);
                dup2(nowhere, STDERR_FILENO);
                _exit(chappe_testkit_run_seed(shrinking->simulation, shrinking->seed, selection, NULL, NULL, &hash) <
                      0);
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid && !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Keeps the smaller one if it fails in some way. */
static bool adopt(struct shrinking *shrinking, struct selection *smaller)
{
        uint32_t variant = shrinking->selection.variant;

        for (uint32_t i = 0; i < VARIANTS && shrinking->runs < RUNS_MAXIMUM; i++) {
                smaller->variant = i == 0 ? variant : (variant + i) % VARIANTS;
                if (fails(shrinking, smaller)) {
                        shrinking->selection = *smaller;
                        return true;
                }
        }
        return false;
}

static size_t left(const bool *without, size_t count)
{
        size_t sum = 0;

        for (size_t i = 0; i < count; i++)
                sum += !without[i];
        return sum;
}

/* Leaves out the n-th part of so many of what is left; false when there is nothing left of it. */
static bool leave_out(bool *without, size_t count, size_t parts, size_t n)
{
        size_t all = left(without, count), from = all * n / parts, to = all * (n + 1) / parts, seen = 0;

        for (size_t i = 0; i < count; i++)
                if (!without[i] && seen++ >= from && seen <= to)
                        without[i] = true;
        return to > from;
}

/* (Delta debugging, over one list.) */
static bool reduce(struct shrinking *shrinking, bool faults)
{
        size_t count = faults ? shrinking->faults : shrinking->items;
        bool any = false;

        for (size_t parts = 1; shrinking->runs < RUNS_MAXIMUM;) {
                size_t all =
                        left(faults ? shrinking->selection.without_fault : shrinking->selection.without_item, count);
                bool less = false;

                for (size_t n = 0; n < parts && !less; n++) {
                        struct selection smaller = shrinking->selection;

                        less = leave_out(faults ? smaller.without_fault : smaller.without_item, count, parts, n) &&
                               adopt(shrinking, &smaller);
                }
                any |= less;
                if (less)
                        parts = parts > 2 ? parts - 1 : 1;
                else if (parts >= all)
                        break;
                else
                        parts = 2 * parts < all ? 2 * parts : all;
        }
        return any;
}

bool chappe_testkit_shrink(const struct chappe_testkit_simulation *simulation, uint64_t seed, struct shrunk *ret_shrunk)
{
        struct shrinking shrinking = { .simulation = simulation, .seed = seed };

        shrinking.faults = chappe_testkit_print_faults(simulation, seed, NULL, NULL);
        shrinking.items = simulation->items < ITEMS_MAXIMUM ? simulation->items : ITEMS_MAXIMUM;
        *ret_shrunk = (struct shrunk){ .faults_before = shrinking.faults, .items_before = shrinking.items };
        if (!fails(&shrinking, &shrinking.selection))
                return false;
        while (reduce(&shrinking, true) | reduce(&shrinking, false))
                ;
        ret_shrunk->selection = shrinking.selection;
        ret_shrunk->faults = left(shrinking.selection.without_fault, shrinking.faults);
        ret_shrunk->items = left(shrinking.selection.without_item, shrinking.items);
        ret_shrunk->runs = shrinking.runs;
        return true;
}

static void print_kept(const char *name, const bool *without, size_t count, FILE *file)
{
        const char *between = "";

        if (left(without, count) == count)
                return;
        fprintf(file, "%s=", name);
        for (size_t i = 0; i < count; i++)
                if (!without[i]) {
                        fprintf(file, "%s%zu", between, i);
                        between = ",";
                }
        fprintf(file, "%s ", *between ? "" : "none");
}

void chappe_testkit_selection_print(const struct shrunk *shrunk, FILE *file)
{
        print_kept("CHAPPE_TEST_FAULTS", shrunk->selection.without_fault, shrunk->faults_before, file);
        print_kept("CHAPPE_TEST_ITEMS", shrunk->selection.without_item, shrunk->items_before, file);
        if (shrunk->selection.variant)
                fprintf(file, "CHAPPE_TEST_VARIANT=%" PRIu32 " ", shrunk->selection.variant);
}

static bool read_kept(const char *name, bool *without, size_t maximum)
{
        const char *at = getenv(name);

        if (!at)
                return false;
        memset(without, true, maximum * sizeof(*without));
        while (*at) {
                char *end;
                unsigned long n = strtoul(at, &end, 10);

                if (end == at)
                        break;
                if (n < maximum)
                        without[n] = false;
                at = *end == ',' ? end + 1 : end;
        }
        return true;
}

bool chappe_testkit_selection_read(struct selection *ret_selection)
{
        const char *variant = getenv("CHAPPE_TEST_VARIANT");
        bool given;

        *ret_selection = (struct selection){ .variant = variant ? (uint32_t)strtoul(variant, NULL, 10) : 0 };
        given = read_kept("CHAPPE_TEST_FAULTS", ret_selection->without_fault, FAULTS_MAXIMUM);
        return read_kept("CHAPPE_TEST_ITEMS", ret_selection->without_item, ITEMS_MAXIMUM) || given || variant;
}

/* In a process of its own: it fails, and may do so by dying. What was traced until then stays. */
static void run_again(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                      const struct selection *selection, FILE *trace)
{
        pid_t pid;

        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                uint64_t hash;

                chappe_testkit_forget_handlers();
                setvbuf(trace, NULL, _IOLBF, 0);
                chappe_testkit_run_seed(simulation, seed, selection, trace, NULL, &hash);
                fflush(NULL);
                _exit(0);
        }
        if (pid > 0)
                waitpid(pid, NULL, 0);
}

void chappe_testkit_shrunk_tell(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                                const struct shrunk *shrunk)
{
        FILE *trace = tmpfile();

        printf("# seed %" PRIu64 " shrunk: %zu of %zu faults and %zu of %zu things fed are left, after %" PRIu32
               " runs\n",
               seed, shrunk->faults, shrunk->faults_before, shrunk->items, shrunk->items_before, shrunk->runs);
        chappe_testkit_print_faults(simulation, seed, &shrunk->selection, stdout);
        if (trace) {
                run_again(simulation, seed, &shrunk->selection, trace);
                chappe_testkit_story_tell(trace, stdout);
                fclose(trace);
        }
        printf("# shrunk: CHAPPE_TEST_SEED=%" PRIu64 " ", seed);
        chappe_testkit_selection_print(shrunk, stdout);
        chappe_testkit_print_command(simulation, stdout);
        fflush(stdout);
}
