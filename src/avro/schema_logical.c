/* SPDX-License-Identifier: Apache-2.0 */
/* Logical types: the ones that the specification knows, where they fit; all others are ignored, as it says. */
#include "avro/schema_model.h"

#define LOG10_OF_2 0.30102999566398119521

static const struct {
        const char *name;
        enum chappe_schema_kind kind;
        uint32_t size; /* of a fixed; 0 for any */
} logical_types[] = {
        { "decimal", CHAPPE_SCHEMA_BYTES, 0 },
        { "decimal", CHAPPE_SCHEMA_FIXED, 0 },
        { "big-decimal", CHAPPE_SCHEMA_BYTES, 0 },
        { "uuid", CHAPPE_SCHEMA_STRING, 0 },
        { "uuid", CHAPPE_SCHEMA_FIXED, 16 },
        { "date", CHAPPE_SCHEMA_INT, 0 },
        { "time-millis", CHAPPE_SCHEMA_INT, 0 },
        { "time-micros", CHAPPE_SCHEMA_LONG, 0 },
        { "timestamp-millis", CHAPPE_SCHEMA_LONG, 0 },
        { "timestamp-micros", CHAPPE_SCHEMA_LONG, 0 },
        { "timestamp-nanos", CHAPPE_SCHEMA_LONG, 0 },
        { "local-timestamp-millis", CHAPPE_SCHEMA_LONG, 0 },
        { "local-timestamp-micros", CHAPPE_SCHEMA_LONG, 0 },
        { "local-timestamp-nanos", CHAPPE_SCHEMA_LONG, 0 },
        { "duration", CHAPPE_SCHEMA_FIXED, 12 },
};

static bool integer_attribute(const struct chappe_schema *schema, const struct chappe_schema_node *node,
                              const char *key, int32_t missing, int32_t *ret)
{
        const struct chappe_json_node *value = chappe_json_find(node->json, key);
        int64_t number = missing;

        if (value && !chappe_json_integer(&schema->document, value, &number))
                return false;
        if (number < 0 || number > INT32_MAX)
                return false;
        *ret = (int32_t)number;
        return true;
}

/* Precision above 0 and within what a fixed can hold, scale from 0 to the precision. */
static bool note_decimal(const struct chappe_schema *schema, struct chappe_schema_node *node)
{
        int32_t precision, scale;

        if (!integer_attribute(schema, node, "precision", 0, &precision) || precision == 0 ||
            !integer_attribute(schema, node, "scale", 0, &scale) || scale > precision)
                return false;
        if (node->kind == CHAPPE_SCHEMA_FIXED && precision > (int32_t)(LOG10_OF_2 * (8.0 * node->count - 1)))
                return false;
        node->precision = precision;
        node->scale = scale;
        return true;
}

void chappe_schema_note_logical(const struct chappe_schema *schema, struct chappe_schema_node *node)
{
        const struct chappe_json_node *value = node->json ? chappe_json_find(node->json, "logicalType") : NULL;

        if (!value || value->kind != CHAPPE_JSON_STRING)
                return;
        for (size_t i = 0; i < sizeof(logical_types) / sizeof(logical_types[0]); i++) {
                if (strcmp(logical_types[i].name, value->string) != 0 || logical_types[i].kind != (int)node->kind ||
                    (logical_types[i].size && logical_types[i].size != node->count))
                        continue;
                if (strcmp(value->string, "decimal") != 0 || note_decimal(schema, node))
                        node->logical = logical_types[i].name;
                return;
        }
}
