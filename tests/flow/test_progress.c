/* SPDX-License-Identifier: Apache-2.0 */
/* Progress in commit metadata: what is printed is read again, what others wrote says nothing, and no bytes do harm. */
#include "sequences.h"

#include <string.h>

#include <chappe/error.h>

#include "flow/assignment.h"

#define SEQUENCES 5000
#define DAMAGES   100000
#define SPAN      CHAPPE_PROGRESS_OFFSETS

static struct chappe_random random_numbers;
static char text[CHAPPE_PROGRESS_SIZE];

static int seed_random(void **state)
{
        (void)state;
        chappe_random_init(&random_numbers, sequences_seed());
        return 0;
}

static int64_t below(uint64_t limit)
{
        return (int64_t)chappe_random_below(&random_numbers, limit);
}

static void assert_same(const struct chappe_progress *a, const struct chappe_progress *b)
{
        assert_int_equal(a->watermark, b->watermark);
        assert_int_equal(a->run_count, b->run_count);
        for (size_t i = 0; i < a->run_count; i++) {
                assert_int_equal(a->runs[i].from, b->runs[i].from);
                assert_int_equal(a->runs[i].to, b->runs[i].to);
        }
        assert_int_equal(a->mark.crashes, b->mark.crashes);
        assert_int_equal(a->mark.kills, b->mark.kills);
        assert_int_equal(a->mark.offset, b->mark.offset);
        assert_memory_equal(&a->window, &b->window, sizeof(a->window));
        assert_int_equal(a->failure_count, b->failure_count);
        for (size_t i = 0; i < a->failure_count; i++) {
                assert_int_equal(a->failures[i].offset, b->failures[i].offset);
                assert_int_equal(a->failures[i].times, b->failures[i].times);
                assert_int_equal(a->failures[i].age_s, b->failures[i].age_s);
                assert_int_equal(a->failures[i].doubted_s, b->failures[i].doubted_s);
                assert_int_equal(a->failures[i].witnessed, b->failures[i].witnessed);
                assert_int_equal(a->failures[i].print, b->failures[i].print);
        }
}

static void invent_failures(struct chappe_progress *progress, int64_t span)
{
        bool suspects = below(2);
        for (int64_t n = below(4) ? 0 : below(CHAPPE_PROGRESS_FAILURES + 1); n > 0; n--)
                chappe_progress_fail(progress,
                                     (struct chappe_failures){ progress->watermark + below((uint64_t)span),
                                                               1 + (int32_t)below(2000), (int32_t)below(1000000),
                                                               suspects ? (int32_t)below(90000) : 0,
                                                               suspects && below(2), (int16_t)below(256) });
}

/* Any pattern over the promised span, or the promised number of runs far apart. */
static void invent(struct chappe_progress *progress)
{
        bool near = below(2);
        int64_t watermark = below(4) ? below(100000) : below(UINT64_C(1) << 62);
        int64_t next = watermark + 1, gap = 1 + below(near ? 30 : 16000), length = 1 + below(near ? 30 : 16000);
        chappe_progress_reset(progress, watermark);
        for (int64_t n = below(CHAPPE_PROGRESS_RUNS + (near ? SPAN : 0)); n > 0; n--) {
                struct chappe_offset_run run = { next + below((uint64_t)gap), 0 };
                run.to = run.from + below((uint64_t)length);
                if (near && run.to > watermark + SPAN)
                        break;
                assert_int_equal(chappe_progress_add(progress, run), 0);
                next = run.to + 2;
        }
        invent_failures(progress, next - watermark);
        if (below(2))
                progress->window = (struct chappe_window){ .until = next + below(UINT64_C(1) << 40),
                                                           .finished = below(UINT64_C(1) << 40),
                                                           .id = below(UINT64_C(1) << 42) };
        if (progress->window.finished > 0)
                progress->window.failed = below((uint64_t)progress->window.finished);
        if (below(2))
                progress->mark.crashes = 1 + (int32_t)below(INT32_MAX);
        if (progress->mark.crashes > 0 && below(2)) {
                progress->mark.kills = 1 + (int32_t)below(100);
                progress->mark.offset = watermark + below((uint64_t)(next - watermark));
        }
}

