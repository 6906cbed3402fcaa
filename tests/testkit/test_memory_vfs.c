/* SPDX-License-Identifier: Apache-2.0 */
/* The kit's databases: a process killed at a commit has committed all or nothing, and leaves no lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <string.h>

#include "base/coroutine.h"
#include "testkit/kit.h"

#define URI "file:/vfs-test?vfs=" CHAPPE_TESTKIT_VFS

struct writer {
        struct chappe_fibers *fibers;
        struct chappe_process *process;
        const char *kill_at;
        int status; /* of the commit */
};

static void step(void *context, struct chappe_process *process, const char *kind)
{
        struct writer *writer = context;

        if (writer->kill_at && strcmp(kind, writer->kill_at) == 0)
                chappe_process_kill(process);
}

static sqlite3 *open_database(void)
{
        sqlite3 *database = NULL;

        assert_int_equal(
                sqlite3_open_v2(URI, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL),
                SQLITE_OK);
        return database;
}

static void write_rows(void *argument)
{
        struct writer *writer = argument;
        sqlite3 *database = open_database();

        sqlite3_exec(database, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)", NULL, NULL, NULL);
        writer->status = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
        sqlite3_close(database);
}

static int count_rows(sqlite3 *database)
{
        sqlite3_stmt *statement = NULL;
        int count;

        assert_int_equal(sqlite3_prepare_v2(database, "SELECT count(*) FROM t", -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        count = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return count;
}

/* Rows that are there after a process wrote two in one transaction. */
static int rows_after(const char *kill_at, int *ret_status)
{
        struct writer writer = { .kill_at = NULL, .status = -1 };
        struct chappe_strand *strand = NULL;
        sqlite3 *anchor;
        int count;

        chappe_testkit_vfs_register();
        writer.fibers =
                chappe_fibers_new(&(struct chappe_fibers_config){ .seed = 1, .step = step, .context = &writer });
        writer.process = chappe_process_new(writer.fibers, "orders");
        anchor = open_database();
        assert_int_equal(sqlite3_exec(anchor, "CREATE TABLE t (n INTEGER)", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(chappe_strand_start(chappe_process_executor(writer.process), "writer", write_rows, &writer,
                                             &strand, NULL),
                         0);
        writer.kill_at = kill_at;
        chappe_fibers_run(writer.fibers, CHAPPE_FOREVER, 1000, NULL, NULL);
        chappe_strand_join(chappe_process_executor(writer.process), strand);
        count = count_rows(anchor);
        assert_int_equal(sqlite3_exec(anchor, "INSERT INTO t VALUES (3)", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(anchor);
        chappe_process_free(writer.process);
        chappe_fibers_free(writer.fibers);
        *ret_status = writer.status;
        return count;
}

static void test_without_a_crash_the_rows_are_there(void **state)
{
        int status;

        (void)state;
        assert_int_equal(rows_after(NULL, &status), 2);
        assert_int_equal(status, SQLITE_OK);
}

static void test_killed_before_the_commit_nothing_is_there_and_no_lock_stays(void **state)
{
        int status;

        (void)state;
        assert_int_equal(rows_after("sqlite.commit", &status), 0);
        assert_int_not_equal(status, SQLITE_OK);
}

static void test_killed_after_the_commit_everything_is_there(void **state)
{
        int status;

        (void)state;
        assert_int_equal(rows_after("sqlite.committed", &status), 2);
}

static int drain(void **state)
{
        (void)state;
        chappe_coroutine_pool_drain();
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_a_crash_the_rows_are_there),
                cmocka_unit_test(test_killed_before_the_commit_nothing_is_there_and_no_lock_stays),
                cmocka_unit_test(test_killed_after_the_commit_everything_is_there),
        };
        return cmocka_run_group_tests(tests, NULL, drain);
}
