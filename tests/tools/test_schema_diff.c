/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between schemas: a change that is said to break is one for the compatibility check too, and the other way
 * round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#include "../../tools/chappe/schema_diff.h"

CHAPPE_CLEANUP_DEFINE(schema, struct chappe_schema *, (void)chappe_schema_unref)

static char **files;
static int file_count;

/* Does any change break this direction? */
static bool breaks(const struct changes *changes, bool backward)
{
        for (size_t i = 0; i < changes->count; i++) {
                if (backward ? changes->at[i].breaks_backward : changes->at[i].breaks_forward)
                        return true;
        }
        return false;
}

static void check_pair(const char *place, size_t number, const char *older_text, const char *newer_text)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *older = NULL;
        CHAPPE_CLEANUP(schema) struct chappe_schema *newer = NULL;
        struct chappe_error error = { 0 };
        struct changes changes;

        if (chappe_schema_parse("old", chappe_text(older_text), &older, &error) < 0 ||
            chappe_schema_parse("new", chappe_text(newer_text), &newer, &error) < 0)
                fail_msg("%s:%zu: %s", place, number, error.text);
        assert_int_equal(schema_diff(older, newer, &changes, &error), 0);
        if (breaks(&changes, true) != (chappe_schema_check(older, newer, &error) < 0))
                fail_msg("%s:%zu: backward: %zu changes, %s", place, number, changes.count, error.text);
        if (breaks(&changes, false) != (chappe_schema_check(newer, older, &error) < 0))
                fail_msg("%s:%zu: forward: %zu changes, %s", place, number, changes.count, error.text);
        changes_free(&changes);
}

static void test_a_change_breaks_what_the_check_refuses(void **state)
{
        size_t pairs = 0;

        (void)state;
        for (int i = 0; i < file_count; i++) {
                FILE *file = fopen(files[i], "re");
                CHAPPE_CLEANUP(string) char *line = NULL;
                size_t room = 0;

                assert_non_null(file);
                for (size_t number = 1; getline(&line, &room, file) > 0; number++, pairs++) {
                        char *newer = strchr(line, '\t'), *end = newer ? strchr(newer + 1, '\t') : NULL;

                        assert_non_null(end);
                        *newer = *end = '\0';
                        check_pair(files[i], number, line, newer + 1);
                }
                fclose(file);
        }
        assert_true(pairs > 1000);
}

static void test_a_schema_does_not_differ_from_itself(void **state)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        struct chappe_error error;
        struct changes changes;

        (void)state;
        assert_int_equal(chappe_schema_parse(
                                 "tree",
                                 chappe_text("{\"type\":\"record\",\"name\":\"T\",\"doc\":\"d\",\"x\":[1],\"fields\":[{"
                                             "\"name\":\"t\",\"type\":[\"null\",\"T\"],\"default\":null}]}"),
                                 &schema, &error),
                         0);
        assert_int_equal(schema_diff(schema, schema, &changes, &error), 0);
        assert_int_equal(changes.count, 0);
        changes_free(&changes);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_change_breaks_what_the_check_refuses),
                cmocka_unit_test(test_a_schema_does_not_differ_from_itself),
        };

        files = argv + 1;
        file_count = argc - 1;
        return cmocka_run_group_tests_name("schema diff", tests, NULL, NULL);
}
