/* SPDX-License-Identifier: Apache-2.0 */
/* What can be judged only when all types are known: a record without an end, a default that does not fit. */
#include "avro/schema_default.h"
#include "avro/schema_model.h"

/* Array and map can be empty; a union needs one branch with an end, a record needs it of every field. */
static bool is_finite(const struct chappe_schema_node *node)
{
        bool all = true, any = false;

        if (node->kind != CHAPPE_SCHEMA_RECORD && node->kind != CHAPPE_SCHEMA_UNION)
                return true;
        for (uint32_t i = 0; i < node->count; i++) {
                all = all && node->members[i].type->finite;
                any = any || node->members[i].type->finite;
        }
        return node->kind == CHAPPE_SCHEMA_UNION ? any : all;
}

/* The newest node comes first, so inner types are known before the outer ones and few rounds are needed. */
static int refuse_endless(struct chappe_schema *schema, struct chappe_error *error)
{
        struct chappe_schema_node *node;
        bool changed = true;

        while (changed) {
                changed = false;
                for (node = schema->nodes; node; node = node->next) {
                        if (!node->finite && is_finite(node))
                                node->finite = changed = true;
                }
        }
        for (node = schema->nodes; node; node = node->next) {
                if (!node->finite && node->kind == CHAPPE_SCHEMA_RECORD)
                        return chappe_json_fail(&schema->document, node->json, error, CHAPPE_E_SCHEMA_INVALID,
                                                "record %s contains itself without an end", node->name);
        }
        return 0;
}

static int check_defaults(struct chappe_schema *schema, struct chappe_error *error)
{
        struct chappe_default_check check = { .schema = schema,
                                              .error = error,
                                              .budget = CHAPPE_SCHEMA_DEFAULT_BUDGET };

        for (struct chappe_schema_node *node = schema->nodes; node; node = node->next) {
                for (uint32_t i = 0; node->kind == CHAPPE_SCHEMA_RECORD && i < node->count; i++) {
                        int r = chappe_default_check_field(&check, &node->members[i]);

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int chappe_schema_validate(struct chappe_schema *schema, struct chappe_error *error)
{
        int r = refuse_endless(schema, error);

        return r >= 0 ? check_defaults(schema, error) : r;
}
