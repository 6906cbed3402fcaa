/* SPDX-License-Identifier: Apache-2.0 */
/* The cache over a source that counts, in hand-set time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "registry/registry.h"

struct hand_clock {
        struct chappe_clock clock;
        int64_t now_us;
};

struct counting {
        int schema, belongs, find, enrol, identify;
        bool down, unknown;
};

static int64_t hand_monotonic(const struct chappe_clock *clock)
{
        return ((const struct hand_clock *)clock)->now_us;
}

static const struct chappe_clock_operations hand_operations = { hand_monotonic, hand_monotonic };

static int count_schema(void *context, uint32_t id, struct chappe_buffer *text, struct chappe_error *error)
{
        struct counting *counting = context;

        counting->schema++;
        if (counting->down)
                return chappe_fail(error, CHAPPE_E_REGISTRY_UNREACHABLE, "down");
        if (counting->unknown)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "unknown");
        return chappe_buffer_printf(text, id == 99 ? "{\"type\":" : "\"string\"");
}

static int count_belongs(void *context, uint32_t id, const char *subject, struct chappe_error *error)
{
        (void)id, (void)error;
        ((struct counting *)context)->belongs++;
        return strcmp(subject, "mine") == 0;
}

static int count_find(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                      struct chappe_error *error)
{
        struct counting *counting = context;

        (void)subject, (void)text;
        counting->find++;
        if (counting->unknown)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "unknown");
        *ret_id = 41;
        return 0;
}

static int count_enrol(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                       struct chappe_error *error)
{
        (void)subject, (void)text, (void)error;
        ((struct counting *)context)->enrol++;
        *ret_id = 42;
        return 0;
}

static int count_identify(void *context, const uint8_t guid[16], uint32_t *ret_id, struct chappe_error *error)
{
        struct counting *counting = context;

        counting->identify++;
        if (counting->down)
                return chappe_fail(error, CHAPPE_E_REGISTRY_UNREACHABLE, "down");
        if (counting->unknown)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "unknown");
        *ret_id = guid[15];
        return 0;
}

static struct chappe_registry *start(struct hand_clock *clock, struct counting *counting, size_t capacity, bool enrol)
{
        struct chappe_registry *registry;

        *clock = (struct hand_clock){ { &hand_operations }, 1000 };
        *counting = (struct counting){ 0 };
        assert_int_equal(chappe_registry_new(
                                 &(struct chappe_registry_config){ .clock = &clock->clock,
                                                                   .executor = chappe_executor_threads(),
                                                                   .source = { count_schema, count_belongs, count_find,
                                                                               count_enrol, count_identify, counting },
                                                                   .capacity = capacity,
                                                                   .enrol = enrol },
                                 &registry, NULL),
                         0);
        return registry;
}

static int get(struct chappe_registry *registry, const char *subject, uint32_t id)
{
        struct chappe_schema *schema = NULL;
        int status = chappe_registry_schema(registry, subject, id, &schema, NULL);

        chappe_schema_unref(schema);
        return status;
}

static void test_an_id_is_asked_for_once(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);

        (void)state;
        for (int i = 0; i < 5; i++)
                assert_int_equal(get(registry, "mine", 1), 0);
        assert_int_equal(counting.schema, 1);
        assert_int_equal(counting.belongs, 1);
        chappe_registry_free(registry);
}

static void test_what_is_missing_is_asked_for_again_after_some_seconds(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);

        (void)state;
        counting.unknown = true;
        assert_int_equal(get(registry, "mine", 1), -CHAPPE_E_SCHEMA_NOT_FOUND);
        counting.unknown = false;
        clock.now_us += 4900000;
        assert_int_equal(get(registry, "mine", 1), -CHAPPE_E_SCHEMA_NOT_FOUND);
        assert_int_equal(counting.schema, 1);
        clock.now_us += 200000;
        assert_int_equal(get(registry, "mine", 1), 0);
        chappe_registry_free(registry);
}

static void test_a_guid_is_asked_for_once_and_again_when_it_was_missing(void **state)
{
        static const uint8_t first[16] = { [15] = 7 }, second[16] = { [0] = 1, [15] = 8 };
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);
        uint32_t id = 0;

        (void)state;
        counting.down = true;
        assert_int_equal(chappe_registry_guid(registry, first, &id, NULL), -CHAPPE_E_REGISTRY_UNREACHABLE);
        counting.down = false;
        for (int i = 0; i < 3; i++) {
                assert_int_equal(chappe_registry_guid(registry, first, &id, NULL), 0);
                assert_int_equal(id, 7);
        }
        assert_int_equal(counting.identify, 2);
        counting.unknown = true;
        for (int i = 0; i < 3; i++)
                assert_int_equal(chappe_registry_guid(registry, second, &id, NULL), -CHAPPE_E_SCHEMA_NOT_FOUND);
        assert_int_equal(counting.identify, 3);
        counting.unknown = false;
        clock.now_us += 5100000;
        assert_int_equal(chappe_registry_guid(registry, second, &id, NULL), 0);
        assert_int_equal(id, 8);
        chappe_registry_free(registry);
}

static void test_a_registry_that_is_down_is_not_remembered(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);

        (void)state;
        counting.down = true;
        assert_int_equal(get(registry, "mine", 1), -CHAPPE_E_REGISTRY_UNREACHABLE);
        counting.down = false;
        assert_int_equal(get(registry, "mine", 1), 0);
        chappe_registry_free(registry);
}

static void test_a_schema_of_another_subject_is_refused(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);

        (void)state;
        assert_int_equal(get(registry, "theirs", 1), -CHAPPE_E_SCHEMA_FOREIGN);
        assert_int_equal(get(registry, "mine", 1), 0);
        assert_int_equal(get(registry, "theirs", 1), -CHAPPE_E_SCHEMA_FOREIGN);
        assert_int_equal(counting.belongs, 2);
        chappe_registry_free(registry);
}

static void test_a_text_that_is_no_schema_is_refused(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);

        (void)state;
        assert_int_equal(get(registry, "mine", 99), -CHAPPE_E_SCHEMA_SYNTAX);
        chappe_registry_free(registry);
}

static void test_the_cache_is_bounded_and_forgets_the_oldest(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 3, false);

        (void)state;
        for (uint32_t id = 1; id <= 4; id++)
                assert_int_equal(get(registry, "mine", id), 0);
        assert_int_equal(get(registry, "mine", 4), 0);
        assert_int_equal(counting.schema, 4);
        assert_int_equal(get(registry, "mine", 1), 0);
        assert_int_equal(counting.schema, 5);
        chappe_registry_free(registry);
}

static void test_registering_needs_the_switch(void **state)
{
        struct hand_clock clock;
        struct counting counting;
        struct chappe_registry *registry = start(&clock, &counting, 0, false);
        struct chappe_schema *schema;
        uint32_t id = 0;

        (void)state;
        assert_int_equal(chappe_schema_parse("test", chappe_text("\"long\""), &schema, NULL), 0);
        counting.unknown = true;
        assert_int_equal(chappe_registry_id(registry, "mine", schema, &id, NULL), -CHAPPE_E_SCHEMA_NOT_FOUND);
        assert_int_equal(counting.enrol, 0);
        chappe_registry_free(registry);

        registry = start(&clock, &counting, 0, true);
        counting.unknown = true;
        assert_int_equal(chappe_registry_id(registry, "mine", schema, &id, NULL), 0);
        assert_int_equal(chappe_registry_id(registry, "mine", schema, &id, NULL), 0);
        assert_int_equal(id, 42);
        assert_int_equal(counting.find, 1);
        assert_int_equal(counting.enrol, 1);
        chappe_schema_unref(schema);
        chappe_registry_free(registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_id_is_asked_for_once),
                cmocka_unit_test(test_what_is_missing_is_asked_for_again_after_some_seconds),
                cmocka_unit_test(test_a_guid_is_asked_for_once_and_again_when_it_was_missing),
                cmocka_unit_test(test_a_registry_that_is_down_is_not_remembered),
                cmocka_unit_test(test_a_schema_of_another_subject_is_refused),
                cmocka_unit_test(test_a_text_that_is_no_schema_is_refused),
                cmocka_unit_test(test_the_cache_is_bounded_and_forgets_the_oldest),
                cmocka_unit_test(test_registering_needs_the_switch),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
