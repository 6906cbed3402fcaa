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
/* The same for what names are made from: none of Chappe's own (chappe_text), and none of the system's structs (stat). */
const char *name_tag(struct chappe_arena *arena, const char *full);
/* order-events.v1 → order_events_v1: for a schema that has no name but its file's. */
const char *name_of_file(struct chappe_arena *arena, const char *file);
/* order_placed → ORDER_PLACED */
const char *name_upper(struct chappe_arena *arena, const char *name);
bool name_is_reserved(const char *name);
/* The wanted name, with as many underscores behind it as it takes to be no word of C or C++ and new in the scope. */
const char *name_claim(struct chappe_arena *arena, struct name_scope *scope, const char *wanted);
/* The same for a family of names: the wanted one with each ending ("" for itself), of which none may be taken; before
 * an ending such as "_CALLS" it stands in upper case. The list ends with NULL. */
const char *name_claim_all(struct chappe_arena *arena, struct name_scope *scope, const char *wanted,
                           const char *const *endings);
const char *name_with_ending(struct chappe_arena *arena, const char *stem, const char *ending);
bool name_is_taken(const struct name_scope *scope, const char *name);
