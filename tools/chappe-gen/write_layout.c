/* SPDX-License-Identifier: Apache-2.0 */
/* Layout tables: how the C compiler has laid out each type, in its own words (offsetof, sizeof). */
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

static void write_members(struct unit *unit, const struct c_type *type, struct chappe_buffer *out)
{
        emit(out, "static const struct chappe_member members_%s[] = {\n", type->stem);
        for (size_t i = 0; i < type->member_count; i++) {
                const struct c_member *member = &type->members[i];
                const char *name = member->avro ? gen_printf(unit->arena, "\"%s\"", member->avro) : "NULL";

                emit(out, "        { %s, %s, &layout_%s },\n", name, offset_of(unit, type, member), member->type->stem);
        }
        emit(out, "};\n");
}

static const char *stride_of(struct unit *unit, const struct c_type *type)
{
        if (type->kind == CHAPPE_LAYOUT_ARRAY)
                return gen_printf(unit->arena, "sizeof(%s)", type->members[0].type->declaration);
        return type->kind == CHAPPE_LAYOUT_MAP ? gen_printf(unit->arena, "sizeof(struct %s_entry)", type->stem) : "0";
}

static void write_table(struct unit *unit, const struct c_type *type, struct chappe_buffer *out)
{
        bool symbols = type->kind == CHAPPE_LAYOUT_ENUM;
        size_t count = type->kind == CHAPPE_LAYOUT_FIXED ? type->count : type->member_count;
        bool members = !symbols && type->member_count > 0;

        if (members)
                write_members(unit, type, out);
        if (symbols)
                emit(out, "_Static_assert(sizeof(%s) == 4, \"an enum is held in four bytes\");\n", type->declaration);
        emit(out, "static const struct chappe_layout layout_%s = { CHAPPE_LAYOUT_%s, sizeof(%s), %zu, %s, %s%s };\n",
             type->stem, kind_names[type->kind], type->declaration, count, stride_of(unit, type),
             members ? "members_" : "NULL", members ? type->stem : "");
}

void write_layout(struct unit *unit, struct c_type *type, struct chappe_buffer *out)
{
        if (type->laid_out)
                return;
        if (type->laying_out) { /* it contains itself: a tentative definition lets the inner table point at it */
                if (!type->recursive)
                        emit(out, "static const struct chappe_layout layout_%s;\n", type->stem);
                type->recursive = true;
                return;
        }
        type->laying_out = true;
        for (size_t i = 0; i < type->member_count; i++) {
                if (type->members[i].type)
                        write_layout(unit, type->members[i].type, out);
        }
        write_table(unit, type, out);
        type->laid_out = true;
}
