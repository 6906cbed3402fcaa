/* SPDX-License-Identifier: Apache-2.0 */
/* The kit itself: events in and out, stubs, crashes, many seeds, planted mistakes that must be found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chappe/testkit.h>

#include "counter.h"
#include "shop/payments.h"

static void feed(struct chappe_testkit *kit, int n)
{
        char id[32], order[32];

        snprintf(id, sizeof(id), "event-%d", n);
        snprintf(order, sizeof(order), "order-%d", n);
        assert_int_equal(chappe_testkit_feed_as(kit, id, COUNTER_IN, &shop_order_shipped_type,
                                                &(struct shop_order_shipped){ .order_id = chappe_text(order),
                                                                              .customer = chappe_text("anna"),
                                                                              .country = chappe_text("AT"),
                                                                              .parcel = chappe_text("p"),
                                                                              .pieces = n }),
                         0);
}

static int rows(struct chappe_testkit *kit)
{
        sqlite3_stmt *statement = NULL;
        int count = -1;

        if (sqlite3_prepare_v2(chappe_testkit_database(kit, "counter"), "SELECT count(*) FROM parcels", -1, &statement,
                               NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
                count = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return count;
}

static void test_fed_event_is_handled_and_its_outcome_read(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(1, &counter_service, NULL);
        struct shop_customer_notified told;

        (void)state;
        feed(kit, 1);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_OUT), 1);
        assert_int_equal(chappe_testkit_read(kit, COUNTER_OUT, 0, &shop_customer_notified_type, &told), 0);
        assert_true(chappe_text_equal(told.order_id, chappe_text("order-1")));
        assert_true(chappe_text_equal(told.text, chappe_text("1")));
        assert_int_equal(chappe_testkit_read_header(kit, COUNTER_OUT, 0, "ce_id").length, 36);
        assert_int_equal(rows(kit), 1);
        chappe_testkit_free(kit);
}

static void test_event_fed_twice_takes_effect_once(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(2, &counter_service, NULL);

        (void)state;
        feed(kit, 1);
        feed(kit, 1);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_OUT), 1);
        assert_int_equal(rows(kit), 1);
        chappe_testkit_free(kit);
}

static void test_bytes_of_a_stranger_go_to_the_dead_letters(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(3, &counter_service, NULL);

        (void)state;
        assert_int_equal(chappe_testkit_feed_bytes(kit, COUNTER_IN, (struct chappe_bytes){ 0 },
                                                   (struct chappe_bytes){ (const uint8_t *)"garbage", 7 }),
                         0);
        feed(kit, 1);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_IN "-dlt"), 1);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_OUT), 1);
        chappe_testkit_free(kit);
}

static void test_crashed_instance_finishes_its_work_after_the_restart(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(4, &counter_service, NULL);

        (void)state;
        chappe_testkit_run_for(kit, 1000);
        for (int n = 0; n < 20; n++)
                feed(kit, n);
        chappe_testkit_run_for(kit, 1);
        chappe_testkit_crash(chappe_testkit_instance(kit, "counter", 0));
        chappe_testkit_run_for(kit, 1000);
        assert_true(rows(kit) < 20);
        chappe_testkit_restart(chappe_testkit_instance(kit, "counter", 0));
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 20);
        chappe_testkit_free(kit);
}

static void test_what_is_fed_while_a_topic_is_held_waits_until_it_is_let_go(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(7, &counter_service, NULL);
        struct chappe_testkit_instance *counter = chappe_testkit_instance(kit, "counter", 0);

        (void)state;
        feed(kit, 1);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        chappe_testkit_hold(counter, COUNTER_IN);
        chappe_testkit_run_for(kit, 1000);
        feed(kit, 2);
        feed(kit, 3);
        chappe_testkit_run_for(kit, 60000);
        assert_int_equal(rows(kit), 1);
        chappe_testkit_hold(counter, NULL);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 3);
        chappe_testkit_free(kit);
}

/* What took effect before is passed over, what an inbox does not know (its rows are gone here) takes effect again. */
static void test_moving_a_topic_back_does_again_what_the_inbox_does_not_know(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(8, &counter_service, NULL);
        struct chappe_testkit_instance *counter = chappe_testkit_instance(kit, "counter", 0);

        (void)state;
        for (int n = 1; n <= 5; n++)
                feed(kit, n);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 5);
        chappe_testkit_seek(counter, COUNTER_IN, 0);
        chappe_testkit_run_for(kit, 5000);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 5);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_OUT), 5);
        assert_int_equal(sqlite3_exec(chappe_testkit_database(kit, "counter"),
                                      "DELETE FROM chappe_inbox; DELETE FROM parcels", NULL, NULL, NULL),
                         SQLITE_OK);
        chappe_testkit_seek(counter, COUNTER_IN, 0);
        chappe_testkit_run_for(kit, 5000);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 5);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_OUT), 10);
        chappe_testkit_free(kit);
}

