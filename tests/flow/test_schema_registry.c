/* SPDX-License-Identifier: Apache-2.0 */
/* The registry behind the runtime, with answers of our own: subjects, what may pass, what is announced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "flow/channels.h"
#include "flow/payload.h"
#include "flow/schema_registry.h"

#define ID 7

/* A registry with one schema under one subject. */
struct answers {
        char subject[80];
        char enrolled[80];
        const char *schema; /* NULL: that of event_type */
        int asked;
        int down; /* so many questions are not answered */
        bool registered;
};

static struct answers answers;

static bool is_down(struct chappe_error *error)
{
        answers.asked++;
        if (answers.down == 0)
                return false;
        answers.down--;
        chappe_fail(error, CHAPPE_E_REGISTRY_UNREACHABLE, "down");
        return true;
}

static int answer_schema(void *context, uint32_t id, struct chappe_buffer *text, struct chappe_error *error)
{
        (void)context;
        if (is_down(error))
                return -CHAPPE_E_REGISTRY_UNREACHABLE;
        if (id != ID)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "no schema");
        const char *schema = answers.schema ? answers.schema : event_type.schema;
        return chappe_buffer_append(text, schema, strlen(schema));
}

static int answer_belongs(void *context, uint32_t id, const char *subject, struct chappe_error *error)
{
        (void)context, (void)id, (void)error;
        return strcmp(subject, answers.subject) == 0;
}

static int answer_find(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                       struct chappe_error *error)
{
        (void)context;
        if (is_down(error))
                return -CHAPPE_E_REGISTRY_UNREACHABLE;
        assert_true(chappe_text_equal(text, chappe_text(event_type.schema)));
        if (!answers.registered || strcmp(subject, answers.subject) != 0)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "not registered");
        *ret_id = ID;
        return 0;
}

static int answer_enrol(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                        struct chappe_error *error)
{
        (void)context, (void)text, (void)error;
        snprintf(answers.enrolled, sizeof(answers.enrolled), "%s", subject);
        *ret_id = ID + 1;
        return 0;
}

static int answer_identify(void *context, const uint8_t guid[16], uint32_t *ret_id, struct chappe_error *error)
{
        (void)context;
        if (is_down(error))
                return -CHAPPE_E_REGISTRY_UNREACHABLE;
        if (guid[0] != 0xab)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "no schema");
        *ret_id = ID;
        return 0;
}

static const struct chappe_registry_source source = { answer_schema, answer_belongs,  answer_find,
                                                      answer_enrol,  answer_identify, NULL };

static enum chappe_decision ignore(struct chappe_context *ctx, const void *event)
{
        (void)ctx, (void)event;
        return CHAPPE_DONE;
}

static const struct chappe_message message = { .name = "ask" };
static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "events", .type = &event_type, .on_event = ignore },
        { .kind = CHAPPE_CALLS, .topic = "requests", .message = &message },
        { 0 },
};

struct room {
        struct chappe_runtime runtime;
        struct chappe_channels channels;
        struct chappe_schema_registry *registry;
        struct chappe_schema_backend backend;
        struct chappe_schema *schema;
};

static void open_room_in(struct room *room, const struct chappe_world *world, int64_t deadline_us,
                         const struct chappe_schema_backend *others, const char *setting)
{
        const char *settings[] = { "registry=http://127.0.0.1:1", "topic_prefix=p.", setting, NULL };
        struct chappe_config_sources sources = { .settings = settings };
        *room = (struct room){
                .runtime = { .world = world, .service = "test", .topic_prefix = "p.", .operations = operations }
        };
        assert_int_equal(chappe_config_load(&sources, &room->runtime.config, NULL), 0);
        assert_int_equal(chappe_channels_init(&room->channels, &room->runtime, NULL), 0);
        room->runtime.channels = &room->channels;
        assert_int_equal(
                chappe_schema_registry_new(&room->runtime, &source, others, deadline_us, &room->registry, NULL), 0);
        room->backend = chappe_schema_registry_backend(room->registry);
        assert_int_equal(chappe_schema_parse("test", chappe_text(event_type.schema), &room->schema, NULL), 0);
}

