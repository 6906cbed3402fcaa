/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before the Avro bytes of a payload and names the schema they were written with. */
#include "wire/frame.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define CONFLUENT_MAGIC       0x00
#define CONFLUENT_SIZE        5
#define SINGLE_OBJECT_MAGIC_1 0xc3
#define SINGLE_OBJECT_MAGIC_2 0x01
#define SINGLE_OBJECT_SIZE    10
#define HEADER_VERSION        0x01

static struct chappe_bytes behind(struct chappe_bytes payload, size_t size)
{
        return (struct chappe_bytes){ payload.at + size, payload.length - size };
}

static int read_confluent(struct chappe_bytes payload, struct chappe_frame *ret_frame, struct chappe_bytes *ret_body,
                          struct chappe_error *error)
{
        const uint8_t *at = payload.at;

        if (payload.length < CONFLUENT_SIZE)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                                   "%zu bytes are too few for a schema id (Confluent framing)", payload.length);
        *ret_frame = (struct chappe_frame){
                .framing = CHAPPE_FRAMING_CONFLUENT,
                .schema_id = (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4],
        };
        *ret_body = behind(payload, CONFLUENT_SIZE);
        return 0;
}

static int read_single_object(struct chappe_bytes payload, struct chappe_frame *ret_frame,
                              struct chappe_bytes *ret_body, struct chappe_error *error)
{
        uint64_t fingerprint;

        if (payload.length < SINGLE_OBJECT_SIZE)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                                   "%zu bytes are too few for a fingerprint (Avro single-object encoding)",
                                   payload.length);
        memcpy(&fingerprint, payload.at + 2, sizeof(fingerprint));
        *ret_frame =
                (struct chappe_frame){ .framing = CHAPPE_FRAMING_SINGLE_OBJECT, .fingerprint = le64toh(fingerprint) };
        *ret_body = behind(payload, SINGLE_OBJECT_SIZE);
        return 0;
}

static int read_framed(struct chappe_bytes payload, struct chappe_frame *ret_frame, struct chappe_bytes *ret_body,
                       struct chappe_error *error)
{
        if (payload.length >= 1 && payload.at[0] == CONFLUENT_MAGIC)
                return read_confluent(payload, ret_frame, ret_body, error);
        if (payload.length >= 2 && payload.at[0] == SINGLE_OBJECT_MAGIC_1 && payload.at[1] == SINGLE_OBJECT_MAGIC_2)
                return read_single_object(payload, ret_frame, ret_body, error);
        if (payload.length == 0)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID, "an empty payload names no schema");
        return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                           "a payload that begins with %02x is framed neither by schema id (00) nor by fingerprint "
                           "(c3 01)",
                           payload.at[0]);
}

static int read_header(struct chappe_bytes payload, struct chappe_bytes header, struct chappe_frame *ret_frame,
                       struct chappe_bytes *ret_body, struct chappe_error *error)
{
        if (header.length != CHAPPE_FRAME_HEADER_SIZE || header.at[0] != HEADER_VERSION)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                                   "a schema header is 01 and a GUID of 16 bytes; this one has %zu bytes",
                                   header.length);
        *ret_frame = (struct chappe_frame){ .framing = CHAPPE_FRAMING_HEADER };
        memcpy(ret_frame->guid, header.at + 1, sizeof(ret_frame->guid));
        *ret_body = payload;
        return 0;
}

int chappe_frame_read(enum chappe_framing framing, struct chappe_bytes payload, struct chappe_bytes schema_header,
                      struct chappe_frame *ret_frame, struct chappe_bytes *ret_body, struct chappe_error *error)
{
        if (framing == CHAPPE_FRAMING_BARE) {
                *ret_frame = (struct chappe_frame){ .framing = CHAPPE_FRAMING_BARE };
                *ret_body = payload;
                return 0;
        }
        if (schema_header.at)
                return read_header(payload, schema_header, ret_frame, ret_body, error);
        if (framing == CHAPPE_FRAMING_HEADER)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID, "the record has no header %s",
                                   CHAPPE_HEADER_VALUE_SCHEMA_ID);
        return read_framed(payload, ret_frame, ret_body, error);
}

static int append_confluent(uint32_t id, struct chappe_buffer *buffer)
{
        const uint8_t frame[CONFLUENT_SIZE] = { CONFLUENT_MAGIC, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
                                                (uint8_t)(id >> 8), (uint8_t)id };

        return chappe_buffer_append(buffer, frame, sizeof(frame));
}

static int append_single_object(uint64_t fingerprint, struct chappe_buffer *buffer)
{
        uint8_t frame[SINGLE_OBJECT_SIZE] = { SINGLE_OBJECT_MAGIC_1, SINGLE_OBJECT_MAGIC_2 };

        for (size_t i = 0; i < sizeof(fingerprint); i++)
                frame[2 + i] = (uint8_t)(fingerprint >> 8 * i);
        return chappe_buffer_append(buffer, frame, sizeof(frame));
}

int chappe_frame_append(const struct chappe_frame *frame, struct chappe_buffer *buffer)
{
        switch (frame->framing) {
        case CHAPPE_FRAMING_CONFLUENT:
                return append_confluent(frame->schema_id, buffer);
        case CHAPPE_FRAMING_SINGLE_OBJECT:
                return append_single_object(frame->fingerprint, buffer);
        case CHAPPE_FRAMING_HEADER:
        case CHAPPE_FRAMING_BARE:
                break;
        }
        return 0;
}

void chappe_frame_header(const struct chappe_frame *frame, uint8_t ret_value[CHAPPE_FRAME_HEADER_SIZE])
{
        assert(frame->framing == CHAPPE_FRAMING_HEADER);
        ret_value[0] = HEADER_VERSION;
        memcpy(ret_value + 1, frame->guid, sizeof(frame->guid));
}
