/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions for what the writer has and the reader has not. */
#include "avro/plan_build.h"

static void skip_items(struct chappe_plan_builder *builder, const struct chappe_schema_node *node)
{
        const struct chappe_schema_node *item = node->members[0].type;
        bool map = node->kind == CHAPPE_SCHEMA_MAP;
        uint32_t least = item->least + (map && item->least < UINT32_MAX ? 1 : 0);
        uint32_t start = chappe_plan_emit(builder, CHAPPE_OP_SKIP_ARRAY, 0, least, 0);

        builder->label = chappe_plan_position(builder);
        if (map)
                chappe_plan_emit(builder, CHAPPE_OP_SKIP_LENGTH, 0, 0, 0);
        chappe_plan_skip(builder, item);
        chappe_plan_emit(builder, CHAPPE_OP_SKIP_NEXT, 0, 0, 0);
        chappe_plan_land(builder, start);
}

static void skip_union(struct chappe_plan_builder *builder, const struct chappe_schema_node *node)
{
        uint32_t first = chappe_plan_jumps_new(builder, node->count), last_jump = UINT32_MAX;

        chappe_plan_emit(builder, CHAPPE_OP_SWITCH, 0, first, node->count);
        for (uint32_t i = 0; i < node->count; i++) {
                builder->label = chappe_plan_position(builder);
                chappe_plan_jump_set(builder, first + i, builder->label);
                chappe_plan_skip(builder, node->members[i].type);
                /* Jumps to the end are chained through b until the end is known. */
                last_jump = chappe_plan_emit(builder, CHAPPE_OP_JUMP, 0, 0, last_jump);
        }
        chappe_plan_land_all(builder, last_jump);
}

static void skip_record(struct chappe_plan_builder *builder, const struct chappe_schema_node *node)
{
        if (node->uses > 1) {
                chappe_plan_emit(builder, CHAPPE_OP_CALL, 0, 0, chappe_plan_routine(builder, node, NULL, NULL));
                return;
        }
        chappe_plan_skip_fields(builder, node);
}

void chappe_plan_skip_fields(struct chappe_plan_builder *builder, const struct chappe_schema_node *node)
{
        for (uint32_t i = 0; i < node->count && !builder->failed; i++) {
                const struct chappe_plan_path *path = builder->path;

                chappe_plan_enter(builder, node->members[i].name);
                chappe_plan_skip(builder, node->members[i].type);
                builder->path = path;
        }
}

void chappe_plan_skip(struct chappe_plan_builder *builder, const struct chappe_schema_node *node)
{
        if (node->constant) {
                if (node->least > 0)
                        chappe_plan_emit(builder, CHAPPE_OP_SKIP, 0, node->least, 0);
                return;
        }
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_INT:
        case CHAPPE_SCHEMA_LONG:
        case CHAPPE_SCHEMA_ENUM:
                chappe_plan_emit(builder, CHAPPE_OP_SKIP_VARINT, 0, 1, 0);
                break;
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                skip_items(builder, node);
                break;
        case CHAPPE_SCHEMA_UNION:
                skip_union(builder, node);
                break;
        case CHAPPE_SCHEMA_RECORD:
                skip_record(builder, node);
                break;
        default:
                chappe_plan_emit(builder, CHAPPE_OP_SKIP_LENGTH, 0, 0, 0);
                break;
        }
}