static void open_room(struct room *room, const char *setting)
{
        answers = (struct answers){ .subject = "p.events-value", .registered = true };
        open_room_in(room, chappe_world_system(), 0, NULL, setting);
}

static void close_room(struct room *room)
{
        chappe_schema_unref(room->schema);
        chappe_schema_registry_free(room->registry);
        chappe_channels_deinit(&room->channels);
        chappe_config_free(room->runtime.config);
}

static int find_id(struct room *room, const char *topic, uint32_t id)
{
        struct chappe_frame frame = { .framing = CHAPPE_FRAMING_CONFLUENT, .schema_id = id };
        struct chappe_schema *schema;
        struct chappe_error error = { 0 };
        int status = room->backend.find(room->backend.context, topic, &frame, &schema, &error);
        if (status == 0)
                chappe_schema_unref(schema);
        else
                assert_int_equal(error.code, -status);
        return status;
}

static int announce(struct room *room, const char *topic, struct chappe_frame *ret_frame)
{
        return room->backend.announce(room->backend.context, topic, room->schema, ret_frame, NULL);
}

static void test_an_id_counts_only_under_the_subject_of_its_topic(void **state)
{
        struct room room;
        (void)state;
        open_room(&room, NULL);
        assert_int_equal(find_id(&room, "p.events", ID), 0);
        assert_int_equal(find_id(&room, "p.requests", ID), -CHAPPE_E_SCHEMA_FOREIGN);
        assert_int_equal(find_id(&room, "p.unlisted", ID), -CHAPPE_E_SCHEMA_FOREIGN);
        close_room(&room);
}

static const struct chappe_bytes none;

static int open_headed(struct chappe_payload *payload, const char *topic, const char *header)
{
        const struct chappe_writer *writer;
        struct chappe_bytes body;
        struct chappe_error error = { 0 };
        int status = chappe_payload_open(payload, topic, (struct chappe_bytes){ (const uint8_t *)"\x02k\x54", 3 },
                                         (struct chappe_bytes){ (const uint8_t *)header, 17 }, &writer, &body, &error);
        if (status < 0)
                return status;
        assert_string_equal(writer->name, "test.Event");
        assert_int_equal(body.length, 3);
        return 0;
}

static void test_a_guid_in_a_header_names_the_schema_under_the_same_rules(void **state)
{
#define HEADER(version, first) version first "123456789012345"
        struct room room;
        struct chappe_payload *payload;
        (void)state;
        open_room(&room, NULL);
        assert_int_equal(chappe_payload_new(&room.runtime, &payload, NULL), 0);
        assert_int_equal(chappe_payload_start(payload, &room.backend, NULL), 0);
        answers.down = 1;
        assert_int_equal(open_headed(payload, "p.events", HEADER("\x01", "\xab")), -CHAPPE_E_REGISTRY_UNREACHABLE);
        assert_int_equal(open_headed(payload, "p.events", HEADER("\x01", "\xab")), 0);
        int asked = answers.asked;
        assert_int_equal(open_headed(payload, "p.events", HEADER("\x01", "\xab")), 0);
        assert_int_equal(answers.asked, asked);
        assert_int_equal(open_headed(payload, "p.events", HEADER("\x01", "\xac")), -CHAPPE_E_SCHEMA_UNKNOWN);
        assert_int_equal(open_headed(payload, "p.events", HEADER("\x02", "\xab")), -CHAPPE_E_FRAME_INVALID);
        assert_int_equal(open_headed(payload, "p.requests", HEADER("\x01", "\xab")), -CHAPPE_E_SCHEMA_FOREIGN);
        chappe_payload_free(payload);
        close_room(&room);
}

