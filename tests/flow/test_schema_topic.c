/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas that others share: what is not taken is told, once, with its place and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <chappe/schema.h>

#include "stage.h"

#define SECOND INT64_C(1000000)
#define TOPIC  "_chappe-schemas"

static struct stage stage;
static FILE *log_file;
static char lines[64 << 10];

static enum chappe_decision take(struct chappe_context *ctx, const void *event)
{
        (void)ctx, (void)event;
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = take },
        { .kind = CHAPPE_END },
};

static void share(const char *text, bool right)
{
        struct chappe_schema *schema = NULL;
        uint8_t key[8] = { 0 };
        if (right)
                assert_int_equal(chappe_schema_parse("shared", chappe_text(text), &schema, NULL), 0);
        for (int i = 0; i < 8 && right; i++)
                key[i] = (uint8_t)(chappe_schema_fingerprint(schema) >> (8 * i));
        chappe_schema_unref(schema);
        struct chappe_bytes value = { (const uint8_t *)text, strlen(text) };
        assert_true(chappe_sim_append(stage.sim, TOPIC, 0, (struct chappe_bytes){ key, sizeof(key) },
                                      *text ? value : (struct chappe_bytes){ 0 }, NULL, 0) >= 0);
}

static void begin(const char *setting)
{
        memset(&stage, 0, sizeof(stage));
        log_file = tmpfile();
        assert_non_null(log_file);
        stage.log = fileno(log_file);
        stage.operations = operations;
        stage.settings[0] = setting;
        stage_open(&stage, 1, NULL);
        chappe_sim_topic_create(stage.sim, "in", 1);
        chappe_sim_topic_create(stage.sim, TOPIC, 1);
}

/* Runs an instance from start to end, and reads its log. */
static void live(void)
{
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        assert_int_equal(stage.instances[0].start_status, 0);
        stage_end(&stage);
        stage_close(&stage);
        rewind(log_file);
        lines[fread(lines, 1, sizeof(lines) - 1, log_file)] = '\0';
        fclose(log_file);
}

static int told(const char *what)
{
        int count = 0;
        for (const char *at = lines; (at = strstr(at, what)); at++)
                count++;
        return count;
}

static void test_a_schema_beyond_a_limit_is_told_with_its_place_and_what_to_do(void **state)
{
        (void)state;
        begin("schema_branches=2");
        share("\"int\"", true);
        share("[\"null\",\"int\",\"string\"]", true);
        live();
        assert_int_equal(told("L4023"), 1);
        assert_int_equal(told("E2003"), 1);
        assert_int_equal(told(TOPIC ", partition 0, offset 1"), 1);
        assert_int_equal(told("(schema_branches)"), 1);
        assert_int_equal(told("Raise the limit that the message names"), 1);
}

static void test_what_is_no_schema_or_has_a_wrong_key_is_told_and_what_fits_is_not(void **state)
{
        (void)state;
        begin("workers=2");
        share("\"long\"", true);
        share("", false); /* withdrawn */
        share("{\"type\":", false);
        share("\"string\"", false);
        live();
        assert_int_equal(told("L4023"), 2);
        assert_int_equal(told("offset 2: "), 1);
        assert_int_equal(told("E2001"), 1);
        assert_int_equal(told("offset 3: "), 1);
        assert_int_equal(told("E3106"), 1);
}

static void test_a_topic_full_of_rubbish_does_not_fill_the_log(void **state)
{
        (void)state;
        begin("workers=2");
        for (int i = 0; i < 300; i++)
                share("rubbish", false);
        live();
        assert_int_equal(told("L4023"), 21);
        assert_int_equal(told("further ones are not told"), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_schema_beyond_a_limit_is_told_with_its_place_and_what_to_do),
                cmocka_unit_test(test_what_is_no_schema_or_has_a_wrong_key_is_told_and_what_fits_is_not),
                cmocka_unit_test(test_a_topic_full_of_rubbish_does_not_fill_the_log),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
