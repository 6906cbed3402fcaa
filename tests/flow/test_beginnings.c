/* SPDX-License-Identifier: Apache-2.0 */
/* Where reading begins when the log is no longer what it was: records deleted, partitions added. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "broker/sim/sim_private.h"
#include "stage.h"

#define SECOND  INT64_C(1000000)
#define RECORDS 100

static struct stage stage;
static struct {
        int runs[RECORDS];
        int total;
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        (void)ctx;
        book.runs[event->n]++;
        book.total++;
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event, .partitions = 2 },
        { 0 },
};

static void open_from(const char *start_from)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        stage.operations = operations;
        stage.settings[0] = start_from;
        stage.settings[1] = "commit_interval_ms=100";
        stage_open(&stage, 7, NULL);
        chappe_sim_topic_create(stage.sim, "in", 2);
}

static void append(int32_t partition, int first, int count)
{
        for (int n = first; n < first + count; n++)
                stage_append(&stage, "in", partition, "k", n);
}

static bool enough(void *context)
{
        return book.total >= *(const int *)context;
}

static void run_until(int total)
{
        stage_run(&stage, 60 * SECOND, enough, &total);
        stage_run(&stage, SECOND, NULL, NULL); /* what should not come, would */
        assert_int_equal(book.total, total);
}

static void stop(void)
{
        stage_stop(&stage, 0);
        stage_end(&stage);
}

static void test_records_deleted_while_away_are_passed_over(void **state)
{
        (void)state;
        open_from("start_from=earliest");
        append(0, 0, 5);
        stage_start(&stage, 0);
        run_until(5);
        stop();
        append(0, 5, 20);
        assert_int_equal(chappe_sim_records_delete(stage.sim, "in", 0, 15), 0);
        stage_start(&stage, 0);
        run_until(15);
        assert_int_equal(book.runs[14], 0);
        assert_int_equal(book.runs[15], 1);
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 25);
        stop();
        stage_close(&stage);
}

/* start_from is for groups that know nothing: what is left after a deletion is not passed over with it. */
static void test_what_is_left_after_a_deletion_is_read_whatever_start_from_says(void **state)
{
        (void)state;
        open_from("start_from=latest");
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, 0, 5);
        run_until(5);
        stop();
        append(0, 5, 20);
        assert_int_equal(chappe_sim_records_delete(stage.sim, "in", 0, 15), 0);
        stage_start(&stage, 0);
        run_until(15);
        stop();
        stage_close(&stage);
}

static void test_a_new_group_begins_where_start_from_says(void **state)
{
        (void)state;
        open_from("start_from=latest");
        append(0, 0, 5);
        append(1, 5, 5);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(1, 10, 3);
        run_until(3);
        stop();
        stage_close(&stage);
}

/* Sent before anybody could know of the new partitions, or after: nothing is lost. */
static void test_a_partition_that_is_added_is_read_from_its_beginning(void **state)
{
        (void)state;
        open_from("start_from=latest");
        append(0, 0, 5);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        stop();
        assert_int_equal(chappe_sim_topic_grow(stage.sim, "in", 4), 0);
        append(3, 5, 7);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(2, 12, 1);
        run_until(8);
        assert_int_equal(book.runs[0], 0);
        stop();
        stage_close(&stage);
}

static void test_a_topic_grows_under_its_reader(void **state)
{
        (void)state;
        open_from("start_from=latest");
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, 0, 3);
        assert_int_equal(chappe_sim_topic_grow(stage.sim, "in", 3), 0);
        append(2, 3, 4);
        run_until(7);
        stop();
        stage_close(&stage);
}

/* Somebody set the group's offset where the log does not reach: all there is, is read. */
static void test_an_offset_behind_the_end_reads_the_log_from_its_beginning(void **state)
{
        (void)state;
        open_from("start_from=earliest");
        append(0, 0, 3);
        stage_start(&stage, 0);
        run_until(3);
        stop();
        assert_int_equal(chappe_sim_group_alter(chappe_sim_group_get(stage.sim, "test"),
                                                &(struct chappe_position){ "in", 0, 50, NULL }, 1, NULL),
                         0);
        stage_start(&stage, 0);
        run_until(6);
        append(0, 3, 4);
        run_until(10);
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 7);
        stop();
        stage_close(&stage);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records_deleted_while_away_are_passed_over),
                cmocka_unit_test(test_what_is_left_after_a_deletion_is_read_whatever_start_from_says),
                cmocka_unit_test(test_a_new_group_begins_where_start_from_says),
                cmocka_unit_test(test_a_partition_that_is_added_is_read_from_its_beginning),
                cmocka_unit_test(test_a_topic_grows_under_its_reader),
                cmocka_unit_test(test_an_offset_behind_the_end_reads_the_log_from_its_beginning),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
