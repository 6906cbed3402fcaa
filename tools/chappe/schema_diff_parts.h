/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of comparing two schemas share. */
#pragma once

#include "avro/resolve.h"

#include "schema_diff.h"

struct diff {
        struct changes *changes;
        const struct chappe_schema *older, *newer;
        struct chappe_resolver *backward, *forward; /* old to new, new to old */
        uint8_t *seen[2]; /* a bit for each pair of nodes: it was compared; apart where unread is set */
        const struct chappe_json_node *place; /* of the new schema: the innermost field or type that is an object */
        bool unread; /* the old schema does not look at this place at all: nothing here breaks forward */
        unsigned depth;
};

/* Both breaks at once, so that a call reads as one row of the answer. */
enum breaks { BREAKS_NOTHING = 0, BREAKS_BACKWARD = 1, BREAKS_FORWARD = 2 };

/* A change at the place where the comparison is. */
void diff_note(struct diff *diff, enum change_kind kind, const char *path, unsigned breaks, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
/* The path a step further, by malloc; NULL when memory is short. */
char *diff_step(struct diff *diff, const char *path, const char *format, const char *name);

/* All of two types; the same a step further. */
void diff_types(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                const struct chappe_schema_node *newer);
void diff_step_into(struct diff *diff, const char *path, const char *format, const char *name,
                    const struct chappe_schema_node *older, const struct chappe_schema_node *newer);
/* Of two records. */
void diff_fields(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                 const struct chappe_schema_node *newer);
/* Of two unions; of a union and something else, or two kinds. */
void diff_unions(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                 const struct chappe_schema_node *newer);
void diff_kinds(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                const struct chappe_schema_node *newer);
/* Whom it breaks that data of the one be read as the other. */
unsigned diff_misfits(const struct diff *diff, const struct chappe_schema_node *older,
                      const struct chappe_schema_node *newer);

bool diff_same_text(const char *a, const char *b);
bool diff_same_names(const struct chappe_schema_names *a, const struct chappe_schema_names *b);
void diff_default(struct diff *diff, const char *path, const char *older, const char *newer);
void diff_doc(struct diff *diff, const char *path, const char *older, const char *newer);
/* Members that the specification leaves to others, "chappe.key" among them. */
void diff_attributes(struct diff *diff, const char *path, const struct chappe_json_node *older,
                     const struct chappe_json_node *newer);
