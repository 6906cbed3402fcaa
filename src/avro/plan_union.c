/* SPDX-License-Identifier: Apache-2.0 */
/* Unions in a plan: alike on both sides, or each branch resolved by itself. */
#include "avro/plan_build.h"

static bool compile_optional(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        uint32_t null_branch = site->writer->members[0].type->kind == CHAPPE_SCHEMA_NULL ? 0 : 1;
        uint32_t start = chappe_plan_emit(builder, CHAPPE_OP_OPTIONAL, site->offset, null_branch, 0);
        const struct chappe_member *member = site->layout->members;

        builder->label = chappe_plan_position(builder);
        chappe_plan_value(builder, site->writer->members[1 - null_branch].type,
                          site->reader->members[1 - null_branch].type, member->layout, site->offset + member->offset);
        chappe_plan_land(builder, start);
        return true;
}

/* One arm a branch of the writer, each ending with a jump behind the last. alike: the reader's branch is the one of the
 * same number; else each branch is resolved against the whole type of the reader. */
static bool compile_branches(struct chappe_plan_builder *builder, const struct chappe_plan_site *site, bool alike)
{
        uint32_t count = site->writer->count, first = chappe_plan_jumps_new(builder, count), last_jump = UINT32_MAX;
        bool good = false;

        chappe_plan_emit(builder, alike ? CHAPPE_OP_UNION : CHAPPE_OP_SWITCH, site->offset, first, count);
        for (uint32_t i = 0; i < count && !builder->failed; i++) {
                const struct chappe_schema_node *branch = site->writer->members[i].type;

                builder->label = chappe_plan_position(builder);
                chappe_plan_jump_set(builder, first + i, builder->label);
                if (alike) {
                        const struct chappe_member *member = &site->layout->members[i];

                        chappe_plan_emit(builder, CHAPPE_OP_BRANCH, site->offset, i, 0);
                        good = chappe_plan_value(builder, branch, site->reader->members[i].type, member->layout,
                                                 site->offset + member->offset) ||
                               good;
                } else {
                        good = chappe_plan_value(builder, branch, site->reader, site->layout, site->offset) || good;
                }
                last_jump = chappe_plan_emit(builder, CHAPPE_OP_JUMP, 0, 0, last_jump);
        }
        chappe_plan_land_all(builder, last_jump);
        return good;
}

bool chappe_plan_writer_union(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        bool alike = site->writer == site->reader ||
                     (site->reader->kind == CHAPPE_SCHEMA_UNION &&
                      chappe_resolve_union_alike(builder->resolver, site->writer, site->reader));

        if (alike && site->layout->kind == CHAPPE_LAYOUT_OPTIONAL)
                return compile_optional(builder, site);
        return compile_branches(builder, site, alike);
}

bool chappe_plan_reader_union(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        int64_t branch = chappe_resolve_branch(builder->resolver, site->writer, site->reader);
        const struct chappe_member *member = site->layout->members;
        const struct chappe_schema_node *reader;
        char name[160];

        if (branch < 0)
                return chappe_plan_mismatch(builder, "no branch of the reader's union takes the writer's %s",
                                            chappe_schema_describe(site->writer, name));
        reader = site->reader->members[branch].type;
        if (site->layout->kind == CHAPPE_LAYOUT_UNION) {
                member += branch;
                chappe_plan_emit(builder, CHAPPE_OP_BRANCH, site->offset, (uint32_t)branch, 0);
        } else if (reader->kind != CHAPPE_SCHEMA_NULL) {
                chappe_plan_emit(builder, CHAPPE_OP_PRESENT, site->offset, 0, 0);
        } else {
                return true; /* absent, as all memory starts */
        }
        return chappe_plan_value(builder, site->writer, reader, member->layout, site->offset + member->offset);
}
