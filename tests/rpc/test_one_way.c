/* SPDX-License-Identifier: Apache-2.0 */
/* One-way messages: sent as events are, handled like a request, and answered by nobody. */
#include "parties.h"

#define CALLER   0
#define ANSWERER 1
#define URI      "file:/one-way?vfs=memdb"

static struct stage stage;
static struct chappe_store_anchor *anchor;
static struct chappe_message note_message;
static int handled, failures;

static int on_note(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct question *question = request;

        (void)ret_reply;
        handled++;
        assert_int_equal(question->n, 5);
        return failures-- > 0 ? chappe_fail(&ctx->error, CHAPPE_E_LIMIT, "not today") : 0;
}

static const struct chappe_retry_policy thrice = { .attempts = 3, .backoff_ms = 10, .backoff_maximum_ms = 20 };
static const struct chappe_operation calls[] = {
        { .kind = CHAPPE_CALLS, .topic = "notes", .message = &note_message, .timeout_ms = 1500 },
        { .kind = CHAPPE_CALLS, .topic = "questions", .message = &double_message, .timeout_ms = 1500 },
        { 0 }
};
static const struct chappe_operation answers[] = {
        { .kind = CHAPPE_ANSWERS, .topic = "notes", .message = &note_message, .on_request = on_note, .retry = &thrice },
        { 0 }
};

static int set_up(void **state)
{
        *state = &stage;
        note_message = double_message;
        note_message.name = "note";
        note_message.one_way = true;
        stage_open(&stage, 1, NULL);
        assert_int_equal(chappe_store_anchor_open(URI, &anchor, NULL), 0);
        chappe_sim_topic_create(stage.sim, "notes", 1);
        chappe_sim_topic_create(stage.sim, "notes-dlt", 1);
        chappe_sim_topic_create(stage.sim, "replies", 1);
        stage.parties[CALLER].operations = calls;
        stage.parties[ANSWERER].operations = answers;
        handled = failures = 0;
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage_close(&stage);
        chappe_store_anchor_close(anchor);
        return 0;
}

static void run_caller(void (*script)(struct party *party))
{
        stage.parties[CALLER].script = script;
        party_start(&stage.parties[CALLER]);
        stage_run_script(&stage, CALLER);
        assert_int_equal(stage.parties[CALLER].status, 0);
}

static const struct question note = { .key = { "k", 1 }, .n = 5 };

static struct chappe_context *open_context(struct party *party)
{
        return chappe_context_open((struct chappe_service *)&party->runtime, NULL, 0);
}

/* Nobody answers, and nobody waits: no time passes but that of handing it over. */
static void send_note(struct party *party)
{
        struct chappe_context *ctx = open_context(party);
        int64_t began_us = chappe_clock_monotonic_us(party->world.clock);

        assert_int_equal(chappe_send(ctx, &note_message, &note), 0);
        assert_true(chappe_clock_monotonic_us(party->world.clock) - began_us < 1000000);
        assert_int_equal(chappe_context_finish(ctx, NULL), 0);
        chappe_context_close(ctx);
        assert_int_equal(counter(party, "calls_total"), 0);
}

static void test_it_waits_for_nobody_and_is_handled_without_an_answer(void **state)
{
        (void)state;
        run_caller(send_note);
        assert_int_equal(chappe_sim_end(stage.sim, "notes", 0), 1);
        assert_int_equal(handled, 0);
        party_start(&stage.parties[ANSWERER]);
        stage_run_for(&stage, 20 * SECOND);
        assert_int_equal(handled, 1);
        assert_int_equal(chappe_sim_end(stage.sim, "notes-dlt", 0), 0);
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_unaddressed_total"), 0);
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_answered_total"), 0);
}

static void test_it_says_which_method_and_asks_for_no_reply(void **state)
{
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        struct chappe_record record;
        size_t count;

        (void)state;
        run_caller(send_note);
        assert_true(chappe_sim_read(stage.sim, "notes", 0, 0, &record));
        assert_int_equal(record.key.length, 0 + (int)note.key.length);
        count = chappe_record_headers(&record, headers, CHAPPE_HEADERS_MAXIMUM);
        assert_non_null(chappe_header_find(headers, count, "chappe_method"));
        assert_non_null(chappe_header_find(headers, count, "chappe_idempotency_key"));
        assert_null(chappe_header_find(headers, count, "kafka_replyTopic"));
        assert_null(chappe_header_find(headers, count, "kafka_correlationId"));
        assert_null(chappe_header_find(headers, count, "chappe_deadline"));
        chappe_record_release(&record);
}

