/* SPDX-License-Identifier: Apache-2.0 */
/* Consuming, end to end on the simulated cluster: order, commits, retries, dead letters, stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <chappe/publish.h>

#include "stage.h"
#include "wire/cloudevent.h"
#include "wire/dead_letter.h"

#define SECOND     INT64_C(1000000)
#define PARTITIONS 3
#define KEYS       5
#define RECORDS    60

/* What handlers did, seen from outside. */
struct book {
        int runs[RECORDS];
        int done[RECORDS];
        int64_t last_of_key[KEYS];
        bool disordered;
        int fail_first;   /* each record's first so many attempts ask for a retry */
        int64_t hopeless; /* this one always does; -1: none */
        int outage;       /* so many runs find the disk full */
        bool publish;
        bool publish_again; /* a second event from the same record */
        int64_t sleep_us;
        int64_t sleep_from; /* this one and those behind it */
        int64_t slow;       /* this one alone takes so long, when it runs first; 0: none */
        int64_t slow_us;
};

static struct stage stage;
static struct book book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        int64_t n = event->n;
        int key = event->key.at[0] - 'a';
        book.runs[n]++;
        if (book.sleep_us && n >= book.sleep_from)
                stage_nap(ctx, book.sleep_us);
        if (book.slow && n == book.slow && book.runs[n] == 1)
                stage_nap(ctx, book.slow_us);
        if (book.outage > 0) {
                book.outage--;
                chappe_fail(&ctx->error, CHAPPE_E_STORE_FULL, "the disk is full");
                return chappe_retry(ctx, "nothing can be written");
        }
        if (n == book.hopeless)
                return chappe_retry(ctx, "number %lld is hopeless", (long long)n);
        if (book.runs[n] <= book.fail_first)
                return chappe_retry(ctx, "not yet");
        if (book.publish && chappe_publish(ctx, &event_type, event) < 0)
                return chappe_retry(ctx, "could not publish");
        if (book.publish_again && chappe_publish(ctx, &event_type, event) < 0)
                return chappe_retry(ctx, "could not publish");
        book.done[n]++;
        if (n < book.last_of_key[key] && book.done[n] == 1)
                book.disordered = true;
        book.last_of_key[key] = n;
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy quick = { .backoff_ms = 20, .backoff_maximum_ms = 200, .attempts = 4 };

/* Slow enough for a commit between two attempts. */
static const struct chappe_retry_policy slow = { .backoff_ms = 1000, .backoff_maximum_ms = 10000, .attempts = 4 };
static const struct chappe_operation slow_operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &slow,
          .partitions = PARTITIONS },
        { 0 },
};

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &quick,
          .partitions = PARTITIONS },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type, .partitions = 1 },
        { 0 },
};

static void open_with(uint64_t seed, const struct chappe_sim_faults *faults)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        book.hopeless = -1;
        stage.operations = operations;
        stage.settings[0] = "workers=4";
        stage.settings[1] = "commit_interval_ms=200";
        stage.settings[2] = "breaker_percent=0"; /* test_outages.c has that */
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

static void append(int first, int count)
{
        for (int n = first; n < first + count; n++) {
                char key[2] = { (char)('a' + n % KEYS), 0 };
                stage_append(&stage, "in", n % KEYS % PARTITIONS, key, n);
        }
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

static void test_events_are_handled_once_in_order_and_committed(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, NULL);
                append(0, RECORDS);
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                for (int n = 0; n < RECORDS; n++)
                        assert_int_equal(book.done[n], 1);
                assert_false(book.disordered);
                stage_end(&stage);
                assert_int_equal(stage.instances[0].start_status, 0);
                assert_int_equal(stage.instances[0].stop_status, 0);
                stage_close(&stage);
        }
}

static void test_retries_keep_the_order_of_a_key(void **state)
{
        (void)state;
        open_with(7, NULL);
        book.fail_first = 2;
        append(0, RECORDS);
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.runs[n], 3);
        assert_false(book.disordered);
        stage_end(&stage);
        stage_close(&stage);
}

/* What workers held last is of no concern to anybody while they wait: nothing wakes but for the next look at commits.
 */