static void test_two_instances_share_the_work(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(5, &counter_service, &counter_service, NULL);

        (void)state;
        for (int n = 0; n < 20; n++)
                feed(kit, n);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 20);
        assert_null(chappe_testkit_instance(kit, "counter", 2));
        assert_int_equal(chappe_testkit_stop(chappe_testkit_instance(kit, "counter", 1)), 0);
        feed(kit, 20);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(rows(kit), 21);
        chappe_testkit_free(kit);
}

/* A caller whose callee is a stub: asks payments about every parcel, and tells the customer when it is declined. */

static int declines(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct shop_authorise_request *asked = request;
        struct shop_authorise_reply *reply = ret_reply;

        (void)ctx;
        if (asked->amount < 100)
                return 0;
        reply->declined.reason = chappe_text("too dear");
        return SHOP_DECLINED;
}

static enum chappe_decision asks(struct chappe_context *ctx, const struct shop_order_shipped *event)
{
        struct shop_authorise_request request = { .order_id = event->order_id, .amount = event->pieces };
        struct shop_authorise_reply reply;
        int outcome = shop_payments_authorise(ctx, &request, &reply);

        if (outcome < 0)
                return chappe_retry(ctx, "no answer");
        if (outcome != SHOP_DECLINED)
                return CHAPPE_DONE;
        return shop_customer_notified_publish(ctx, &(struct shop_customer_notified){ .order_id = event->order_id,
                                                                                     .text = reply.declined.reason }) <
                               0
                       ? CHAPPE_RETRY
                       : CHAPPE_DONE;
}

static void test_stub_answers_instead_of_the_callee(void **state)
{
        static const struct chappe_operation operations[] = {
                SHOP_ORDER_SHIPPED_CONSUMES(COUNTER_IN, asks),
                SHOP_PAYMENTS_AUTHORISE_CALLS("shop.payments"),
                SHOP_CUSTOMER_NOTIFIED_PRODUCES(COUNTER_OUT),
                { 0 },
        };
        static const struct chappe_service_config caller = { .name = "caller",
                                                             .version = "1",
                                                             .operations = operations };
        struct chappe_testkit *kit = chappe_testkit_new(6, &caller, NULL);
        struct shop_customer_notified told;

        (void)state;
        chappe_testkit_stub(kit, "shop.payments", &shop_payments_authorise_message, declines);
        feed(kit, 99);
        feed(kit, 100);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(chappe_testkit_published(kit, COUNTER_OUT), 1);
        assert_int_equal(chappe_testkit_read(kit, COUNTER_OUT, 0, &shop_customer_notified_type, &told), 0);
        assert_true(chappe_text_equal(told.order_id, chappe_text("order-100")));
        assert_true(chappe_text_equal(told.text, chappe_text("too dear")));
        chappe_testkit_free(kit);
}

/* Many seeds */

#define ORDERS 30

static void prepare(struct chappe_testkit *kit, void *context)
{
        const struct chappe_service_config *config = context;

        if (config == &hasty_counter_service) {
                chappe_testkit_add(kit, config, (const char *const[]){ "workers=1", NULL });
        } else {
                chappe_testkit_add(kit, config, NULL);
                chappe_testkit_add(kit, config, NULL);
        }
}

static int64_t feed_some(struct chappe_testkit *kit, int round, void *context)
{
        (void)context;
        for (int n = 0; n < 5; n++)
                feed(kit, round * 5 + n);
        return (round + 1) * 5 < ORDERS ? 2000 : 0;
}

/* What was published under one id must say the same each time. Returns the number, 0 when it was read before, negative
 * if wrong. */
static int number_at(struct chappe_testkit *kit, size_t i, struct chappe_text *ids, int *numbers)
{
        struct shop_customer_notified told;

        ids[i] = chappe_testkit_read_header(kit, COUNTER_OUT, i, "ce_id");
        if (chappe_testkit_read(kit, COUNTER_OUT, i, &shop_customer_notified_type, &told) < 0)
                return -1;
        numbers[i] = (int)strtol(told.text.at, NULL, 10);
        for (size_t k = 0; k < i; k++)
                if (chappe_text_equal(ids[k], ids[i]))
                        return numbers[k] == numbers[i] ? 0 : -1;
        return numbers[i];
}

/* One row and one number an order, and the numbers are those of the rows. */
static int check_numbers(struct chappe_testkit *kit, void *context, struct chappe_error *error)
{
        bool seen[ORDERS + 1] = { false };
        struct chappe_text ids[8 * ORDERS];
        int numbers[8 * ORDERS], different = 0;
        size_t count = chappe_testkit_published(kit, COUNTER_OUT);

        (void)context;
        for (size_t i = 0; i < count && i < 8 * ORDERS; i++) {
                int number = number_at(kit, i, ids, numbers);

                if (number < 0 || number > ORDERS || (number > 0 && seen[number]))
                        return chappe_fail(error, CHAPPE_E_USAGE, "record %zu: number %d was given to another", i,
                                           numbers[i]);
                seen[number] = true;
                different += number > 0;
        }
        if (rows(kit) != ORDERS || different != ORDERS)
                return chappe_fail(error, CHAPPE_E_USAGE, "%d rows and %d numbers of %d orders", rows(kit), different,
                                   ORDERS);
        return 0;
}

