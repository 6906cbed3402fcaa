/* SPDX-License-Identifier: Apache-2.0 */
/* What changed from one schema to another, and whom each change keeps from reading whom. */
#pragma once

#include <chappe/schema.h>

struct chappe_json_node;

enum change_kind {
        CHANGE_FIELD_ADDED,
        CHANGE_FIELD_REMOVED,
        CHANGE_FIELD_RENAMED, /* an alias says so */
        CHANGE_FIELD_MOVED,
        CHANGE_TYPE,
        CHANGE_NAME,
        CHANGE_SYMBOL_ADDED,
        CHANGE_SYMBOL_REMOVED,
        CHANGE_SYMBOL_MOVED,
        CHANGE_BRANCH_ADDED,
        CHANGE_BRANCH_REMOVED,
        CHANGE_BRANCH_MOVED,
        CHANGE_DEFAULT,
        CHANGE_SIZE,
        CHANGE_LOGICAL,
        CHANGE_ALIASES,
        CHANGE_ORDER,
        CHANGE_DOC,
        CHANGE_ATTRIBUTE,
};

struct change {
        enum change_kind kind;
        const struct chappe_json_node *place; /* in the new schema: the field or type that changed, or lost something */
        char *path;           /* "$.lines[].sku": fields by name, [] for items, {} for values, (T) for a branch */
        char *text;           /* "added, default \"EUR\"" */
        uint8_t type;         /* enum chappe_schema_kind of a field that was added or removed */
        bool breaks_backward; /* the new schema cannot read what the old one wrote */
        bool breaks_forward;  /* the old schema cannot read what the new one writes */
};

struct changes {
        struct change *at;
        size_t count;
        bool out_of_memory;
};

/* "field-added", for programs. */
const char *change_kind_name(enum change_kind kind);

/* All changes, in the order of the new schema. -CHAPPE_E_NO_MEMORY, or 0; changes_free in any case. */
int schema_diff(const struct chappe_schema *older, const struct chappe_schema *newer, struct changes *ret_changes,
                struct chappe_error *error);
void changes_free(struct changes *changes);
