/* SPDX-License-Identifier: Apache-2.0 */
/* Running the cases on a stage: a topic and a group of its own for each. */
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CASES 64

bool expect_at(struct trial *trial, bool holds, const char *file, int line, const char *format, ...)
{
        va_list arguments;

        if (holds)
                return true;
        trial->failures++;
        fprintf(stderr, "%s:%d: %s on %s: not so: ", file, line, trial->of->name, trial->stage->name);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        return false;
}

static void perform(void *argument)
{
        struct trial *trial = argument;
        struct chappe_topic_request request = { .name = trial->topic,
                                                .partition_count = PARTITIONS,
                                                .replication = -1 };
        struct chappe_error error = { 0 };

        if (!expect(trial, trial->stage->broker_open(trial->stage, &trial->broker, &error) == 0, "%s", error.text))
                return;
        if (expect(trial, trial->broker->operations->topic_create(trial->broker, &request, PATIENCE_MS, &error) == 0,
                   "creating %s: %s", trial->topic, error.text))
                trial->of->body(trial);
        trial->broker->operations->close(trial->broker);
}

enum chappe_group_protocol suite_protocol(void)
{
        static const char *const names[] = { "auto", "eager", "cooperative", "consumer" };
        const char *asked = getenv("CHAPPE_TEST_GROUP_PROTOCOL");

        for (int protocol = CHAPPE_GROUP_AUTO; asked && protocol <= CHAPPE_GROUP_CONSUMER; protocol++)
                if (strcmp(names[protocol], asked) == 0)
                        return (enum chappe_group_protocol)protocol;
        return CHAPPE_GROUP_AUTO;
}

struct cast {
        struct stage *stage;
        const struct trial_case *of;
};

static void run_case(void **state)
{
        struct cast *cast = *state;
        struct trial trial = { .stage = cast->stage, .of = cast->of };

        snprintf(trial.topic, sizeof(trial.topic), "%s.%s", cast->stage->run, cast->of->name);
        snprintf(trial.group, sizeof(trial.group), "%s.%s.group", cast->stage->run, cast->of->name);
        cast->stage->perform(cast->stage, perform, &trial);
        assert_int_equal(trial.failures, 0);
}

static size_t add_cases(const struct trial_case *cases, struct stage *stage, struct cast *casts,
                        struct CMUnitTest *tests, size_t count)
{
        for (; cases->name; cases++) {
                const char *only = getenv("CHAPPE_TEST_ONLY");

                if (cases->needs & stage->lacks) {
                        fprintf(stderr, "# %s cannot: %s\n", stage->name, cases->name);
                        continue;
                }
                if ((only && !strstr(cases->name, only)) || count == CASES)
                        continue;
                casts[count] = (struct cast){ stage, cases };
                tests[count] = (struct CMUnitTest){ .name = cases->name,
                                                    .test_func = run_case,
                                                    .initial_state = &casts[count] };
                count++;
        }
        return count;
}

int suite_run(struct stage *stage)
{
        static struct CMUnitTest tests[CASES];
        static struct cast casts[CASES];
        size_t count = add_cases(producing_cases, stage, casts, tests, 0);

        count = add_cases(reading_cases, stage, casts, tests, count);
        count = add_cases(ahead_cases, stage, casts, tests, count);
        count = add_cases(group_cases, stage, casts, tests, count);
        count = add_cases(outside_cases, stage, casts, tests, count);
        count = add_cases(contract_cases, stage, casts, tests, count);
        return _cmocka_run_group_tests(stage->name, tests, count, NULL, NULL);
}
