/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas from files, with what they import. */
#pragma once

#include <chappe/schema.h>

#include "base/cleanup.h"

#include "schema/schema_library.h"
#include "schema/schema_limits.h"

#include "commands.h"

CHAPPE_CLEANUP_DEFINE(library, struct schema_library *, (void)schema_library_free)
CHAPPE_CLEANUP_DEFINE(schema, struct chappe_schema *, (void)chappe_schema_unref)

/* -I FOLDER, for the commands that read schema files. */
#define SCHEMA_INCLUDE_OPTION                                                                                          \
        {                                                                                                              \
                "include", 'I', "FOLDER", "where types and contracts are looked for by name (./schemas); repeatable",  \
                        NULL                                                                                           \
        }

/* --set LIMIT=N, for those that work without a cluster (with one, any setting can be set). */
#define SCHEMA_LIMIT_OPTION                                                                                            \
        {                                                                                                              \
                "set", 's', "LIMIT=N",                                                                                 \
                        "another limit than a service's for schemas: schema_text, schema_depth, schema_fixed, "        \
                        "schema_branches; repeatable",                                                                 \
                        SCHEMA_LIMIT_NAMES                                                                             \
        }
#define DECODE_LIMIT_OPTION                                                                                            \
        {                                                                                                              \
                "set", 's', "LIMIT=N",                                                                                 \
                        "another limit than a service's: schema_text, schema_depth, schema_fixed, schema_branches; "   \
                        "for data decode_depth, decode_zero_byte_items, decode_memory_factor, "                        \
                        "decode_memory_constant; repeatable",                                                          \
                        SCHEMA_LIMIT_NAMES "," DECODE_LIMIT_NAMES                                                      \
        }

/* The limits that the line sets, by --set or --config. EXIT_DONE, or the exit code with the reason said. */
int schema_limits_of(const struct command_line *line, struct schema_limits *ret_limits);
/* The schema of an .avsc file ("-": standard input), as it travels: named types written out. EXIT_DONE, or the exit
 * code with the reason said. */
int schema_open(const struct command_line *line, const char *path, struct chappe_schema **ret_schema);
/* The type of this name from the include folders. For the topic shop.orders.placed, OrderPlaced may be
 * shop.OrderPlaced. */
int schema_find(const struct command_line *line, const char *topic, const char *name,
                struct chappe_schema **ret_schema);
/* The include folders of the line as a library, for whoever reads more than one schema from a file; behind a folder of
 * the caller's, if there is one. The same manner. */
int schema_library_open(const struct command_line *line, const char *first, struct schema_library **ret_library);
/* "error: …", the answer to one line of input. */
void answer_error(const struct chappe_error *error);