static void test_subjects_are_named_as_the_setting_says(void **state)
{
        static const struct {
                const char *setting, *subject;
        } cases[] = { { NULL, "p.events-value" },
                      { "subjects=record", "test.Event" },
                      { "subjects=topic-record", "p.events-test.Event" } };
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct room room;
                struct chappe_frame frame;
                open_room(&room, cases[i].setting);
                strcpy(answers.subject, cases[i].subject);
                assert_int_equal(find_id(&room, "p.events", ID), 0);
                assert_int_equal(announce(&room, "p.events", &frame), 0);
                assert_int_equal(frame.schema_id, ID);
                close_room(&room);
        }
}

static void test_requests_and_replies_go_by_the_name_of_their_record(void **state)
{
        struct room room;
        struct chappe_frame frame;
        (void)state;
        open_room(&room, NULL);
        strcpy(answers.subject, "test.Event");
        assert_int_equal(find_id(&room, "p.requests", ID), 0);
        assert_int_equal(find_id(&room, "p.events", ID), -CHAPPE_E_SCHEMA_FOREIGN);
        assert_int_equal(find_id(&room, "p.unlisted", ID), 0); /* a tool reads it */
        assert_int_equal(announce(&room, "p.requests", &frame), 0);
        assert_int_equal(announce(&room, NULL, &frame), 0);
        close_room(&room);
}

static void test_a_registry_that_is_down_is_no_unknown_schema(void **state)
{
        struct room room;
        (void)state;
        open_room(&room, NULL);
        answers.down = 1;
        assert_int_equal(find_id(&room, "p.events", ID), -CHAPPE_E_REGISTRY_UNREACHABLE);
        assert_int_equal(find_id(&room, "p.events", ID), 0);
        assert_int_equal(find_id(&room, "p.events", ID + 1), -CHAPPE_E_SCHEMA_UNKNOWN);
        close_room(&room);
}

static void test_schemas_are_registered_only_when_asked_for(void **state)
{
        struct room room;
        struct chappe_frame frame;
        (void)state;
        open_room(&room, NULL);
        answers.registered = false;
        assert_int_equal(announce(&room, "p.events", &frame), -CHAPPE_E_SCHEMA_NOT_FOUND);
        assert_string_equal(answers.enrolled, "");
        close_room(&room);
        open_room(&room, "schemas_register=true");
        answers.registered = false;
        assert_int_equal(announce(&room, "p.events", &frame), 0);
        assert_string_equal(answers.enrolled, "p.events-value");
        assert_int_equal(frame.framing, CHAPPE_FRAMING_CONFLUENT);
        assert_int_equal(frame.schema_id, ID + 1);
        close_room(&room);
}

/* Every look at it is a second later; what is waited for on it lies in the past, so that nothing sleeps. */
static int64_t hand_now_us;

static int64_t hand_monotonic(const struct chappe_clock *clock)
{
        (void)clock;
        return hand_now_us += 1000000;
}

static const struct chappe_clock_operations hand_operations = { hand_monotonic, hand_monotonic };
static const struct chappe_clock hand_clock = { &hand_operations };

static void test_announcing_outlasts_a_registry_that_does_not_answer(void **state)
{
        struct chappe_world world = *chappe_world_system();
        struct room room;
        struct chappe_frame frame;
        (void)state;
        world.clock = &hand_clock;
        hand_now_us = 0;
        answers = (struct answers){ .subject = "p.events-value", .registered = true, .down = 3 };
        open_room_in(&room, &world, 30000000, NULL, NULL);
        assert_int_equal(announce(&room, "p.events", &frame), 0);
        assert_int_equal(answers.asked, 4);
        answers.down = 1000;
        strcpy(answers.subject, "test.Event");
        assert_int_equal(announce(&room, NULL, &frame), -CHAPPE_E_REGISTRY_UNREACHABLE);
        assert_true(answers.asked < 100);
        close_room(&room);
}

