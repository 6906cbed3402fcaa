/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters carry Spring's headers, exact to the byte. */
#include "wire_test.h"

#include "wire/dead_letter.h"

static const struct chappe_dead_letter letter = {
        .topic = "shop.orders.placed",
        .partition = 3,
        .offset = 81,
        .timestamp_ms = 0x0000019b76dab000,
        .group = "orders",
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

static void test_second_death_replaces_the_first_ones_headers(void **state)
{
        struct chappe_dead_letter first = letter, read;
        struct chappe_text topic, group;
        struct chappe_header_list once, twice;

        (void)state;
        first.topic = "shop.orders.placed-dlt";
        chappe_header_list_init(&once);
        chappe_dead_letter_write(NULL, 0, &first, &once);
        chappe_header_list_init(&twice);
        chappe_dead_letter_write(once.headers, once.count, &letter, &twice);
        assert_int_equal(twice.count, once.count);
        assert_true(chappe_dead_letter_read(twice.headers, twice.count, &read, &topic, &group));
        assert_bytes(topic, "shop.orders.placed");
        assert_bytes(group, "orders");
        assert_int_equal(read.partition, 3);
        assert_int_equal(read.offset, 81);
        assert_int_equal(read.attempts, 10);
        assert_int_equal(read.code, CHAPPE_E_SCHEMA_INCOMPATIBLE);
}

static void test_fullest_record_has_room_for_the_letters_headers(void **state)
{
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        struct chappe_header_list list;

        (void)state;
        for (size_t i = 0; i < COUNT(headers); i++)
                headers[i] = (struct chappe_header)HEADER("x", "y");
        chappe_header_list_init(&list);
        chappe_dead_letter_write(headers, COUNT(headers), &letter, &list);
        assert_int_equal(list.count, CHAPPE_HEADERS_MAXIMUM + 9);
}

static void test_other_records_are_no_dead_letters(void **state)
{
        const struct chappe_header headers[] = { HEADER("kafka_dlt-original-topic", "t"),
                                                 HEADER("kafka_dlt-original-partition", "3") };
        struct chappe_dead_letter read;
        struct chappe_text topic, group;

        (void)state;
        assert_false(chappe_dead_letter_read(NULL, 0, &read, &topic, &group));
        assert_false(chappe_dead_letter_read(headers, COUNT(headers), &read, &topic, &group));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_record_keeps_its_headers_and_gains_springs),
                cmocka_unit_test(test_second_death_replaces_the_first_ones_headers),
                cmocka_unit_test(test_fullest_record_has_room_for_the_letters_headers),
                cmocka_unit_test(test_other_records_are_no_dead_letters),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
