/* SPDX-License-Identifier: Apache-2.0 */
/* Topics whose payloads are framed otherwise: by a header, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include <chappe/publish.h>
#include <chappe/schema.h>

#include "stage.h"
#include "wire/dead_letter.h"

#define SECOND INT64_C(1000000)
#define BARE   "\x02k\x54" /* key "k", n 42 */

static struct stage stage;

static enum chappe_decision pass_on(struct chappe_context *ctx, const void *decoded)
{
        return chappe_publish(ctx, &event_type, decoded) < 0 ? CHAPPE_RETRY : CHAPPE_DONE;
}

static struct chappe_type other_type;

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = pass_on, .partitions = 1 },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type, .partitions = 1 },
        { 0 },
};
static const struct chappe_operation mixed[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = pass_on, .partitions = 1 },
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &other_type, .on_event = pass_on, .partitions = 1 },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type, .partitions = 1 },
        { 0 },
};

static enum chappe_decision give_up(struct chappe_context *ctx, const void *decoded)
{
        (void)decoded;
        return chappe_dead_letter(ctx, "of the other type");
}

static const struct chappe_operation two_types[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = pass_on, .partitions = 1 },
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &other_type, .on_event = give_up, .partitions = 1 },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type, .partitions = 1 },
        { 0 },
};

static void open_with(const struct chappe_operation *table, const char *setting)
{
        memset(&stage, 0, sizeof(stage));
        stage.operations = table;
        stage.settings[0] = setting;
        stage_open(&stage, 1, NULL);
        chappe_sim_topic_create(stage.sim, "in", 1);
}

static void append_headed(const char *bytes, size_t length, const struct chappe_header *header)
{
        const struct chappe_bytes key = { (const uint8_t *)"k", 1 }, value = { (const uint8_t *)bytes, length };

        assert_true(chappe_sim_append(stage.sim, "in", 0, key, value, header, header ? 1 : 0) >= 0);
}

static void append(const char *bytes, size_t length)
{
        append_headed(bytes, length, NULL);
}

static bool all_committed(void *context)
{
        (void)context;
        return chappe_sim_committed(stage.sim, "test", "in", 0) == chappe_sim_end(stage.sim, "in", 0);
}

static void close_stage(void)
{
        stage_end(&stage);
        stage_close(&stage);
}

static void assert_payload(const char *topic, int64_t offset, const char *bytes, size_t length)
{
        struct chappe_record record;

        assert_true(chappe_sim_read(stage.sim, topic, 0, offset, &record));
        assert_int_equal(record.value.length, length);
        assert_memory_equal(record.value.at, bytes, length);
        chappe_record_release(&record);
}

static void assert_reason(const char *topic, int64_t offset, const char *part)
{
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        struct chappe_record record;

        assert_true(chappe_sim_read(stage.sim, topic, 0, offset, &record));
        size_t count = chappe_record_headers(&record, headers, CHAPPE_HEADERS_MAXIMUM);
        struct chappe_text why = chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_DEAD_MESSAGE));
        assert_non_null(memmem(why.at, why.length, part, strlen(part)));
        chappe_record_release(&record);
}

static void test_bare_payloads_are_read_and_written_by_the_operations_schema(void **state)
{
        (void)state;
        open_with(operations, "bare_topics=in, ou?");
        append(BARE, 3);
        append("\x02k", 2);
        append(BARE "\x00", 4);
        append(BARE, 3);
        stage_start(&stage, 0);
        stage_run(&stage, 60 * SECOND, all_committed, NULL);
        assert_int_equal(chappe_sim_end(stage.sim, "out", 0), 2);
        assert_payload("out", 0, BARE, 3);
        assert_payload("out", 1, BARE, 3);
        assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 0), 2); /* cut off, and something left over */
        assert_payload("in-dlt", 1, BARE "\x00", 4);
        close_stage();
}

static void test_only_the_topics_named_are_bare(void **state)
{
        (void)state;
        open_with(operations, "bare_topics=out");
        stage_append(&stage, "in", 0, "k", 42);
        append(BARE, 3);
        stage_start(&stage, 0);
        stage_run(&stage, 60 * SECOND, all_committed, NULL);
        assert_int_equal(chappe_sim_end(stage.sim, "out", 0), 1);
        assert_payload("out", 0, BARE, 3);
        assert_payload("in-dlt", 0, BARE, 3);
        close_stage();
}

