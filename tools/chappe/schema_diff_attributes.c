/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside a type or field and changes nothing of its data: default, documentation, attributes. */
#include "schema_diff_parts.h"

#include <string.h>

bool diff_same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

bool diff_same_names(const struct chappe_schema_names *a, const struct chappe_schema_names *b)
{
        if (a->count != b->count)
                return false;
        for (uint32_t i = 0; i < a->count; i++) {
                if (strcmp(a->at[i], b->at[i]) != 0)
                        return false;
        }
        return true;
}

void diff_default(struct diff *diff, const char *path, const char *older, const char *newer)
{
        if (diff_same_text(older, newer))
                return;
        if (!older)
                diff_note(diff, CHANGE_DEFAULT, path, 0, "default %s added", newer);
        else if (!newer)
                diff_note(diff, CHANGE_DEFAULT, path, 0, "default %s removed", older);
        else
                diff_note(diff, CHANGE_DEFAULT, path, 0, "default %s is now %s", older, newer);
}

void diff_doc(struct diff *diff, const char *path, const char *older, const char *newer)
{
        if (!diff_same_text(older, newer))
                diff_note(diff, CHANGE_DOC, path, 0, "documentation %s",
                          !older   ? "added"
                          : !newer ? "removed"
                                   : "changed");
}

static bool is_known_attribute(const char *name)
{
        static const char *const known[] = { "type",  "name",      "namespace",   "fields",  "items", "values",
                                             "size",  "default",   "doc",         "aliases", "order", "symbols",
                                             "scale", "precision", "logicalType", NULL };

        for (size_t i = 0; known[i]; i++) {
                if (strcmp(known[i], name) == 0)
                        return true;
        }
        return false;
}

static bool same_json(const struct chappe_schema *a_schema, const struct chappe_json_node *a,
                      const struct chappe_schema *b_schema, const struct chappe_json_node *b)
{
        size_t length = a->end - a->at;

        return length == b->end - b->at &&
               memcmp(a_schema->document.text.at + a->at, b_schema->document.text.at + b->at, length) == 0;
}

/* Members that the specification leaves to others, "chappe.key" among them. */
void diff_attributes(struct diff *diff, const char *path, const struct chappe_json_node *older,
                     const struct chappe_json_node *newer)
{
        bool old_object = older && older->kind == CHAPPE_JSON_OBJECT,
             new_object = newer && newer->kind == CHAPPE_JSON_OBJECT;

        for (const struct chappe_json_node *at = new_object ? newer->child : NULL; at; at = at->next) {
                const struct chappe_json_node *was = old_object ? chappe_json_find(older, at->key) : NULL;

                if (!is_known_attribute(at->key) && (!was || !same_json(diff->older, was, diff->newer, at)))
                        diff_note(diff, CHANGE_ATTRIBUTE, path, 0, "attribute \"%s\" %s", at->key,
                                  was ? "changed" : "added");
        }
        for (const struct chappe_json_node *at = old_object ? older->child : NULL; at; at = at->next) {
                if (!is_known_attribute(at->key) && (!new_object || !chappe_json_find(newer, at->key)))
                        diff_note(diff, CHANGE_ATTRIBUTE, path, 0, "attribute \"%s\" removed", at->key);
        }
}
