/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands before the Avro bytes of a payload and names the schema they were written with. One form per topic. Among
 * framed topics the magic bytes decide, so that a topic can move from one form to the other; bare payloads are never
 * looked at, because they may begin with any byte. Pure.
 */
#pragma once

#include <chappe/buffer.h>
#include <chappe/error.h>
#include <chappe/text.h>

enum chappe_framing {
        CHAPPE_FRAMING_SINGLE_OBJECT, /* C3 01, fingerprint as 8 bytes little-endian */
        CHAPPE_FRAMING_CONFLUENT,     /* 00, schema id as 4 bytes big-endian */
        CHAPPE_FRAMING_HEADER,        /* in a header: 01, schema GUID of 16 bytes; the payload is bare */
        CHAPPE_FRAMING_BARE,          /* nothing: the topic's configuration names the schema */
};

#define CHAPPE_HEADER_VALUE_SCHEMA_ID "__value_schema_id"
#define CHAPPE_HEADER_KEY_SCHEMA_ID   "__key_schema_id"

struct chappe_frame {
        enum chappe_framing framing;
        uint32_t schema_id;   /* CONFLUENT */
        uint64_t fingerprint; /* SINGLE_OBJECT */
        uint8_t guid[16];     /* HEADER */
};

/* Takes the payload of a topic of this framing apart. schema_header: the value of __value_schema_id (or of
 * __key_schema_id for a key), at NULL when the record has none. -CHAPPE_E_FRAME_INVALID: the bytes are not framed in a
 * way that this topic allows. */
int chappe_frame_read(enum chappe_framing framing, struct chappe_bytes payload, struct chappe_bytes schema_header,
                      struct chappe_frame *ret_frame, struct chappe_bytes *ret_body, struct chappe_error *error);
/* Appends what stands before the Avro bytes: nothing for HEADER and BARE. -CHAPPE_E_NO_MEMORY. */
int chappe_frame_append(const struct chappe_frame *frame, struct chappe_buffer *buffer);
/* The schema header's value for a frame of kind HEADER. */
#define CHAPPE_FRAME_HEADER_SIZE 17
void chappe_frame_header(const struct chappe_frame *frame, uint8_t ret_value[CHAPPE_FRAME_HEADER_SIZE]);
