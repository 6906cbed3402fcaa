/* SPDX-License-Identifier: Apache-2.0 */
/* The answerer's side, as clients of any stack see it: requests are appended by hand and replies read from the log. */
#include "parties.h"

#define ANSWERER 0
#define URI      "file:/answers?vfs=memdb"

static struct stage stage;
static struct chappe_store_anchor *anchor;
static int handled;

static int on_double(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct question *question = request;
        struct answer_reply *reply = ret_reply;
        struct sqlite3 *connection = ctx->runtime->work ? chappe_store(ctx) : NULL;

        (void)connection;
        handled++;
        if (question->n == 0)
                return -1; /* and does not say why */
        if (question->n == 99)
                return 7; /* an outcome that the contract does not declare */
        if (question->n < 0) {
                reply->value.refused.n = question->n;
                return REFUSED;
        }
        reply->value.response.n = 2 * question->n + handled - 1; /* tells the first run from later ones */
        return 0;
}

static const struct chappe_operation answers[] = {
        { .kind = CHAPPE_ANSWERS, .topic = "questions", .message = &double_message, .on_request = on_double }, { 0 }
};

static int set_up(void **state)
{
        struct party *party = &stage.parties[ANSWERER];

        *state = &stage;
        stage_open(&stage, 1, NULL);
        assert_int_equal(chappe_store_anchor_open(URI, &anchor, NULL), 0);
        chappe_sim_topic_create(stage.sim, "questions", 1);
        chappe_sim_topic_create(stage.sim, "replies", 12);
        party->operations = answers;
        party->database = URI;
        party->settings[0] = "reply_topics_allowed=replies*, other";
        handled = 0;
        party_start(party);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage_close(&stage);
        chappe_store_anchor_close(anchor);
        return 0;
}

#define HEADER(name_, literal)                                                                                         \
        {                                                                                                              \
                .name = (name_), .value = (literal), .length = sizeof(literal) - 1                                     \
        }

static void append(const struct chappe_header *headers, size_t count, struct chappe_bytes value)
{
        assert_true(chappe_sim_append(stage.sim, "questions", 0, (struct chappe_bytes){ (const uint8_t *)"k", 1 },
                                      value, headers, count) >= 0);
}

static void ask_with(const struct chappe_header *headers, size_t count, int64_t n)
{
        uint8_t bytes[64];

        append(headers, count, (struct chappe_bytes){ bytes, frame_question(bytes, "k", n) });
}

/* The only reply, which must be in this partition. */
static struct chappe_record reply_in(int32_t partition)
{
        struct chappe_record record = { 0 };

        stage_run_for(&stage, 20 * SECOND);
        for (int32_t other = 0; other < 12; other++)
                assert_int_equal(chappe_sim_end(stage.sim, "replies", other), other == partition);
        assert_true(chappe_sim_read(stage.sim, "replies", partition, 0, &record));
        assert_int_equal(record.key.length, 1);
        assert_memory_equal(record.key.at, "k", 1);
        return record;
}

static void assert_has(const struct chappe_record *record, const char *name, const char *value, size_t length)
{
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(record, headers, CHAPPE_HEADERS_MAXIMUM);
        const struct chappe_header *header = chappe_header_find(headers, count, name);

        assert_non_null(header);
        assert_int_equal(header->length, length);
        assert_memory_equal(header->value, value, length);
}

#define assert_reply_header(record, name, literal) assert_has(record, name, literal, sizeof(literal) - 1)

static void test_spring_client_is_answered_where_it_asked(void **state)
{
        const struct chappe_header headers[] = { HEADER("kafka_correlationId", "\0\1\2\3\4\5\6\7\7\6\5\4\3\2\1\0"),
                                                 HEADER("kafka_replyTopic", "replies"),
                                                 HEADER("kafka_replyPartition", "\0\0\0\7") };
        struct chappe_record record;

        (void)state;
        ask_with(headers, COUNT(headers), 21);
        record = reply_in(7);
        assert_reply_header(&record, "kafka_correlationId", "\0\1\2\3\4\5\6\7\7\6\5\4\3\2\1\0");
        assert_int_equal(read_answer(record.value, &answer_type), 42);
        chappe_record_release(&record);
}

