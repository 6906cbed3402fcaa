/* SPDX-License-Identifier: Apache-2.0 */
/* The REST client against a server that answers sense and nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_server.h"
#include "registry/rest.h"

#define LONG_ANSWER ((1u << 20) + 10)

struct fixture {
        struct fake_server *server;
        struct chappe_rest *rest;
        struct chappe_registry_source source;
        struct chappe_buffer text;
        struct chappe_error error;
};

static struct fixture start(const struct fake_answer *answers)
{
        struct fixture fixture = { .server = fake_server_start(answers) };
        char url[100];

        strcpy(url, fake_server_url(fixture.server));
        strcat(url, "/api/"); /* a slash too many does no harm */
        assert_int_equal(chappe_rest_open(&(struct chappe_rest_config){ .url = url }, &fixture.rest, &fixture.error),
                         0);
        fixture.source = chappe_rest_source(fixture.rest);
        return fixture;
}

static void stop(struct fixture *fixture)
{
        chappe_buffer_deinit(&fixture->text);
        chappe_rest_close(fixture->rest);
        fake_server_stop(fixture->server);
}

static void test_a_schema_comes_byte_for_byte(void **state)
{
        struct fixture f = start((struct fake_answer[]){
                { "GET", "/api/schemas/ids/7", 200, NULL, "{\"schema\":\"{ \\\"type\\\" :\\n\\\"string\\\"}\"}", 0 },
                { 0 } });

        (void)state;
        assert_int_equal(f.source.schema(f.source.context, 7, &f.text, &f.error), 0);
        assert_int_equal(f.text.length, 20);
        assert_memory_equal(f.text.at, "{ \"type\" :\n\"string\"}", 20);
        stop(&f);
}

static void test_a_guid_leads_to_the_id_of_the_default_context(void **state)
{
#define GUID(last) "/api/schemas/guids/00010203-0405-0607-0809-0a0b0c0d0e" last "/ids"
        struct fixture f = start((struct fake_answer[]){
                { "GET", GUID("01"), 200, NULL, "[{\"context\":\":.other:\",\"id\":5},{\"context\":\".\",\"id\":41}]",
                  0 },
                { "GET", GUID("02"), 200, NULL, "[]", 0 },
                { "GET", GUID("03"), 404, NULL, "{\"error_code\":40403,\"message\":\"no\"}", 0 },
                { "GET", GUID("04"), 200, NULL, "[{\"context\":\".\"}]", 0 },
                { "GET", GUID("05"), 200, NULL, "{\"id\":1}", 0 },
                { 0 } });
        uint8_t guid[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1 };
        static const int expected[] = { 0, -CHAPPE_E_SCHEMA_NOT_FOUND, -CHAPPE_E_SCHEMA_NOT_FOUND,
                                        -CHAPPE_E_REGISTRY_ANSWER, -CHAPPE_E_REGISTRY_ANSWER };
        uint32_t id = 0;

        (void)state;
        for (size_t i = 0; i < 5; i++) {
                guid[15] = (uint8_t)(i + 1);
                assert_int_equal(f.source.identify(f.source.context, guid, &id, &f.error), expected[i]);
        }
        assert_int_equal(id, 41);
        stop(&f);
}

static void test_a_missing_schema_is_told_from_a_failing_registry(void **state)
{
        struct fixture f = start((struct fake_answer[]){
                { "GET", "/api/schemas/ids/1", 404, NULL,
                  "{\"error_code\":40403,\"message\":\"Schema not found\\u001b\"}", 0 },
                { "GET", "/api/schemas/ids/2", 500, NULL, "{\"error_code\":50001,\"message\":\"store\"}", 0 },
                { "GET", "/api/schemas/ids/3", 401, NULL, "no JSON", 0 },
                { 0 } });

        (void)state;
        assert_int_equal(f.source.schema(f.source.context, 1, &f.text, &f.error), -CHAPPE_E_SCHEMA_NOT_FOUND);
        assert_non_null(strstr(f.error.text, "40403: Schema not found\\x1b"));
        assert_int_equal(f.source.schema(f.source.context, 2, &f.text, &f.error), -CHAPPE_E_REGISTRY_UNREACHABLE);
        assert_int_equal(f.source.schema(f.source.context, 3, &f.text, &f.error), -CHAPPE_E_REGISTRY_REFUSED);
        /* Nobody speaks the registry's language there: it may be another server. */
        assert_int_equal(f.source.schema(f.source.context, 4, &f.text, &f.error), -CHAPPE_E_REGISTRY_REFUSED);
        stop(&f);
}

static void test_nonsense_is_refused(void **state)
{
        static const char *const nonsense[] = { "",
                                                "{",
                                                "null",
                                                "[]",
                                                "\"schema\"",
                                                "{\"schema\":7}",
                                                "{\"schema\":{}}",
                                                "{\"Schema\":\"\\\"int\\\"\"}",
                                                "<html>",
                                                "{\"schema\":\"x\",\"schemaType\":\"JSON\"}",
                                                "{\"schema\":\"x\",\"references\":[{}]}",
                                                "\xff\xfe" };

        (void)state;
        for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
                struct fixture f =
                        start((struct fake_answer[]){ { "GET", "/api/schemas/ids/1", 200, NULL, nonsense[i], 0 },
                                                      { "POST", "/api/subjects/s", 200, NULL, nonsense[i], 0 },
                                                      { 0 } });
                uint32_t id;

                assert_int_equal(f.source.schema(f.source.context, 1, &f.text, &f.error), -CHAPPE_E_REGISTRY_ANSWER);
                assert_int_equal(f.source.find(f.source.context, "s", chappe_text("\"int\""), &id, &f.error),
                                 -CHAPPE_E_REGISTRY_ANSWER);
                assert_non_null(strstr(f.error.text, "http://"));
                assert_non_null(strstr(f.error.text, "/api/subjects/s:"));
                stop(&f);
        }
}

