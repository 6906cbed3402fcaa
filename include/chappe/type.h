/* SPDX-License-Identifier: Apache-2.0 */
/* How a C struct holds an Avro type. chappe-gen writes these tables; the codec reads and writes structs through them. */
#pragma once

#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

enum chappe_layout_kind {
        CHAPPE_LAYOUT_NULL,     /* char, always 0 */
        CHAPPE_LAYOUT_BOOLEAN,  /* bool */
        CHAPPE_LAYOUT_INT,      /* int32_t */
        CHAPPE_LAYOUT_LONG,     /* int64_t */
        CHAPPE_LAYOUT_FLOAT,    /* float */
        CHAPPE_LAYOUT_DOUBLE,   /* double */
        CHAPPE_LAYOUT_BYTES,    /* struct chappe_bytes */
        CHAPPE_LAYOUT_STRING,   /* struct chappe_text */
        CHAPPE_LAYOUT_FIXED,    /* uint8_t[count] */
        CHAPPE_LAYOUT_ENUM,     /* a C enum whose values are the reader's symbol indexes; 4 bytes */
        CHAPPE_LAYOUT_ARRAY,    /* struct { const T *items; size_t count; }; members[0]: the item at offset 0 */
        CHAPPE_LAYOUT_MAP,      /* struct { const struct entry *entries; size_t count; }, entry = { struct chappe_text key;
                                   T value; }; members[0]: the value at its offset within the entry; size of the entry in stride */
        CHAPPE_LAYOUT_OPTIONAL, /* union of null and T, either order: struct { bool present; T value; }; members[0]: value */
        CHAPPE_LAYOUT_UNION,    /* any other union: struct { int32_t branch; union { … } value; }; members: one a branch, by its
                                   offset within the struct */
        CHAPPE_LAYOUT_RECORD,   /* a C struct; members: one a field, in the schema's order */
        CHAPPE_LAYOUT_POINTER,  /* const T *, where a record contains itself; members[0]: the record at offset 0 */
};

struct chappe_layout;

struct chappe_member {
        const char *name; /* field, branch or NULL */
        uint32_t offset;  /* bytes from the start of the enclosing struct (or entry) */
        const struct chappe_layout *layout;
};

struct chappe_layout {
        enum chappe_layout_kind kind;
        uint32_t size;   /* sizeof the C type */
        uint32_t count;  /* members; bytes of a fixed; symbols of an enum */
        uint32_t stride; /* sizeof an item or entry of array and map */
        const struct chappe_member *members;
};

struct chappe_buffer;
struct chappe_decoder; /* <chappe/straight.h> */

/* A generated type. Constant; what the codec compiles for it is kept elsewhere. */
struct chappe_type {
        const char *name;   /* full Avro name: "shop.OrderPlaced" */
        const char *schema; /* complete schema text, every named type inside */
        uint64_t fingerprint;
        const struct chappe_layout *layout;
        const char *key; /* the string field that is the record key, from the schema's attribute "chappe.key"; or NULL */
        /* Straight-line code for data of exactly this schema; NULL: the plan does it. decode returns where it stopped,
         * encode appends. NULL, or false with the buffer's length as before: the plan must have its say. */
        const uint8_t *(*decode)(struct chappe_decoder *decoder, const uint8_t *at, const uint8_t *end, void *ret_value);
        bool (*encode)(struct chappe_buffer *buffer, const void *value);
};

/* One declared error of a message: the positive outcome that stands for it, its type, and where it lies in the reply struct. */
struct chappe_message_error {
        int outcome;
        const struct chappe_type *type;
        size_t offset;
};

/* One message of an Avro protocol: a request/reply method. */
struct chappe_message {
        const char *protocol; /* "shop.Inventory" */
        const char *name;     /* "reserve"; travels in the header chappe_method */
        const struct chappe_type *request;
        const struct chappe_type *response;
        size_t reply_size;      /* sizeof the generated reply struct */
        size_t response_offset; /* of the response within it */
        const struct chappe_message_error *errors;
        size_t error_count;
        const char *idempotency_field; /* a string field of the request that is the idempotency key, or NULL */
        bool one_way;           /* nothing comes back (specification, "One-Way Messages"): chappe_send */
};

#ifdef __cplusplus
}
#endif