static void test_workers_that_wait_leave_the_poll_strand_in_peace(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 5; seed++) {
                open_with(seed, NULL);
                stage.settings[1] = "commit_interval_ms=1000";
                append(0, RECORDS);
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                uint64_t before = chappe_fibers_switches(stage.fibers);
                stage_run(&stage, 100 * SECOND, NULL, NULL);
                assert_true(chappe_fibers_switches(stage.fibers) - before < 2000);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Its time to drain is over, and the handler still runs: another instance has all partitions soon, and works on them.
 */
static void test_a_stop_that_waits_for_a_handler_leaves_the_partitions_to_others(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, NULL);
                book.slow = RECORDS / 2;
                book.slow_us = 100 * SECOND;
                append(RECORDS / 2, 1);
                stage_start(&stage, 0);
                stage_run(&stage, 5 * SECOND, NULL, NULL);
                assert_int_equal(book.runs[book.slow], 1);
                stage_stop(&stage, 0);
                stage_start(&stage, 1);
                append(0, RECORDS / 2);
                append(RECORDS / 2 + 1, RECORDS / 2 - 1);
                stage_run(&stage, 25 * SECOND, NULL, NULL);
                for (int n = 0; n < RECORDS; n++)
                        assert_int_equal(book.done[n], 1);
                assert_true(stage_running(&stage, 0));
                run_until_committed(RECORDS);
                stage_end(&stage);
                assert_int_equal(stage.instances[0].stop_status, -CHAPPE_E_UNFINISHED);
                stage_close(&stage);
        }
}

static bool all_done(void *context)
{
        (void)context;
        int done = 0;
        for (int n = 0; n < RECORDS; n++)
                done += book.done[n] > 0;
        return done == RECORDS;
}

/* Room for a few records of each partition at a time; nothing else wakes the poll strand for a minute. */
static void test_intake_goes_on_as_soon_as_a_partition_has_room_again(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, NULL);
                stage.settings[1] = "commit_interval_ms=60000";
                stage.settings[3] = "in_flight_records=12";
                book.sleep_us = 10000;
                append(0, RECORDS);
                stage_start(&stage, 0);
                while (book.runs[0] == 0)
                        stage_run(&stage, 100000, NULL, NULL);
                int64_t begun_us = chappe_fibers_now_us(stage.fibers);
                stage_run(&stage, 120 * SECOND, all_done, NULL);
                assert_true(all_done(NULL));
                assert_true(chappe_fibers_now_us(stage.fibers) - begun_us < 2 * SECOND);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* One worker takes ever more of quick ones at a time, and then an hour for one of them. All other keys go on, and what
 * is finished is finished. */
static void test_nothing_waits_in_the_hand_of_a_worker_that_takes_long(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, NULL);
                stage.settings[0] = "workers=2";
                stage.settings[2] = "stuck_ms=7200000";
                book.slow = RECORDS / 2;
                book.slow_us = 3600 * SECOND;
                for (int n = 0; n < RECORDS; n++) {
                        char key[4];
                        snprintf(key, sizeof(key), "%c%02d", 'a' + n % KEYS, n);
                        stage_append(&stage, "in", 0, key, n);
                }
                stage_start(&stage, 0);
                while (book.runs[book.slow] == 0)
                        stage_run(&stage, 10000, NULL, NULL);
                stage_run(&stage, SECOND, NULL, NULL);
                for (int n = 0; n < RECORDS; n++)
                        assert_int_equal(book.done[n], n != book.slow);
                stage_kill(&stage, 0);
                stage_end(&stage);
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                for (int n = 0; n < RECORDS; n++)
                        assert_int_equal(book.runs[n], n == RECORDS / 2 ? 2 : 1);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Nor when it was the only record there was, and the others come later. */
static void test_nobody_waits_for_a_record_that_came_alone_and_takes_long(void **state)
{
        (void)state;
        open_with(1, NULL);
        stage.settings[2] = "stuck_ms=7200000";
        book.slow = 1;
        book.slow_us = 3600 * SECOND;
        stage_start(&stage, 0);
        stage_run(&stage, SECOND, NULL, NULL);
        stage_append(&stage, "in", 0, "b", 1);
        while (book.runs[1] == 0)
                stage_run(&stage, 10000, NULL, NULL);
        for (int n = 5; n < 10; n++)
                stage_append(&stage, "in", 0, (char[]){ (char)('a' + n % KEYS), 'x', 0 }, n);
        stage_run(&stage, SECOND, NULL, NULL);
        for (int n = 5; n < 10; n++)
                assert_int_equal(book.done[n], 1);
        stage_kill(&stage, 0);
        stage_end(&stage);
        stage_close(&stage);
}

