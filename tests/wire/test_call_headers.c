/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of three stacks are read; replies are written in the caller's form. */
#include "wire_test.h"

#include "wire/call_headers.h"

#define SIXTEEN "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"

static struct chappe_request_headers read_all(const struct chappe_header *headers, size_t count, int expected)
{
        struct chappe_request_headers request;
        struct chappe_error error = { 0 };

        assert_int_equal(chappe_request_headers_read(headers, count, &request, &error), expected);
        return request;
}

static int32_t partition_of(struct chappe_bytes sent, int32_t count, bool expected_decimal)
{
        bool decimal;
        int32_t partition = chappe_reply_partition(sent, count, &decimal, NULL);

        assert_int_equal(decimal, expected_decimal);
        return partition;
}

static void test_request_is_written_in_springs_names_and_read_back(void **state)
{
        const struct chappe_request_headers request = {
                .correlation = BYTES(SIXTEEN),
                .reply_topic = TEXT("orders.replies"),
                .method = TEXT("reserve"),
                .deadline_ms = 1767225600000,
                .attempt = 2,
                .idempotency_key = TEXT("e1/orders"),
                .traceparent = TEXT("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        };
        struct chappe_header_list list;
        struct chappe_request_headers read;

        (void)state;
        chappe_header_list_init(&list);
        chappe_request_headers_write(&request, 258, &list);
        assert_header(&list, 0, "kafka_correlationId", SIXTEEN);
        assert_header(&list, 1, "kafka_replyTopic", "orders.replies");
        assert_header(&list, 2, "kafka_replyPartition", "\0\0\x01\x02");
        assert_header(&list, 3, "chappe_method", "reserve");
        assert_header(&list, 4, "chappe_deadline", "1767225600000");
        assert_header(&list, 5, "chappe_attempt", "2");
        assert_header(&list, 6, "chappe_idempotency_key", "e1/orders");
        assert_int_equal(list.count, 8);
        read = read_all(list.headers, list.count, 0);
        assert_int_equal(read.form, CHAPPE_CALL_SPRING);
        assert_bytes(read.correlation, SIXTEEN);
        assert_bytes(read.reply_topic, "orders.replies");
        assert_int_equal(partition_of(read.reply_partition, 300, false), 258);
        assert_bytes(read.method, "reserve");
        assert_true(read.deadline_ms == request.deadline_ms);
        assert_int_equal(read.attempt, 2);
        assert_bytes(read.idempotency_key, "e1/orders");
        assert_int_equal(read.traceparent.length, 55);
}

static void test_nest_client_is_answered_with_its_end_marker(void **state)
{
        const struct chappe_header headers[] = { HEADER("kafka_correlationId", "8f0f"),
                                                 HEADER("kafka_replyTopic", "shop.inventory.reply"),
                                                 HEADER("kafka_replyPartition", "3") };
        struct chappe_request_headers request = read_all(headers, COUNT(headers), 0);
        struct chappe_reply_headers reply = { .correlation = request.correlation };
        struct chappe_header_list list;

        (void)state;
        assert_int_equal(partition_of(request.reply_partition, 4, true), 3);
        chappe_header_list_init(&list);
        chappe_reply_headers_write(CHAPPE_CALL_NEST, &reply, &list);
        assert_int_equal(list.count, 2);
        assert_header(&list, 0, "kafka_correlationId", "8f0f");
        assert_header(&list, 1, "kafka_nest-is-disposed", "\0");
}

static void test_smallrye_client_is_answered_in_its_names(void **state)
{
        const struct chappe_header headers[] = { HEADER("REPLY_CORRELATION_ID", "id"), HEADER("REPLY_TOPIC", "replies"),
                                                 HEADER("REPLY_PARTITION", "\0\0\0\x02") };
        struct chappe_request_headers request = read_all(headers, COUNT(headers), 0);
        struct chappe_reply_headers reply = { .correlation = request.correlation }, read;
        struct chappe_header_list list;

        (void)state;
        assert_int_equal(request.form, CHAPPE_CALL_SMALLRYE);
        assert_bytes(request.reply_topic, "replies");
        assert_int_equal(partition_of(request.reply_partition, 4, false), 2);
        chappe_header_list_init(&list);
        chappe_reply_headers_write(request.form, &reply, &list);
        assert_int_equal(list.count, 1);
        assert_header(&list, 0, "REPLY_CORRELATION_ID", "id");
        chappe_reply_headers_read(list.headers, list.count, &read);
        assert_bytes(read.correlation, "id");
        assert_int_equal(read.error_code, 0);
}

static void test_partition_is_binary_in_range_else_decimal(void **state)
{
        (void)state;
        /* "0011" is 0x30303131 in binary: out of range, so it is eleven. */
        assert_int_equal(partition_of(BYTES("0011"), 12, true), 11);
        assert_int_equal(partition_of(BYTES("\0\0\0\x0b"), 12, false), 11);
        assert_int_equal(partition_of((struct chappe_bytes){ NULL, 0 }, 12, false), CHAPPE_REPLY_ANYWHERE);
        assert_int_equal(partition_of(BYTES("12"), 12, false), -CHAPPE_E_CALL_HEADER_INVALID);
        assert_int_equal(partition_of(BYTES("\0\0\0\x0c"), 12, false), -CHAPPE_E_CALL_HEADER_INVALID);
        assert_int_equal(partition_of(BYTES("\xff\xff\xff\xff"), 12, false), -CHAPPE_E_CALL_HEADER_INVALID);
        assert_int_equal(partition_of(BYTES("00000000001"), 12, false), -CHAPPE_E_CALL_HEADER_INVALID);
        assert_int_equal(partition_of(BYTES(""), 12, false), -CHAPPE_E_CALL_HEADER_INVALID);
}

static void test_error_travels_as_code_and_text(void **state)
{
        struct chappe_reply_headers reply = { .correlation = BYTES("c"),
                                              .error_code = CHAPPE_E_CALL_EXPIRED,
                                              .error = TEXT("too late") };
        struct chappe_reply_headers read;
        struct chappe_header_list list;

        (void)state;
        chappe_header_list_init(&list);
        chappe_reply_headers_write(CHAPPE_CALL_NEST, &reply, &list);
        assert_header(&list, 1, "chappe_error_code", "5009");
        assert_header(&list, 2, "chappe_error", "too late");
        assert_header(&list, 3, "kafka_nest-err", "too late");
        chappe_reply_headers_read(list.headers, list.count, &read);
        assert_int_equal(read.error_code, CHAPPE_E_CALL_EXPIRED);
        assert_bytes(read.error, "too late");
}

static void test_unreadable_error_is_still_an_error(void **state)
{
        const struct chappe_header text_alone[] = { HEADER("chappe_error", "went wrong") };
        const struct chappe_header garbage[] = { HEADER("chappe_error_code", "zero") };
        const struct chappe_header zero[] = { HEADER("chappe_error_code", "0") };
        struct chappe_reply_headers read;

        (void)state;
        chappe_reply_headers_read(text_alone, 1, &read);
        assert_int_equal(read.error_code, CHAPPE_E_CALL_REMOTE);
        chappe_reply_headers_read(garbage, 1, &read);
        assert_int_equal(read.error_code, CHAPPE_E_CALL_REMOTE);
        chappe_reply_headers_read(zero, 1, &read);
        assert_int_equal(read.error_code, CHAPPE_E_CALL_REMOTE);
}

static void test_request_with_senseless_headers_can_still_be_answered(void **state)
{
        const struct chappe_header headers[] = { HEADER("chappe_deadline", "tomorrow"),
                                                 HEADER("kafka_correlationId", "c"), HEADER("kafka_replyTopic", "t") };
        const struct chappe_header attempt[] = { HEADER("chappe_attempt", "4294967296") };
        struct chappe_request_headers request = read_all(headers, COUNT(headers), -CHAPPE_E_CALL_HEADER_INVALID);

        (void)state;
        assert_bytes(request.correlation, "c");
        assert_bytes(request.reply_topic, "t");
        assert_true(request.deadline_ms == 0);
        read_all(attempt, 1, -CHAPPE_E_CALL_HEADER_INVALID);
}

static void test_correlation_of_unreasonable_length_is_refused(void **state)
{
        uint8_t bytes[CHAPPE_CORRELATION_MAXIMUM + 1] = { 0 };
        const struct chappe_header fits[] = { { "kafka_correlationId", bytes, CHAPPE_CORRELATION_MAXIMUM } };
        const struct chappe_header longer[] = { { "kafka_correlationId", bytes, CHAPPE_CORRELATION_MAXIMUM + 1 } };

        (void)state;
        read_all(fits, 1, 0);
        read_all(longer, 1, -CHAPPE_E_CALL_HEADER_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_request_is_written_in_springs_names_and_read_back),
                cmocka_unit_test(test_nest_client_is_answered_with_its_end_marker),
                cmocka_unit_test(test_smallrye_client_is_answered_in_its_names),
                cmocka_unit_test(test_partition_is_binary_in_range_else_decimal),
                cmocka_unit_test(test_error_travels_as_code_and_text),
                cmocka_unit_test(test_unreadable_error_is_still_an_error),
                cmocka_unit_test(test_request_with_senseless_headers_can_still_be_answered),
                cmocka_unit_test(test_correlation_of_unreasonable_length_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