static void test_nest_client_is_answered_in_its_form(void **state)
{
        const struct chappe_header headers[] = { HEADER("kafka_correlationId", "8f0f"),
                                                 HEADER("kafka_replyTopic", "replies"),
                                                 HEADER("kafka_replyPartition", "11") };
        struct chappe_record record;

        (void)state;
        ask_with(headers, COUNT(headers), -5);
        record = reply_in(11);
        assert_reply_header(&record, "kafka_correlationId", "8f0f");
        assert_reply_header(&record, "kafka_nest-is-disposed", "\0");
        assert_int_equal(read_answer(record.value, &refused_type), -5);
        chappe_record_release(&record);
}

static void test_smallrye_client_is_answered_in_its_names(void **state)
{
        const struct chappe_header headers[] = { HEADER("REPLY_CORRELATION_ID", "abc"),
                                                 HEADER("REPLY_TOPIC", "replies"),
                                                 HEADER("REPLY_PARTITION", "\0\0\0\3") };
        struct chappe_record record;

        (void)state;
        ask_with(headers, COUNT(headers), 1);
        record = reply_in(3);
        assert_reply_header(&record, "REPLY_CORRELATION_ID", "abc");
        chappe_record_release(&record);
}

static const struct chappe_header plain[] = { HEADER("kafka_correlationId", "c"), HEADER("kafka_replyTopic", "replies"),
                                              HEADER("kafka_replyPartition", "\0\0\0\0") };

static void assert_error(const char *code, const char *text)
{
        struct chappe_record record = reply_in(0);
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(&record, headers, CHAPPE_HEADERS_MAXIMUM);
        struct chappe_text error = chappe_header_text(chappe_header_find(headers, count, "chappe_error"));

        assert_has(&record, "chappe_error_code", code, strlen(code));
        assert_has(&record, "kafka_correlationId", "c", 1);
        assert_non_null(error.at);
        assert_non_null(memmem(error.at, error.length, text, strlen(text)));
        chappe_record_release(&record);
}

static void test_unknown_method_is_told(void **state)
{
        const struct chappe_header headers[] = { plain[0], plain[1], plain[2], HEADER("chappe_method", "triple") };

        (void)state;
        ask_with(headers, COUNT(headers), 1);
        assert_error("5005", "triple");
        assert_int_equal(handled, 0);
}

static void test_broken_handler_is_told(void **state)
{
        (void)state;
        ask_with(plain, COUNT(plain), 0);
        assert_error("5002", "did not say why");
}

static void test_outcome_that_is_not_declared_is_told(void **state)
{
        (void)state;
        ask_with(plain, COUNT(plain), 99);
        assert_error("5002", "outcome 7");
}

static void test_garbage_is_told(void **state)
{
        (void)state;
        append(plain, COUNT(plain), (struct chappe_bytes){ (const uint8_t *)"{\"n\": 1}", 8 });
        assert_error("2110", "7b");
        assert_int_equal(handled, 0);
}

static void test_truncated_request_is_told(void **state)
{
        uint8_t bytes[64];
        size_t length = frame_question(bytes, "k", 1);

        (void)state;
        append(plain, COUNT(plain), (struct chappe_bytes){ bytes, length - 1 });
        assert_error("2101", "");
        assert_int_equal(handled, 0);
}

static void test_senseless_deadline_is_told(void **state)
{
        const struct chappe_header headers[] = { plain[0], plain[1], plain[2], HEADER("chappe_deadline", "soon") };

        (void)state;
        ask_with(headers, COUNT(headers), 1);
        assert_error("5001", "chappe_deadline");
}

