/* SPDX-License-Identifier: Apache-2.0 */
/* String fields of generated structs, by name. */
#pragma once

#include <chappe/type.h>

/* The value of a record's string field; at NULL when there is no such field (name may be NULL). */
struct chappe_text chappe_field_text(const struct chappe_layout *layout, const void *value, const char *name);
