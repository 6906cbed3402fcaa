/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes the values of a type take when encoded: the least, and whether it is always that many. */
#include "avro/schema_model.h"

static void set(struct chappe_schema_node *node, uint32_t least, bool constant)
{
        node->least = least;
        node->constant = constant;
}

static void measure(struct chappe_schema_node *node);

/* A record in itself is behind a union, array or map, so this ends. */
static void measure_record(struct chappe_schema_node *node)
{
        uint32_t least = 0;
        bool constant = true;

        for (uint32_t i = 0; i < node->count; i++) {
                struct chappe_schema_node *type = node->members[i].type;

                measure(type);
                if (__builtin_add_overflow(least, type->least, &least))
                        least = UINT32_MAX;
                constant = constant && type->constant;
        }
        set(node, least, constant && least < UINT32_MAX);
}

static void measure(struct chappe_schema_node *node)
{
        if (node->least || node->constant)
                return;
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_NULL:
                set(node, 0, true);
                break;
        case CHAPPE_SCHEMA_BOOLEAN:
                set(node, 1, true);
                break;
        case CHAPPE_SCHEMA_FLOAT:
                set(node, 4, true);
                break;
        case CHAPPE_SCHEMA_DOUBLE:
                set(node, 8, true);
                break;
        case CHAPPE_SCHEMA_FIXED:
                set(node, node->count, true);
                break;
        case CHAPPE_SCHEMA_RECORD:
                measure_record(node);
                break;
        default:
                set(node, 1, false);
                break;
        }
}

/* In the order of definition, so that types used later find their parts measured and recursion stays as deep as the
 * text. */
int chappe_schema_measure(struct chappe_schema *schema, struct chappe_error *error)
{
        struct chappe_schema_node **nodes =
                chappe_arena_alloc(schema->arena, schema->node_count * sizeof(struct chappe_schema_node *));

        if (!nodes)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        for (struct chappe_schema_node *node = schema->nodes; node; node = node->next)
                nodes[node->number] = node;
        for (uint32_t i = 0; i < schema->node_count; i++)
                measure(nodes[i]);
        return 0;
}
