/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C declarations of types. What is held by value comes first; what is reached by pointer is announced, and declared at
 * the end. Each declaration is guarded by its tag, because two headers may need the same array type, or repeat an equal
 * definition; a named type's guard is its fingerprint, so that an unequal one does not compile.
 */
#include "write.h"

#include <inttypes.h>

static bool is_tagged(const struct c_type *type)
{
        return model_is_struct(type) || type->kind == CHAPPE_LAYOUT_ENUM;
}

/* Macros that no constant can be: half in lower case. */
static void open_guard(const struct c_type *type, struct chappe_buffer *out)
{
        if (type->fingerprint)
                emit(out, "\n#ifndef CHAPPE_FINGERPRINT_%s\n#define CHAPPE_FINGERPRINT_%s 0x%016" PRIx64 "u\n",
                     type->stem, type->stem, type->fingerprint);
        else
                emit(out, "\n#ifndef CHAPPE_DECLARED_%s\n#define CHAPPE_DECLARED_%s\n", type->stem, type->stem);
}

static void close_guard(const struct c_type *type, struct chappe_buffer *out)
{
        if (type->fingerprint)
                emit(out,
                     "#elif CHAPPE_FINGERPRINT_%s != 0x%016" PRIx64 "u\n"
                     "#error \"%s is defined otherwise in another header: give it a schema file of its own\"\n",
                     type->stem, type->fingerprint, type->avro);
        emit(out, "#endif\n");
}

static void announce(const struct c_type *type, struct chappe_buffer *out)
{
        if (model_is_struct(type) && !type->declared && !type->include)
                emit(out, "%s;\n", type->declaration);
}

static void write_enum(const struct c_type *type, struct chappe_buffer *out)
{
        emit(out, "enum %s {\n", type->stem);
        for (size_t i = 0; i < type->member_count; i++)
                emit(out, "        %s = %zu,\n", type->members[i].name, i);
        emit(out, "};\n");
}

static void write_members(const struct c_type *type, const char *indent, struct chappe_buffer *out)
{
        for (size_t i = 0; i < type->member_count; i++) {
                const struct c_member *member = &type->members[i];
                const char *declaration = member->type->declaration;
                bool pointer = declaration[strlen(declaration) - 1] == '*';

                emit_doc(out, indent, member->doc);
                emit(out, "%s%s%s%s;\n", indent, declaration, pointer ? "" : " ", member->name);
        }
}

static void write_record(const struct c_type *type, struct chappe_buffer *out)
{
        emit(out, "struct %s {\n", type->stem);
        write_members(type, "        ", out);
        if (type->member_count == 0)
                emit(out, "        char empty;\n");
        emit(out, "};\n");
}

static void write_union(const struct c_type *type, struct chappe_buffer *out)
{
        emit(out, "enum %s_branch {\n", type->stem);
        for (size_t i = 0; i < type->member_count; i++)
                emit(out, "        %s = %zu,\n", type->members[i].constant, i);
        emit(out, "};\nstruct %s {\n        int32_t branch;\n        union {\n", type->stem);
        write_members(type, "                ", out);
        emit(out, "        } value;\n};\n");
}

static void write_struct(const struct c_type *type, struct chappe_buffer *out)
{
        const char *of = type->member_count ? type->members[0].type ? type->members[0].type->declaration : "" : "";

        switch (type->kind) {
        case CHAPPE_LAYOUT_ENUM:
                write_enum(type, out);
                break;
        case CHAPPE_LAYOUT_FIXED:
                emit(out, "struct %s {\n        uint8_t bytes[%u];\n};\n", type->stem, type->count ? type->count : 1);
                break;
        case CHAPPE_LAYOUT_RECORD:
                write_record(type, out);
                break;
        case CHAPPE_LAYOUT_UNION:
                write_union(type, out);
                break;
        case CHAPPE_LAYOUT_OPTIONAL:
                emit(out, "struct %s {\n        bool present;\n        %s%svalue;\n};\n", type->stem, of,
                     of[strlen(of) - 1] == '*' ? "" : " ");
                break;
        case CHAPPE_LAYOUT_ARRAY:
                emit(out, "struct %s {\n        const %s%s*items;\n        size_t count;\n};\n", type->stem,
                     strncmp(of, "const ", 6) == 0 ? of + 6 : of, of[strlen(of) - 1] == '*' ? "const " : " ");
                break;
        case CHAPPE_LAYOUT_MAP:
                emit(out,
                     "struct %s_entry;\nstruct %s {\n        const struct %s_entry *entries;\n        size_t "
                     "count;\n};\n",
                     type->stem, type->stem, type->stem);
                break;
        default:
                break;
        }
}

/* What has to stand before: members held by value; of an array the item's tag, which an enum has only once it is
 * declared. */
static void write_needs(struct c_type *type, struct chappe_buffer *out)
{
        bool by_pointer = type->kind == CHAPPE_LAYOUT_ARRAY || type->kind == CHAPPE_LAYOUT_MAP;

        for (size_t i = 0; i < type->member_count; i++) {
                struct c_type *member = type->members[i].type;

                while (member && member->kind == CHAPPE_LAYOUT_POINTER) {
                        member = member->members[0].type;
                        announce(member, out);
                        if (model_is_struct(member))
                                member = NULL;
                }
                if (!member)
                        continue;
                if (by_pointer && model_is_struct(member))
                        announce(member, out);
                else
                        write_type(member, out);
        }
}

void write_type(struct c_type *type, struct chappe_buffer *out)
{
        if (type->declared || type->include || !is_tagged(type))
                return;
        type->declared = true;
        write_needs(type, out);
        open_guard(type, out);
        emit_doc(out, "", type->doc);
        write_struct(type, out);
        close_guard(type, out);
}

static void write_entry(struct c_type *type, struct chappe_buffer *out)
{
        const char *of = type->members[0].type->declaration;

        write_type(type->members[0].type, out);
        emit(out, "\n#ifndef CHAPPE_DECLARED_%s_entry\n#define CHAPPE_DECLARED_%s_entry\n", type->stem, type->stem);
        emit(out, "struct %s_entry {\n        struct chappe_text key;\n        %s%svalue;\n};\n#endif\n", type->stem,
             of, of[strlen(of) - 1] == '*' ? "" : " ");
}

void write_pending_types(struct unit *unit, struct chappe_buffer *out)
{
        for (struct c_type *type = unit->types; type; type = type->next)
                write_type(type, out);
        for (struct c_type *type = unit->types; type; type = type->next) {
                if (type->kind == CHAPPE_LAYOUT_MAP)
                        write_entry(type, out);
        }
}
