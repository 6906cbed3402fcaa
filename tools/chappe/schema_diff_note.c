/* SPDX-License-Identifier: Apache-2.0 */
/* Changes as they are found: each with its place, its path and its text. */
#include "schema_diff_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_LIMIT 100000u

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

void diff_note(struct diff *diff, enum change_kind kind, const char *path, unsigned breaks, const char *format, ...)
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
char *diff_step(struct diff *diff, const char *path, const char *format, const char *name)
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

void changes_free(struct changes *changes)
{
        for (size_t i = 0; i < changes->count; i++) {
                free(changes->at[i].path);
                free(changes->at[i].text);
        }
        free(changes->at);
}
