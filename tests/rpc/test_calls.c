/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side: replies reach their calls, every call ends by its deadline, late replies are counted. */
#include "parties.h"

#define CALLER     0
#define ANSWERER   1
#define STRANDS    6
#define CALLS_EACH 20

static struct stage stage;

/* What the answerer does beside doubling. */
static int64_t answer_takes_us;
static int handled;

static int on_double(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct question *question = request;
        struct answer_reply *reply = ret_reply;

        handled++;
        if (answer_takes_us)
                nap(ctx->runtime->world, answer_takes_us);
        if (question->n == 666)
                return chappe_fail(&ctx->error, CHAPPE_E_STORE_FULL, "no space left");
        if (question->n < 0) {
                reply->value.refused.n = question->n;
                return REFUSED;
        }
        reply->value.response.n = 2 * question->n;
        return 0;
}

static const struct chappe_operation calls[] = {
        { .kind = CHAPPE_CALLS, .topic = "questions", .message = &double_message, .timeout_ms = 1500 }, { 0 }
};
/* A reply that could not be sent is soon sent again: several in a row do not use up the caller's time. */
static const struct chappe_retry_policy soon = { .backoff_ms = 10, .backoff_maximum_ms = 20 };
static const struct chappe_operation answers[] = { { .kind = CHAPPE_ANSWERS,
                                                     .topic = "questions",
                                                     .message = &double_message,
                                                     .on_request = on_double,
                                                     .retry = &soon },
                                                   { 0 } };

static int set_up(void **state)
{
        *state = &stage;
        stage_open(&stage, 1, NULL);
        chappe_sim_topic_create(stage.sim, "questions", 2);
        stage.parties[CALLER].operations = calls;
        stage.parties[ANSWERER].operations = answers;
        answer_takes_us = 0;
        handled = 0;
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage_close(&stage);
        return 0;
}

static void run_caller(void (*script)(struct party *party))
{
        stage.parties[CALLER].script = script;
        party_start(&stage.parties[CALLER]);
        stage_run_script(&stage, CALLER);
        assert_int_equal(stage.parties[CALLER].status, 0);
}

static void ask_three_ways(struct party *party)
{
        struct chappe_error error;
        struct answer answer;

        assert_int_equal(ask(party, NULL, 21, &answer, NULL), 0);
        assert_int_equal(answer.n, 42);
        assert_int_equal(ask(party, NULL, -3, &answer, NULL), REFUSED);
        assert_int_equal(answer.n, -3);
        assert_int_equal(ask(party, NULL, 666, NULL, &error), -CHAPPE_E_CALL_REMOTE);
        assert_non_null(strstr(error.text, "E6004"));
        assert_non_null(strstr(error.text, "no space left"));
}

static void test_response_declared_error_and_failure_come_back(void **state)
{
        (void)state;
        party_start(&stage.parties[ANSWERER]);
        run_caller(ask_three_ways);
        assert_int_equal(handled, 3);
        assert_int_equal(counter(&stage.parties[CALLER], "calls_total"), 3);
}

static void ask_nobody(struct party *party)
{
        int64_t began_us = chappe_clock_monotonic_us(party->world.clock), took_us;
        struct chappe_error error;

        assert_int_equal(ask(party, NULL, 1, NULL, &error), -CHAPPE_E_TIMEOUT);
        took_us = chappe_clock_monotonic_us(party->world.clock) - began_us;
        assert_in_range(took_us, 1500000, 1501000);
        assert_non_null(strstr(error.text, "unknown"));
}

static void test_call_that_nobody_answers_ends_at_its_deadline(void **state)
{
        (void)state;
        run_caller(ask_nobody);
}

static void ask_with_little_time(struct party *party)
{
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)&party->runtime, NULL, 100);
        const struct question question = { .key = { "k", 1 }, .n = 1 };
        int64_t began_us = chappe_clock_monotonic_us(party->world.clock);
        struct answer_reply reply;

        assert_int_equal(chappe_call(ctx, &double_message, &question, &reply), -CHAPPE_E_TIMEOUT);
        assert_true(chappe_clock_monotonic_us(party->world.clock) - began_us <= 101000);
        /* Nothing is left: no request is sent any more. */
        assert_int_equal(chappe_call(ctx, &double_message, &question, &reply), -CHAPPE_E_TIMEOUT);
        chappe_context_close(ctx);
        assert_int_equal(counter(party, "calls_total"), 1);
}

