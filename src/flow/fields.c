/* SPDX-License-Identifier: Apache-2.0 */
/* String fields of a record's struct, by name. */
#include "flow/fields.h"

#include <string.h>

const struct chappe_member *chappe_field_find_text(const struct chappe_layout *layout, const char *name)
{
        for (uint32_t i = 0; name && layout->kind == CHAPPE_LAYOUT_RECORD && i < layout->count; i++) {
                const struct chappe_member *member = &layout->members[i];
                if (member->layout->kind == CHAPPE_LAYOUT_STRING && strcmp(member->name, name) == 0)
                        return member;
        }
        return NULL;
}

struct chappe_text chappe_field_text(const struct chappe_layout *layout, const void *value, const char *name)
{
        const struct chappe_member *member = chappe_field_find_text(layout, name);
        if (!member)
                return (struct chappe_text){ NULL, 0 };
        const struct chappe_text *text = (const void *)((const char *)value + member->offset);
        return (struct chappe_text){ text->at ? text->at : "", text->length };
}
