/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions given up or lost, records without hope, and a stop: what may begin, what is committed, what is waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include <chappe/publish.h>

#include "stage.h"

#define SECOND     INT64_C(1000000)
#define RECORDS    16
#define PARTITIONS 2

static struct stage stage;

/* What happened, seen from outside. */
static struct {
        int64_t handler_us;
        int quick;      /* so many records at first take no time: workers take several at once then */
        bool cut_off;   /* once it has released its partitions it gets no others */
        int begun_gone; /* handlers that began after that */
        int stops_at;   /* the handler of this record has the instance stop; of the first, none */
        bool stopping;  /* and by now the poll strand knows */
        bool hopeless;  /* every record */
        bool publishes; /* in a context of its own, which the record does not wait for */
        int runs[RECORDS];
        int more;       /* records that arrive while it gives up */
        int begun_late; /* handlers of the first instance, after it was told to give up */
        bool asked;     /* its partitions shall go */
        int64_t told_us, released_us;
        int commits_told; /* of it, in between */
        int unburied;     /* commits that passed a record whose dead letter was not in the log */
        bool letters[RECORDS];
        int64_t letters_read[PARTITIONS];
} book;

static int64_t now_us(void)
{
        return chappe_fibers_now_us(stage.fibers);
}

static bool publish_apart(struct chappe_context *ctx, const struct event *event)
{
        struct chappe_context *apart = chappe_context_open((struct chappe_service *)ctx->runtime, NULL, 0);
        bool published = apart && chappe_publish(apart, &event_type, event) == 0;

        chappe_context_close(apart);
        return published;
}

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        bool first = strcmp(ctx->runtime->instance, "test-0") == 0;

        if (first && book.told_us && !book.released_us && now_us() > book.told_us + SECOND / 10)
                book.begun_late++;
        book.begun_gone += first && ((book.cut_off && book.released_us) || book.stopping);
        book.runs[event->n]++;
        if (first && book.stops_at && event->n == book.stops_at) {
                stage_stop(&stage, 0);
                stage_nap(ctx, 500); /* not as long as handlers may take whose worker goes on with what it took */
                book.stopping = true;
        }
        if (book.handler_us && event->n >= book.quick)
                stage_nap(ctx, book.handler_us);
        if (book.hopeless)
                return chappe_dead_letter(ctx, "there is no hope");
        if (book.publishes && !publish_apart(ctx, event))
                return chappe_retry(ctx, "could not publish");
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event, .partitions = PARTITIONS },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type, .partitions = 1 },
        { 0 },
};

static int number_of(const struct chappe_record *record)
{
        return record->key.at[0] - 'a';
}

static void read_letters(int32_t partition)
{
        struct chappe_record letter;

        while (chappe_sim_partition_count(stage.sim, "in-dlt") > partition &&
               chappe_sim_read(stage.sim, "in-dlt", partition, book.letters_read[partition], &letter)) {
                book.letters[number_of(&letter)] = true;
                book.letters_read[partition]++;
                chappe_record_release(&letter);
        }
}

static void check_burials(void)
{
        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
                int64_t committed = chappe_sim_committed(stage.sim, "test", "in", partition);

                read_letters(partition);
                for (int64_t offset = 0; offset < committed; offset++)
                        book.unburied += !book.letters[offset * PARTITIONS + partition];
        }
}

static void append(int first, int count)
{
        for (int n = first; n < first + count; n++) {
                char key[2] = { (char)('a' + n), 0 };

                stage_append(&stage, "in", n % PARTITIONS, key, n);
        }
}

/* A poll of which there is something to tell is a step: once asked, it is that the partitions go. */
static void note_step(struct stage *s, struct instance *instance, const char *kind)
{
        if (book.hopeless)
                check_burials();
        if (instance != &s->instances[0] || !book.asked || book.released_us)
                return;
        if (!book.told_us && strcmp(kind, "broker.poll") == 0) {
                book.told_us = now_us();
                chappe_sim_set_faults(s->sim, &(struct chappe_sim_faults){ 0 });
                append(8, book.more);
        }
        book.commits_told += book.told_us && strcmp(kind, "broker.commit") == 0;
        if (book.told_us && strcmp(kind, "broker.release") == 0)
                book.released_us = now_us();
        if (book.released_us && book.cut_off)
                chappe_sim_unavailable(s->sim, now_us() + 60 * SECOND);
}

static void open_stage(uint64_t seed, const struct chappe_sim_faults *faults, const char *commit_interval)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        stage.operations = operations;
        stage.settings[0] = "workers=2";
        stage.settings[1] = "drain_timeout_ms=20000";
        stage.settings[2] = commit_interval;
        stage.step = note_step;
        stage_open(&stage, seed, faults);
        chappe_sim_topic_create(stage.sim, "in", PARTITIONS);
}

static int64_t committed(void)
{
        int64_t sum = 0;

        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
                int64_t offset = chappe_sim_committed(stage.sim, "test", "in", partition);

                sum += offset > 0 ? offset : 0;
        }
        return sum;
}

static bool two_run(void *context)
{
        int runs = 0;

        (void)context;
        for (int n = 0; n < RECORDS; n++)
                runs += book.runs[n];
        return runs == 2;
}

static bool has_released(void *context)
{
        (void)context;
        return book.released_us != 0;
}

static bool all_committed(void *context)
{
        return committed() >= *(const int64_t *)context;
}

static void run_until_committed(int64_t count)
{
        stage_run(&stage, 120 * SECOND, all_committed, &count);
        assert_int_equal(committed(), count);
}

