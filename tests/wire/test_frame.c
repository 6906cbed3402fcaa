/* SPDX-License-Identifier: Apache-2.0 */
/* Payload frames: exact bytes, nothing guessed. */
#include "wire_test.h"

#include "wire/frame.h"

static const struct chappe_bytes none;

static void test_confluent_frame_is_zero_and_id_big_endian(void **state)
{
        const struct chappe_frame frame = { .framing = CHAPPE_FRAMING_CONFLUENT, .schema_id = 0x01020304 };
        struct chappe_buffer buffer = { 0 };
        struct chappe_frame read;
        struct chappe_bytes body;

        (void)state;
        assert_int_equal(chappe_frame_append(&frame, &buffer), 0);
        assert_int_equal(chappe_buffer_append(&buffer, "\x02\x06", 2), 0);
        assert_bytes(((struct chappe_bytes){ buffer.at, buffer.length }), "\0\x01\x02\x03\x04\x02\x06");
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_CONFLUENT, (struct chappe_bytes){ buffer.at, buffer.length },
                                           none, &read, &body, NULL),
                         0);
        assert_int_equal(read.framing, CHAPPE_FRAMING_CONFLUENT);
        assert_int_equal(read.schema_id, 0x01020304);
        assert_bytes(body, "\x02\x06");
        chappe_buffer_deinit(&buffer);
}

/* The fingerprint of "int": the specification's header is c3 01 8f 5c 39 3f 1a d5 75 72. */
static void test_single_object_frame_is_fingerprint_little_endian(void **state)
{
        const struct chappe_frame frame = { .framing = CHAPPE_FRAMING_SINGLE_OBJECT,
                                            .fingerprint = 0x7275d51a3f395c8f };
        struct chappe_buffer buffer = { 0 };
        struct chappe_frame read;
        struct chappe_bytes body;

        (void)state;
        assert_int_equal(chappe_frame_append(&frame, &buffer), 0);
        assert_bytes(((struct chappe_bytes){ buffer.at, buffer.length }), "\xc3\x01\x8f\x5c\x39\x3f\x1a\xd5\x75\x72");
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_SINGLE_OBJECT,
                                           (struct chappe_bytes){ buffer.at, buffer.length }, none, &read, &body, NULL),
                         0);
        assert_true(read.fingerprint == frame.fingerprint);
        assert_int_equal(body.length, 0);
        chappe_buffer_deinit(&buffer);
}

static void test_header_frame_is_version_and_guid(void **state)
{
        const struct chappe_bytes header = BYTES("\x01"
                                                 "0123456789abcdef");
        struct chappe_frame read;
        struct chappe_bytes body;
        uint8_t written[CHAPPE_FRAME_HEADER_SIZE];

        (void)state;
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_HEADER, BYTES("\0\0\0"), header, &read, &body, NULL), 0);
        assert_memory_equal(read.guid, "0123456789abcdef", 16);
        assert_bytes(body, "\0\0\0");
        chappe_frame_header(&read, written);
        assert_memory_equal(written, header.at, header.length);
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_HEADER, BYTES("\0\0\0"), none, &read, &body, NULL),
                         -CHAPPE_E_FRAME_INVALID);
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_HEADER, BYTES("\0"),
                                           BYTES("\x02"
                                                 "0123456789abcdef"),
                                           &read, &body, NULL),
                         -CHAPPE_E_FRAME_INVALID);
}

static void test_magic_bytes_decide_among_framed_topics(void **state)
{
        struct chappe_frame read;
        struct chappe_bytes body;

        (void)state;
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_CONFLUENT,
                                           BYTES("\xc3\x01"
                                                 "12345678x"),
                                           none, &read, &body, NULL),
                         0);
        assert_int_equal(read.framing, CHAPPE_FRAMING_SINGLE_OBJECT);
        assert_bytes(body, "x");
}

static void test_bare_payload_is_never_looked_at(void **state)
{
        struct chappe_frame read;
        struct chappe_bytes body;

        (void)state;
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_BARE, BYTES("\0\0\0\0\x07x"), none, &read, &body, NULL), 0);
        assert_int_equal(read.framing, CHAPPE_FRAMING_BARE);
        assert_bytes(body, "\0\0\0\0\x07x");
}

static void test_payload_cut_within_its_frame_is_refused(void **state)
{
        static const char confluent[] = "\0\0\0\0\x07", single[] = "\xc3\x01"
                                                                   "12345678";
        struct chappe_frame read;
        struct chappe_bytes body;

        (void)state;
        for (size_t length = 0; length < sizeof(confluent) - 1; length++)
                assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_CONFLUENT,
                                                   (struct chappe_bytes){ (const uint8_t *)confluent, length }, none,
                                                   &read, &body, NULL),
                                 -CHAPPE_E_FRAME_INVALID);
        for (size_t length = 0; length < sizeof(single) - 1; length++)
                assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_SINGLE_OBJECT,
                                                   (struct chappe_bytes){ (const uint8_t *)single, length }, none,
                                                   &read, &body, NULL),
                                 -CHAPPE_E_FRAME_INVALID);
        assert_int_equal(chappe_frame_read(CHAPPE_FRAMING_CONFLUENT, BYTES("{\"a\": 1}"), none, &read, &body, NULL),
                         -CHAPPE_E_FRAME_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_confluent_frame_is_zero_and_id_big_endian),
                cmocka_unit_test(test_single_object_frame_is_fingerprint_little_endian),
                cmocka_unit_test(test_header_frame_is_version_and_guid),
                cmocka_unit_test(test_magic_bytes_decide_among_framed_topics),
                cmocka_unit_test(test_bare_payload_is_never_looked_at),
                cmocka_unit_test(test_payload_cut_within_its_frame_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
