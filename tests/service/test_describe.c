/* SPDX-License-Identifier: Apache-2.0 */
/* The AsyncAPI description of a service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "service/answers.h"

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "test.pings",
          .type = &ping_type,
          .on_event = on_nothing,
          .partitions = 12 },
        { .kind = CHAPPE_PRODUCES, .topic = "test.pongs", .type = &pong_type },
        { .kind = CHAPPE_CALLS, .topic = "test.squares", .message = &square_message },
        { .kind = CHAPPE_ANSWERS, .topic = "test.squares", .message = &square_message, .on_request = answer_nothing },
        { 0 },
};
static const struct chappe_service_config config = { .name = "player", .version = "1.2.3", .operations = operations };

/* The description of a service that does not run. */
static json_t *describe_operations(const struct chappe_operation *of)
{
        const char *settings[] = { "topic_prefix=run1.", "bare_topics=test.pongs", NULL };
        struct chappe_service service = { .config = &config, .group = (char *)(uintptr_t) "player" };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };

        assert_int_equal(chappe_config_load(&(struct chappe_config_sources){ .settings = settings },
                                            &service.runtime.config, &error),
                         0);
        service.runtime.operations = of;
        service.runtime.topic_prefix = "run1.";
        assert_int_equal(chappe_describe(&service, &buffer, &error), 0);
        chappe_config_free(service.runtime.config);
        json_t *root = json_loadb((const char *)buffer.at, buffer.length, JSON_ALLOW_NUL, NULL);
        assert_non_null(root);
        return root;
}

static json_t *describe(void)
{
        return describe_operations(operations);
}

/* A value by its path, with '|' between the keys; fails where there is none. */
static json_t *at(json_t *root, const char *path)
{
        CHAPPE_CLEANUP(string) char *copy = strdup(path);
        char *rest = copy;

        for (char *key = strtok_r(rest, "|", &rest); key; key = strtok_r(NULL, "|", &rest)) {
                root = json_is_array(root) ? json_array_get(root, (size_t)atoi(key)) : json_object_get(root, key);
                if (!root)
                        fail_msg("no %s in %s", key, path);
        }
        return root;
}

static void assert_text(json_t *root, const char *path, const char *expected)
{
        assert_string_equal(json_string_value(at(root, path)), expected);
}

static void test_the_description_names_service_channels_and_operations(void **state)
{
        (void)state;
        json_t *root = describe();

        assert_text(root, "asyncapi", "3.0.0");
        assert_text(root, "info|title", "player");
        assert_text(root, "info|version", "1.2.3");
        assert_text(root, "channels|test.pings|address", "run1.test.pings");
        assert_int_equal(json_integer_value(at(root, "channels|test.pings|bindings|kafka|partitions")), 12);
        assert_text(root, "operations|consumes.test.pings.test.Ping|action", "receive");
        assert_text(root, "operations|consumes.test.pings.test.Ping|bindings|kafka|groupId|enum|0", "run1.player");
        assert_text(root, "operations|produces.test.pongs.test.Pong|action", "send");
        assert_text(root, "operations|produces.test.pongs.test.Pong|channel|$ref", "#/channels/test.pongs");
        assert_text(root, "operations|produces.test.pongs.test.Pong|messages|0|$ref",
                    "#/channels/test.pongs/messages/test.Pong");
        json_decref(root);
}

static void test_messages_carry_their_schemas(void **state)
{
        (void)state;
        json_t *root = describe();

        assert_text(root, "components|messages|test.Ping|payload|schema|name", "Ping");
        assert_text(root, "components|messages|test.Ping|payload|schema|fields|1|type", "long");
        assert_text(root, "channels|test.pings|messages|test.Ping|$ref", "#/components/messages/test.Ping");
        json_decref(root);
}

#define DEFAULTED(of_type, value)                                                                                      \
        "{\"type\":\"record\",\"name\":\"Odd\",\"fields\":[{\"name\":\"a\",\"type\":\"" of_type                        \
        "\",\"default\":" value "}]}"

static void test_a_schema_is_carried_whatever_its_defaults_are(void **state)
{
        (void)state;
        struct chappe_type odd = pong_type;
        const struct chappe_operation produced[] = {
                { .kind = CHAPPE_PRODUCES, .topic = "test.odds", .type = &odd },
                { 0 },
        };

        odd.name = "test.Odd";
        odd.schema = DEFAULTED("bytes", "\"\\u0000\"");
        json_t *root = describe_operations(produced);
        assert_int_equal(json_string_length(at(root, "components|messages|test.Odd|payload|schema|fields|0|default")),
                         1);
        json_decref(root);

        odd.schema = DEFAULTED("double", "100000000000000000000");
        root = describe_operations(produced);
        assert_text(root, "components|messages|test.Odd|payload|schema", odd.schema);
        json_decref(root);
}

static void test_a_bare_topics_message_says_that_no_schema_id_is_anywhere(void **state)
{
        (void)state;
        json_t *root = describe();
        const char *of_pings = "components|messages|test.Ping|bindings|kafka",
                   *of_pongs = "components|messages|test.Pong|bindings|kafka";

        assert_string_equal(json_string_value(json_object_get(at(root, of_pings), "schemaIdLocation")), "payload");
        assert_null(json_object_get(at(root, of_pongs), "schemaIdLocation"));
        json_decref(root);
}

static void test_calls_and_answers_tell_where_replies_go(void **state)
{
        (void)state;
        json_t *root = describe();

        assert_text(root, "operations|calls.test.squares.square|action", "send");
        assert_text(root, "operations|answers.test.squares.square|action", "receive");
        assert_text(root, "operations|answers.test.squares.square|reply|address|location",
                    "$message.header#/kafka_replyTopic");
        assert_text(root, "operations|answers.test.squares.square|reply|messages|0|$ref",
                    "#/channels/replies/messages/test.Pong");
        assert_true(json_is_null(at(root, "channels|replies|address")));
        json_decref(root);
}

/* Every $ref must lead somewhere, or no tool can read the document. */
static void assert_references_resolve(json_t *root, json_t *value)
{
        const char *reference = json_string_value(json_object_get(value, "$ref"));
        const char *key;
        json_t *child;
        size_t n;

        if (reference) {
                CHAPPE_CLEANUP(string) char *path = strdup(reference + 2);
                for (char *slash = path; (slash = strchr(slash, '/'));)
                        *slash = '|';
                at(root, path);
        }
        json_object_foreach(value, key, child) assert_references_resolve(root, child);
        json_array_foreach(value, n, child) assert_references_resolve(root, child);
}

static void test_every_reference_resolves(void **state)
{
        (void)state;
        json_t *root = describe();

        assert_references_resolve(root, root);
        json_decref(root);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_description_names_service_channels_and_operations),
                cmocka_unit_test(test_messages_carry_their_schemas),
                cmocka_unit_test(test_a_schema_is_carried_whatever_its_defaults_are),
                cmocka_unit_test(test_a_bare_topics_message_says_that_no_schema_id_is_anywhere),
                cmocka_unit_test(test_calls_and_answers_tell_where_replies_go),
                cmocka_unit_test(test_every_reference_resolves),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
