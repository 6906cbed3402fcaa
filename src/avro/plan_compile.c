/* SPDX-License-Identifier: Apache-2.0 */
/* From a writer's schema, a reader's schema and a layout to a program. */
#include <stdlib.h>

#include "avro/plan_build.h"

#define DEPTH_LIMIT 200u /* records, arrays and unions within each other, beyond which a record becomes a routine */

static enum chappe_op same_op(enum chappe_schema_kind kind)
{
        static const uint8_t ops[] = {
                [CHAPPE_SCHEMA_BOOLEAN] = CHAPPE_OP_BOOLEAN, [CHAPPE_SCHEMA_INT] = CHAPPE_OP_INT,
                [CHAPPE_SCHEMA_LONG] = CHAPPE_OP_LONG,       [CHAPPE_SCHEMA_FLOAT] = CHAPPE_OP_FLOAT,
                [CHAPPE_SCHEMA_DOUBLE] = CHAPPE_OP_DOUBLE,   [CHAPPE_SCHEMA_BYTES] = CHAPPE_OP_BYTES,
                [CHAPPE_SCHEMA_STRING] = CHAPPE_OP_STRING,   [CHAPPE_SCHEMA_FIXED] = CHAPPE_OP_FIXED,
                [CHAPPE_SCHEMA_ENUM] = CHAPPE_OP_ENUM,
        };

        return ops[kind];
}

static enum chappe_op promotion_op(enum chappe_schema_kind from, enum chappe_schema_kind to)
{
        if (from == CHAPPE_SCHEMA_INT)
                return to == CHAPPE_SCHEMA_LONG    ? CHAPPE_OP_INT_TO_LONG
                       : to == CHAPPE_SCHEMA_FLOAT ? CHAPPE_OP_INT_TO_FLOAT
                                                   : CHAPPE_OP_INT_TO_DOUBLE;
        if (from == CHAPPE_SCHEMA_LONG)
                return to == CHAPPE_SCHEMA_FLOAT ? CHAPPE_OP_LONG_TO_FLOAT : CHAPPE_OP_LONG_TO_DOUBLE;
        if (from == CHAPPE_SCHEMA_FLOAT)
                return CHAPPE_OP_FLOAT_TO_DOUBLE;
        return from == CHAPPE_SCHEMA_STRING ? CHAPPE_OP_BYTES : CHAPPE_OP_STRING;
}

static bool compile_enum(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        const struct chappe_schema_node *writer = site->writer, *reader = site->reader;
        uint32_t first = chappe_plan_jumps_new(builder, writer->count);
        bool same = writer->count == reader->count;

        for (uint32_t i = 0; i < writer->count && !builder->failed; i++) {
                int64_t symbol = writer == reader ? i : chappe_resolve_symbol(writer, reader, i);

                same = same && symbol == i;
                chappe_plan_jump_set(builder, first + i, symbol < 0 ? UINT32_MAX : (uint32_t)symbol);
                if (symbol < 0)
                        chappe_plan_note_mismatch(builder,
                                                  "the reader's enum %s has neither the symbol %.60s nor a default",
                                                  reader->name, writer->members[i].name);
        }
        if (same)
                chappe_plan_emit(builder, CHAPPE_OP_ENUM, site->offset, writer->count, 0);
        else
                chappe_plan_emit(builder, CHAPPE_OP_ENUM_MAP, site->offset, first, writer->count);
        return true;
}

static bool compile_items(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        const struct chappe_schema_node *item = site->writer->members[0].type;
        const struct chappe_member *member = site->layout->members;
        const struct chappe_plan_path *path = builder->path;
        bool map = site->writer->kind == CHAPPE_SCHEMA_MAP;
        uint32_t least = item->least < 255 ? item->least + map : 255, start;

        start = chappe_plan_emit(builder, CHAPPE_OP_ARRAY, site->offset, site->layout->stride | least << 24, 0);
        builder->label = chappe_plan_position(builder);
        chappe_plan_enter(builder, "[]");
        if (map)
                chappe_plan_emit(builder, CHAPPE_OP_STRING, 0, 0, 0);
        chappe_plan_value(builder, item, site->reader->members[0].type, member->layout, member->offset);
        chappe_plan_emit(builder, CHAPPE_OP_NEXT, 0, 0, 0);
        builder->path = path;
        chappe_plan_land(builder, start);
        return true; /* there is always the empty one */
}

