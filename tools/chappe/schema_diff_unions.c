/* SPDX-License-Identifier: Apache-2.0 */
/* Unions, and types of different kinds: which branch is which, and who can read what. */
#include "schema_diff_parts.h"

#include <stdio.h>
#include <string.h>

#define DESCRIPTION_SIZE 400

/* "int", "record shop.Order", "union of null, string". */
static const char *describe(const struct chappe_schema_node *node, char buffer[DESCRIPTION_SIZE])
{
        size_t length = 0;

        if (node->kind != CHAPPE_SCHEMA_UNION)
                return chappe_schema_describe(node, buffer);
        for (uint32_t i = 0; i < node->count && length < DESCRIPTION_SIZE - 180; i++) {
                const struct chappe_schema_node *branch = node->members[i].type;

                length += (size_t)snprintf(buffer + length, 180, "%s%s", i == 0 ? "union of " : ", ",
                                           branch->name ? branch->short_name : chappe_schema_kind_name(branch->kind));
        }
        return buffer;
}

/* Can data of the one node be read as the other at all, without a look inside? */
static bool fits(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                 const struct chappe_schema_node *reader)
{
        if (writer->kind == CHAPPE_SCHEMA_UNION) {
                for (uint32_t i = 0; i < writer->count; i++) {
                        if (!fits(resolver, writer->members[i].type, reader))
                                return false;
                }
                return true;
        }
        if (reader->kind == CHAPPE_SCHEMA_UNION) {
                int64_t branch = chappe_resolve_branch(resolver, writer, reader);

                return branch >= 0 && fits(resolver, writer, reader->members[branch].type);
        }
        return chappe_resolve(resolver, writer, reader) != CHAPPE_MATCH_NONE;
}

unsigned diff_misfits(const struct diff *diff, const struct chappe_schema_node *older,
                      const struct chappe_schema_node *newer)
{
        return (fits(diff->backward, older, newer) ? 0 : BREAKS_BACKWARD) |
               (fits(diff->forward, newer, older) ? 0 : BREAKS_FORWARD);
}

static bool claims(const struct chappe_schema_node *node, const char *name)
{
        for (uint32_t i = 0; i < node->aliases.count; i++) {
                if (strcmp(node->aliases.at[i], name) == 0)
                        return true;
        }
        return false;
}

/* The branch that is this one, old or new: by its name or an alias, else by the name without its namespace. */
static int64_t find_branch(const struct chappe_schema_node *in, const struct chappe_schema_node *node,
                           bool node_is_newer)
{
        int64_t by_short_name = -1;

        for (uint32_t i = 0; i < in->count; i++) {
                const struct chappe_schema_node *branch = in->members[i].type;

                if (branch->kind != node->kind)
                        continue;
                if (!node->name || strcmp(branch->name, node->name) == 0 ||
                    (node_is_newer ? claims(node, branch->name) : claims(branch, node->name)))
                        return i;
                if (strcmp(branch->short_name, node->short_name) == 0)
                        by_short_name = i;
        }
        return by_short_name;
}

static const char *branch_name(const struct chappe_schema_node *branch)
{
        return branch->name ? branch->name : chappe_schema_kind_name(branch->kind);
}

void diff_unions(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                 const struct chappe_schema_node *newer)
{
        bool moved = false;

        for (uint32_t i = 0; i < newer->count; i++) {
                const struct chappe_schema_node *branch = newer->members[i].type;
                int64_t was = find_branch(older, branch, true);

                moved = moved || (was >= 0 && was != i);
                if (was < 0)
                        diff_note(diff, CHANGE_BRANCH_ADDED, path,
                                  fits(diff->forward, branch, older) ? 0 : BREAKS_FORWARD, "branch %s added",
                                  branch_name(branch));
                else
                        diff_step_into(diff, path, "(%s)", branch_name(branch), older->members[was].type, branch);
        }
        for (uint32_t i = 0; i < older->count; i++) {
                const struct chappe_schema_node *branch = older->members[i].type;

                if (find_branch(newer, branch, false) < 0)
                        diff_note(diff, CHANGE_BRANCH_REMOVED, path,
                                  fits(diff->backward, branch, newer) ? 0 : BREAKS_BACKWARD, "branch %s removed",
                                  branch_name(branch));
        }
        if (moved)
                diff_note(diff, CHANGE_BRANCH_MOVED, path, 0, "branches have other positions");
}

/* One is a union, or the kinds differ. */
void diff_kinds(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                const struct chappe_schema_node *newer)
{
        char was[DESCRIPTION_SIZE], is[DESCRIPTION_SIZE];
        int64_t branch = -1;

        diff_note(diff, CHANGE_TYPE, path, diff_misfits(diff, older, newer), "%s is now %s", describe(older, was),
                  describe(newer, is));
        if (older->kind == CHAPPE_SCHEMA_UNION)
                branch = find_branch(older, newer, true);
        else if (newer->kind == CHAPPE_SCHEMA_UNION)
                branch = find_branch(newer, older, false);
        if (branch >= 0)
                diff_types(diff, path, older->kind == CHAPPE_SCHEMA_UNION ? older->members[branch].type : older,
                           newer->kind == CHAPPE_SCHEMA_UNION ? newer->members[branch].type : newer);
}
