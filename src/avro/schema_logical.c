/* SPDX-License-Identifier: Apache-2.0 */
/* Logical types: the ones that the specification knows, where they fit; all others are ignored, as it says. */
#include <chappe/logical.h>

#include "avro/schema_model.h"

#define LOG10_OF_2 0.30102999566398119521

static const struct {
        const char *name;
        enum chappe_schema_kind kind;
        uint32_t size; /* of a fixed; 0 for any */
        enum chappe_logical_form form;
        enum chappe_time_unit unit;
} logical_types[] = {
        { "decimal", CHAPPE_SCHEMA_BYTES, 0, CHAPPE_LOGICAL_DECIMAL, 0 },
        { "decimal", CHAPPE_SCHEMA_FIXED, 0, CHAPPE_LOGICAL_DECIMAL, 0 },
        { "big-decimal", CHAPPE_SCHEMA_BYTES, 0, CHAPPE_LOGICAL_BIG_DECIMAL, 0 },
        { "uuid", CHAPPE_SCHEMA_STRING, 0, CHAPPE_LOGICAL_UUID, 0 },
        { "uuid", CHAPPE_SCHEMA_FIXED, CHAPPE_UUID_SIZE, CHAPPE_LOGICAL_UUID, 0 },
        { "date", CHAPPE_SCHEMA_INT, 0, CHAPPE_LOGICAL_DATE, 0 },
        { "time-millis", CHAPPE_SCHEMA_INT, 0, CHAPPE_LOGICAL_TIME, CHAPPE_MILLIS },
        { "time-micros", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_TIME, CHAPPE_MICROS },
        { "timestamp-millis", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_TIMESTAMP, CHAPPE_MILLIS },
        { "timestamp-micros", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_TIMESTAMP, CHAPPE_MICROS },
        { "timestamp-nanos", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_TIMESTAMP, CHAPPE_NANOS },
        { "local-timestamp-millis", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_LOCAL_TIMESTAMP, CHAPPE_MILLIS },
        { "local-timestamp-micros", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_LOCAL_TIMESTAMP, CHAPPE_MICROS },
        { "local-timestamp-nanos", CHAPPE_SCHEMA_LONG, 0, CHAPPE_LOGICAL_LOCAL_TIMESTAMP, CHAPPE_NANOS },
        { "duration", CHAPPE_SCHEMA_FIXED, CHAPPE_DURATION_SIZE, CHAPPE_LOGICAL_DURATION, 0 },
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
                if (strcmp(logical_types[i].name, value->string) != 0 || logical_types[i].kind != node->kind ||
                    (logical_types[i].size && logical_types[i].size != node->count))
                        continue;
                if (logical_types[i].form == CHAPPE_LOGICAL_DECIMAL && !note_decimal(schema, node))
                        return;
                node->logical = logical_types[i].name;
                node->logical_form = (uint8_t)logical_types[i].form;
                node->logical_unit = (uint8_t)logical_types[i].unit;
                return;
        }
}
