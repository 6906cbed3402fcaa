/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults of fields that the writer has not: encoded once, read like any data; the plain ones are constants. */
#include <stdlib.h>

#include <chappe/straight.h>

#include "avro/plan_build.h"
#include "avro/schema_default.h"

#define STEP_LIMIT 1000000u /* values of one default, left-out fields included */

struct encoder {
        struct chappe_plan_builder *builder;
        const struct chappe_json_document *document;
        struct chappe_buffer *buffer;
        unsigned steps, depth;
};

static void put(struct encoder *encoder, const void *bytes, size_t size)
{
        if (chappe_buffer_append(encoder->buffer, bytes, size) < 0)
                chappe_plan_no_memory(encoder->builder);
}

static void put_long(struct encoder *encoder, int64_t value)
{
        uint8_t bytes[CHAPPE_NUMBER_SIZE];

        put(encoder, bytes, (size_t)(chappe_put_long(bytes, value) - bytes));
}

static void encode(struct encoder *encoder, const struct chappe_schema_node *node, const struct chappe_json_node *json);

static void encode_integer(struct encoder *encoder, const struct chappe_json_node *json)
{
        int64_t number = 0;

        chappe_json_integer(encoder->document, json, &number);
        put_long(encoder, number);
}

static void encode_float(struct encoder *encoder, const struct chappe_schema_node *node,
                         const struct chappe_json_node *json)
{
        double word = 0;

        if (json->kind == CHAPPE_JSON_STRING)
                chappe_schema_float_word((struct chappe_text){ json->string, json->count }, &word);
        if (node->kind == CHAPPE_SCHEMA_DOUBLE) {
                double number = json->kind == CHAPPE_JSON_STRING ? word : chappe_json_double(encoder->document, json);

                put(encoder, &number, sizeof(number));
        } else {
                float number =
                        json->kind == CHAPPE_JSON_STRING ? (float)word : chappe_json_float(encoder->document, json);

                put(encoder, &number, sizeof(number));
        }
}

/* Characters U+0000 to U+00FF stand for the bytes. */
static void encode_bytes(struct encoder *encoder, const struct chappe_schema_node *node,
                         const struct chappe_json_node *json)
{
        uint8_t *bytes = malloc(json->count + 1u);
        size_t length = 0;

        if (!bytes) {
                chappe_plan_no_memory(encoder->builder);
                return;
        }
        for (uint32_t i = 0; i < json->count; i++) {
                uint8_t c = (uint8_t)json->string[i];

                bytes[length++] = c < 0x80 ? c : (uint8_t)(c << 6 | (json->string[++i] & 0x3F));
        }
        if (node->kind == CHAPPE_SCHEMA_BYTES)
                put_long(encoder, (int64_t)length);
        put(encoder, bytes, length);
        free(bytes);
}

static void encode_enum(struct encoder *encoder, const struct chappe_schema_node *node,
                        const struct chappe_json_node *json)
{
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, json->string) == 0)
                        put_long(encoder, i);
        }
}

static void encode_items(struct encoder *encoder, const struct chappe_schema_node *node,
                         const struct chappe_json_node *json)
{
        if (json->count > 0)
                put_long(encoder, json->count);
        for (const struct chappe_json_node *item = json->child; item && !encoder->builder->failed; item = item->next) {
                if (node->kind == CHAPPE_SCHEMA_MAP) {
                        put_long(encoder, item->key_length);
                        put(encoder, item->key, item->key_length);
                }
                encode(encoder, node->members[0].type, item);
        }
        put_long(encoder, 0);
}

static void encode_union(struct encoder *encoder, const struct chappe_schema_node *node,
                         const struct chappe_json_node *json)
{
        struct chappe_default_check check = { .schema = encoder->builder->plan->reader,
                                              .budget = CHAPPE_SCHEMA_DEFAULT_BUDGET };
        int branch = chappe_default_branch(&check, node, json);

        if (branch < 0) {
                encoder->builder->failed =
                        chappe_fail(encoder->builder->error, CHAPPE_E_SCHEMA_LIMIT, "a default is too intricate");
                return;
        }
        encoder->steps += CHAPPE_SCHEMA_DEFAULT_BUDGET - check.budget;
        put_long(encoder, branch);
        encode(encoder, node->members[branch].type, json);
}

static void encode_record(struct encoder *encoder, const struct chappe_schema_node *node,
                          const struct chappe_json_node *json)
{
        for (uint32_t i = 0; i < node->count && !encoder->builder->failed; i++) {
                const struct chappe_json_node *value = chappe_json_find(json, node->members[i].name);

                encode(encoder, node->members[i].type, value ? value : node->members[i].default_json);
        }
}