static struct chappe_text header_text(const struct chappe_record *record, const char *name)
{
        static struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(record, headers, CHAPPE_HEADERS_MAXIMUM);
        return chappe_header_text(chappe_header_find(headers, count, name));
}

static void test_hopeless_record_goes_to_its_dead_letter_topic_and_the_key_goes_on(void **state)
{
        (void)state;
        open_with(11, NULL);
        book.hopeless = 2;
        append(0, RECORDS);
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        assert_int_equal(book.runs[2], 4);
        assert_int_equal(book.done[2], 0);
        assert_int_equal(book.done[2 + KEYS], 1);
        struct chappe_record letter;
        assert_int_equal(chappe_sim_partition_count(stage.sim, "in-dlt"), PARTITIONS);
        assert_true(chappe_sim_read(stage.sim, "in-dlt", 2, 0, &letter));
        assert_memory_equal(letter.key.at, "c", 1);
        struct chappe_text why = header_text(&letter, CHAPPE_HEADER_DEAD_MESSAGE);
        assert_non_null(memmem(why.at, why.length, "number 2 is hopeless", 20));
        chappe_record_release(&letter);
        assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 2), 1);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_undecodable_record_is_dead_lettered_with_its_bytes(void **state)
{
        (void)state;
        open_with(13, NULL);
        struct chappe_bytes garbage = { (const uint8_t *)"\x07garbage", 8 };
        chappe_sim_append(stage.sim, "in", 1, (struct chappe_bytes){ 0 }, garbage, NULL, 0);
        stage_start(&stage, 0);
        run_until_committed(1);
        struct chappe_record letter;
        assert_true(chappe_sim_read(stage.sim, "in-dlt", 1, 0, &letter));
        assert_int_equal(letter.value.length, 8);
        assert_memory_equal(letter.value.at, "\x07garbage", 8);
        chappe_record_release(&letter);
        stage_end(&stage);
        stage_close(&stage);
}

/* Of a topic whose timestamps are the broker's. */
static void test_a_dead_letter_carries_all_headers_and_says_whose_the_timestamp_is(void **state)
{
        enum { HEADERS = 300, LONG = 3 };
        static struct chappe_header sent[HEADERS + LONG], found[HEADERS + LONG + 20];
        static char value[CHAPPE_HEADERS_BYTES_MAXIMUM / 2];
        (void)state;
        open_with(13, NULL);
        assert_int_equal(chappe_sim_topic_stamp(stage.sim, "in"), 0);
        for (size_t i = 0; i < HEADERS; i++)
                sent[i] = (struct chappe_header){ "many", &"0123456789"[i % 10], 1 };
        for (size_t i = HEADERS; i < HEADERS + LONG; i++)
                sent[i] = (struct chappe_header){ "long", value, sizeof(value) };
        struct chappe_bytes garbage = { (const uint8_t *)"\x07garbage", 8 };
        chappe_sim_append(stage.sim, "in", 1, (struct chappe_bytes){ 0 }, garbage, sent, HEADERS + LONG);
        stage_start(&stage, 0);
        run_until_committed(1);
        struct chappe_record letter;
        assert_true(chappe_sim_read(stage.sim, "in-dlt", 1, 0, &letter));
        size_t count = chappe_record_headers(&letter, found, HEADERS + LONG + 20);
        assert_true(count > HEADERS + 1);
        for (size_t i = 0; i < HEADERS; i++)
                assert_memory_equal(found[i].value, sent[i].value, 1);
        assert_string_equal(found[HEADERS].name, "long"); /* and the others are too much */
        struct chappe_text left_out = chappe_header_text(chappe_header_find(found, count, CHAPPE_HEADER_LEFT_OUT));
        assert_int_equal(left_out.length, 1);
        assert_memory_equal(left_out.at, "2", 1);
        struct chappe_text type =
                chappe_header_text(chappe_header_find(found, count, CHAPPE_HEADER_DEAD_TIMESTAMP_TYPE));
        assert_memory_equal(type.at, "LogAppendTime", 13);
        chappe_record_release(&letter);
        stage_end(&stage);
        stage_close(&stage);
}

