/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a parsed schema. Nodes, names and the JSON tree they come from live in the schema's arena. */
#pragma once

#include <stdatomic.h>

#include <chappe/schema.h>
#include <chappe/type.h>

#include "avro/json_tree.h"

#define CHAPPE_SCHEMA_NAME_LIMIT     32768u   /* bytes of a full name */
#define CHAPPE_SCHEMA_DEFAULT_BUDGET 1000000u /* steps to check all defaults of a schema */

enum chappe_schema_order {
        CHAPPE_ORDER_ASCENDING,
        CHAPPE_ORDER_DESCENDING,
        CHAPPE_ORDER_IGNORE,
};

/* Logical types by what their text looks like. */
enum chappe_logical_form {
        CHAPPE_LOGICAL_NONE, /* also those without a text of their own */
        CHAPPE_LOGICAL_DECIMAL,
        CHAPPE_LOGICAL_BIG_DECIMAL,
        CHAPPE_LOGICAL_UUID,
        CHAPPE_LOGICAL_DATE,
        CHAPPE_LOGICAL_TIME,
        CHAPPE_LOGICAL_TIMESTAMP,
        CHAPPE_LOGICAL_LOCAL_TIMESTAMP,
        CHAPPE_LOGICAL_DURATION,
};

struct chappe_schema_names {
        const char **at;
        uint32_t count;
};

/* A field, symbol or branch; the items or values of array and map. */
struct chappe_schema_member {
        const char *name; /* of a field or symbol */
        const char *doc;
        const char *default_text; /* as written; NULL without one */
        const struct chappe_json_node *default_json;
        const struct chappe_json_node *json; /* the field's object */
        struct chappe_schema_node *type;
        struct chappe_schema_names aliases;
        uint8_t order;
        uint8_t default_state; /* while defaults are checked */
};

struct chappe_schema_node {
        uint8_t kind;
        bool finite;            /* has a value that ends */
        uint8_t logical_form;   /* enum chappe_logical_form */
        uint8_t logical_unit;   /* of a time: enum chappe_time_unit */
        bool constant;          /* every value is encoded in the same number of bytes, least */
        uint32_t least;         /* bytes of the shortest encoding; stays at UINT32_MAX beyond */
        uint32_t uses;          /* places that name it, its definition included */
        uint32_t number;        /* position in the schema's list of nodes */
        uint32_t count;         /* members; bytes of a fixed */
        int32_t default_symbol; /* of an enum; -1 without one */
        int32_t precision, scale;
        const char *logical;
        const char *name;       /* full name of a named type */
        const char *short_name; /* its part behind the last dot */
        const char *doc;
        struct chappe_schema_member *members;
        struct chappe_schema_names aliases; /* full names */
        const struct chappe_json_node *json;
        struct chappe_schema_node *next; /* in the schema's list */
};

struct chappe_schema {
        _Atomic unsigned references;
        struct chappe_schema_limits limits; /* no zeros */
        struct chappe_arena *arena;
        struct chappe_json_document document;
        struct chappe_schema_node *root;
        struct chappe_schema_node *nodes; /* the newest first */
        uint32_t node_count;
        struct chappe_text canonical;
        uint64_t fingerprint;
        _Atomic(const struct chappe_layout *) layout; /* built when first asked for */
        struct chappe_arena *layout_arena;
};

/* Builds the nodes from the document's tree. */
int chappe_schema_build(struct chappe_schema *schema, struct chappe_error *error);
/* Notes the logical type of a finished node, when it is one that the specification knows and it fits. */
void chappe_schema_note_logical(const struct chappe_schema *schema, struct chappe_schema_node *node);
/* Refuses types without a finite value, and defaults that do not fit. */
int chappe_schema_validate(struct chappe_schema *schema, struct chappe_error *error);
/* Notes how many bytes the values of each type take. */
int chappe_schema_measure(struct chappe_schema *schema, struct chappe_error *error);
/* Fills in canonical form and fingerprint. */
int chappe_schema_canonicalise(struct chappe_schema *schema, struct chappe_error *error);

/* "record shop.Order", "int", … for messages. */
const char *chappe_schema_describe(const struct chappe_schema_node *node, char buffer[160]);
const char *chappe_schema_kind_name(enum chappe_schema_kind kind);

/* True when text is the JSON string for this float: NaN, Infinity, -Infinity. */
bool chappe_schema_float_word(struct chappe_text text, double *ret);
