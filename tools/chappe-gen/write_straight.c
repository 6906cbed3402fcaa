/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Straight-line code for data of the type's own schema: for each record a function that decodes and one that encodes
 * it; what has no name of its own is written in place, because a union's numbers are the schema's, not the C type's.
 */
#include "straight.h"

#include <ctype.h>

#include "write.h"

#include "base/cleanup.h"

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_';
}

/* Does the text use the parameter? A member may have the same name. */
static bool uses(const struct chappe_buffer *body, const char *parameter)
{
        const char *start = (const char *)body->at, *end = start + body->length, *at = start;
        size_t length = strlen(parameter);

        while ((at = memmem(at, (size_t)(end - at), parameter, length))) {
                char before = at > start ? at[-1] : ' ', after = at + length < end ? at[length] : ' ';

                if (!is_word(before) && !is_word(after) && before != '.' && before != '>')
                        return true;
                at += length;
        }
        return false;
}

/* What a function reads, writes or calls shows in its text. */
static void write_unused(const struct chappe_buffer *body, struct chappe_buffer *out, const char *const *parameters)
{
        for (; *parameters; parameters++) {
                if (!uses(body, *parameters))
                        emit(out, "        (void)%s;\n", *parameters);
        }
}

static void write_function(const char *name, const struct c_type *type, bool decodes, const struct chappe_buffer *body,
                           struct chappe_buffer *out)
{
        static const char *const decoding[] = { "decoder", "end", "value", NULL };
        static const char *const encoding[] = { "encoder", "value", NULL };

        if (decodes)
                emit(out,
                     "\nstatic const uint8_t *straight_decode_%s(struct chappe_decoder *decoder, const uint8_t *at,\n"
                     "        const uint8_t *end, %s *value)\n{\n",
                     name, type->declaration);
        else
                emit(out,
                     "\nstatic uint8_t *straight_encode_%s(struct chappe_encoder *encoder, uint8_t *at,\n"
                     "        const %s *value)\n{\n",
                     name, type->declaration);
        write_unused(body, out, decodes ? decoding : encoding);
        emit(out, "%.*s        return at;\n}\n", (int)body->length, (const char *)body->at);
}

static void write_record(struct unit *unit, const struct chappe_schema_node *node, const struct c_type *type,
                         struct chappe_buffer *out)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer decode = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer encode = { 0 };

        emit(&decode, "%s", "");
        emit(&encode, "%s", "");
        write_decode_fields(unit, node, type, &decode);
        write_encode_fields(unit, node, type, &encode);
        if (straight_takes_bytes(type)) /* nobody calls it otherwise */
                write_function(type->stem, type, true, &decode, out);
        write_function(type->stem, type, false, &encode, out);
}

/* Met within itself, a record is declared before the function that needs it. */
static void declare_record(const struct c_type *type, struct chappe_buffer *out)
{
        emit(out,
             "\nstatic const uint8_t *straight_decode_%s(struct chappe_decoder *decoder, const uint8_t *at,\n"
             "        const uint8_t *end, %s *value);\n"
             "static uint8_t *straight_encode_%s(struct chappe_encoder *encoder, uint8_t *at, const %s *value);\n",
             type->stem, type->declaration, type->stem, type->declaration);
}

static void write_records(struct unit *unit, const struct chappe_schema_node *node, struct c_type *type,
                          struct chappe_buffer *out)
{
        bool record = type->kind == CHAPPE_LAYOUT_RECORD;

        if (type->kind == CHAPPE_LAYOUT_POINTER) {
                write_records(unit, node, type->members[0].type, out);
                return;
        }
        if (type->kind == CHAPPE_LAYOUT_ENUM || (record && type->straight))
                return;
        if (record && type->straightening) {
                if (!type->recursive_straight)
                        declare_record(type, out);
                type->recursive_straight = true;
                return;
        }
        type->straightening = record;
        if (type->kind == CHAPPE_LAYOUT_OPTIONAL)
                write_records(unit, straight_present(node), type->members[0].type, out);
        else
                for (size_t i = 0; i < type->member_count; i++)
                        write_records(unit, chappe_schema_node_at(node, i), type->members[i].type, out);
        type->straight = record;
        if (record)
                write_record(unit, node, type, out);
}

void write_straight(struct unit *unit, const struct c_root *root, struct chappe_buffer *out)
{
        const char *stem = root->stem, *declaration = root->type->declaration;

        write_records(unit, chappe_schema_root(root->schema), root->type, out);
        emit(out,
             "\nstatic const uint8_t *root_decode_%s(struct chappe_decoder *decoder, const uint8_t *at,\n"
             "        const uint8_t *end, void *ret_value)\n{\n",
             stem);
        if (straight_takes_bytes(root->type))
                emit(out, "        return straight_decode_%s(decoder, at, end, (%s *)ret_value);\n}\n",
                     root->type->stem, declaration);
        else
                emit(out,
                     "        (void)decoder;\n        (void)end;\n        memset(ret_value, 0, sizeof(%s));\n"
                     "        return at;\n}\n",
                     declaration);
        emit(out,
             "\nstatic bool root_encode_%s(struct chappe_buffer *buffer, const void *value)\n{\n"
             "        struct chappe_encoder encoder;\n"
             "        uint8_t *at = chappe_put_begin(&encoder, buffer);\n\n"
             "        return chappe_put_end(buffer, at ? straight_encode_%s(&encoder, at, (const %s *)value) : "
             "NULL);\n}\n",
             stem, root->type->stem, declaration);
}

bool straight_has(const struct c_root *root)
{
        return root->type->kind == CHAPPE_LAYOUT_RECORD;
}

uint32_t straight_null(const struct chappe_schema_node *node)
{
        return chappe_schema_node_kind(chappe_schema_node_at(node, 0)) == CHAPPE_SCHEMA_NULL ? 0 : 1;
}

const struct chappe_schema_node *straight_present(const struct chappe_schema_node *node)
{
        return chappe_schema_node_at(node, 1 - straight_null(node));
}