static void test_what_is_printed_is_read_again(void **state)
{
        struct chappe_progress told = { 0 }, heard = { 0 };
        (void)state;
        for (int i = 0; i < SEQUENCES; i++) {
                invent(&told);
                size_t length = chappe_progress_print(&told, text);
                assert_int_equal(length, strlen(text));
                assert_true(length < CHAPPE_PROGRESS_SIZE);
                if (told.run_count == 0 && told.failure_count == 0 && told.mark.crashes == 0 &&
                    told.window.until == 0) {
                        assert_int_equal(length, 0);
                        continue;
                }
                assert_true(chappe_progress_parse(&heard, text, told.watermark));
                assert_same(&told, &heard);
                assert_false(chappe_progress_parse(&heard, text, told.watermark + 1));
        }
        chappe_progress_deinit(&told);
        chappe_progress_deinit(&heard);
}

static void test_the_shorter_form_is_chosen(void **state)
{
        struct chappe_progress progress = { 0 };
        (void)state;
        chappe_progress_reset(&progress, 7);
        chappe_progress_add(&progress, (struct chappe_offset_run){ 8, 10007 });
        assert_true(chappe_progress_print(&progress, text) < 24); /* ten thousand behind one parked record */
        chappe_progress_reset(&progress, 7);
        for (int64_t offset = 9; offset < 7 + SPAN; offset += 2)
                chappe_progress_add(&progress, (struct chappe_offset_run){ offset, offset });
        assert_true(chappe_progress_print(&progress, text) < SPAN / 6 + 30);
        chappe_progress_deinit(&progress);
}

/* Beyond what is promised to fit, the last runs are left out and the first are right. */
static void test_what_does_not_fit_is_left_out(void **state)
{
        struct chappe_progress told = { 0 }, heard = { 0 };
        (void)state;
        chappe_progress_reset(&told, 100);
        for (int64_t n = 0; n < 5000; n++)
                chappe_progress_add(&told, (struct chappe_offset_run){ 200 + 300 * n, 200 + 300 * n + below(200) });
        assert_true(chappe_progress_print(&told, text) < CHAPPE_PROGRESS_SIZE);
        assert_true(chappe_progress_parse(&heard, text, 100));
        assert_in_range(heard.run_count, CHAPPE_PROGRESS_RUNS, told.run_count - 1);
        assert_memory_equal(heard.runs, told.runs, heard.run_count * sizeof(*heard.runs));
        chappe_progress_deinit(&told);
        chappe_progress_deinit(&heard);
}

static void test_the_lowest_failures_are_kept(void **state)
{
        struct chappe_progress progress = { 0 };
        (void)state;
        chappe_progress_reset(&progress, 0);
        for (int64_t offset = 1000; offset > 0; offset -= 5)
                chappe_progress_fail(&progress, (struct chappe_failures){ .offset = offset, .times = 1, .age_s = 1 });
        assert_int_equal(progress.failure_count, CHAPPE_PROGRESS_FAILURES);
        for (size_t i = 0; i < CHAPPE_PROGRESS_FAILURES; i++)
                assert_int_equal(progress.failures[i].offset, 5 * ((int64_t)i + 1));
        chappe_progress_deinit(&progress);
}

/* A record that runs while its partition is given up is told both as it was and as it is. */
static void test_of_one_offset_the_latest_failures_are_kept(void **state)
{
        struct chappe_progress told = { 0 }, heard = { 0 };
        (void)state;
        chappe_progress_reset(&told, 7);
        for (int32_t times = 1; times <= 3; times++)
                for (int64_t offset = 7; offset < 10; offset++)
                        chappe_progress_fail(&told, (struct chappe_failures){ .offset = offset, .times = times });
        assert_true(chappe_progress_print(&told, text) > 0);
        assert_true(chappe_progress_parse(&heard, text, 7));
        assert_int_equal(heard.failure_count, 3);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(heard.failures[i].offset, 7 + i);
                assert_int_equal(heard.failures[i].times, 3);
        }
        chappe_progress_deinit(&told);
        chappe_progress_deinit(&heard);
}

