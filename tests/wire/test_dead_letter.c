/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters carry Spring's headers, exact to the byte. */
#include "wire_test.h"

#include "wire/dead_letter.h"

static const struct chappe_dead_letter letter = {
        .topic = { "shop.orders.placed", 18 },
        .partition = 3,
        .offset = 81,
        .timestamp_ms = 0x0000019b76dab000,
        .group = { "orders", 6 },
        .code = CHAPPE_E_SCHEMA_INCOMPATIBLE,
        .reason = { "field 'currency' has no default", 31 },
        .attempts = 10,
};

static void test_record_keeps_its_headers_and_gains_springs(void **state)
{
        const struct chappe_header headers[] = { HEADER("ce_id", "e1"), HEADER("traceparent", "00-") };
        struct chappe_header_list list;

        (void)state;
        chappe_header_list_init(&list);
        chappe_dead_letter_write(headers, COUNT(headers), &letter, &list);
        assert_header(&list, 0, "ce_id", "e1");
        assert_header(&list, 1, "traceparent", "00-");
        assert_header(&list, 2, "kafka_dlt-original-topic", "shop.orders.placed");
        assert_header(&list, 3, "kafka_dlt-original-partition", "\0\0\0\x03");
        assert_header(&list, 4, "kafka_dlt-original-offset", "\0\0\0\0\0\0\0Q");
        assert_header(&list, 5, "kafka_dlt-original-timestamp", "\0\0\x01\x9b\x76\xda\xb0\0");
        assert_header(&list, 6, "kafka_dlt-original-timestamp-type", "CreateTime");
        assert_header(&list, 7, "kafka_dlt-original-consumer-group", "orders");
        assert_header(&list, 8, "kafka_dlt-exception-fqcn", "chappe.E2103");
        assert_header(&list, 9, "kafka_dlt-exception-message", "field 'currency' has no default");
        assert_header(&list, 10, "retry_topic-attempts", "\0\0\0\x0a");
        assert_int_equal(list.count, 11);
}

static void test_the_brokers_timestamp_is_called_so(void **state)
{
        struct chappe_dead_letter appended = letter, read;
        struct chappe_header_list list;

        (void)state;
        appended.log_append_time = true;
        chappe_header_list_init(&list);
        chappe_dead_letter_write(NULL, 0, &appended, &list);
        assert_header(&list, 4, "kafka_dlt-original-timestamp-type", "LogAppendTime");
        assert_true(chappe_dead_letter_read(list.headers, list.count, &read));
        assert_true(read.log_append_time);
}

static void test_what_was_left_out_is_told(void **state)
{
        struct chappe_dead_letter many = letter, read;
        struct chappe_header_list list;

        (void)state;
        many.headers_left_out = 12;
        chappe_header_list_init(&list);
        chappe_dead_letter_write(NULL, 0, &many, &list);
        assert_header(&list, 9, "chappe_headers_left_out", "12");
        assert_true(chappe_dead_letter_read(list.headers, list.count, &read));
        assert_int_equal(read.headers_left_out, 12);
}

static void test_second_death_replaces_the_first_ones_headers(void **state)
{
        struct chappe_dead_letter first = letter, read;
        struct chappe_header_list once, twice;

        (void)state;
        first.topic = chappe_text("shop.orders.placed-dlt");
        chappe_header_list_init(&once);
        chappe_dead_letter_write(NULL, 0, &first, &once);
        chappe_header_list_init(&twice);
        chappe_dead_letter_write(once.headers, once.count, &letter, &twice);
        assert_int_equal(twice.count, once.count);
        assert_true(chappe_dead_letter_read(twice.headers, twice.count, &read));
        assert_bytes(read.topic, "shop.orders.placed");
        assert_bytes(read.group, "orders");
        assert_int_equal(read.partition, 3);
        assert_int_equal(read.offset, 81);
        assert_int_equal(read.attempts, 10);
        assert_int_equal(read.code, CHAPPE_E_SCHEMA_INCOMPATIBLE);
}

static void test_fullest_record_has_room_for_the_letters_headers(void **state)
{
        struct chappe_header headers[1000];
        struct chappe_header_list list;

        (void)state;
        for (size_t i = 0; i < COUNT(headers); i++)
                headers[i] = (struct chappe_header)HEADER("x", "y");
        for (size_t count = 1; count <= COUNT(headers); count += 111) {
                chappe_header_list_init(&list);
                assert_int_equal(chappe_header_list_reserve(&list, count), 0);
                chappe_dead_letter_write(headers, count, &letter, &list);
                assert_int_equal(list.count, count + 9);
                chappe_header_list_deinit(&list);
        }
}