static void test_an_endless_answer_is_cut(void **state)
{
        char *body = malloc(LONG_ANSWER);
        struct fixture f;

        (void)state;
        memset(body, ' ', LONG_ANSWER);
        f = start((struct fake_answer[]){ { "GET", "/api/schemas/ids/1", 200, NULL, body, LONG_ANSWER }, { 0 } });
        assert_int_equal(f.source.schema(f.source.context, 1, &f.text, &f.error), -CHAPPE_E_REGISTRY_ANSWER);
        stop(&f);
        free(body);
}

static void test_a_redirect_is_not_followed(void **state)
{
        struct fixture f = start(
                (struct fake_answer[]){ { "GET", "/api/schemas/ids/1", 302, "/api/schemas/ids/2", "", 0 },
                                        { "GET", "/api/schemas/ids/2", 200, NULL, "{\"schema\":\"\\\"int\\\"\"}", 0 },
                                        { 0 } });

        (void)state;
        assert_int_equal(f.source.schema(f.source.context, 1, &f.text, &f.error), -CHAPPE_E_REGISTRY_ANSWER);
        assert_int_equal(fake_server_requests(f.server), 1);
        stop(&f);
}

static void test_a_subject_cannot_leave_its_place_in_the_path(void **state)
{
        struct fixture f = start((struct fake_answer[]){
                { "POST", "/api/subjects/..%2F..%2Fconfig%3Fx%23y%20%C3%A4", 200, NULL, "{\"id\":12}", 0 },
                { "POST", "/api/subjects/%2E%2E", 200, NULL, "{\"id\":13}", 0 },
                { 0 } });
        uint32_t id = 0;

        (void)state;
        assert_int_equal(
                f.source.find(f.source.context, "../../config?x#y \xc3\xa4", chappe_text("\"int\""), &id, &f.error), 0);
        assert_int_equal(id, 12);
        assert_string_equal(fake_server_posted(f.server), "{\"schema\":\"\\\"int\\\"\"}");
        assert_int_equal(f.source.find(f.source.context, "..", chappe_text("\"int\""), &id, &f.error), 0);
        assert_int_equal(id, 13);
        stop(&f);
}

static void test_an_id_belongs_to_the_subjects_that_are_listed(void **state)
{
        struct fixture f = start((struct fake_answer[]){
                { "GET", "/api/schemas/ids/5/versions", 200, NULL,
                  "[{\"subject\":\"a-value\",\"version\":1},{\"version\":2},7,{\"subject\":\"b-value\",\"version\":1}]",
                  0 },
                { 0 } });

        (void)state;
        assert_int_equal(f.source.belongs(f.source.context, 5, "b-value", &f.error), 1);
        assert_int_equal(f.source.belongs(f.source.context, 5, "b-valu", &f.error), 0);
        stop(&f);
}

static void test_an_id_beyond_32_bits_makes_no_sense(void **state)
{
        struct fixture f = start((struct fake_answer[]){
                { "POST", "/api/subjects/s/versions", 200, NULL, "{\"id\":4294967296}", 0 }, { 0 } });
        uint32_t id;

        (void)state;
        assert_int_equal(f.source.enrol(f.source.context, "s", chappe_text("\"int\""), &id, &f.error),
                         -CHAPPE_E_REGISTRY_ANSWER);
        stop(&f);
}

static void test_addresses_and_credentials_that_are_not_safe_are_refused(void **state)
{
        static const struct chappe_rest_config refused[] = {
                { .url = "ftp://host/" },
                { .url = "file:///etc/passwd" },
                { .url = "http://user:secret@host" },
                { .url = "http://host/?a=b" },
                { .url = "http://host/#f" },
                { .url = "not a url" },
                { .url = "" },
                { .url = "http://host", .user = "u", .password = "p" },
        };
        struct chappe_rest *rest;
        struct chappe_error error;

        (void)state;
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                assert_int_equal(chappe_rest_open(&refused[i], &rest, &error), -CHAPPE_E_REGISTRY_URL);
        assert_int_equal(chappe_rest_open(&(struct chappe_rest_config){ "https://host", "u", "p", 0 }, &rest, &error),
                         0);
        chappe_rest_close(rest);
}

static void test_nobody_there_is_said_with_the_address(void **state)
{
        struct fixture f = start((struct fake_answer[]){ { 0 } });

        (void)state;
        fake_server_stop(f.server);
        assert_int_equal(f.source.schema(f.source.context, 1, &f.text, &f.error), -CHAPPE_E_REGISTRY_UNREACHABLE);
        assert_non_null(strstr(f.error.text, "127.0.0.1"));
        chappe_buffer_deinit(&f.text);
        chappe_rest_close(f.rest);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_schema_comes_byte_for_byte),
                cmocka_unit_test(test_a_guid_leads_to_the_id_of_the_default_context),
                cmocka_unit_test(test_a_missing_schema_is_told_from_a_failing_registry),
                cmocka_unit_test(test_nonsense_is_refused),
                cmocka_unit_test(test_an_endless_answer_is_cut),
                cmocka_unit_test(test_a_redirect_is_not_followed),
                cmocka_unit_test(test_a_subject_cannot_leave_its_place_in_the_path),
                cmocka_unit_test(test_an_id_belongs_to_the_subjects_that_are_listed),
                cmocka_unit_test(test_an_id_beyond_32_bits_makes_no_sense),
                cmocka_unit_test(test_addresses_and_credentials_that_are_not_safe_are_refused),
                cmocka_unit_test(test_nobody_there_is_said_with_the_address),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