static void test_metadata_of_others_says_nothing(void **state)
{
        static const char *const others[] = {
                "",           "chappe1:",       "chappe1:AAAA",     "chappe2:AAAAAAAAAAAA",
                "consumer-1", "{\"offset\":7}", "chappe1:!!!!!!!!", "\xff\xfe\x01",
        };
        struct chappe_progress progress = { 0 };
        (void)state;
        assert_false(chappe_progress_parse(&progress, NULL, 7));
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                assert_false(chappe_progress_parse(&progress, others[i], 7));
        assert_int_equal(progress.run_count, 0);
        chappe_progress_deinit(&progress);
}

/* Damaged text, and damage under a checksum that was made right again: never a crash, never a run out of order. */
static void reseal(void)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        uint8_t body[CHAPPE_PROGRESS_SIZE];
        uint32_t group = 0, sum = 2166136261u;
        size_t used = 0, length = strlen(text);
        for (size_t i = 8, bits = 0; i < length; i++) {
                group = group << 6 | (uint32_t)(strchr(digits, text[i]) - digits);
                bits += 6;
                if (bits >= 8)
                        body[used++] = (uint8_t)(group >> (bits -= 8));
        }
        for (size_t i = 4; i < used; i++)
                sum = (sum ^ body[i]) * 16777619u;
        for (int i = 0; i < 4; i++)
                body[i] = (uint8_t)(sum >> 8 * i);
        for (size_t i = 0, n = 8; i < 6 && n < length; n++) { /* the first six bytes are eight digits */
                size_t bit = 6 * (n - 8);
                i = bit / 8;
                uint32_t pair = (uint32_t)body[i] << 8 | (i + 1 < used ? body[i + 1] : 0u);
                text[n] = digits[pair >> (10 - bit % 8) & 63];
        }
}

static void test_damaged_metadata_does_no_harm(void **state)
{
        struct chappe_progress told = { 0 }, heard = { 0 };
        int understood = 0;
        (void)state;
        for (int i = 0; i < DAMAGES; i++) {
                if (i % 100 == 0)
                        invent(&told);
                size_t length = chappe_progress_print(&told, text);
                if (length < 20)
                        continue;
                for (int64_t n = 1 + below(3); n > 0; n--)
                        text[8 + below(length < 60 ? length - 8 : 52)] = "AZaz09-_"[below(8)];
                if (below(4) == 0)
                        text[8 + below(length - 8)] = '\0';
                if (below(2) && strlen(text) > 15)
                        reseal();
                if (!chappe_progress_parse(&heard, text, told.watermark)) {
                        assert_int_equal(heard.run_count + heard.failure_count, 0);
                        assert_int_equal(heard.mark.crashes + heard.mark.kills, 0);
                        continue;
                }
                understood++;
                int64_t before = told.watermark;
                for (size_t n = 0; n < heard.run_count; n++) {
                        assert_true(heard.runs[n].from > before && heard.runs[n].to >= heard.runs[n].from);
                        before = heard.runs[n].to;
                }
        }
        assert_true(understood > 100); /* the damage went deeper than the checksum */
        chappe_progress_deinit(&told);
        chappe_progress_deinit(&heard);
}

/* One partition, taken as far as there is room, in any order of finishing, given up and resumed now and then. */
struct share_model {
        struct chappe_assignment assignment;
        struct chappe_share *share;
        bool finished[400000];
        bool begun[400000];
        int64_t next;
        int64_t resting; /* an offset that is never finished */
};

static void take(struct share_model *model)
{
        size_t room = chappe_share_room(model->share);
        for (int64_t n = below(3000); n > 0 && room > 0 && model->next < 390000; n--, room--, model->next++) {
                assert_int_equal(chappe_offset_ledger_begin(&model->share->ledger, model->next), 0);
                bool before = chappe_share_finished_before(model->share, model->next);
                assert_int_equal(before, model->finished[model->next]);
                if (before)
                        chappe_offset_ledger_finish(&model->share->ledger, model->next);
                model->begun[model->next] = true;
        }
}

static void finish_some(struct share_model *model, uint64_t most)
{
        int64_t low = chappe_offset_ledger_watermark(&model->share->ledger);
        for (int64_t n = below(most); n > 0 && model->next > low; n--) {
                int64_t offset = low + below((uint64_t)(model->next - low));
                if (offset == model->resting || model->finished[offset])
                        continue;
                chappe_offset_ledger_finish(&model->share->ledger, offset);
                model->finished[offset] = true;
        }
}