static int find_by_fingerprint(void *context, const char *topic, const struct chappe_frame *frame,
                               struct chappe_schema **ret_schema, struct chappe_error *error)
{
        (void)topic, (void)frame, (void)error;
        *ret_schema = chappe_schema_ref(context);
        return 0;
}

static int announce_by_fingerprint(void *context, const char *topic, struct chappe_schema *schema,
                                   struct chappe_frame *ret_frame, struct chappe_error *error)
{
        (void)context, (void)topic, (void)error;
        *ret_frame = (struct chappe_frame){ .fingerprint = chappe_schema_fingerprint(schema) };
        return 0;
}

static void test_fingerprints_are_somebody_elses(void **state)
{
        struct chappe_frame frame = { .framing = CHAPPE_FRAMING_SINGLE_OBJECT, .fingerprint = 1 };
        struct chappe_schema *schema = NULL;
        struct room room;
        (void)state;
        open_room(&room, NULL);
        assert_int_equal(room.backend.find(room.backend.context, "p.events", &frame, &schema, NULL),
                         -CHAPPE_E_FRAME_INVALID);
        struct chappe_schema *other = chappe_schema_ref(room.schema);
        close_room(&room);

        struct chappe_schema_backend others = { find_by_fingerprint, announce_by_fingerprint, other };
        open_room_in(&room, chappe_world_system(), 0, &others, "framing=single-object");
        assert_int_equal(room.backend.find(room.backend.context, "p.events", &frame, &schema, NULL), 0);
        assert_ptr_equal(schema, other);
        assert_int_equal(announce(&room, "p.events", &frame), 0);
        assert_int_equal(frame.framing, CHAPPE_FRAMING_SINGLE_OBJECT);
        assert_int_equal(find_id(&room, "p.events", ID), 0); /* ids are read all the same */
        chappe_schema_unref(schema);
        chappe_schema_unref(other);
        close_room(&room);
}

static void check_sharing(const char *registry, const char *framing, int status, bool by_registry, bool by_topic)
{
        const char *settings[] = { registry, framing, NULL };
        struct chappe_config_sources sources = { .settings = settings };
        struct chappe_runtime runtime = { .service = "test" };
        struct chappe_schema_sharing sharing = { 0 };
        assert_int_equal(chappe_config_load(&sources, &runtime.config, NULL), 0);
        assert_int_equal(chappe_schema_sharing(&runtime, &sharing, NULL), status);
        assert_int_equal(sharing.registry, by_registry);
        assert_int_equal(sharing.topic, by_topic);
        chappe_config_free(runtime.config);
}

static void test_the_settings_say_where_schemas_are_shared(void **state)
{
        (void)state;
        check_sharing("registry=", "framing=auto", 0, false, true);
        check_sharing("registry=", "framing=single-object", 0, false, true);
        check_sharing("registry=", "framing=confluent", -CHAPPE_E_SETTING_VALUE, false, false);
        check_sharing("registry=http://r", "framing=auto", 0, true, false);
        check_sharing("registry=http://r", "framing=confluent", 0, true, false);
        check_sharing("registry=http://r", "framing=single-object", 0, true, true);
}

/* What was learned on one topic is not believed on another. */
static void test_payloads_are_checked_topic_by_topic(void **state)
{
        const uint8_t bytes[] = { 0, 0, 0, 0, ID, 2, 'a', 2 };
        struct chappe_bytes payload = { bytes, sizeof(bytes) }, body;
        const struct chappe_writer *writer, *again;
        struct room room;
        (void)state;
        open_room(&room, NULL);
        struct chappe_payload *codec;
        assert_int_equal(chappe_payload_new(&room.runtime, &codec, NULL), 0);
        assert_int_equal(chappe_payload_start(codec, &room.backend, NULL), 0);
        assert_int_equal(chappe_payload_open(codec, "p.events", payload, none, &writer, &body, NULL), 0);
        assert_string_equal(writer->name, "test.Event");
        int asked = answers.asked;
        assert_int_equal(chappe_payload_open(codec, "p.events", payload, none, &again, &body, NULL), 0);
        assert_ptr_equal(writer, again);
        assert_int_equal(answers.asked, asked);
        assert_int_equal(chappe_payload_open(codec, "p.requests", payload, none, &again, &body, NULL),
                         -CHAPPE_E_SCHEMA_FOREIGN);
        chappe_payload_free(codec);
        close_room(&room);
}