static bool compile_given(struct chappe_plan_builder *builder, const struct chappe_plan_site *site, uint32_t n,
                          bool *given)
{
        const struct chappe_schema_member *field = &site->writer->members[n];
        int64_t target = site->writer == site->reader
                                 ? n
                                 : chappe_resolve_field(builder->resolver, site->writer, site->reader, n);
        const struct chappe_plan_path *path = builder->path;
        bool good = true;

        chappe_plan_enter(builder, target < 0 ? field->name : site->reader->members[target].name);
        if (target < 0) {
                chappe_plan_skip(builder, field->type);
        } else if (given[target]) {
                good = chappe_plan_mismatch(builder, "several fields of the writer answer to it, '%.60s' among them",
                                            field->name);
        } else {
                given[target] = true;
                good = chappe_plan_value(builder, field->type, site->reader->members[target].type,
                                         site->layout->members[target].layout,
                                         site->offset + site->layout->members[target].offset);
        }
        builder->path = path;
        return good;
}

static bool compile_missing(struct chappe_plan_builder *builder, const struct chappe_schema_member *field,
                            const struct chappe_member *member, uint32_t offset)
{
        const struct chappe_plan_path *path = builder->path;
        bool good = true;

        chappe_plan_enter(builder, field->name);
        if (field->default_json)
                chappe_plan_default(builder, field, member->layout, offset + member->offset);
        else
                good = chappe_plan_mismatch(builder,
                                            "the writer has no such field, and it has no default in the reader");
        builder->path = path;
        return good;
}

static bool compile_fields(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        const struct chappe_schema_node *reader = site->reader;
        bool *given = calloc(reader->count + 1, sizeof(*given)), good = true;

        if (!given) {
                chappe_plan_no_memory(builder);
                return false;
        }
        for (uint32_t i = 0; i < site->writer->count && !builder->failed; i++)
                good = compile_given(builder, site, i, given) && good;
        for (uint32_t i = 0; i < reader->count && !builder->failed; i++) {
                if (!given[i])
                        good = compile_missing(builder, &reader->members[i], &site->layout->members[i], site->offset) &&
                               good;
        }
        free(given);
        return good;
}

static bool is_open(const struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        for (const struct chappe_plan_open *open = builder->open; open; open = open->outer) {
                if (open->site->writer == site->writer && open->site->reader == site->reader &&
                    open->site->layout == site->layout)
                        return true;
        }
        return false;
}

/* In place, with the fields' offsets counted from the struct around; called when it is within itself or the plan gets
 * long. */
static bool compile_record(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        struct chappe_plan_open open = { site, builder->open };
        bool repeated = site->writer->uses > 1 && chappe_plan_position(builder) > CHAPPE_PLAN_INLINE_LIMIT, good;

        if (repeated || builder->depth > DEPTH_LIMIT || is_open(builder, site)) {
                chappe_plan_emit(builder, CHAPPE_OP_CALL, site->offset, 0,
                                 chappe_plan_routine(builder, site->writer, site->reader, site->layout));
                return true;
        }
        builder->open = &open;
        good = compile_fields(builder, site);
        builder->open = open.outer;
        return good;
}

static bool compile_same(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        switch ((enum chappe_schema_kind)site->writer->kind) {
        case CHAPPE_SCHEMA_NULL:
                return true;
        case CHAPPE_SCHEMA_ENUM:
                return compile_enum(builder, site);
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return compile_items(builder, site);
        case CHAPPE_SCHEMA_RECORD:
                return compile_record(builder, site);
        default:
                chappe_plan_emit(builder, same_op(site->writer->kind), site->offset, site->writer->count, 0);
                return true;
        }
}

static bool compile_none(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        char writer[160], reader[160];

        if (site->writer->kind == CHAPPE_SCHEMA_FIXED && site->reader->kind == CHAPPE_SCHEMA_FIXED &&
            site->writer->count != site->reader->count)
                return chappe_plan_mismatch(builder, "a fixed of %u bytes cannot be read as one of %u",
                                            site->writer->count, site->reader->count);
        return chappe_plan_mismatch(builder, "the writer's %s cannot be read as %s",
                                    chappe_schema_describe(site->writer, writer),
                                    chappe_schema_describe(site->reader, reader));
}

