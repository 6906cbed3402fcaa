/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations: each applied once, all or nothing; databases that cannot be opened are refused with the reason. */
#include "store_test.h"

#include <stdio.h>

static const struct chappe_migration two[] = {
        { 1, "effects", "CREATE TABLE effects (n INTEGER NOT NULL, worker TEXT)" },
        { 2, "seed", "INSERT INTO effects (n) VALUES (1); CREATE TABLE more (x)" },
        { 0 }
};

static int set_up(void **state)
{
        static struct place place;

        place_make(&place);
        *state = &place;
        return 0;
}

static int tear_down(void **state)
{
        place_remove(*state);
        return 0;
}

static void test_each_is_applied_once_and_later_ones_follow(void **state)
{
        struct place *place = *state;

        assert_int_equal(place_open(place, test_migrations, NULL), 0);
        place_close(place);
        for (int run = 0; run < 2; run++) {
                assert_int_equal(place_open(place, two, NULL), 0);
                place_close(place);
        }
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 1);
        assert_int_equal(place_number(place, "SELECT count(*) FROM chappe_migrations WHERE owner = 'service'"), 2);
}

static void test_database_of_a_newer_version_is_accepted(void **state)
{
        struct place *place = *state;

        assert_int_equal(place_open(place, two, NULL), 0);
        place_close(place);
        assert_int_equal(place_open(place, test_migrations, NULL), 0);
}

static void refused(struct place *place, const struct chappe_migration *migrations, const char *says)
{
        struct chappe_error error = { 0 };

        assert_int_equal(place_open(place, migrations, &error), -CHAPPE_E_STORE_MIGRATION);
        assert_non_null(strstr(error.text, says));
        assert_non_null(strstr(error.text, place->path));
}

static void test_failing_one_leaves_nothing_of_any(void **state)
{
        static const struct chappe_migration bad[] = { { 1, "good", "CREATE TABLE good (x)" },
                                                       { 2, "bad", "CREATE TABLE half (x); CREATE TABEL oops (x)" },
                                                       { 0 } };
        static const struct chappe_migration ending[] = { { 1, "ends it", "CREATE TABLE t (x); COMMIT" }, { 0 } };
        struct place *place = *state;

        refused(place, bad, "migration 2 (bad)");
        assert_int_equal(place_number(place, "SELECT count(*) FROM sqlite_master WHERE name IN ('good', 'half')"), 0);
        refused(place, ending, "migration 1 (ends it)");
        assert_int_equal(place_number(place, "SELECT count(*) FROM sqlite_master WHERE name = 't'"), 0);
}

static void test_changed_or_missing_ones_are_refused(void **state)
{
        static const struct chappe_migration changed[] = { { 1, "effects", "CREATE TABLE effects (n, worker, more)" },
                                                           { 0 } };
        static const struct chappe_migration gap[] = { { 1, "a", "SELECT 1" }, { 3, "c", "SELECT 1" }, { 0 } };
        struct place *place = *state;

        refused(place, gap, "number 2 is due");
        assert_int_equal(place_open(place, test_migrations, NULL), 0);
        place_close(place);
        refused(place, changed, "was changed");
}

#define OPENERS 4

struct opener {
        struct place *place;
        struct chappe_runtime runtime;
        int status;
};

static void open_it(void *argument)
{
        struct opener *opener = argument;

        opener->status = chappe_store_open(&opener->runtime, two, 20000, NULL);
}

static void test_instances_that_start_together_apply_them_once(void **state)
{
        struct place *place = *state;
        struct chappe_executor *executor = place->world.executor;
        struct chappe_strand *strands[OPENERS];
        struct opener openers[OPENERS];

        assert_int_equal(place_open(place, NULL, NULL), 0); /* for its config */
        for (int i = 0; i < OPENERS; i++) {
                openers[i] = (struct opener){ .place = place, .runtime = place->runtime, .status = -1 };
                openers[i].runtime.store = NULL;
                assert_int_equal(chappe_strand_start(executor, "opener", open_it, &openers[i], &strands[i], NULL), 0);
        }
        for (int i = 0; i < OPENERS; i++) {
                chappe_strand_join(executor, strands[i]);
                assert_int_equal(openers[i].status, 0);
                chappe_store_close(&openers[i].runtime);
        }
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 1);
}

static void test_damaged_file_is_told_as_such(void **state)
{
        struct place *place = *state;
        struct chappe_error error = { 0 };
        FILE *file = fopen(place->path, "w");

        for (int i = 0; i < 1000; i++)
                fputs("this is no database at all\n", file);
        fclose(file);
        assert_int_equal(place_open(place, test_migrations, &error), -CHAPPE_E_STORE_CORRUPT);
        assert_non_null(strstr(error.text, place->path));
}

static void test_missing_folder_is_told_as_such(void **state)
{
        struct place *place = *state;
        struct chappe_error error = { 0 };

        place->world.database = "/nowhere/at/all/test.db";
        assert_int_equal(place_open(place, test_migrations, &error), -CHAPPE_E_STORE_OPEN);
        assert_non_null(strstr(error.text, "/nowhere/at/all/test.db"));
}

static void test_file_that_cannot_be_written_is_told_as_such(void **state)
{
        struct place *place = *state;
        struct chappe_error error = { 0 };
        char uri[128];

        assert_int_equal(place_open(place, test_migrations, NULL), 0);
        place_close(place);
        snprintf(uri, sizeof(uri), "file:%s?immutable=1", place->path);
        place->world.database = uri;
        assert_int_equal(place_open(place, two, &error), -CHAPPE_E_STORE_READONLY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_each_is_applied_once_and_later_ones_follow),
                TEST(test_database_of_a_newer_version_is_accepted),
                TEST(test_failing_one_leaves_nothing_of_any),
                TEST(test_changed_or_missing_ones_are_refused),
                TEST(test_instances_that_start_together_apply_them_once),
                TEST(test_damaged_file_is_told_as_such),
                TEST(test_missing_folder_is_told_as_such),
                TEST(test_file_that_cannot_be_written_is_told_as_such),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