static void test_other_records_are_no_dead_letters(void **state)
{
        const struct chappe_header headers[] = { HEADER("kafka_dlt-original-partition", "\0\0\0\x03"),
                                                 HEADER("dead-letter-offset", "3"), HEADER("ce_id", "e") };
        struct chappe_dead_letter read;

        (void)state;
        assert_false(chappe_dead_letter_read(NULL, 0, &read));
        assert_false(chappe_dead_letter_read(headers, COUNT(headers), &read));
}

static void test_letters_of_other_frameworks_are_understood(void **state)
{
        static const struct {
                enum chappe_dead_letter_form form;
                struct chappe_header headers[5];
        } foreign[] = {
                { CHAPPE_DEAD_LETTER_SMALLRYE,
                  { HEADER("dead-letter-topic", "t"), HEADER("dead-letter-partition", "3"),
                    HEADER("dead-letter-offset", "12345678"), HEADER("dead-letter-reason", "why"),
                    HEADER("dead-letter-exception-class-name", "a.B") } },
                { CHAPPE_DEAD_LETTER_CONNECT,
                  { HEADER("__connect.errors.topic", "t"), HEADER("__connect.errors.partition", "3"),
                    HEADER("__connect.errors.offset", "12345678"), HEADER("__connect.errors.exception.message", "why"),
                    HEADER("__connect.errors.exception.class.name", "a.B") } },
                { CHAPPE_DEAD_LETTER_STREAMS,
                  { HEADER("__streams.errors.topic", "t"), HEADER("__streams.errors.partition", "3"),
                    HEADER("__streams.errors.offset", "12345678"), HEADER("__streams.errors.message", "why"),
                    HEADER("__streams.errors.exception", "a.B") } },
        };

        (void)state;
        for (size_t i = 0; i < COUNT(foreign); i++) {
                struct chappe_dead_letter read;

                assert_true(chappe_dead_letter_read(foreign[i].headers, COUNT(foreign[i].headers), &read));
                assert_int_equal(read.form, foreign[i].form);
                assert_bytes(read.topic, "t");
                assert_int_equal(read.partition, 3);
                assert_int_equal(read.offset, 12345678);
                assert_bytes(read.reason, "why");
                assert_bytes(read.exception, "a.B");
                assert_int_equal(read.code, 0);
        }
}

static void test_numbers_that_make_no_sense_are_not_told(void **state)
{
        const struct chappe_header headers[] = { HEADER("kafka_dlt-original-topic", "t"),
                                                 HEADER("kafka_dlt-original-partition", "3"),
                                                 HEADER("kafka_dlt-original-offset", "\xff\xff\xff\xff\xff\xff\xff\0"),
                                                 HEADER("chappe_replays", "many") };
        struct chappe_dead_letter read;

        (void)state;
        assert_true(chappe_dead_letter_read(headers, COUNT(headers), &read));
        assert_int_equal(read.partition, -1);
        assert_int_equal(read.offset, -1);
        assert_int_equal(read.replays, 0);
}

static void test_replayed_record_has_its_own_headers_and_counts_the_replay(void **state)
{
        const struct chappe_header headers[] = { HEADER("ce_id", "e1"), HEADER("chappe_replays", "2"),
                                                 HEADER("dead-letter-cause", "x"), HEADER("retry_topic-backoff", "x"),
                                                 HEADER("traceparent", "00-") };
        struct chappe_header_list dead, revived, again;
        struct chappe_dead_letter read;

        (void)state;
        chappe_header_list_init(&dead);
        chappe_dead_letter_write(headers, COUNT(headers), &letter, &dead);
        assert_true(chappe_dead_letter_read(dead.headers, dead.count, &read));
        assert_int_equal(read.replays, 2);
        chappe_header_list_init(&revived);
        chappe_dead_letter_revive(dead.headers, dead.count, &read, &revived);
        assert_int_equal(revived.count, 3);
        assert_header(&revived, 0, "ce_id", "e1");
        assert_header(&revived, 1, "traceparent", "00-");
        assert_header(&revived, 2, "chappe_replays", "3");
        chappe_header_list_init(&again);
        chappe_dead_letter_write(revived.headers, revived.count, &letter, &again);
        assert_true(chappe_dead_letter_read(again.headers, again.count, &read));
        assert_int_equal(read.replays, 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_record_keeps_its_headers_and_gains_springs),
                cmocka_unit_test(test_the_brokers_timestamp_is_called_so),
                cmocka_unit_test(test_what_was_left_out_is_told),
                cmocka_unit_test(test_second_death_replaces_the_first_ones_headers),
                cmocka_unit_test(test_fullest_record_has_room_for_the_letters_headers),
                cmocka_unit_test(test_other_records_are_no_dead_letters),
                cmocka_unit_test(test_letters_of_other_frameworks_are_understood),
                cmocka_unit_test(test_numbers_that_make_no_sense_are_not_told),
                cmocka_unit_test(test_replayed_record_has_its_own_headers_and_counts_the_replay),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
