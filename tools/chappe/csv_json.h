/* SPDX-License-Identifier: Apache-2.0 */
/* A row of CSV as a JSON object that fits a record: the header row names the fields. */
#pragma once

#include <chappe/buffer.h>
#include <chappe/schema.h>

#include "shop/csv.h"

/* Has the record a field of this name? */
bool csv_json_knows(const struct chappe_schema *schema, const char *column);
/* Appends the object. An empty cell takes the field's default, else is null where the field may be absent, else empty
 * text; a cell of a list, map or record is JSON. */
int csv_json_row(const struct chappe_schema *schema, const struct csv *csv, char *const *header, size_t columns,
                 struct chappe_buffer *json, struct chappe_error *error);
/* What is wrong with such an object, said of the row: the column and its cell instead of a place in our JSON. */
void csv_json_blame(const struct csv *csv, char *const *header, size_t columns, struct chappe_error *error);
