/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas for avro-c, and what both directions check. */
#include "avro/bridge/bridge.h"

#include <errno.h>
#include <stdio.h>

int chappe_avro_schema(const struct chappe_schema *schema, avro_schema_t *ret_schema, struct chappe_error *error)
{
        struct chappe_text text = chappe_schema_canonical(schema);
        avro_schema_t made = NULL;
        int status = avro_schema_from_json_length(text.at, text.length, &made);

        if (status == ENOMEM)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema of avro-c");
        if (status != 0)
                return chappe_fail(error, CHAPPE_E_SCHEMA_INVALID,
                                   "avro-c does not take the schema of %s (it has no empty unions or enums)",
                                   chappe_schema_name(schema));
        *ret_schema = made;
        return 0;
}

/* The steps from $ on, outermost first. */
static size_t print_path(const struct chappe_bridge_path *path, char *buffer, size_t size)
{
        size_t length = path->outer ? print_path(path->outer, buffer, size) : 0;
        int added;

        if (!path->outer)
                added = snprintf(buffer, size, "$");
        else if (path->name)
                added = snprintf(buffer + length, size - length, ".%.60s", path->name);
        else
                added = snprintf(buffer + length, size - length, "[%zu]", path->n);
        return added > 0 && (size_t)added < size - length ? length + (size_t)added : length;
}

int chappe_bridge_fail(const struct chappe_bridge_path *path, int code, const char *reason, struct chappe_error *error)
{
        char text[200];

        print_path(path, text, sizeof(text));
        return chappe_fail(error, code, "%s: %s", text, reason);
}

int chappe_bridge_check(const struct chappe_bridge_path *path, int status, struct chappe_error *error)
{
        if (status == 0)
                return 0;
        return status == ENOMEM ? chappe_bridge_fail(path, CHAPPE_E_NO_MEMORY, "no memory for a value of avro-c", error)
                                : chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "avro-c refuses the value", error);
}

static size_t branches_of(const avro_value_t *value)
{
        avro_schema_t schema = avro_value_get_schema(value);

        return schema ? avro_schema_union_size(schema) : 0;
}

static size_t symbols_of(const avro_value_t *value)
{
        avro_schema_t schema = avro_value_get_schema(value);
        int count = schema ? avro_schema_enum_number_of_symbols(schema) : 0;

        return count > 0 ? (size_t)count : 0;
}

bool chappe_bridge_fits(const avro_value_t *value, const struct chappe_schema_node *node)
{
        static const uint8_t types[] = {
                [CHAPPE_SCHEMA_NULL] = AVRO_NULL,   [CHAPPE_SCHEMA_BOOLEAN] = AVRO_BOOLEAN,
                [CHAPPE_SCHEMA_INT] = AVRO_INT32,   [CHAPPE_SCHEMA_LONG] = AVRO_INT64,
                [CHAPPE_SCHEMA_FLOAT] = AVRO_FLOAT, [CHAPPE_SCHEMA_DOUBLE] = AVRO_DOUBLE,
                [CHAPPE_SCHEMA_BYTES] = AVRO_BYTES, [CHAPPE_SCHEMA_STRING] = AVRO_STRING,
                [CHAPPE_SCHEMA_FIXED] = AVRO_FIXED, [CHAPPE_SCHEMA_ENUM] = AVRO_ENUM,
                [CHAPPE_SCHEMA_ARRAY] = AVRO_ARRAY, [CHAPPE_SCHEMA_MAP] = AVRO_MAP,
                [CHAPPE_SCHEMA_UNION] = AVRO_UNION, [CHAPPE_SCHEMA_RECORD] = AVRO_RECORD,
        };
        size_t count = 0;

        if (avro_value_get_type(value) != types[node->kind])
                return false;
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_RECORD:
                return avro_value_get_size(value, &count) == 0 && count == node->count;
        case CHAPPE_SCHEMA_UNION:
                return branches_of(value) == node->count;
        case CHAPPE_SCHEMA_ENUM:
                return symbols_of(value) == node->count;
        default:
                return true;
        }
}
