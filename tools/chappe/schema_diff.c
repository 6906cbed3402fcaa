/* SPDX-License-Identifier: Apache-2.0 */
/* Two schemas side by side, place by place. What answers to what, the rules of resolution say (avro/resolve.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#include "schema_diff_parts.h"

#define DEPTH_LIMIT 200u

CHAPPE_CLEANUP_DEFINE(resolver, struct chappe_resolver *, (void)chappe_resolver_free)

void diff_step_into(struct diff *diff, const char *path, const char *format, const char *name,
                    const struct chappe_schema_node *older, const struct chappe_schema_node *newer)
{
        CHAPPE_CLEANUP(string) char *longer = diff_step(diff, path, format, name);

        if (longer)
                diff_types(diff, longer, older, newer);
}

static int64_t find_symbol(const struct chappe_schema_node *node, const char *name)
{
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, name) == 0)
                        return i;
        }
        return -1;
}

static void compare_symbols(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                            const struct chappe_schema_node *newer)
{
        const char *was = older->default_symbol < 0 ? NULL : older->members[older->default_symbol].name;
        const char *is = newer->default_symbol < 0 ? NULL : newer->members[newer->default_symbol].name;
        bool moved = false;

        for (uint32_t i = 0; i < newer->count; i++) {
                if (find_symbol(older, newer->members[i].name) < 0)
                        diff_note(diff, CHANGE_SYMBOL_ADDED, path, was ? 0 : BREAKS_FORWARD,
                                  "symbol %s added; the old enum has %s%s", newer->members[i].name,
                                  was ? "the default " : "no default", was ? was : "");
        }
        for (uint32_t i = 0; i < older->count; i++) {
                int64_t at = find_symbol(newer, older->members[i].name);

                moved = moved || (at >= 0 && at != i);
                if (at < 0)
                        diff_note(diff, CHANGE_SYMBOL_REMOVED, path, is ? 0 : BREAKS_BACKWARD,
                                  "symbol %s removed; the new enum has %s%s", older->members[i].name,
                                  is ? "the default " : "no default", is ? is : "");
        }
        if (moved)
                diff_note(diff, CHANGE_SYMBOL_MOVED, path, 0,
                          "symbols have other positions: so do sort order and C constants");
        diff_default(diff, path, was, is);
}

static void compare_logical(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                            const struct chappe_schema_node *newer)
{
        if (!diff_same_text(older->logical, newer->logical))
                diff_note(diff, CHANGE_LOGICAL, path, 0, "%s is now %s: the same bytes mean something else",
                          older->logical ? older->logical : chappe_schema_kind_name(older->kind),
                          newer->logical ? newer->logical : chappe_schema_kind_name(newer->kind));
        else if (older->logical && (older->precision != newer->precision || older->scale != newer->scale))
                diff_note(diff, CHANGE_LOGICAL, path, 0, "decimal (%d, %d) is now (%d, %d)%s", older->precision,
                          older->scale, newer->precision, newer->scale,
                          older->scale != newer->scale ? ": the same bytes mean something else" : "");
}

static void compare_named(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                          const struct chappe_schema_node *newer)
{
        bool resized = older->kind == CHAPPE_SCHEMA_FIXED && older->count != newer->count;

        if (strcmp(older->name, newer->name) != 0)
                diff_note(diff, CHANGE_NAME, path, resized ? 0 : diff_misfits(diff, older, newer), "%s %s is now %s",
                          chappe_schema_kind_name(older->kind), older->name, newer->name);
        if (resized)
                diff_note(diff, CHANGE_SIZE, path, BREAKS_BACKWARD | BREAKS_FORWARD, "size %u is now %u", older->count,
                          newer->count);
        diff_doc(diff, path, older->doc, newer->doc);
        if (!diff_same_names(&older->aliases, &newer->aliases))
                diff_note(diff, CHANGE_ALIASES, path, 0, "aliases of %s changed", newer->name);
        if (older->kind == CHAPPE_SCHEMA_RECORD)
                diff_fields(diff, path, older, newer);
        else if (older->kind == CHAPPE_SCHEMA_ENUM)
                compare_symbols(diff, path, older, newer);
}

/* True when the pair was not compared yet. */
static bool first_time(struct diff *diff, const struct chappe_schema_node *older,
                       const struct chappe_schema_node *newer)
{
        size_t pair = (size_t)older->number * diff->newer->node_count + newer->number;
        uint8_t bit = (uint8_t)(1u << (pair & 7)), *seen = diff->seen[diff->unread];

        if (seen[pair / 8] & bit)
                return false;
        seen[pair / 8] |= bit;
        return true;
}

void diff_types(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                const struct chappe_schema_node *newer)
{
        const struct chappe_json_node *around = diff->place;

        if (diff->depth == DEPTH_LIMIT || (newer->name && !first_time(diff, older, newer)))
                return;
        diff->depth++;
        diff->place = newer->json ? newer->json : around;
        if (older->kind == CHAPPE_SCHEMA_UNION && newer->kind == CHAPPE_SCHEMA_UNION) {
                diff_unions(diff, path, older, newer);
        } else if (older->kind != newer->kind) {
                diff_kinds(diff, path, older, newer);
        } else {
                compare_logical(diff, path, older, newer);
                diff_attributes(diff, path, older->json, newer->json);
                if (newer->name)
                        compare_named(diff, path, older, newer);
                else if (newer->kind == CHAPPE_SCHEMA_ARRAY || newer->kind == CHAPPE_SCHEMA_MAP)
                        diff_step_into(diff, path, newer->kind == CHAPPE_SCHEMA_ARRAY ? "[]%s" : "{}%s", "",
                                       older->members[0].type, newer->members[0].type);
        }
        diff->place = around;
        diff->depth--;
}

int schema_diff(const struct chappe_schema *older, const struct chappe_schema *newer, struct changes *ret_changes,
                struct chappe_error *error)
{
        CHAPPE_CLEANUP(resolver) struct chappe_resolver *backward = NULL;
        CHAPPE_CLEANUP(resolver) struct chappe_resolver *forward = NULL;
        size_t size = (size_t)older->node_count * newer->node_count / 8 + 1;
        CHAPPE_CLEANUP(memory) void *seen = calloc(2, size);
        struct diff diff = { .changes = ret_changes, .older = older, .newer = newer };
        int status;

        *ret_changes = (struct changes){ 0 };
        if (!seen)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to compare schemas");
        status = chappe_resolver_new(older, newer, true, &backward, error);
        if (status >= 0)
                status = chappe_resolver_new(newer, older, true, &forward, error);
        if (status < 0)
                return status;
        diff.seen[0] = seen;
        diff.seen[1] = diff.seen[0] + size;
        diff.backward = backward;
        diff.forward = forward;
        diff_types(&diff, "$", older->root, newer->root);
        return ret_changes->out_of_memory ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to compare schemas") : 0;
}