/* The policy allows four attempts; an outage takes longer than that. */
static void test_an_outage_makes_no_dead_letters(void **state)
{
        (void)state;
        open_with(17, NULL);
        book.outage = 20 * KEYS;
        append(0, RECORDS);
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.done[n], 1);
        assert_true(book.runs[0] > 4);
        assert_false(book.disordered);
        assert_int_equal(chappe_sim_partition_count(stage.sim, "in-dlt"), 0);
        stage_end(&stage);
        stage_close(&stage);
}

/* Deliveries fail often; a record is finished only when all that it published is in the log. */
static void test_record_is_finished_only_when_what_it_published_is_delivered(void **state)
{
        (void)state;
        static const struct chappe_sim_faults faults = { .delivery_failed_ppm = 200000,
                                                         .acknowledgement_lost_ppm = 50000,
                                                         .queue_full_ppm = 50000 };
        for (uint64_t seed = 1; seed <= 10; seed++) {
                open_with(seed, &faults);
                book.publish = true;
                append(0, RECORDS);
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                bool published[RECORDS] = { false };
                char ids[RECORDS][40] = { "" };
                for (int64_t offset = 0; offset < chappe_sim_end(stage.sim, "out", 0); offset++) {
                        struct chappe_record record;
                        assert_true(chappe_sim_read(stage.sim, "out", 0, offset, &record));
                        uint64_t zigzag = record.value.at[12] | 0u;
                        int64_t n = (int64_t)(zigzag >> 1);
                        struct chappe_text id = header_text(&record, CHAPPE_HEADER_EVENT_ID);
                        assert_int_equal(id.length, 36);
                        if (published[n])
                                assert_memory_equal(ids[n], id.at, 36); /* a repeated run repeats its ids */
                        memcpy(ids[n], id.at, 36);
                        published[n] = true;
                        chappe_record_release(&record);
                }
                for (int n = 0; n < RECORDS; n++)
                        assert_true(published[n]);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* The records came without a trace. */
static void test_events_of_one_record_share_a_trace_and_have_ids_of_their_own(void **state)
{
        (void)state;
        open_with(23, NULL);
        book.publish = book.publish_again = true;
        append(0, 2);
        stage_start(&stage, 0);
        run_until_committed(2);
        struct chappe_trace traces[4];
        char ids[4][40] = { "" };
        for (int64_t offset = 0; offset < 4; offset++) {
                struct chappe_record record;
                assert_true(chappe_sim_read(stage.sim, "out", 0, offset, &record));
                assert_true(chappe_trace_parse(header_text(&record, CHAPPE_HEADER_TRACEPARENT), &traces[offset]));
                memcpy(ids[offset], header_text(&record, CHAPPE_HEADER_EVENT_ID).at, 36);
                chappe_record_release(&record);
                for (int64_t earlier = 0; earlier < offset; earlier++) {
                        assert_memory_not_equal(ids[earlier], ids[offset], 36);
                        assert_memory_not_equal(traces[earlier].span_id, traces[offset].span_id, 8);
                }
        }
        size_t of_a_kind = 0;
        for (int i = 0; i < 4; i++) {
                for (int other = 0; other < 4; other++)
                        of_a_kind += memcmp(traces[i].trace_id, traces[other].trace_id, 16) == 0;
        }
        assert_int_equal(of_a_kind, 8); /* two traces of two events each */
        stage_end(&stage);
        stage_close(&stage);
}

static bool last_four_done(void *context)
{
        (void)context;
        return book.done[40] + book.done[41] + book.done[42] + book.done[43] == 4;
}

/* Quick handlers have taught the workers to take many records at a time. */
static void test_handlers_that_become_slow_have_all_workers(void **state)
{
        (void)state;
        open_with(29, NULL);
        append(0, 40);
        stage_start(&stage, 0);
        run_until_committed(40);
        book.sleep_us = 2 * SECOND;
        for (int n = 40; n < 44; n++)
                stage_append(&stage, "in", 0, (char[]){ (char)('a' + n - 40), 0 }, n);
        stage_run(&stage, 3 * SECOND, last_four_done, NULL); /* less than two naps */
        assert_true(last_four_done(NULL));
        stage_end(&stage);
        stage_close(&stage);
}

static bool last_twenty_done(void *context)
{
        int n = 40;
        (void)context;
        while (n < 60 && book.done[n])
                n++;
        return n == 60;
}

/* In a hand of many, and so little that nobody takes anything out of it. */
static void test_handlers_that_become_a_little_slow_give_back_what_they_hold(void **state)
{
        (void)state;
        open_with(31, NULL);
        stage.settings[0] = "workers=2";
        book.sleep_us = SECOND / 100;
        book.sleep_from = 40;
        stage_start(&stage, 0);
        for (int n = 0; n < 60; n++) {
                stage_append(&stage, "in", 0, (char[]){ (char)('a' + n % KEYS), 0 }, n);
                if (n < 40 && n % 5 == 4)
                        run_until_committed(n + 1); /* each worker learns */
        }
        stage_run(&stage, 16 * SECOND / 100, last_twenty_done, NULL); /* half of it in one hand takes longer */
        assert_true(last_twenty_done(NULL));
        stage_end(&stage);
        stage_close(&stage);
}

static void test_stop_waits_for_running_handlers_and_commits(void **state)
{
        (void)state;
        open_with(17, NULL);
        book.sleep_us = 2 * SECOND;
        append(0, 4);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        stage_end(&stage);
        assert_int_equal(stage.instances[0].stop_status, 0);
        int done = 0;
        for (int n = 0; n < 4; n++)
                done += book.done[n];
        assert_true(done > 0);
        assert_int_equal(committed(), done);
        stage_close(&stage);
}

static void test_stop_says_what_was_unfinished(void **state)
{
        (void)state;
        open_with(19, NULL);
        book.sleep_us = 30 * SECOND;
        append(0, 1);
        stage_start(&stage, 0);
        stage_run(&stage, 8 * SECOND, NULL, NULL);
        assert_int_equal(book.runs[0], 1);
        char running[100];
        chappe_flow_list_running(stage.instances[0].runtime.flow, running, sizeof(running));
        assert_non_null(strstr(running, "in[0]@0 for "));
        stage_end(&stage);
        assert_int_equal(stage.instances[0].stop_status, -CHAPPE_E_UNFINISHED);
        assert_non_null(strstr(stage.instances[0].error.text, "(in[0] 1 from offset 0)"));
        assert_int_equal(committed(), 0);
        stage_close(&stage);
}

static void wait_for_attempt(int n, int attempts)
{
        for (int second = 0; book.runs[n] < attempts && second < 100; second++)
                stage_run(&stage, SECOND / 10, NULL, NULL);
        assert_int_equal(book.runs[n], attempts);
        stage_run(&stage, SECOND / 2, NULL, NULL); /* a commit */
}

/* One record is parked; all others finish, are told of beside the commit, and do not run again. */
static void end_and_run_again(bool kill)
{
        open_with(23, NULL);
        stage.operations = slow_operations;
        book.hopeless = 2;
        append(0, RECORDS);
        stage_start(&stage, 0);
        wait_for_attempt(2, 1);
        if (kill)
                stage_kill(&stage, 0);
        else
                stage_stop(&stage, 0);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_false(stage_running(&stage, 0));
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 2), 0);
        book.hopeless = -1;
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.runs[n], n == 2 ? 2 : 1);
        assert_false(book.disordered);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_only_what_was_unfinished_runs_again_after_a_kill(void **state)
{
        (void)state;
        end_and_run_again(true);
}

