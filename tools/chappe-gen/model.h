/* SPDX-License-Identifier: Apache-2.0 */
/* What one header and its C file hold: C types in the making, the schemas they come from, and the messages of a
 * protocol. */
#pragma once

#include <chappe/schema.h>
#include <chappe/type.h>

#include "names.h"

#include "schema/schema_library.h"

struct c_type;

/* Field of a record, branch of a union, symbol of an enum (without a type); the item, value or record of the others. */
struct c_member {
        const char *avro;
        const char *name;     /* in C; of a symbol: the whole constant */
        const char *constant; /* of a branch */
        const char *doc;
        struct c_type *type;
};

struct c_type {
        enum chappe_layout_kind kind;
        const char *stem;        /* shop_order_line: of the layout's name, and the tag */
        const char *declaration; /* "struct shop_order_line", "int64_t" */
        const char *avro;        /* full name of a named type */
        const char *doc;
        const char *include;  /* the header that declares it; NULL: this one */
        uint64_t fingerprint; /* of a named type */
        uint32_t count;       /* bytes of a fixed */
        struct c_member *members;
        size_t member_count;
        bool declared, laid_out;                          /* while it is written */
        bool straight, straightening, recursive_straight; /* while its straight-line code is */
        struct c_type *next;
        struct c_type *next_table;
};

/* A type with an object of its own: struct chappe_type. */
struct c_root {
        const char *stem; /* of <stem>_type */
        const char *doc;
        struct c_type *type;
        struct chappe_schema *schema;
        struct chappe_text text; /* without white space */
        const char *key;
        bool published; /* global, with functions of its own; otherwise for the messages of this file only */
        bool used;      /* by a message of this file */
        struct c_root *next;
};

struct c_error {
        const char *constant;
        struct c_root *root;
        const char *member;
        struct c_error *next;
};

struct c_message {
        const char *stem;  /* shop_inventory_reserve */
        const char *reply; /* tag of the reply struct */
        const char *avro;
        const char *doc;
        const char *idempotency;
        bool one_way;
        struct c_root *request, *response;
        struct c_error *errors;
        struct c_message *next;
};

struct c_outcome {
        const char *error; /* full name */
        const char *constant;
        const char *doc;
        struct c_outcome *next;
};

struct unit {
        struct schema_library *library;
        struct schema_file *file;
        struct chappe_arena *arena;
        const char *header; /* "order_placed.h" */
        struct name_scope tags, globals;
        struct c_type *types;
        struct c_root *roots;
        const char *protocol; /* full name; NULL for a schema file */
        const char *protocol_stem;
        struct c_outcome *outcomes; /* their values: 1, 2 … */
        struct c_message *messages;
        struct chappe_error *error;
};

/* Fills in the roots (and messages) of a loaded file. name: the file's, for a schema that has none. */
int model_schema(struct unit *unit, const char *name);
int model_protocol(struct unit *unit);

/* The root for a schema text: parsed, described, and listed once a name. stem NULL: from the type's name. */
int model_root(struct unit *unit, const char *stem, struct chappe_buffer *text, bool published, struct c_root **ret);
/* The C type of a node. place: the name that a nameless union gets here. owner: the record whose member it is held in
 * by value. */
int model_type(struct unit *unit, const struct chappe_schema_node *node, const char *place,
               const struct chappe_schema_node *owner, struct c_type **ret);

/* Does the file stand for one kind of event, with functions to publish it and rows for the operations table? */
bool model_is_event(const struct unit *unit, const struct c_root *root);
/* Does the C file need its type object? */
bool model_is_used(const struct c_root *root);
/* Is the type a struct with a tag of its own? */
bool model_is_struct(const struct c_type *type);