static void test_contexts_deadline_is_the_calls_when_it_is_sooner(void **state)
{
        (void)state;
        run_caller(ask_with_little_time);
}

static void ask_slow_one(struct party *party)
{
        assert_int_equal(ask(party, NULL, 1, NULL, NULL), -CHAPPE_E_TIMEOUT);
        nap(&party->world, 3 * SECOND);
        assert_int_equal(counter(party, "calls_late_replies_total"), 1);
        answer_takes_us = 0;
        assert_int_equal(ask(party, NULL, 1, NULL, NULL), 0); /* and is none the worse */
}

static void test_late_reply_is_dropped_and_counted(void **state)
{
        (void)state;
        answer_takes_us = 2 * SECOND;
        party_start(&stage.parties[ANSWERER]);
        run_caller(ask_slow_one);
}

static void ask_while_nobody_is_there(struct party *party)
{
        assert_int_equal(ask(party, NULL, 1, NULL, NULL), -CHAPPE_E_TIMEOUT);
        nap(&party->world, SECOND);
        party_start(&stage.parties[ANSWERER]);
        nap(&party->world, 20 * SECOND); /* its group assembles, and it finds the first request */
        assert_int_equal(ask(party, NULL, 3, NULL, NULL), 0);
}

static void test_expired_requests_are_dropped_unhandled(void **state)
{
        (void)state;
        run_caller(ask_while_nobody_is_there);
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_expired_total"), 1);
        assert_int_equal(handled, 1);
}

struct asker {
        struct party *party;
        int64_t from;
};

static void ask_many(void *argument)
{
        struct asker *asker = argument;
        struct answer answer;

        for (int64_t n = asker->from; n < asker->from + CALLS_EACH; n++) {
                assert_int_equal(ask(asker->party, NULL, n, &answer, NULL), 0);
                assert_int_equal(answer.n, 2 * n);
        }
}

static void ask_from_many_strands(struct party *party)
{
        int64_t base = (party - stage.parties) * 100000;
        struct chappe_strand *strands[STRANDS];
        struct asker askers[STRANDS];

        nap(&party->world, 10 * SECOND); /* both callers and the answerer are there */
        for (int i = 0; i < STRANDS; i++) {
                askers[i] = (struct asker){ party, base + i * 1000 };
                assert_int_equal(
                        chappe_strand_start(party->world.executor, "asker", ask_many, &askers[i], &strands[i], NULL),
                        0);
        }
        for (int i = 0; i < STRANDS; i++)
                chappe_strand_join(party->world.executor, strands[i]);
}

static void test_every_reply_reaches_its_call_on_a_shared_partition(void **state)
{
        struct party *other = &stage.parties[2];

        (void)state;
        chappe_sim_topic_create(stage.sim, "replies", 1);
        stage.parties[CALLER].settings[0] = other->settings[0] = "reply_topic=replies";
        other->operations = calls;
        other->script = ask_from_many_strands;
        party_start(&stage.parties[ANSWERER]);
        party_start(other);
        run_caller(ask_from_many_strands);
        stage_run_script(&stage, 2);
        assert_int_equal(handled, 2 * STRANDS * CALLS_EACH);
}

static void call_in_transaction(struct party *party)
{
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)&party->runtime, NULL, 0);
        const struct question question = { .key = { "k", 1 }, .n = 1 };
        struct answer_reply reply;

        assert_non_null(chappe_store(ctx));
        assert_int_equal(chappe_call(ctx, &double_message, &question, &reply), -CHAPPE_E_CALL_IN_TRANSACTION);
        chappe_context_close(ctx);
        assert_int_equal(counter(party, "calls_total"), 0);
}