static void test_books_balance_after_every_seed_of_faults(void **state)
{
        struct chappe_testkit_report report;
        struct chappe_testkit_simulation simulation = {
                .test = __func__,
                .seeds = 100,
                .faults = CHAPPE_TESTKIT_FAULTS,
                .prepare = prepare,
                .feed = feed_some,
                .check = check_numbers,
                .context = (void *)&counter_service,
        };

        (void)state;
        assert_int_equal(chappe_testkit_simulate(&simulation, &report), 0);
        if (report.seeds > 1) {
                assert_true(report.step_kinds >= 10);
                assert_true(report.crashes >= 100);
        }
}

/* The first line with this mark of what the simulation says, without it; false when there is none. */
static bool command_that_repeats(const struct chappe_testkit_simulation *simulation, const char *mark,
                                 char *ret_command, int size)
{
        FILE *said = tmpfile();
        int output = dup(STDOUT_FILENO);
        bool found = false;

        assert_non_null(said);
        fflush(stdout);
        dup2(fileno(said), STDOUT_FILENO);
        chappe_testkit_simulate(simulation, NULL);
        fflush(stdout);
        dup2(output, STDOUT_FILENO);
        close(output);
        rewind(said);
        while (!found && fgets(ret_command, size, said))
                found = strncmp(ret_command, mark, strlen(mark)) == 0;
        fclose(said);
        if (found)
                memmove(ret_command, ret_command + strlen(mark), strlen(ret_command + strlen(mark)) + 1);
        return found;
}

static void assert_repeats(const char *mark)
{
        const struct chappe_testkit_simulation simulation = {
                .test = "test_service_that_publishes_before_its_transaction_is_found",
                .seeds = 60,
                .faults = CHAPPE_TESTKIT_FAULTS,
                .prepare = prepare,
                .feed = feed_some,
                .check = check_numbers,
                .context = (void *)&hasty_counter_service,
        };
        char command[3000], line[200];
        bool failed = false;
        FILE *repeated;

        if (getenv("CHAPPE_TEST_SEED"))
                return;
        assert_true(command_that_repeats(&simulation, mark, command, sizeof(command)));
        repeated = popen(command, "r");
        assert_non_null(repeated);
        while (fgets(line, sizeof(line), repeated))
                failed |= strncmp(line, "# 1 seeds, 1 failed", 19) == 0;
        pclose(repeated);
        if (!failed)
                fail_msg("it does not fail: %s", command);
}

static void test_command_of_a_failing_seed_repeats_it(void **state)
{
        (void)state;
        assert_repeats("# failed: ");
}

static void test_command_of_a_seed_made_small_repeats_it(void **state)
{
        (void)state;
        assert_repeats("# shrunk: ");
}

static void test_service_that_publishes_before_its_transaction_is_found(void **state)
{
        struct chappe_testkit_report report;
        struct chappe_testkit_simulation simulation = {
                .test = __func__,
                .seeds = 4,
                .prepare = prepare,
                .feed = feed_some,
                .check = check_numbers,
                .context = (void *)&hasty_counter_service,
        };

        (void)state;
        assert_int_equal(chappe_testkit_simulate(&simulation, &report), 0);
        simulation.seeds = 60;
        simulation.faults = CHAPPE_TESTKIT_FAULTS;
        assert_int_not_equal(chappe_testkit_simulate(&simulation, &report), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fed_event_is_handled_and_its_outcome_read),
                cmocka_unit_test(test_event_fed_twice_takes_effect_once),
                cmocka_unit_test(test_bytes_of_a_stranger_go_to_the_dead_letters),
                cmocka_unit_test(test_crashed_instance_finishes_its_work_after_the_restart),
                cmocka_unit_test(test_what_is_fed_while_a_topic_is_held_waits_until_it_is_let_go),
                cmocka_unit_test(test_moving_a_topic_back_does_again_what_the_inbox_does_not_know),
                cmocka_unit_test(test_two_instances_share_the_work),
                cmocka_unit_test(test_stub_answers_instead_of_the_callee),
                cmocka_unit_test(test_books_balance_after_every_seed_of_faults),
                cmocka_unit_test(test_service_that_publishes_before_its_transaction_is_found),
                cmocka_unit_test(test_command_of_a_failing_seed_repeats_it),
                cmocka_unit_test(test_command_of_a_seed_made_small_repeats_it),
        };
        cmocka_set_test_filter(getenv("CHAPPE_TEST_ONLY"));
        return cmocka_run_group_tests(tests, NULL, NULL);
}