static void assert_no_reply(void)
{
        stage_run_for(&stage, 20 * SECOND);
        for (int32_t partition = 0; partition < 12; partition++)
                assert_int_equal(chappe_sim_end(stage.sim, "replies", partition), 0);
}

static void test_expired_request_is_dropped_undecoded(void **state)
{
        const struct chappe_header headers[] = { plain[0], plain[1], plain[2], HEADER("chappe_deadline", "1") };

        (void)state;
        append(headers, COUNT(headers), (struct chappe_bytes){ (const uint8_t *)"garbage", 7 });
        assert_no_reply();
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_expired_total"), 1);
}

static void test_replies_go_only_where_they_may(void **state)
{
        static const char *const topics[] = { "secrets", "_chappe-schemas", "replies/../x", "" };
        struct chappe_header headers[] = { plain[0], plain[1], plain[2] };

        (void)state;
        for (size_t i = 0; i < COUNT(topics); i++) {
                headers[1].value = topics[i];
                headers[1].length = strlen(topics[i]);
                ask_with(headers, COUNT(headers), 1);
        }
        assert_no_reply();
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_refused_total"), 3);
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_unaddressed_total"),
                         1); /* the empty one wants none */
        assert_int_equal(handled, 1);
}

static void test_partition_that_there_is_not_is_refused(void **state)
{
        const struct chappe_header headers[] = { plain[0], plain[1], HEADER("kafka_replyPartition", "12") };

        (void)state;
        ask_with(headers, COUNT(headers), 1);
        assert_no_reply();
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_refused_total"), 1);
}

static void test_reply_topic_that_there_is_not_is_refused(void **state)
{
        const struct chappe_header headers[] = { plain[0], HEADER("kafka_replyTopic", "other"), plain[2] };

        (void)state;
        ask_with(headers, COUNT(headers), 1);
        assert_no_reply();
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_refused_total"), 1);
}

static void test_same_idempotency_key_gets_the_same_reply(void **state)
{
        const struct chappe_header headers[] = { plain[0], plain[1], plain[2],
                                                 HEADER("chappe_idempotency_key", "once") };
        struct chappe_record record;

        (void)state;
        for (int i = 0; i < 3; i++)
                ask_with(headers, COUNT(headers), 21);
        stage_run_for(&stage, 20 * SECOND);
        assert_int_equal(chappe_sim_end(stage.sim, "replies", 0), 3);
        for (int64_t i = 0; i < 3; i++) {
                assert_true(chappe_sim_read(stage.sim, "replies", 0, i, &record));
                assert_int_equal(read_answer(record.value, &answer_type), 42);
                chappe_record_release(&record);
        }
        assert_int_equal(handled, 1);
}

static void test_request_that_wants_no_reply_is_handled_and_counted(void **state)
{
        (void)state;
        ask_with(plain, 1, 1);
        assert_no_reply();
        assert_int_equal(handled, 1);
        assert_int_equal(counter(&stage.parties[ANSWERER], "requests_unaddressed_total"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_spring_client_is_answered_where_it_asked),
                TEST(test_nest_client_is_answered_in_its_form),
                TEST(test_smallrye_client_is_answered_in_its_names),
                TEST(test_unknown_method_is_told),
                TEST(test_broken_handler_is_told),
                TEST(test_outcome_that_is_not_declared_is_told),
                TEST(test_garbage_is_told),
                TEST(test_truncated_request_is_told),
                TEST(test_senseless_deadline_is_told),
                TEST(test_expired_request_is_dropped_undecoded),
                TEST(test_replies_go_only_where_they_may),
                TEST(test_partition_that_there_is_not_is_refused),
                TEST(test_reply_topic_that_there_is_not_is_refused),
                TEST(test_same_idempotency_key_gets_the_same_reply),
                TEST(test_request_that_wants_no_reply_is_handled_and_counted),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