static void test_call_inside_a_transaction_is_refused(void **state)
{
        struct chappe_store_anchor *anchor;

        (void)state;
        assert_int_equal(chappe_store_anchor_open("file:/caller?vfs=memdb", &anchor, NULL), 0);
        stage.parties[CALLER].database = "file:/caller?vfs=memdb";
        run_caller(call_in_transaction);
        chappe_store_anchor_close(anchor);
}

static void call_undeclared(struct party *party)
{
        static struct chappe_message other;
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)&party->runtime, NULL, 0);

        other = double_message;
        assert_int_equal(chappe_call(ctx, &other, NULL, NULL), -CHAPPE_E_CALL_NOT_DECLARED);
        chappe_context_close(ctx);
}

static struct {
        bool position_fixed; /* of the replies */
        bool opened_before, opened_after;
} beginning;

/* As an impatient program would, whose threads do not wait for the start. */
static void try_to_begin(struct stage *s, struct party *party, const char *kind)
{
        struct chappe_context *ctx;

        if (party != &s->parties[CALLER] || strncmp(kind, "broker.", 7) != 0)
                return;
        ctx = chappe_context_open((struct chappe_service *)&party->runtime, NULL, 0);
        beginning.opened_before |= ctx && !beginning.position_fixed;
        beginning.opened_after |= ctx && beginning.position_fixed;
        beginning.position_fixed |= strcmp(kind, "broker.assign") == 0;
        chappe_context_close(ctx);
}

static void test_no_call_can_begin_before_the_reply_position_is_fixed(void **state)
{
        (void)state;
        memset(&beginning, 0, sizeof(beginning));
        stage.step = try_to_begin;
        party_start(&stage.parties[ANSWERER]);
        run_caller(ask_three_ways);
        stage.step = NULL;
        assert_false(beginning.opened_before);
        assert_true(beginning.opened_after);
}

static void test_call_that_the_table_does_not_declare_is_refused(void **state)
{
        (void)state;
        run_caller(call_undeclared);
}

static void stopper(void *argument)
{
        struct party *party = argument;

        nap(&party->world, 200000);
        chappe_calls_stop(&party->runtime);
}

static void ask_until_stopped(struct party *party)
{
        int64_t began_us = chappe_clock_monotonic_us(party->world.clock);
        struct chappe_strand *strand;

        assert_int_equal(chappe_strand_start(party->world.executor, "stopper", stopper, party, &strand, NULL), 0);
        assert_int_equal(ask(party, NULL, 1, NULL, NULL), -CHAPPE_E_STOPPED);
        assert_true(chappe_clock_monotonic_us(party->world.clock) - began_us < 300000);
        assert_int_equal(ask(party, NULL, 1, NULL, NULL), -CHAPPE_E_STOPPED);
        chappe_strand_join(party->world.executor, strand);
}

static void test_stop_ends_waiting_calls_at_once(void **state)
{
        (void)state;
        run_caller(ask_until_stopped);
}

static void ask_undelivered(struct party *party)
{
        for (int n = 0; n < 60; n++)
                assert_int_equal(ask(party, NULL, n, NULL, NULL), 0);
        assert_true(counter(party, "deliveries_failed_total") > 0);
}

static void test_request_that_was_not_delivered_is_sent_again(void **state)
{
        const struct chappe_sim_faults faults = { .delivery_failed_ppm = 100000 };

        (void)state;
        party_start(&stage.parties[ANSWERER]);
        stage_run_for(&stage, 10 * SECOND);
        chappe_sim_set_faults(stage.sim, &faults);
        run_caller(ask_undelivered);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_response_declared_error_and_failure_come_back),
                TEST(test_call_that_nobody_answers_ends_at_its_deadline),
                TEST(test_contexts_deadline_is_the_calls_when_it_is_sooner),
                TEST(test_late_reply_is_dropped_and_counted),
                TEST(test_expired_requests_are_dropped_unhandled),
                TEST(test_every_reply_reaches_its_call_on_a_shared_partition),
                TEST(test_call_inside_a_transaction_is_refused),
                TEST(test_no_call_can_begin_before_the_reply_position_is_fixed),
                TEST(test_call_that_the_table_does_not_declare_is_refused),
                TEST(test_stop_ends_waiting_calls_at_once),
                TEST(test_request_that_was_not_delivered_is_sent_again),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
