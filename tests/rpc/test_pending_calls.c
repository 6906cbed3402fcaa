/* SPDX-License-Identifier: Apache-2.0 */
/* Pending calls against a model that knows every correlation id it ever gave out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/random.h"
#include "rpc/pending_calls.h"

#define CAPACITY      8
#define CALLS_MAXIMUM 4000
#define STEPS         20000
#define SEEDS         20

/* One call that was ever made. */
struct call {
        uint8_t correlation[CHAPPE_CORRELATION_SIZE];
        uint32_t slot;
        int64_t deadline_us;
        bool waiting, answered, under_way, over;
};

struct model {
        struct chappe_pending_calls pending;
        struct chappe_random random;
        struct call calls[CALLS_MAXIMUM];
        int count;
        int64_t now_us;
};

static struct model model;

static int occupied(void)
{
        int occupied = 0;

        for (int i = 0; i < model.count; i++)
                occupied += !model.calls[i].over || model.calls[i].under_way;
        return occupied;
}

static void begin(void)
{
        struct call *call = &model.calls[model.count];
        int64_t deadline_us = model.now_us + (int64_t)chappe_random_below(&model.random, 100);
        bool full = occupied() == CAPACITY;
        uint32_t slot = chappe_pending_begin(&model.pending, deadline_us);

        assert_int_equal(slot == CHAPPE_PENDING_NONE, full);
        if (full)
                return;
        *call = (struct call){ .slot = slot, .deadline_us = deadline_us, .waiting = true };
        chappe_pending_correlation(&model.pending, slot, call->correlation);
        for (int i = 0; i < model.count; i++)
                assert_memory_not_equal(call->correlation, model.calls[i].correlation, CHAPPE_CORRELATION_SIZE);
        model.count++;
}

static void reply(struct call *call)
{
        uint32_t slot = CHAPPE_PENDING_NONE;
        struct chappe_bytes correlation = { call->correlation, CHAPPE_CORRELATION_SIZE };
        bool expected = call->waiting && model.now_us <= call->deadline_us;

        assert_int_equal(chappe_pending_reply(&model.pending, correlation, model.now_us, &slot),
                         expected ? CHAPPE_REPLY_EXPECTED : CHAPPE_REPLY_LATE);
        if (!expected)
                return;
        assert_int_equal(slot, call->slot);
        call->waiting = false;
        call->answered = true;
}

static void step(void)
{
        struct call *call =
                &model.calls[model.count > 1
                                     ? model.count - 1 -
                                               (int)chappe_random_below(&model.random,
                                                                        (uint64_t)(model.count < 20 ? model.count : 20))
                                     : 0];

        model.now_us += (int64_t)chappe_random_below(&model.random, 10);
        switch (chappe_random_below(&model.random, 5)) {
        case 0:
                begin();
                break;
        case 1:
                reply(call);
                break;
        case 2:
                if (!call->over && !call->under_way) {
                        chappe_pending_sent(&model.pending, call->slot);
                        call->under_way = true;
                }
                break;
        case 3:
                if (call->under_way) {
                        chappe_pending_reported(&model.pending, call->slot);
                        call->under_way = false;
                }
                break;
        default:
                if (!call->over) {
                        chappe_pending_end(&model.pending, call->slot);
                        call->over = true;
                        call->waiting = false;
                }
        }
        assert_int_equal(model.pending.waiting, occupied());
}

static void test_every_reply_finds_its_call_and_no_other(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                print_message("# seed %llu\n", (unsigned long long)seed);
                memset(&model, 0, sizeof(model));
                chappe_random_init(&model.random, seed);
                assert_int_equal(chappe_pending_init(&model.pending, CAPACITY, seed), 0);
                begin();
                for (int i = 0; i < STEPS / SEEDS && model.count < CALLS_MAXIMUM; i++)
                        step();
                chappe_pending_deinit(&model.pending);
        }
}

static void test_replies_of_others_are_foreign(void **state)
{
        struct chappe_pending_calls pending;
        uint8_t correlation[CHAPPE_CORRELATION_SIZE];
        uint32_t slot;

        (void)state;
        assert_int_equal(chappe_pending_init(&pending, 2, 0x0102030405060708), 0);
        chappe_pending_correlation(&pending, chappe_pending_begin(&pending, 100), correlation);
        assert_memory_equal(correlation, "\1\2\3\4\5\6\7\10", 8);
        correlation[0] ^= 1;
        assert_int_equal(chappe_pending_reply(&pending, (struct chappe_bytes){ correlation, 16 }, 0, &slot),
                         CHAPPE_REPLY_FOREIGN);
        assert_int_equal(chappe_pending_reply(&pending, (struct chappe_bytes){ correlation, 15 }, 0, &slot),
                         CHAPPE_REPLY_FOREIGN);
        assert_int_equal(chappe_pending_reply(&pending, (struct chappe_bytes){ NULL, 0 }, 0, &slot),
                         CHAPPE_REPLY_FOREIGN);
        correlation[0] ^= 1;
        correlation[15] = 77; /* a slot that there is not */
        assert_int_equal(chappe_pending_reply(&pending, (struct chappe_bytes){ correlation, 16 }, 0, &slot),
                         CHAPPE_REPLY_LATE);
        chappe_pending_deinit(&pending);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_reply_finds_its_call_and_no_other),
                cmocka_unit_test(test_replies_of_others_are_foreign),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