/* The header is looked at on the topics named, and nowhere else. */
static void test_a_header_that_names_a_schema_counts_where_it_is_said(void **state)
{
        static const struct chappe_header header = { "__value_schema_id",
                                                     "\x01"
                                                     "0123456789abcdef",
                                                     17 };
        const char *settings[] = { "header_topics=in", "header_topics=out" };

        (void)state;
        for (int i = 0; i < 2; i++) {
                open_with(operations, settings[i]);
                stage_append(&stage, "in", 0, "k", 42);
                append_headed(BARE, 3, &header);
                stage_start(&stage, 0);
                stage_run(&stage, 60 * SECOND, all_committed, NULL);
                assert_int_equal(chappe_sim_end(stage.sim, "out", 0), 1);
                assert_payload("in-dlt", 0, BARE, 3);
                assert_reason("in-dlt", 0, i == 0 ? "no registry is configured" : "framed neither by schema id");
                close_stage();
        }
}

/* More than are accepted are not looked at: the schema is not among them, and the record is a dead letter. */
static void test_headers_by_the_thousand_name_no_schema(void **state)
{
        static struct chappe_header headers[1000];
        const struct chappe_bytes key = { (const uint8_t *)"k", 1 }, value = { (const uint8_t *)BARE, 3 };
        (void)state;
        for (size_t i = 0; i < 1000; i++)
                headers[i] = (struct chappe_header){ "x", "y", 1 };
        open_with(operations, "header_topics=in");
        assert_true(chappe_sim_append(stage.sim, "in", 0, key, value, headers, 1000) >= 0);
        stage_start(&stage, 0);
        stage_run(&stage, 60 * SECOND, all_committed, NULL);
        assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 0), 1);
        assert_payload("in-dlt", 0, BARE, 3);
        close_stage();
}

static void make_other_type(void)
{
        struct chappe_schema *schema;
        other_type = event_type;
        other_type.name = "test.Other";
        other_type.schema = "{\"type\":\"record\",\"name\":\"test.Other\",\"fields\":[{\"name\":\"key\",\"type\":"
                            "\"string\"},{\"name\":\"n\",\"type\":\"long\"}]}";
        assert_int_equal(chappe_schema_parse("test.Other", chappe_text(other_type.schema), &schema, NULL), 0);
        other_type.fingerprint = chappe_schema_fingerprint(schema);
        chappe_schema_unref(schema);
}

/* A worker remembers whose record it met last, and must not take the next one for the same. */
static void test_records_of_two_types_in_turn_each_have_their_own_handler(void **state)
{
        static uint8_t other[] = "\xc3\x01"
                                 "8 bytes."
                                 "\x02k\x54";
        (void)state;
        make_other_type();
        for (int i = 0; i < 8; i++)
                other[2 + i] = (uint8_t)(other_type.fingerprint >> (8 * i));
        open_with(two_types, "workers=1");
        for (int i = 0; i < 4; i++) {
                stage_append(&stage, "in", 0, "k", 42);
                append((const char *)other, sizeof(other) - 1);
        }
        stage_start(&stage, 0);
        stage_run(&stage, 60 * SECOND, all_committed, NULL);
        assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 0), 4); /* what is of the other type */
        assert_payload("in-dlt", 3, (const char *)other, sizeof(other) - 1);
        assert_int_equal(chappe_sim_end(stage.sim, "out", 0), 4);
        close_stage();
}

static void test_a_bare_topic_has_one_schema(void **state)
{
        (void)state;
        make_other_type();
        open_with(mixed, "bare_topics=*");
        stage_start(&stage, 0);
        stage_end(&stage);
        assert_int_equal(stage.instances[0].start_status, -CHAPPE_E_SETTING_VALUE);
        assert_string_equal(stage.instances[0].error.text,
                            "in cannot be bare (bare_topics): it carries test.Event and test.Other");
        stage_close(&stage);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bare_payloads_are_read_and_written_by_the_operations_schema),
                cmocka_unit_test(test_only_the_topics_named_are_bare),
                cmocka_unit_test(test_a_header_that_names_a_schema_counts_where_it_is_said),
                cmocka_unit_test(test_headers_by_the_thousand_name_no_schema),
                cmocka_unit_test(test_records_of_two_types_in_turn_each_have_their_own_handler),
                cmocka_unit_test(test_a_bare_topic_has_one_schema),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
