/* SPDX-License-Identifier: Apache-2.0 */
/* The registry room against the registry that CHAPPE_TEST_REGISTRY names (tools/kafka/run --registry sets it). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "registry/registry.h"
#include "registry/rest.h"

static struct chappe_rest *rest;
static char subject[60], foreign[60];

static struct chappe_registry *open_registry(bool enrol)
{
        struct chappe_registry *registry;

        assert_int_equal(chappe_registry_new(&(struct chappe_registry_config){ .clock = chappe_clock_system(),
                                                                               .executor = chappe_executor_threads(),
                                                                               .source = chappe_rest_source(rest),
                                                                               .enrol = enrol },
                                             &registry, NULL),
                         0);
        return registry;
}

static struct chappe_schema *parse(const char *text)
{
        struct chappe_schema *schema;

        assert_int_equal(chappe_schema_parse("test", chappe_text(text), &schema, NULL), 0);
        return schema;
}

static void test_a_registered_schema_comes_back_by_its_id(void **state)
{
        struct chappe_registry *writer = open_registry(true);
        struct chappe_registry *reader = open_registry(false);
        struct chappe_schema *schema = parse("{ \"type\":\"record\", \"name\":\"live.A\",\n \"fields\":[] }");
        struct chappe_schema *found = NULL;
        struct chappe_error error = { 0 };
        uint32_t id = 0, again = 0;

        (void)state;
        assert_int_equal(chappe_registry_id(reader, subject, schema, &id, &error), -CHAPPE_E_SCHEMA_NOT_FOUND);
        if (chappe_registry_id(writer, subject, schema, &id, &error) != 0)
                fail_msg("%s", error.text);
        assert_int_equal(chappe_registry_id(writer, subject, schema, &again, &error), 0);
        assert_int_equal(id, again);
        if (chappe_registry_schema(reader, subject, id, &found, &error) != 0)
                fail_msg("%s", error.text);
        assert_true(chappe_schema_fingerprint(found) == chappe_schema_fingerprint(schema));
        assert_true(chappe_text_equal(chappe_schema_text(found), chappe_schema_text(schema)));
        chappe_schema_unref(found);
        assert_int_equal(chappe_registry_schema(reader, foreign, id, &found, &error), -CHAPPE_E_SCHEMA_FOREIGN);
        assert_int_equal(chappe_registry_schema(reader, subject, id + 1000000, &found, &error),
                         -CHAPPE_E_SCHEMA_NOT_FOUND);
        chappe_schema_unref(schema);
        chappe_registry_free(reader);
        chappe_registry_free(writer);
}

static void test_versions_and_compatibility_are_answered(void **state)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        struct chappe_error error = { 0 };
        uint32_t id;
        int verdict;

        (void)state;
        if (chappe_rest_version(rest, subject, "latest", &text, &id, &error) != 0)
                fail_msg("%s", error.text);
        assert_true(text.length > 10);
        verdict = chappe_rest_compatible(
                rest, subject, "latest",
                chappe_text("{\"type\":\"record\",\"name\":\"live.A\",\"fields\":[{\"name\":\"n\","
                            "\"type\":\"int\",\"default\":0}]}"),
                &error);
        if (verdict != 1)
                fail_msg("%d: %s", verdict, error.text);
        assert_int_equal(chappe_rest_version(rest, foreign, "latest", &text, &id, &error), -CHAPPE_E_SCHEMA_NOT_FOUND);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_registered_schema_comes_back_by_its_id),
                cmocka_unit_test(test_versions_and_compatibility_are_answered),
        };
        struct chappe_rest_config config = { .url = getenv("CHAPPE_TEST_REGISTRY") };
        struct chappe_error error;
        unsigned run = (unsigned)chappe_random_system_seed();
        int failed;

        if (!config.url || chappe_rest_open(&config, &rest, &error) < 0) {
                fprintf(stderr,
                        "CHAPPE_TEST_REGISTRY is not set or unusable: run this under tools/kafka/run --registry\n");
                return 1;
        }
        snprintf(subject, sizeof(subject), "live %08x/a-value", run);
        snprintf(foreign, sizeof(foreign), "live %08x/b-value", run);
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        chappe_rest_close(rest);
        return failed;
}
