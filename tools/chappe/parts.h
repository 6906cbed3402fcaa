/* SPDX-License-Identifier: Apache-2.0 */
/* What a contract's file says can be written and read: one schema, or the requests, responses and errors of a protocol.
 */
#pragma once

#include "schemas.h"

#define PARTS_LIMIT 10000

enum part_role {
        PART_EVENT,
        PART_REQUEST, /* written by clients */
        PART_ANSWER,  /* a response or an error: written by servers */
};

struct part {
        const char *name; /* "" for a schema file; "reserve request", "reserve error shop.OutOfStock" */
        enum part_role role;
        struct chappe_schema *schema;
};

struct parts {
        const char *path;
        const char *name; /* of the protocol, or of its named type, else the path */
        struct schema_library *library;
        struct schema_file *file;
        struct part *at;
        size_t count;
};

/* Reads a file with its imports: from the folder (NULL: none), then from the include folders of the line. Mistakes are
 * told by the lines of the file. EXIT_DONE, or the exit code with the reason said; parts_close in any case. */
int parts_open(const struct command_line *line, const char *path, const char *folder, struct parts *ret_parts);
void parts_close(struct parts *parts);
/* The part of that name, or NULL. */
const struct part *parts_find(const struct parts *parts, const char *name);
