/* SPDX-License-Identifier: Apache-2.0 */
/* C names for Avro names. */
#pragma once

#include "emit.h"

/* Names taken in one scope (the members of a struct, the globals of a header). */
struct name_scope {
        struct name_scope_entry *entries;
};

/* shop.OrderPlaced → shop_order_placed */
const char *name_stem(struct chappe_arena *arena, const char *full);
/* order_placed → ORDER_PLACED */
const char *name_upper(struct chappe_arena *arena, const char *name);
bool name_is_reserved(const char *name);
/* The wanted name, with as many underscores behind it as it takes to be no word of C or C++ and new in the scope. */
const char *name_claim(struct chappe_arena *arena, struct name_scope *scope, const char *wanted);
bool name_is_taken(const struct name_scope *scope, const char *name);
