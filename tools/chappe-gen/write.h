/* SPDX-License-Identifier: Apache-2.0 */
/* The outputs. */
#pragma once

#include "model.h"

/* Structs, functions, operation macros. */
void write_header(struct unit *unit, struct chappe_buffer *out);
/* Layout tables, schema texts, type and message objects. */
void write_source(struct unit *unit, struct chappe_buffer *out);

/* Declares what the type needs, then the type. */
void write_type(struct c_type *type, struct chappe_buffer *out);
/* Declares what was only announced so far, because arrays, maps and pointers reach it by pointer. */
void write_pending_types(struct unit *unit, struct chappe_buffer *out);
/* The layout tables of all types that the roots use, in one object that may point at itself. */
void write_layouts(struct unit *unit, struct chappe_buffer *out);

/* Straight-line code for a root that has some: a record. */
bool straight_has(const struct c_root *root);
void write_straight(struct unit *unit, const struct c_root *root, struct chappe_buffer *out);

/* The macros for operations tables. */
void write_operations(struct unit *unit, struct chappe_buffer *out);
