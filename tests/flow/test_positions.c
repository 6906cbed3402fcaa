/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flow/positions.h"

static void test_runs_of_a_topics_partitions_are_ranges(void **state)
{
        const struct chappe_position positions[] = {
                { .topic = "placed", .partition = 0 },  { .topic = "placed", .partition = 1 },
                { .topic = "placed", .partition = 2 },  { .topic = "placed", .partition = 5 },
                { .topic = "paid", .partition = 6 },    { .topic = "shipped", .partition = 3 },
                { .topic = "shipped", .partition = 2 },
        };
        char text[200];

        (void)state;
        chappe_positions_format(positions, 7, text, sizeof(text));
        assert_string_equal(text, "placed[0-2,5] paid[6] shipped[3,2]");
        chappe_positions_format(positions, 1, text, sizeof(text));
        assert_string_equal(text, "placed[0]");
        chappe_positions_format(positions, 0, text, sizeof(text));
        assert_string_equal(text, "none");
}

static void test_what_does_not_fit_is_told_as_a_number(void **state)
{
        char names[100][40], text[200];
        struct chappe_position positions[100];

        (void)state;
        for (int i = 0; i < 100; i++) {
                snprintf(names[i], sizeof(names[i]), "topic.with.a.name.%d", i);
                positions[i] = (struct chappe_position){ .topic = names[i], .partition = i };
        }
        for (size_t size = 64; size <= sizeof(text); size++) {
                size_t more = 0;
                memset(text, 'x', sizeof(text));
                chappe_positions_format(positions, 100, text, size);
                assert_true(strlen(text) < size);
                assert_non_null(strstr(text, "… and "));
                assert_int_equal(sscanf(strstr(text, "… and "), "… and %zu more", &more), 1);
                size_t told = 0;
                for (const char *at = text; (at = strchr(at, '[')); at++)
                        told++;
                assert_int_equal(told + more, 100);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_runs_of_a_topics_partitions_are_ranges),
                cmocka_unit_test(test_what_does_not_fit_is_told_as_a_number),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