/* A payload with two items of no bytes in a field that the reader drops, written by a schema of 150 bytes. */
static int read_strange_payload(const char *setting, struct chappe_error *error)
{
        const uint8_t bytes[] = { 0, 0, 0, 0, ID, 2, 'a', 2, 4, 0 };
        struct chappe_arena *arena = chappe_arena_new(0);
        const struct chappe_writer *writer;
        struct chappe_payload *codec;
        struct chappe_bytes body;
        struct event event;
        struct room room;
        open_room(&room, setting);
        answers.schema =
                "{\"type\":\"record\",\"name\":\"test.Event\",\"fields\":[{\"name\":\"key\",\"type\":\"string\"},"
                "{\"name\":\"n\",\"type\":\"long\"},{\"name\":\"x\",\"type\":{\"type\":\"array\",\"items\":\"null\"}}]"
                "}";
        assert_int_equal(chappe_payload_new(&room.runtime, &codec, NULL), 0);
        assert_int_equal(chappe_payload_reads(codec, &event_type, NULL), 0);
        assert_int_equal(chappe_payload_start(codec, &room.backend, NULL), 0);
        int status = chappe_payload_open(codec, "p.events", (struct chappe_bytes){ bytes, sizeof(bytes) },
                                         (struct chappe_bytes){ 0 }, &writer, &body, error);
        if (status == 0)
                status = chappe_payload_decode(codec, writer, &event_type, body, arena, &event, error);
        chappe_payload_free(codec);
        close_room(&room);
        chappe_arena_free(arena);
        return status;
}

static void test_the_settings_bound_what_strangers_send(void **state)
{
        struct chappe_error error = { 0 };
        (void)state;
        assert_int_equal(read_strange_payload("decode_zero_byte_items=2", &error), 0);
        assert_int_equal(read_strange_payload("decode_zero_byte_items=1", &error), -CHAPPE_E_PAYLOAD_LIMIT);
        assert_non_null(strstr(error.text, "decode_zero_byte_items"));
        assert_int_equal(read_strange_payload("schema_text=150", &error), -CHAPPE_E_SCHEMA_LIMIT);
        assert_non_null(strstr(error.text, "schema_text"));
        assert_int_equal(read_strange_payload("schema_depth=2", &error), -CHAPPE_E_SCHEMA_LIMIT);
        assert_int_equal(read_strange_payload("schema_depth=3", &error), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_id_counts_only_under_the_subject_of_its_topic),
                cmocka_unit_test(test_a_guid_in_a_header_names_the_schema_under_the_same_rules),
                cmocka_unit_test(test_subjects_are_named_as_the_setting_says),
                cmocka_unit_test(test_requests_and_replies_go_by_the_name_of_their_record),
                cmocka_unit_test(test_a_registry_that_is_down_is_no_unknown_schema),
                cmocka_unit_test(test_schemas_are_registered_only_when_asked_for),
                cmocka_unit_test(test_announcing_outlasts_a_registry_that_does_not_answer),
                cmocka_unit_test(test_fingerprints_are_somebody_elses),
                cmocka_unit_test(test_the_settings_say_where_schemas_are_shared),
                cmocka_unit_test(test_payloads_are_checked_topic_by_topic),
                cmocka_unit_test(test_the_settings_bound_what_strangers_send),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