/* All that is finished is told, and all that is told is finished. */
static void tell(struct share_model *model, struct chappe_progress *heard)
{
        struct chappe_progress told = { 0 };
        assert_int_equal(chappe_share_progress(model->share, &told), 0);
        if (chappe_progress_print(&told, text) > 0)
                assert_true(chappe_progress_parse(heard, text, told.watermark));
        else
                chappe_progress_reset(heard, told.watermark);
        size_t run = 0;
        for (int64_t offset = told.watermark; offset < 400000; offset++) {
                while (run < heard->run_count && heard->runs[run].to < offset)
                        run++;
                bool is_told = run < heard->run_count && heard->runs[run].from <= offset;
                if (is_told != model->finished[offset])
                        fail_msg("offset %lld", (long long)offset);
        }
        chappe_progress_deinit(&told);
}

static void give_up_and_resume(struct share_model *model)
{
        struct chappe_progress heard = { 0 };
        tell(model, &heard);
        int64_t watermark = heard.watermark;
        struct chappe_share *old = model->share;
        chappe_assignment_remove(&model->assignment, old);
        chappe_share_free(old);
        model->share = chappe_assignment_gain(&model->assignment, "t", 0, watermark);
        model->share->window = heard.window;
        chappe_share_resume(model->share, &heard);
        model->next = watermark;
}

static void test_what_intake_had_room_for_always_fits(void **state)
{
        (void)state;
        for (int round = 0; round < 6; round++) {
                struct share_model *model = calloc(1, sizeof(*model));
                int64_t furthest = 0;
                model->resting = below(100);
                model->share = chappe_assignment_gain(&model->assignment, "t", 0, 0);
                if (round >= 4)
                        model->share->window = (struct chappe_window){ INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX };
                for (int step = 0; step < 600; step++) {
                        take(model);
                        finish_some(model, round % 2 ? 900 : 100);
                        furthest = model->next > furthest ? model->next : furthest;
                        if (step % 60 == 59)
                                give_up_and_resume(model);
                }
                assert_true(furthest > CHAPPE_PROGRESS_OFFSETS / 2);
                chappe_assignment_deinit(&model->assignment);
                free(model);
        }
}

/* What an earlier owner finished right behind what was read until now: the commit goes on behind it. */
static void test_commit_passes_what_was_finished_before_and_is_not_read_again_yet(void **state)
{
        struct chappe_assignment assignment = { 0 };
        struct chappe_progress before = { 0 }, told = { 0 };
        (void)state;
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 5);
        chappe_progress_reset(&before, 5);
        assert_int_equal(chappe_progress_add(&before, (struct chappe_offset_run){ 6, 7 }), 0);
        assert_int_equal(chappe_progress_add(&before, (struct chappe_offset_run){ 9, 9 }), 0);
        chappe_share_resume(share, &before);
        assert_int_equal(chappe_share_commit(share), 5);
        assert_int_equal(chappe_offset_ledger_begin(&share->ledger, 5), 0);
        assert_int_equal(chappe_share_commit(share), 5);
        chappe_offset_ledger_finish(&share->ledger, 5);
        assert_int_equal(chappe_share_commit(share), 8);
        assert_int_equal(chappe_share_progress(share, &told), 0);
        assert_int_equal(told.watermark, 8);
        assert_int_equal(told.run_count, 1);
        assert_int_equal(told.runs[0].from, 9);
        assert_true(chappe_share_finished_before(share, 6));
        chappe_progress_deinit(&told);
        chappe_assignment_deinit(&assignment);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_printed_is_read_again),
                cmocka_unit_test(test_the_shorter_form_is_chosen),
                cmocka_unit_test(test_what_does_not_fit_is_left_out),
                cmocka_unit_test(test_the_lowest_failures_are_kept),
                cmocka_unit_test(test_of_one_offset_the_latest_failures_are_kept),
                cmocka_unit_test(test_metadata_of_others_says_nothing),
                cmocka_unit_test(test_damaged_metadata_does_no_harm),
                cmocka_unit_test(test_what_intake_had_room_for_always_fits),
                cmocka_unit_test(test_commit_passes_what_was_finished_before_and_is_not_read_again_yet),
        };
        return cmocka_run_group_tests(tests, seed_random, NULL);
}
