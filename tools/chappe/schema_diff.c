/* SPDX-License-Identifier: Apache-2.0 */
/* Two schemas side by side, place by place. What answers to what, the rules of resolution say (avro/resolve.h). */
#include "schema_diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avro/resolve.h"
#include "base/cleanup.h"

#define DEPTH_LIMIT   200u
#define CHANGES_LIMIT 100000u

CHAPPE_CLEANUP_DEFINE(resolver, struct chappe_resolver *, (void)chappe_resolver_free)

struct diff {
        struct changes *changes;
        const struct chappe_schema *older, *newer;
        struct chappe_resolver *backward, *forward; /* old to new, new to old */
        uint8_t *seen[2]; /* a bit for each pair of nodes: it was compared; apart where unread is set */
        const struct chappe_json_node *place; /* of the new schema: the innermost field or type that is an object */
        bool unread; /* the old schema does not look at this place at all: nothing here breaks forward */
        unsigned depth;
};

static void compare(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                    const struct chappe_schema_node *newer);

const char *change_kind_name(enum change_kind kind)
{
        static const char *const names[] = {
                [CHANGE_FIELD_ADDED] = "field-added",
                [CHANGE_FIELD_REMOVED] = "field-removed",
                [CHANGE_FIELD_RENAMED] = "field-renamed",
                [CHANGE_FIELD_MOVED] = "field-moved",
                [CHANGE_TYPE] = "type",
                [CHANGE_NAME] = "name",
                [CHANGE_SYMBOL_ADDED] = "symbol-added",
                [CHANGE_SYMBOL_REMOVED] = "symbol-removed",
                [CHANGE_SYMBOL_MOVED] = "symbol-moved",
                [CHANGE_BRANCH_ADDED] = "branch-added",
                [CHANGE_BRANCH_REMOVED] = "branch-removed",
                [CHANGE_BRANCH_MOVED] = "branch-moved",
                [CHANGE_DEFAULT] = "default",
                [CHANGE_SIZE] = "size",
                [CHANGE_LOGICAL] = "logical-type",
                [CHANGE_ALIASES] = "aliases",
                [CHANGE_ORDER] = "order",
                [CHANGE_DOC] = "doc",
                [CHANGE_ATTRIBUTE] = "attribute",
        };

        return names[kind];
}

