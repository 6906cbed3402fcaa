/* SPDX-License-Identifier: Apache-2.0 */
/* Schema files and what they define by name; a name that a file uses but does not define is looked for in the include
 * folders. */
#pragma once

#include <chappe/buffer.h>
#include <chappe/schema.h>

#include "avro/json_tree.h"

#define SCHEMA_FILE_FACTOR   4u /* bytes of one file: so many times schema_text, which each schema within it keeps */
#define SCHEMA_FOLDERS_LIMIT 64
#define SCHEMA_FILES_LIMIT   1000 /* files that one file may draw in */

struct schema_library;

struct schema_file {
        const char *path;    /* as opened, for messages */
        const char *include; /* its generated header, seen from the include folders: "shop/order_line.h" */
        bool protocol;       /* .avpr */
        struct chappe_json_document document;
        struct schema_file *next;
};

/* A record, error, enum or fixed with a name. */
struct schema_definition {
        const char *name;  /* full */
        const char *space; /* namespace, "" for none */
        bool error;        /* declared with "type": "error" */
        struct schema_file *file;
        const struct chappe_json_node *json;
        struct schema_definition *next; /* in the order in which they were found */
};

/* folders: where to look for names, in order; limits (no zeros): of what is read and parsed; both copied. */
struct schema_library *schema_library_new(const char *const *folders, size_t count,
                                          const struct chappe_schema_limits *limits);
const struct chappe_schema_limits *schema_library_limits(const struct schema_library *library);
/* One more, the last to be looked into. False: there are SCHEMA_FOLDERS_LIMIT. */
bool schema_library_add_folder(struct schema_library *library, struct chappe_text folder);
/* Adds the folder below which a file stands in the folders of its own namespace: "schemas" for shop.OrderPlaced in
 * schemas/shop/order_placed.avsc. */
void schema_library_add_root(struct schema_library *library, const struct schema_file *file);
struct schema_library *schema_library_free(struct schema_library *library);

/* Reads a file (once) and notes its definitions. "-" is standard input. */
int schema_library_load(struct schema_library *library, const char *path, struct schema_file **ret_file,
                        struct chappe_error *error);
/* The definition of a full name, imported if need be: namespace as folders, then order_line.avsc or OrderLine.avsc.
 * NULL in *ret when nobody defines it. */
int schema_library_find(struct schema_library *library, const char *name, const struct schema_definition **ret,
                        struct chappe_error *error);
/* The file of a protocol by its name, or by that of the topic it is spoken on: shop.Inventory and shop.inventory in
 * shop/inventory.avpr. NULL: there is none. */
const char *schema_library_find_protocol(struct schema_library *library, const char *name);
/* Parses a text that was written out (schema_expand.h), within the library's limits. name is for messages. */
int schema_library_parse(const struct schema_library *library, const char *name, const struct chappe_buffer *text,
                         struct chappe_schema **ret_schema, struct chappe_error *error);
/* All definitions, and all files, in the order in which they were found. */
const struct schema_definition *schema_library_definitions(const struct schema_library *library);
const struct schema_file *schema_library_files(const struct schema_library *library);
/* Lives as long as the library; for everything that describes it. Allocations of its users end the process when memory
 * is short. */
struct chappe_arena *schema_library_arena(struct schema_library *library);

/* Namespace and full name of a definition or protocol that stands in a namespace. */
const char *schema_space(struct schema_library *library, const struct chappe_json_node *json, const char *outer);
const char *schema_full_name(struct schema_library *library, const char *name, const char *space);
bool schema_is_primitive(const char *name);
/* "record", "enum" …: the text of its member type, or NULL. */
const char *schema_type_word(const struct chappe_json_node *json);
bool schema_is_definition(const struct chappe_json_node *json);

/* OrderPlaced → order_placed, HTTPServer → http_server. From the library's arena. */
const char *schema_snake(struct chappe_arena *arena, const char *name);
