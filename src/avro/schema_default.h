/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a default, written as JSON, is a value of its type (specification, "Complex Types", field default values). */
#pragma once

#include "avro/schema_model.h"

#define CHAPPE_DEFAULT_DEPTH_LIMIT 64u /* values within the value, defaults of left-out fields included */

struct chappe_default_check {
        const struct chappe_schema *schema;
        struct chappe_error *error; /* NULL while branches of a union are tried */
        unsigned budget;            /* steps left: unions within unions could be tried for ever */
        unsigned depth;
};

/* 0 when the field has no default or a good one. */
int chappe_default_check_field(struct chappe_default_check *check, struct chappe_schema_member *member);
/* 0 when json is a default for that type. */
int chappe_default_check_value(struct chappe_default_check *check, const struct chappe_schema_node *node,
                               const struct chappe_json_node *json);
/* The branch that a default of a union belongs to: the first that it fits. -1 for none. */
int chappe_default_branch(struct chappe_default_check *check, const struct chappe_schema_node *node,
                          const struct chappe_json_node *json);
