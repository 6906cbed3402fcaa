/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of records outlive what they were copied from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "flow/carried_headers.h"
#include "flow/kept_record.h"

/* A record whose memory is overwritten and freed when it is released. */
struct original {
        char topic[8], key[8], value[8], name[8], header[8];
        size_t header_count;
};

static int released;
static const char *other_name; /* of every header; NULL: the original's */

static size_t original_headers(const struct chappe_record *record, struct chappe_header *ret_headers, size_t maximum)
{
        struct original *original = record->handle;
        for (size_t i = 0; i < original->header_count && i < maximum; i++)
                ret_headers[i] = (struct chappe_header){ other_name ? other_name : original->name,
                                                         i == 1 ? NULL : original->header, i == 1 ? 0 : 3 };
        return original->header_count;
}

static void release_original(struct chappe_record *record)
{
        memset(record->handle, 0xdd, sizeof(struct original));
        free(record->handle);
        released++;
}

static const struct chappe_broker_operations operations = { .record_headers = original_headers,
                                                            .record_release = release_original };

static struct chappe_record make(size_t header_count)
{
        struct original *original = malloc(sizeof(*original));
        *original = (struct original){ "topic", "key", "value", "name", "abc", header_count };
        released = 0;
        return (struct chappe_record){ .topic = original->topic,
                                       .partition = 3,
                                       .offset = 17,
                                       .timestamp_ms = 99,
                                       .key = { (uint8_t *)original->key, 3 },
                                       .value = { (uint8_t *)original->value, 5 },
                                       .handle = original,
                                       .operations = &operations };
}

static void test_a_copy_says_what_the_original_said(void **state)
{
        struct chappe_header headers[3];
        struct chappe_record record = make(2);
        (void)state;
        chappe_record_keep(&record);
        assert_int_equal(released, 1);
        chappe_record_keep(&record); /* it is one already */
        assert_string_equal(record.topic, "topic");
        assert_int_equal(record.partition, 3);
        assert_int_equal(record.offset, 17);
        assert_int_equal(record.timestamp_ms, 99);
        assert_int_equal(record.key.length, 3);
        assert_memory_equal(record.key.at, "key", 3);
        assert_int_equal(record.value.length, 5);
        assert_memory_equal(record.value.at, "value", 5);
        assert_int_equal(chappe_record_headers(&record, headers, 3), 2);
        assert_string_equal(headers[1].name, "name");
        assert_null(headers[1].value);
        assert_memory_equal(headers[0].value, "abc", 3);
        assert_int_equal(chappe_record_headers(&record, headers, 1), 2);
        chappe_record_release(&record);
        assert_int_equal(released, 1);
}

static void test_no_key_and_no_value_stay_none(void **state)
{
        struct chappe_record record = make(0);
        (void)state;
        record.key = record.value = (struct chappe_bytes){ 0 };
        chappe_record_keep(&record);
        assert_null(record.key.at);
        assert_null(record.value.at);
        chappe_record_release(&record);
}

static void test_an_empty_value_is_no_tombstone(void **state)
{
        struct chappe_record record = make(0);
        (void)state;
        record.value.length = 0;
        chappe_record_keep(&record);
        assert_non_null(record.value.at);
        chappe_record_release(&record);
}

/* Or one record with thousands of them would keep a whole fetch alive. */
static void test_of_very_many_headers_those_of_a_dead_letter_are_kept_and_the_number(void **state)
{
        struct chappe_record record = make(CHAPPE_CARRIED_HEADERS + 7);
        struct chappe_carried_headers carried;
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        (void)state;
        chappe_record_keep(&record);
        assert_int_equal(released, 1);
        assert_memory_equal(record.value.at, "value", 5);
        size_t count = chappe_record_headers(&record, headers, CHAPPE_HEADERS_MAXIMUM);
        assert_int_equal(count, CHAPPE_CARRIED_HEADERS + 7);
        assert_int_equal(chappe_headers_check(headers, count, NULL), -CHAPPE_E_HEADERS_LIMIT);
        chappe_carried_headers_read(&carried, &record, CHAPPE_CARRIED_HEADERS, CHAPPE_CARRIED_BYTES);
        assert_int_equal(carried.count, CHAPPE_CARRIED_HEADERS);
        assert_int_equal(carried.left_out, 7);
        assert_string_equal(carried.headers[carried.count - 1].name, "name");
        chappe_carried_headers_deinit(&carried);
        chappe_record_release(&record);
}

/* Fewer of them, but longer than what is carried: a reader that accepts the number finds every one. */
static void test_few_headers_are_kept_however_long(void **state)
{
        struct chappe_record record = make(5);
        struct chappe_header headers[5];
        static char name[CHAPPE_CARRIED_BYTES / 2];
        (void)state;
        memset(name, 'n', sizeof(name) - 1);
        other_name = name;
        chappe_record_keep(&record);
        assert_int_equal(chappe_record_headers(&record, headers, 5), 5);
        assert_string_equal(headers[4].name, name);
        other_name = NULL;
        chappe_record_release(&record);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_copy_says_what_the_original_said),
                cmocka_unit_test(test_no_key_and_no_value_stay_none),
                cmocka_unit_test(test_an_empty_value_is_no_tombstone),
                cmocka_unit_test(test_few_headers_are_kept_however_long),
                cmocka_unit_test(test_of_very_many_headers_those_of_a_dead_letter_are_kept_and_the_number),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