static char *format_text(const char *format, va_list arguments)
{
        char *text;

        return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

/* Both breaks at once, so that a call reads as one row of the answer. */
enum breaks { BREAKS_NOTHING = 0, BREAKS_BACKWARD = 1, BREAKS_FORWARD = 2 };

static void note(struct diff *diff, enum change_kind kind, const char *path, unsigned breaks, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

static void note(struct diff *diff, enum change_kind kind, const char *path, unsigned breaks, const char *format, ...)
{
        struct changes *changes = diff->changes;
        struct change *at = changes->at;
        va_list arguments;

        if (changes->count == CHANGES_LIMIT || changes->out_of_memory)
                return;
        if ((changes->count & (changes->count - 1)) == 0) /* a power of two: the room is used up */
                at = realloc(at, (changes->count ? 2 * changes->count : 1) * sizeof(*at));
        if (!at) {
                changes->out_of_memory = true;
                return;
        }
        changes->at = at;
        va_start(arguments, format);
        at[changes->count] = (struct change){
                .kind = kind,
                .place = diff->place,
                .path = strdup(path),
                .text = format_text(format, arguments),
                .breaks_backward = breaks & BREAKS_BACKWARD,
                .breaks_forward = (breaks & BREAKS_FORWARD) && !diff->unread,
        };
        va_end(arguments);
        changes->out_of_memory = !at[changes->count].path || !at[changes->count].text;
        changes->count++;
}

/* A step further: NULL when memory is short. */
static char *step(struct diff *diff, const char *path, const char *format, const char *name)
{
        char *tail = NULL, *longer = NULL;

        if (asprintf(&tail, format, name) < 0)
                tail = NULL;
        if (tail && asprintf(&longer, "%s%s", path, tail) < 0)
                longer = NULL;
        free(tail);
        diff->changes->out_of_memory = diff->changes->out_of_memory || !longer;
        return longer;
}

static void compare_step(struct diff *diff, const char *path, const char *format, const char *name,
                         const struct chappe_schema_node *older, const struct chappe_schema_node *newer)
{
        CHAPPE_CLEANUP(string) char *longer = step(diff, path, format, name);

        if (longer)
                compare(diff, longer, older, newer);
}

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

static unsigned misfits(const struct diff *diff, const struct chappe_schema_node *older,
                        const struct chappe_schema_node *newer)
{
        return (fits(diff->backward, older, newer) ? 0 : BREAKS_BACKWARD) |
               (fits(diff->forward, newer, older) ? 0 : BREAKS_FORWARD);
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_names(const struct chappe_schema_names *a, const struct chappe_schema_names *b)
{
        if (a->count != b->count)
                return false;
        for (uint32_t i = 0; i < a->count; i++) {
                if (strcmp(a->at[i], b->at[i]) != 0)
                        return false;
        }
        return true;
}

static void compare_default(struct diff *diff, const char *path, const char *older, const char *newer)
{
        if (same_text(older, newer))
                return;
        if (!older)
                note(diff, CHANGE_DEFAULT, path, 0, "default %s added", newer);
        else if (!newer)
                note(diff, CHANGE_DEFAULT, path, 0, "default %s removed", older);
        else
                note(diff, CHANGE_DEFAULT, path, 0, "default %s is now %s", older, newer);
}

static void compare_doc(struct diff *diff, const char *path, const char *older, const char *newer)
{
        if (!same_text(older, newer))
                note(diff, CHANGE_DOC, path, 0, "documentation %s", !older ? "added" : !newer ? "removed" : "changed");
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
static void compare_attributes(struct diff *diff, const char *path, const struct chappe_json_node *older,
                               const struct chappe_json_node *newer)
{
        bool old_object = older && older->kind == CHAPPE_JSON_OBJECT,
             new_object = newer && newer->kind == CHAPPE_JSON_OBJECT;

        for (const struct chappe_json_node *at = new_object ? newer->child : NULL; at; at = at->next) {
                const struct chappe_json_node *was = old_object ? chappe_json_find(older, at->key) : NULL;

                if (!is_known_attribute(at->key) && (!was || !same_json(diff->older, was, diff->newer, at)))
                        note(diff, CHANGE_ATTRIBUTE, path, 0, "attribute \"%s\" %s", at->key,
                             was ? "changed" : "added");
        }
        for (const struct chappe_json_node *at = old_object ? older->child : NULL; at; at = at->next) {
                if (!is_known_attribute(at->key) && (!new_object || !chappe_json_find(newer, at->key)))
                        note(diff, CHANGE_ATTRIBUTE, path, 0, "attribute \"%s\" removed", at->key);
        }
}

static void compare_field(struct diff *diff, const char *path, const struct chappe_schema_member *older,
                          const struct chappe_schema_member *newer, bool unread)
{
        static const char *const orders[] = { "ascending", "descending", "ignore" };
        CHAPPE_CLEANUP(string) char *place = step(diff, path, ".%s", newer->name);
        const struct chappe_json_node *around = diff->place;
        bool outer = diff->unread;

        if (!place)
                return;
        diff->unread = outer || unread;
        diff->place = newer->json;
        compare_default(diff, place, older->default_text, newer->default_text);
        compare_doc(diff, place, older->doc, newer->doc);
        if (older->order != newer->order)
                note(diff, CHANGE_ORDER, place, 0, "sort order %s is now %s", orders[older->order],
                     orders[newer->order]);
        if (!same_names(&older->aliases, &newer->aliases) && strcmp(older->name, newer->name) == 0)
                note(diff, CHANGE_ALIASES, place, 0, "aliases changed");
        compare_attributes(diff, place, older->json, newer->json);
        compare(diff, place, older->type, newer->type);
        diff->unread = outer;
        diff->place = around;
}

/* One of the two that take[] says nothing takes, and that has no default: the reader lacks it. */
static unsigned lack(const struct chappe_schema_member *field, bool taken, unsigned breaks)
{
        return taken || field->default_json ? BREAKS_NOTHING : breaks;
}

static void note_field(struct diff *diff, enum change_kind kind, const char *path,
                       const struct chappe_schema_member *field, unsigned breaks)
{
        CHAPPE_CLEANUP(string) char *place = step(diff, path, ".%s", field->name);
        const char *verb = kind == CHANGE_FIELD_ADDED ? "added" : "removed";

        if (place && field->default_text)
                note(diff, kind, place, breaks, "%s, default %s", verb, field->default_text);
        else if (place)
                note(diff, kind, place, breaks, "%s, without a default", verb);
        if (diff->changes->count == 0)
                return;
        diff->changes->at[diff->changes->count - 1].type = field->type->kind;
        if (kind == CHANGE_FIELD_ADDED)
                diff->changes->at[diff->changes->count - 1].place = field->json;
}

static void note_renamed(struct diff *diff, const char *path, const struct chappe_schema_member *older,
                         const struct chappe_schema_member *newer, unsigned breaks)
{
        CHAPPE_CLEANUP(string) char *place = step(diff, path, ".%s", newer->name);

        if (place)
                note(diff, CHANGE_FIELD_RENAMED, place, breaks, "was %s, by an alias", older->name);
}

/* Which field of the reader takes each of the writer's; and which of the reader's are taken. */
struct taking {
        int64_t *by;
        bool *taken;
};

static bool take_fields(struct taking *taking, struct chappe_resolver *resolver,
                        const struct chappe_schema_node *writer, const struct chappe_schema_node *reader)
{
        taking->by = calloc(writer->count + 1, sizeof(*taking->by));
        taking->taken = calloc(reader->count + 1, sizeof(*taking->taken));
        if (!taking->by || !taking->taken)
                return false;
        for (uint32_t i = 0; i < writer->count; i++) {
                taking->by[i] = chappe_resolve_field(resolver, writer, reader, i);
                if (taking->by[i] >= 0)
                        taking->taken[taking->by[i]] = true;
        }
        return true;
}

static void compare_taken(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                          const struct chappe_schema_node *newer, const struct taking *backward,
                          const struct taking *forward)
{
        int64_t last = -1;
        bool moved = false;

        for (uint32_t i = 0; i < newer->count; i++) {
                uint32_t was = 0;

                while (was < older->count && backward->by[was] != i)
                        was++;
                if (was == older->count) {
                        note_field(diff, CHANGE_FIELD_ADDED, path, &newer->members[i],
                                   lack(&newer->members[i], false, BREAKS_BACKWARD));
                        continue;
                }
                moved = moved || was < last;
                last = was;
                if (strcmp(older->members[was].name, newer->members[i].name) != 0)
                        note_renamed(diff, path, &older->members[was], &newer->members[i],
                                     lack(&older->members[was], forward->taken[was], BREAKS_FORWARD));
                compare_field(diff, path, &older->members[was], &newer->members[i], forward->by[i] != was);
        }
        for (uint32_t i = 0; i < older->count; i++) {
                if (backward->by[i] < 0)
                        note_field(diff, CHANGE_FIELD_REMOVED, path, &older->members[i],
                                   lack(&older->members[i], forward->taken[i], BREAKS_FORWARD));
        }
        if (moved)
                note(diff, CHANGE_FIELD_MOVED, path, 0, "fields stand in another order");
}

static void compare_fields(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                           const struct chappe_schema_node *newer)
{
        struct taking backward = { 0 }, forward = { 0 };

        if (take_fields(&backward, diff->backward, older, newer) && take_fields(&forward, diff->forward, newer, older))
                compare_taken(diff, path, older, newer, &backward, &forward);
        else
                diff->changes->out_of_memory = true;
        free(backward.by);
        free(backward.taken);
        free(forward.by);
        free(forward.taken);
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
                        note(diff, CHANGE_SYMBOL_ADDED, path, was ? 0 : BREAKS_FORWARD,
                             "symbol %s added; the old enum has %s%s", newer->members[i].name,
                             was ? "the default " : "no default", was ? was : "");
        }
        for (uint32_t i = 0; i < older->count; i++) {
                int64_t at = find_symbol(newer, older->members[i].name);

                moved = moved || (at >= 0 && at != i);
                if (at < 0)
                        note(diff, CHANGE_SYMBOL_REMOVED, path, is ? 0 : BREAKS_BACKWARD,
                             "symbol %s removed; the new enum has %s%s", older->members[i].name,
                             is ? "the default " : "no default", is ? is : "");
        }
        if (moved)
                note(diff, CHANGE_SYMBOL_MOVED, path, 0,
                     "symbols have other positions: so do sort order and C constants");
        compare_default(diff, path, was, is);
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

static void compare_unions(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                           const struct chappe_schema_node *newer)
{
        bool moved = false;

        for (uint32_t i = 0; i < newer->count; i++) {
                const struct chappe_schema_node *branch = newer->members[i].type;
                int64_t was = find_branch(older, branch, true);

                moved = moved || (was >= 0 && was != i);
                if (was < 0)
                        note(diff, CHANGE_BRANCH_ADDED, path, fits(diff->forward, branch, older) ? 0 : BREAKS_FORWARD,
                             "branch %s added", branch_name(branch));
                else
                        compare_step(diff, path, "(%s)", branch_name(branch), older->members[was].type, branch);
        }
        for (uint32_t i = 0; i < older->count; i++) {
                const struct chappe_schema_node *branch = older->members[i].type;

                if (find_branch(newer, branch, false) < 0)
                        note(diff, CHANGE_BRANCH_REMOVED, path,
                             fits(diff->backward, branch, newer) ? 0 : BREAKS_BACKWARD, "branch %s removed",
                             branch_name(branch));
        }
        if (moved)
                note(diff, CHANGE_BRANCH_MOVED, path, 0, "branches have other positions");
}

/* One is a union, or the kinds differ. */
static void compare_kinds(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                          const struct chappe_schema_node *newer)
{
        char was[DESCRIPTION_SIZE], is[DESCRIPTION_SIZE];
        int64_t branch = -1;

        note(diff, CHANGE_TYPE, path, misfits(diff, older, newer), "%s is now %s", describe(older, was),
             describe(newer, is));
        if (older->kind == CHAPPE_SCHEMA_UNION)
                branch = find_branch(older, newer, true);
        else if (newer->kind == CHAPPE_SCHEMA_UNION)
                branch = find_branch(newer, older, false);
        if (branch >= 0)
                compare(diff, path, older->kind == CHAPPE_SCHEMA_UNION ? older->members[branch].type : older,
                        newer->kind == CHAPPE_SCHEMA_UNION ? newer->members[branch].type : newer);
}

static void compare_logical(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                            const struct chappe_schema_node *newer)
{
        if (!same_text(older->logical, newer->logical))
                note(diff, CHANGE_LOGICAL, path, 0, "%s is now %s: the same bytes mean something else",
                     older->logical ? older->logical : chappe_schema_kind_name(older->kind),
                     newer->logical ? newer->logical : chappe_schema_kind_name(newer->kind));
        else if (older->logical && (older->precision != newer->precision || older->scale != newer->scale))
                note(diff, CHANGE_LOGICAL, path, 0, "decimal (%d, %d) is now (%d, %d)%s", older->precision,
                     older->scale, newer->precision, newer->scale,
                     older->scale != newer->scale ? ": the same bytes mean something else" : "");
}

static void compare_named(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                          const struct chappe_schema_node *newer)
{
        bool resized = older->kind == CHAPPE_SCHEMA_FIXED && older->count != newer->count;

        if (strcmp(older->name, newer->name) != 0)
                note(diff, CHANGE_NAME, path, resized ? 0 : misfits(diff, older, newer), "%s %s is now %s",
                     chappe_schema_kind_name(older->kind), older->name, newer->name);
        if (resized)
                note(diff, CHANGE_SIZE, path, BREAKS_BACKWARD | BREAKS_FORWARD, "size %u is now %u", older->count,
                     newer->count);
        compare_doc(diff, path, older->doc, newer->doc);
        if (!same_names(&older->aliases, &newer->aliases))
                note(diff, CHANGE_ALIASES, path, 0, "aliases of %s changed", newer->name);
        if (older->kind == CHAPPE_SCHEMA_RECORD)
                compare_fields(diff, path, older, newer);
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

static void compare(struct diff *diff, const char *path, const struct chappe_schema_node *older,
                    const struct chappe_schema_node *newer)
{
        const struct chappe_json_node *around = diff->place;

        if (diff->depth == DEPTH_LIMIT || (newer->name && !first_time(diff, older, newer)))
                return;
        diff->depth++;
        diff->place = newer->json ? newer->json : around;
        if (older->kind == CHAPPE_SCHEMA_UNION && newer->kind == CHAPPE_SCHEMA_UNION) {
                compare_unions(diff, path, older, newer);
        } else if (older->kind != newer->kind) {
                compare_kinds(diff, path, older, newer);
        } else {
                compare_logical(diff, path, older, newer);
                compare_attributes(diff, path, older->json, newer->json);
                if (newer->name)
                        compare_named(diff, path, older, newer);
                else if (newer->kind == CHAPPE_SCHEMA_ARRAY || newer->kind == CHAPPE_SCHEMA_MAP)
                        compare_step(diff, path, newer->kind == CHAPPE_SCHEMA_ARRAY ? "[]%s" : "{}%s", "",
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
        compare(&diff, "$", older->root, newer->root);
        return ret_changes->out_of_memory ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to compare schemas") : 0;
}

void changes_free(struct changes *changes)
{
        for (size_t i = 0; i < changes->count; i++) {
                free(changes->at[i].path);
                free(changes->at[i].text);
        }
        free(changes->at);
}