/* The schema was refused if any default did not fit, so that fitting is not in question here. */
static void encode_by_kind(struct encoder *encoder, const struct chappe_schema_node *node,
                           const struct chappe_json_node *json)
{
        uint8_t truth = json->kind == CHAPPE_JSON_TRUE;

        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_NULL:
                break;
        case CHAPPE_SCHEMA_BOOLEAN:
                put(encoder, &truth, 1);
                break;
        case CHAPPE_SCHEMA_INT:
        case CHAPPE_SCHEMA_LONG:
                encode_integer(encoder, json);
                break;
        case CHAPPE_SCHEMA_FLOAT:
        case CHAPPE_SCHEMA_DOUBLE:
                encode_float(encoder, node, json);
                break;
        case CHAPPE_SCHEMA_STRING:
                put_long(encoder, json->count);
                put(encoder, json->string, json->count);
                break;
        case CHAPPE_SCHEMA_BYTES:
        case CHAPPE_SCHEMA_FIXED:
                encode_bytes(encoder, node, json);
                break;
        case CHAPPE_SCHEMA_ENUM:
                encode_enum(encoder, node, json);
                break;
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                encode_items(encoder, node, json);
                break;
        case CHAPPE_SCHEMA_UNION:
                encode_union(encoder, node, json);
                break;
        case CHAPPE_SCHEMA_RECORD:
                encode_record(encoder, node, json);
                break;
        }
}

static void encode(struct encoder *encoder, const struct chappe_schema_node *node, const struct chappe_json_node *json)
{
        if (encoder->builder->failed)
                return;
        if (++encoder->steps > STEP_LIMIT || encoder->depth >= 2 * CHAPPE_DEFAULT_DEPTH_LIMIT ||
            encoder->buffer->length > CHAPPE_PLAN_DEFAULT_LIMIT) {
                encoder->builder->failed = chappe_fail(encoder->builder->error, CHAPPE_E_SCHEMA_LIMIT,
                                                       "a default is too deep or too large");
                return;
        }
        encoder->depth++;
        encode_by_kind(encoder, node, json);
        encoder->depth--;
}

static void emit_store(struct chappe_plan_builder *builder, enum chappe_op op, uint32_t offset, const void *bytes,
                       size_t size)
{
        uint32_t halves[2] = { 0, 0 };

        memcpy(halves, bytes, size);
        chappe_plan_emit(builder, op, offset, halves[0], halves[1]);
}

/* Numbers are stored as they will lie in memory; true when that was possible. */
static bool emit_constant(struct chappe_plan_builder *builder, const struct chappe_schema_member *field,
                          const struct chappe_layout *layout, uint32_t offset, const uint8_t *encoded)
{
        int64_t number = 0;
        int32_t small;

        if (layout->kind == CHAPPE_LAYOUT_INT || layout->kind == CHAPPE_LAYOUT_LONG ||
            layout->kind == CHAPPE_LAYOUT_ENUM)
                chappe_take_long(encoded, encoded + CHAPPE_NUMBER_SIZE, &number);
        small = (int32_t)number;
        switch (layout->kind) {
        case CHAPPE_LAYOUT_NULL:
                return true;
        case CHAPPE_LAYOUT_BOOLEAN:
                emit_store(builder, CHAPPE_OP_STORE_1, offset, encoded, 1);
                return true;
        case CHAPPE_LAYOUT_INT:
        case CHAPPE_LAYOUT_ENUM:
                emit_store(builder, CHAPPE_OP_STORE_4, offset, &small, 4);
                return true;
        case CHAPPE_LAYOUT_LONG:
                emit_store(builder, CHAPPE_OP_STORE_8, offset, &number, 8);
                return true;
        case CHAPPE_LAYOUT_FLOAT:
                emit_store(builder, CHAPPE_OP_STORE_4, offset, encoded, 4);
                return true;
        case CHAPPE_LAYOUT_DOUBLE:
                emit_store(builder, CHAPPE_OP_STORE_8, offset, encoded, 8);
                return true;
        case CHAPPE_LAYOUT_OPTIONAL:
                return field->default_json->kind == CHAPPE_JSON_NULL; /* absent, as all memory starts */
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
        case CHAPPE_LAYOUT_BYTES:
        case CHAPPE_LAYOUT_STRING:
                return field->default_json->count == 0; /* empty, likewise */
        default:
                return false;
        }
}

void chappe_plan_default(struct chappe_plan_builder *builder, const struct chappe_schema_member *field,
                         const struct chappe_layout *layout, uint32_t offset)
{
        struct encoder encoder = { .builder = builder,
                                   .document = &builder->plan->reader->document,
                                   .buffer = &builder->defaults };
        uint32_t start = (uint32_t)builder->defaults.length;
        const struct chappe_plan_open *open = builder->open;

        encode(&encoder, field->type, field->default_json);
        if (builder->failed || !chappe_buffer_reserve(&builder->defaults, CHAPPE_NUMBER_SIZE)) {
                chappe_plan_no_memory(builder);
                return;
        }
        if (emit_constant(builder, field, layout, offset, builder->defaults.at + start)) {
                builder->defaults.length = start;
                return;
        }
        chappe_plan_emit(builder, CHAPPE_OP_DEFAULT, 0, start, (uint32_t)builder->defaults.length - start);
        builder->open = NULL;
        chappe_plan_value(builder, field->type, field->type, layout, offset);
        builder->open = open;
        chappe_plan_emit(builder, CHAPPE_OP_DEFAULT_END, 0, 0, 0);
}
