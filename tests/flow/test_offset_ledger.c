/* SPDX-License-Identifier: Apache-2.0 */
/* The offset ledger against a plain list of offsets. */
#include "sequences.h"

#include "flow/offset_ledger.h"

#define SEQUENCES 100000
#define MOST      40

struct model {
        int64_t offsets[MOST];
        bool finished[MOST];
        size_t count;
        int64_t next;
};

static int64_t model_watermark(const struct model *model)
{
        for (size_t i = 0; i < model->count; i++) {
                if (!model->finished[i])
                        return model->offsets[i];
        }
        return model->next;
}

/* The runs beyond the watermark cover exactly the finished offsets beyond it. */
static void check_beyond(const struct chappe_offset_ledger *ledger, const struct model *model)
{
        int64_t watermark = model_watermark(model);
        size_t position = 0;
        struct chappe_offset_run run = { -1, -1 };
        size_t runs = 0, counting = 0;
        while (chappe_offset_ledger_beyond(ledger, &counting, &run))
                runs++;
        assert_int_equal(chappe_offset_ledger_runs(ledger), runs);
        bool more = chappe_offset_ledger_beyond(ledger, &position, &run);
        for (size_t i = 0; i < model->count; i++) {
                if (model->offsets[i] < watermark)
                        continue;
                while (more && run.to < model->offsets[i])
                        more = chappe_offset_ledger_beyond(ledger, &position, &run);
                bool covered = more && run.from <= model->offsets[i] && model->offsets[i] <= run.to;
                assert_int_equal(covered, model->finished[i]);
        }
}

static void random_sequence(struct chappe_random *random)
{
        struct chappe_offset_ledger ledger = { 0 };
        struct model model = { .next = (int64_t)chappe_random_below(random, 1000) };
        chappe_offset_ledger_start(&ledger, model.next);
        for (int step = 0; step < 60; step++) {
                if (model.count < MOST && chappe_random_below(random, 2)) {
                        int64_t offset = model.next +
                                         (int64_t)(chappe_random_below(random, 4) ? 0 : chappe_random_below(random, 9));
                        assert_int_equal(chappe_offset_ledger_begin(&ledger, offset), 0);
                        model.offsets[model.count++] = offset;
                        model.next = offset + 1;
                } else if (model.count > 0) {
                        size_t n = chappe_random_below(random, model.count);
                        if (!model.finished[n])
                                chappe_offset_ledger_finish(&ledger, model.offsets[n]);
                        model.finished[n] = true;
                }
                assert_int_equal(chappe_offset_ledger_watermark(&ledger), model_watermark(&model));
                assert_int_equal(chappe_offset_ledger_highest(&ledger), model.next - 1);
                if (step % 10 == 9)
                        check_beyond(&ledger, &model);
        }
        chappe_offset_ledger_deinit(&ledger);
}

static void test_ledger_agrees_with_a_plain_list(void **state)
{
        (void)state;
        struct chappe_random random;
        chappe_random_init(&random, sequences_seed());
        for (uint64_t n = sequences_wanted(SEQUENCES); n > 0; n--)
                random_sequence(&random);
}

static void test_offset_is_not_committed_before_earlier_ones_finish(void **state)
{
        (void)state;
        struct chappe_offset_ledger ledger = { 0 };
        assert_int_equal(chappe_offset_ledger_watermark(&ledger), -1);
        for (int64_t offset = 5; offset < 8; offset++)
                assert_int_equal(chappe_offset_ledger_begin(&ledger, offset), 0);
        chappe_offset_ledger_finish(&ledger, 7);
        chappe_offset_ledger_finish(&ledger, 6);
        assert_int_equal(chappe_offset_ledger_watermark(&ledger), 5);
        assert_int_equal(chappe_offset_ledger_unfinished(&ledger), 1);
        chappe_offset_ledger_finish(&ledger, 5);
        assert_int_equal(chappe_offset_ledger_watermark(&ledger), 8);
        assert_int_equal(chappe_offset_ledger_width(&ledger), 0);
        chappe_offset_ledger_deinit(&ledger);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_offset_is_not_committed_before_earlier_ones_finish),
                cmocka_unit_test(test_ledger_agrees_with_a_plain_list),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