static void test_a_handler_that_fails_is_tried_again_and_then_it_is_a_dead_letter(void **state)
{
        (void)state;
        failures = 2;
        party_start(&stage.parties[ANSWERER]);
        run_caller(send_note);
        stage_run_for(&stage, 20 * SECOND);
        assert_int_equal(handled, 3);
        assert_int_equal(chappe_sim_end(stage.sim, "notes-dlt", 0), 0);
        party_clear(&stage.parties[CALLER]);
        failures = 100;
        run_caller(send_note);
        stage_run_for(&stage, 20 * SECOND);
        assert_int_equal(handled, 6);
        assert_int_equal(chappe_sim_end(stage.sim, "notes-dlt", 0), 1);
}

static void test_a_client_that_wants_a_reply_gets_none(void **state)
{
        const struct chappe_header headers[] = { { "kafka_correlationId", "0123456789abcdef", 16 },
                                                 { "kafka_replyTopic", "replies", 7 },
                                                 { "chappe_method", "note", 4 } };
        uint8_t bytes[64];

        (void)state;
        party_start(&stage.parties[ANSWERER]);
        assert_true(chappe_sim_append(stage.sim, "notes", 0, (struct chappe_bytes){ (const uint8_t *)"k", 1 },
                                      (struct chappe_bytes){ bytes, frame_question(bytes, "k", 5) }, headers,
                                      COUNT(headers)) >= 0);
        failures = 100;
        stage_run_for(&stage, 20 * SECOND);
        assert_int_equal(handled, 3);
        assert_int_equal(chappe_sim_end(stage.sim, "replies", 0), 0);
        assert_int_equal(chappe_sim_end(stage.sim, "notes-dlt", 0), 1);
}

static void send_in_transactions(struct party *party)
{
        struct chappe_context *ctx = open_context(party);

        assert_int_equal(chappe_store_relay_start(&party->runtime, NULL), 0);
        assert_non_null(chappe_store(ctx));
        assert_int_equal(chappe_send(ctx, &note_message, &note), 0);
        chappe_context_close(ctx); /* rolled back */
        nap(&party->world, SECOND);
        assert_int_equal(chappe_sim_end(stage.sim, "notes", 0), 0);
        ctx = open_context(party);
        assert_non_null(chappe_store(ctx));
        assert_int_equal(chappe_send(ctx, &note_message, &note), 0);
        assert_int_equal(chappe_context_finish(ctx, NULL), 0);
        chappe_context_close(ctx);
        nap(&party->world, 5 * SECOND);
        assert_int_equal(chappe_sim_end(stage.sim, "notes", 0), 1);
        chappe_store_relay_stop(&party->runtime, 1000, NULL);
}

static void test_it_belongs_to_an_open_transaction(void **state)
{
        (void)state;
        stage.parties[CALLER].database = URI;
        run_caller(send_in_transactions);
}

static void mix_up(struct party *party)
{
        struct chappe_context *ctx = open_context(party);
        static struct chappe_message other;
        struct answer_reply reply;

        other = note_message;
        assert_int_equal(chappe_send(ctx, &double_message, &note), -CHAPPE_E_USAGE);
        assert_non_null(strstr(chappe_context_error(ctx)->text, "chappe_call"));
        assert_int_equal(chappe_call(ctx, &note_message, &note, &reply), -CHAPPE_E_USAGE);
        assert_non_null(strstr(chappe_context_error(ctx)->text, "chappe_send"));
        assert_int_equal(chappe_send(ctx, &other, &note), -CHAPPE_E_CALL_NOT_DECLARED);
        chappe_context_close(ctx);
}

static void test_what_is_answered_is_called_and_what_is_not_is_sent(void **state)
{
        (void)state;
        chappe_sim_topic_create(stage.sim, "questions", 1);
        run_caller(mix_up);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_it_waits_for_nobody_and_is_handled_without_an_answer),
                TEST(test_it_says_which_method_and_asks_for_no_reply),
                TEST(test_a_handler_that_fails_is_tried_again_and_then_it_is_a_dead_letter),
                TEST(test_a_client_that_wants_a_reply_gets_none),
                TEST(test_it_belongs_to_an_open_transaction),
                TEST(test_what_is_answered_is_called_and_what_is_not_is_sent),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
