/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout tables: how the C compiler has laid out each type, in its own words (offsetof, sizeof). They are one object,
 * because a type may contain itself, and because its parts cannot clash with any name outside.
 */
#include "write.h"

static const char *const kind_names[] = {
        [CHAPPE_LAYOUT_NULL] = "NULL",         [CHAPPE_LAYOUT_BOOLEAN] = "BOOLEAN", [CHAPPE_LAYOUT_INT] = "INT",
        [CHAPPE_LAYOUT_LONG] = "LONG",         [CHAPPE_LAYOUT_FLOAT] = "FLOAT",     [CHAPPE_LAYOUT_DOUBLE] = "DOUBLE",
        [CHAPPE_LAYOUT_BYTES] = "BYTES",       [CHAPPE_LAYOUT_STRING] = "STRING",   [CHAPPE_LAYOUT_FIXED] = "FIXED",
        [CHAPPE_LAYOUT_ENUM] = "ENUM",         [CHAPPE_LAYOUT_ARRAY] = "ARRAY",     [CHAPPE_LAYOUT_MAP] = "MAP",
        [CHAPPE_LAYOUT_OPTIONAL] = "OPTIONAL", [CHAPPE_LAYOUT_UNION] = "UNION",     [CHAPPE_LAYOUT_RECORD] = "RECORD",
        [CHAPPE_LAYOUT_POINTER] = "POINTER",
};

/* The place of a member, as an expression. */
static const char *offset_of(struct unit *unit, const struct c_type *type, const struct c_member *member)
{
        switch (type->kind) {
        case CHAPPE_LAYOUT_RECORD:
        case CHAPPE_LAYOUT_OPTIONAL:
                return gen_printf(unit->arena, "offsetof(%s, %s)", type->declaration, member->name);
        case CHAPPE_LAYOUT_UNION:
                return gen_printf(unit->arena, "offsetof(%s, value.%s)", type->declaration, member->name);
        case CHAPPE_LAYOUT_MAP:
                return gen_printf(unit->arena, "offsetof(struct %s_entry, value)", type->stem);
        default:
                return "0";
        }
}

/* The types, what is within before what holds it. */
static struct c_type **collect(struct c_type *type, struct c_type **end)
{
        if (type->laid_out)
                return end;
        type->laid_out = true;
        for (size_t i = 0; i < type->member_count; i++) {
                if (type->members[i].type)
                        end = collect(type->members[i].type, end);
        }
        *end = type;
        return &type->next_table;
}

static bool has_members(const struct c_type *type)
{
        return type->kind != CHAPPE_LAYOUT_ENUM && type->member_count > 0;
}

static void write_members(struct unit *unit, const struct c_type *type, struct chappe_buffer *out)
{
        emit(out, "        {\n");
        for (size_t i = 0; i < type->member_count; i++) {
                const struct c_member *member = &type->members[i];
                const char *name = member->avro ? gen_printf(unit->arena, "\"%s\"", member->avro) : "NULL";

                emit(out, "                { %s, %s, &tables.layout_%s },\n", name, offset_of(unit, type, member),
                     member->type->stem);
        }
        emit(out, "        },\n");
}

static const char *stride_of(struct unit *unit, const struct c_type *type)
{
        if (type->kind == CHAPPE_LAYOUT_ARRAY)
                return gen_printf(unit->arena, "sizeof(%s)", type->members[0].type->declaration);
        return type->kind == CHAPPE_LAYOUT_MAP ? gen_printf(unit->arena, "sizeof(struct %s_entry)", type->stem) : "0";
}

static void write_table(struct unit *unit, const struct c_type *type, struct chappe_buffer *out)
{
        size_t count = type->kind == CHAPPE_LAYOUT_FIXED ? type->count : type->member_count;

        if (has_members(type))
                write_members(unit, type, out);
        emit(out, "        { CHAPPE_LAYOUT_%s, sizeof(%s), %zu, %s, %s%s },\n", kind_names[type->kind],
             type->declaration, count, stride_of(unit, type), has_members(type) ? "tables.members_" : "NULL",
             has_members(type) ? type->stem : "");
}

void write_layouts(struct unit *unit, struct chappe_buffer *out)
{
        struct c_type *first = NULL, **end = &first;

        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (model_is_used(root))
                        end = collect(root->type, end);
        }
        *end = NULL;
        for (const struct c_type *type = first; type; type = type->next_table) {
                if (type->kind == CHAPPE_LAYOUT_ENUM)
                        emit(out, "static_assert(sizeof(%s) == 4, \"an enum is held in four bytes\");\n",
                             type->declaration);
        }
        if (!first)
                return;
        emit(out, "static const struct {\n");
        for (const struct c_type *type = first; type; type = type->next_table) {
                if (has_members(type))
                        emit(out, "        struct chappe_member members_%s[%zu];\n", type->stem, type->member_count);
                emit(out, "        struct chappe_layout layout_%s;\n", type->stem);
        }
        emit(out, "} tables = {\n");
        for (const struct c_type *type = first; type; type = type->next_table)
                write_table(unit, type, out);
        emit(out, "};\n");
}