static void test_only_what_was_unfinished_runs_again_after_a_stop(void **state)
{
        (void)state;
        end_and_run_again(false);
}

/* Four attempts are four, whoever makes them. */
static void count_attempts_over(bool kill)
{
        open_with(29, NULL);
        stage.operations = slow_operations;
        if (!kill)
                stage.settings[1] = "commit_interval_ms=60000"; /* the last commit is the one that tells */
        book.hopeless = 2;
        append(0, RECORDS);
        stage_start(&stage, 0);
        wait_for_attempt(2, 3);
        if (kill)
                stage_kill(&stage, 0);
        else
                stage_stop(&stage, 0);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        assert_int_equal(book.runs[2], 4);
        assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 2), 1);
        stage_end(&stage);
        stage_close(&stage);
}

/* The topic is made anew, and nobody has noticed when the last commit tells of the record that was there. */
static void test_attempts_of_another_record_are_not_counted(void **state)
{
        (void)state;
        open_with(31, NULL);
        stage.operations = slow_operations;
        stage.settings[1] = "commit_interval_ms=60000";
        book.fail_first = 3;
        append(2, 1);
        stage_start(&stage, 0);
        wait_for_attempt(2, 3);
        assert_int_equal(chappe_sim_topic_delete(stage.sim, "in"), 0);
        chappe_sim_topic_create(stage.sim, "in", PARTITIONS);
        append(2 + KEYS, 1);
        stage_stop(&stage, 0);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_false(stage_running(&stage, 0));
        assert_non_null(chappe_sim_committed_metadata(stage.sim, "test", "in", 2));
        stage_start(&stage, 0);
        run_until_committed(1);
        assert_int_equal(book.runs[2 + KEYS], 4);
        assert_int_equal(book.done[2 + KEYS], 1);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_attempts_are_counted_over_a_kill(void **state)
{
        (void)state;
        count_attempts_over(true);
}

static void test_attempts_are_counted_over_a_stop(void **state)
{
        (void)state;
        count_attempts_over(false);
}

/* A handler that hangs is told, and told to have gone on. */
static void test_a_stuck_handler_is_noticed(void **state)
{
        struct chappe_error error = { 0 };
        (void)state;
        open_with(31, NULL);
        stage.settings[2] = "stuck_ms=10000";
        book.sleep_us = 30 * SECOND;
        append(0, 1);
        stage_start(&stage, 0);
        for (int second = 0; book.runs[0] < 1 && second < 30; second++)
                stage_run(&stage, SECOND, NULL, NULL);
        struct chappe_flow *flow = stage.instances[0].runtime.flow;
        stage_run(&stage, 8 * SECOND, NULL, NULL);
        assert_true(chappe_flow_healthy(flow, &error));
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        assert_false(chappe_flow_healthy(flow, &error));
        assert_int_equal(error.code, CHAPPE_E_HANDLER_STUCK);
        run_until_committed(1);
        stage_run(&stage, 2 * SECOND, NULL, NULL);
        assert_true(chappe_flow_healthy(flow, &error));
        stage_end(&stage);
        stage_close(&stage);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_events_are_handled_once_in_order_and_committed),
                cmocka_unit_test(test_retries_keep_the_order_of_a_key),
                cmocka_unit_test(test_workers_that_wait_leave_the_poll_strand_in_peace),
                cmocka_unit_test(test_a_stop_that_waits_for_a_handler_leaves_the_partitions_to_others),
                cmocka_unit_test(test_nothing_waits_in_the_hand_of_a_worker_that_takes_long),
                cmocka_unit_test(test_nobody_waits_for_a_record_that_came_alone_and_takes_long),
                cmocka_unit_test(test_intake_goes_on_as_soon_as_a_partition_has_room_again),
                cmocka_unit_test(test_hopeless_record_goes_to_its_dead_letter_topic_and_the_key_goes_on),
                cmocka_unit_test(test_undecodable_record_is_dead_lettered_with_its_bytes),
                cmocka_unit_test(test_a_dead_letter_carries_all_headers_and_says_whose_the_timestamp_is),
                cmocka_unit_test(test_an_outage_makes_no_dead_letters),
                cmocka_unit_test(test_record_is_finished_only_when_what_it_published_is_delivered),
                cmocka_unit_test(test_handlers_that_become_slow_have_all_workers),
                cmocka_unit_test(test_handlers_that_become_a_little_slow_give_back_what_they_hold),
                cmocka_unit_test(test_events_of_one_record_share_a_trace_and_have_ids_of_their_own),
                cmocka_unit_test(test_stop_waits_for_running_handlers_and_commits),
                cmocka_unit_test(test_stop_says_what_was_unfinished),
                cmocka_unit_test(test_only_what_was_unfinished_runs_again_after_a_kill),
                cmocka_unit_test(test_only_what_was_unfinished_runs_again_after_a_stop),
                cmocka_unit_test(test_attempts_are_counted_over_a_kill),
                cmocka_unit_test(test_attempts_of_another_record_are_not_counted),
                cmocka_unit_test(test_attempts_are_counted_over_a_stop),
                cmocka_unit_test(test_a_stuck_handler_is_noticed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
