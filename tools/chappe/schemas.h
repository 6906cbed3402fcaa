/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas from files, with what they import. */
#pragma once

#include <chappe/schema.h>

#include "base/cleanup.h"

#include "schema/schema_library.h"

#include "commands.h"

CHAPPE_CLEANUP_DEFINE(library, struct schema_library *, (void)schema_library_free)
CHAPPE_CLEANUP_DEFINE(schema, struct chappe_schema *, (void)chappe_schema_unref)

/* -I FOLDER, for the commands that read schema files. */
#define SCHEMA_INCLUDE_OPTION                                                                                          \
        {                                                                                                              \
                "include", 'I', "FOLDER", "where types and contracts are looked for by name (./schemas); repeatable",  \
                        NULL                                                                                           \
        }

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