/* Two long handlers run, more records wait behind them, and no commit is due. */
static void run_into_the_middle(uint64_t seed)
{
        open_stage(seed, NULL, "commit_interval_ms=600000");
        book.handler_us = 8 * SECOND;
        append(0, 8);
        stage_start(&stage, 0);
        stage_run(&stage, 60 * SECOND, two_run, NULL);
        assert_true(two_run(NULL));
        stage_run(&stage, SECOND / 10, NULL, NULL); /* what else there is to tell is told */
        book.asked = true;
}

static void test_revoked_partitions_begin_nothing_new_and_commit_what_finishes(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                run_into_the_middle(seed);
                chappe_sim_rebalance(stage.sim, "test");
                book.more = 8;
                stage_run(&stage, 60 * SECOND, has_released, NULL);
                assert_true(book.told_us > 0 && book.released_us - book.told_us > SECOND);
                assert_int_equal(book.begun_late, 0);
                assert_int_equal(committed(), 2);
                stage_run(&stage, 120 * SECOND, NULL, NULL);
                for (int n = 0; n < 16; n++)
                        assert_int_equal(book.runs[n], 1);
                stage_end(&stage);
                assert_int_equal(committed(), 16);
                stage_close(&stage);
        }
}

static void test_lost_partitions_are_let_go_at_once_and_nothing_is_committed(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                run_into_the_middle(seed);
                chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ .expulsion_ppm = 1000000 });
                stage_run(&stage, 60 * SECOND, has_released, NULL);
                assert_true(book.released_us > 0 && book.released_us - book.told_us < SECOND);
                assert_int_equal(book.commits_told, 0);
                assert_false(chappe_flow_ready(stage.instances[0].runtime.flow)); /* until the group has it again */
                stage_run(&stage, 120 * SECOND, NULL, NULL);
                assert_true(chappe_flow_ready(stage.instances[0].runtime.flow));
                int runs = 0;
                for (int n = 0; n < 8; n++)
                        runs += book.runs[n];
                assert_int_equal(runs, 8 + 2); /* the first two count for nothing */
                stage_end(&stage);
                assert_int_equal(committed(), 8);
                stage_close(&stage);
        }
}

static bool a_slow_one_runs(void *context)
{
        (void)context;
        for (int n = book.quick; n < RECORDS; n++)
                if (book.runs[n] > 0)
                        return true;
        return false;
}

static void test_of_lost_partitions_nothing_begins_that_a_worker_had_taken_before(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                open_stage(seed, NULL, "commit_interval_ms=600000");
                book.handler_us = 8 * SECOND;
                book.quick = 8;
                book.cut_off = true;
                append(0, 16);
                stage_start(&stage, 0);
                stage_run(&stage, 60 * SECOND, a_slow_one_runs, NULL);
                stage_run(&stage, SECOND / 10, NULL, NULL); /* what else there is to tell is told */
                book.asked = true;
                chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ .expulsion_ppm = 1000000 });
                stage_run(&stage, 60 * SECOND, has_released, NULL);
                assert_true(has_released(NULL));
                stage_run(&stage, 50 * SECOND, NULL, NULL);
                assert_int_equal(book.begun_gone, 0);
                book.cut_off = false;
                book.handler_us = 0;
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                stage_end(&stage);
                assert_int_equal(committed(), 16);
                stage_close(&stage);
        }
}

/* Handlers so quick that a worker takes several records at once, and looks at no clock before each. */
static void test_nothing_begins_of_what_a_worker_took_before_a_stop(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_stage(seed, NULL, "commit_interval_ms=600000");
                book.stops_at = 1 + (int)(seed % 12);
                append(0, 16);
                stage_start(&stage, 0);
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                assert_true(book.stopping && !stage_running(&stage, 0));
                assert_int_equal(book.begun_gone, 0);
                book.stops_at = 0;
                book.stopping = false;
                stage_start(&stage, 0);
                stage_run(&stage, 30 * SECOND, NULL, NULL);
                for (int n = 0; n < 16; n++)
                        assert_int_equal(book.runs[n], 1);
                stage_end(&stage);
                assert_int_equal(committed(), 16);
                stage_close(&stage);
        }
}

static void test_dead_letter_is_in_the_log_before_the_commit(void **state)
{
        static const struct chappe_sim_faults faults = { .delivery_failed_ppm = 500000,
                                                         .slow_ppm = 500000,
                                                         .slow_us = SECOND };

        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                open_stage(seed, &faults, "commit_interval_ms=20");
                book.hopeless = true;
                append(0, 16);
                stage_start(&stage, 0);
                run_until_committed(16);
                assert_int_equal(book.unburied, 0);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* The last events are on their way, and no record waits for them. */
static void test_stop_waits_for_every_delivery_report(void **state)
{
        static const struct chappe_sim_faults faults = { .slow_ppm = 500000, .slow_us = 5 * SECOND };

        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_stage(seed, &faults, "commit_interval_ms=100");
                book.publishes = true;
                append(0, 2);
                stage_start(&stage, 0);
                stage_run(&stage, 60 * SECOND, two_run, NULL);
                stage_end(&stage);
                assert_int_equal(stage.instances[0].stop_status, 0);
                assert_int_equal(chappe_sim_end(stage.sim, "out", 0), 2);
                stage_close(&stage);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_revoked_partitions_begin_nothing_new_and_commit_what_finishes),
                cmocka_unit_test(test_lost_partitions_are_let_go_at_once_and_nothing_is_committed),
                cmocka_unit_test(test_of_lost_partitions_nothing_begins_that_a_worker_had_taken_before),
                cmocka_unit_test(test_nothing_begins_of_what_a_worker_took_before_a_stop),
                cmocka_unit_test(test_dead_letter_is_in_the_log_before_the_commit),
                cmocka_unit_test(test_stop_waits_for_every_delivery_report),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