static bool compile_by_match(struct chappe_plan_builder *builder, const struct chappe_plan_site *site)
{
        enum chappe_match match = CHAPPE_MATCH_SAME;

        if (site->writer != site->reader || site->writer->kind == CHAPPE_SCHEMA_UNION)
                match = chappe_resolve(builder->resolver, site->writer, site->reader);
        switch (match) {
        case CHAPPE_MATCH_WRITER_UNION:
                return chappe_plan_writer_union(builder, site);
        case CHAPPE_MATCH_READER_UNION:
                return chappe_plan_reader_union(builder, site);
        case CHAPPE_MATCH_SAME:
                if (site->layout->kind != CHAPPE_LAYOUT_POINTER)
                        return compile_same(builder, site);
                chappe_plan_emit(
                        builder, CHAPPE_OP_POINTER, site->offset, site->layout->members[0].layout->size,
                        chappe_plan_routine(builder, site->writer, site->reader, site->layout->members[0].layout));
                return true;
        case CHAPPE_MATCH_PROMOTED:
                chappe_plan_emit(builder, promotion_op(site->writer->kind, site->reader->kind), site->offset, 0, 0);
                return true;
        default:
                return compile_none(builder, site);
        }
}

/* A layout that someone else made is believed only where it says what the schema says. */
static bool layout_fits(const struct chappe_layout *layout, const struct chappe_schema_node *node)
{
        static const uint8_t kinds[] = {
                [CHAPPE_SCHEMA_NULL] = CHAPPE_LAYOUT_NULL,   [CHAPPE_SCHEMA_BOOLEAN] = CHAPPE_LAYOUT_BOOLEAN,
                [CHAPPE_SCHEMA_INT] = CHAPPE_LAYOUT_INT,     [CHAPPE_SCHEMA_LONG] = CHAPPE_LAYOUT_LONG,
                [CHAPPE_SCHEMA_FLOAT] = CHAPPE_LAYOUT_FLOAT, [CHAPPE_SCHEMA_DOUBLE] = CHAPPE_LAYOUT_DOUBLE,
                [CHAPPE_SCHEMA_BYTES] = CHAPPE_LAYOUT_BYTES, [CHAPPE_SCHEMA_STRING] = CHAPPE_LAYOUT_STRING,
                [CHAPPE_SCHEMA_FIXED] = CHAPPE_LAYOUT_FIXED, [CHAPPE_SCHEMA_ENUM] = CHAPPE_LAYOUT_ENUM,
                [CHAPPE_SCHEMA_ARRAY] = CHAPPE_LAYOUT_ARRAY, [CHAPPE_SCHEMA_MAP] = CHAPPE_LAYOUT_MAP,
                [CHAPPE_SCHEMA_UNION] = CHAPPE_LAYOUT_UNION, [CHAPPE_SCHEMA_RECORD] = CHAPPE_LAYOUT_RECORD,
        };

        if (layout->kind == CHAPPE_LAYOUT_POINTER)
                return node->kind == CHAPPE_SCHEMA_RECORD && layout_fits(layout->members[0].layout, node);
        if (layout->kind == CHAPPE_LAYOUT_OPTIONAL)
                return node->kind == CHAPPE_SCHEMA_UNION && node->count == 2 && layout->count == 1;
        if (layout->kind != kinds[node->kind])
                return false;
        if (node->kind == CHAPPE_SCHEMA_ARRAY || node->kind == CHAPPE_SCHEMA_MAP)
                return layout->count == 1 && layout->stride < CHAPPE_PLAN_STRIDE_LIMIT;
        return (!node->members && node->kind != CHAPPE_SCHEMA_FIXED) || layout->count == node->count;
}

bool chappe_plan_value(struct chappe_plan_builder *builder, const struct chappe_schema_node *writer,
                       const struct chappe_schema_node *reader, const struct chappe_layout *layout, uint32_t offset)
{
        struct chappe_plan_site site = { writer, reader, layout, offset };
        bool good;

        if (builder->failed)
                return false;
        if (!layout_fits(layout, reader)) {
                builder->failed = chappe_fail(builder->error, CHAPPE_E_USAGE, "the layout does not describe the %s",
                                              chappe_schema_kind_name(reader->kind));
                return false;
        }
        builder->depth++;
        good = compile_by_match(builder, &site);
        builder->depth--;
        return good;
}
