/* SPDX-License-Identifier: Apache-2.0 */
/* String fields of generated structs, by name. */
#include "rpc/fields.h"

struct chappe_text chappe_field_text(const struct chappe_layout *layout, const void *value, const char *name)
{
        for (uint32_t i = 0; name && layout->kind == CHAPPE_LAYOUT_RECORD && i < layout->count; i++) {
                const struct chappe_member *member = &layout->members[i];

                if (member->layout->kind != CHAPPE_LAYOUT_STRING || strcmp(member->name, name) != 0)
                        continue;
                const struct chappe_text *text = (const void *)((const char *)value + member->offset);

                return (struct chappe_text){ text->at ? text->at : "", text->length };
        }
        return (struct chappe_text){ NULL, 0 };
}
