/* SPDX-License-Identifier: Apache-2.0 */
/* String fields of a record's struct, by name. */
#pragma once

#include <chappe/type.h>

/* NULL: what the layout describes is no record, or has no such string field (name may be NULL). */
const struct chappe_member *chappe_field_find_text(const struct chappe_layout *layout, const char *name);
/* The value of such a field; at NULL when there is none. */
struct chappe_text chappe_field_text(const struct chappe_layout *layout, const void *value, const char *name);
