/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of two records: which is which, and what became of it. */
#include "schema_diff_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void compare_field(struct diff *diff, const char *path, const struct chappe_schema_member *older,
                          const struct chappe_schema_member *newer, bool unread)
{
        static const char *const orders[] = { "ascending", "descending", "ignore" };
        CHAPPE_CLEANUP(string) char *place = diff_step(diff, path, ".%s", newer->name);
        const struct chappe_json_node *around = diff->place;
        bool outer = diff->unread;

        if (!place)
                return;
        diff->unread = outer || unread;
        diff->place = newer->json;
        diff_default(diff, place, older->default_text, newer->default_text);
        diff_doc(diff, place, older->doc, newer->doc);
        if (older->order != newer->order)
                diff_note(diff, CHANGE_ORDER, place, 0, "sort order %s is now %s", orders[older->order],
                          orders[newer->order]);
        if (!diff_same_names(&older->aliases, &newer->aliases) && strcmp(older->name, newer->name) == 0)
                diff_note(diff, CHANGE_ALIASES, place, 0, "aliases changed");
        diff_attributes(diff, place, older->json, newer->json);
        diff_types(diff, place, older->type, newer->type);
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
        CHAPPE_CLEANUP(string) char *place = diff_step(diff, path, ".%s", field->name);
        const char *verb = kind == CHANGE_FIELD_ADDED ? "added" : "removed";

        if (place && field->default_text)
                diff_note(diff, kind, place, breaks, "%s, default %s", verb, field->default_text);
        else if (place)
                diff_note(diff, kind, place, breaks, "%s, without a default", verb);
        if (diff->changes->count == 0)
                return;
        diff->changes->at[diff->changes->count - 1].type = field->type->kind;
        if (kind == CHANGE_FIELD_ADDED)
                diff->changes->at[diff->changes->count - 1].place = field->json;
}

static void note_renamed(struct diff *diff, const char *path, const struct chappe_schema_member *older,
                         const struct chappe_schema_member *newer, unsigned breaks)
{
        CHAPPE_CLEANUP(string) char *place = diff_step(diff, path, ".%s", newer->name);

        if (place)
                diff_note(diff, CHANGE_FIELD_RENAMED, place, breaks, "was %s, by an alias", older->name);
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
                diff_note(diff, CHANGE_FIELD_MOVED, path, 0, "fields stand in another order");
}

void diff_fields(struct diff *diff, const char *path, const struct chappe_schema_node *older,
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
