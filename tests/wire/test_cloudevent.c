/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents attributes as record headers. */
#include "wire_test.h"

#include "wire/cloudevent.h"

static const struct chappe_cloudevent event = {
        .id = { "4711", 4 }, .source = { "/orders", 7 }, .type = { "shop.OrderPlaced", 16 }, .time_ms = 1767225600042
};

static void test_an_event_carries_its_id_alone(void **state)
{
        struct chappe_header_list list;

        (void)state;
        chappe_header_list_init(&list);
        chappe_cloudevent_write(&event, false, &list);
        assert_int_equal(list.count, 1);
        assert_header(&list, 0, "ce_id", "4711");
}

static void test_full_set_is_binary_mode_of_version_1(void **state)
{
        struct chappe_header_list list;

        (void)state;
        chappe_header_list_init(&list);
        chappe_cloudevent_write(&event, true, &list);
        assert_int_equal(list.count, 6);
        assert_header(&list, 0, "ce_id", "4711");
        assert_header(&list, 1, "ce_source", "/orders");
        assert_header(&list, 2, "ce_type", "shop.OrderPlaced");
        assert_header(&list, 3, "ce_specversion", "1.0");
        assert_header(&list, 4, "ce_time", "2026-01-01T00:00:00.042Z");
        assert_header(&list, 5, "content-type", "application/avro");
}

static void test_id_of_unreasonable_length_is_none(void **state)
{
        char long_id[CHAPPE_EVENT_ID_MAXIMUM + 1] = { 0 };
        struct chappe_header headers[] = { { "ce_id", long_id, sizeof(long_id) - 1 } };

        (void)state;
        assert_int_equal(chappe_cloudevent_id(headers, 1).length, CHAPPE_EVENT_ID_MAXIMUM);
        headers[0].length++;
        assert_int_equal(chappe_cloudevent_id(headers, 1).length, 0);
        assert_int_equal(chappe_cloudevent_id(NULL, 0).length, 0);
}

static void test_times_outside_the_calendar_stay_within_it(void **state)
{
        char time[CHAPPE_TIME_SIZE];

        (void)state;
        chappe_time_format(-5, time);
        assert_string_equal(time, "1970-01-01T00:00:00.000Z");
        chappe_time_format(INT64_MAX, time);
        assert_string_equal(time, "9999-12-31T23:59:59.807Z");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_event_carries_its_id_alone),
                cmocka_unit_test(test_full_set_is_binary_mode_of_version_1),
                cmocka_unit_test(test_id_of_unreasonable_length_is_none),
                cmocka_unit_test(test_times_outside_the_calendar_stay_within_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
