/* SPDX-License-Identifier: Apache-2.0 */
/* Logical types between their C form and the text in plain JSON. */
#include "avro/json_logical.h"

#include <chappe/logical.h>

static int64_t number_of(const struct chappe_schema_node *node, const void *value)
{
        return node->kind == CHAPPE_SCHEMA_INT ? *(const int32_t *)value : *(const int64_t *)value;
}

static void store_number(const struct chappe_schema_node *node, int64_t number, void *ret_value)
{
        if (node->kind == CHAPPE_SCHEMA_INT)
                *(int32_t *)ret_value = (int32_t)number;
        else
                *(int64_t *)ret_value = number;
}

/* A UUID in a string is text already. A time that no clock shows stays a number. */
bool chappe_logical_prints(const struct chappe_schema_node *node, const void *value)
{
        int64_t second = node->logical_unit == CHAPPE_MILLIS ? 1000 : 1000000;

        switch ((enum chappe_logical_form)node->logical_form) {
        case CHAPPE_LOGICAL_NONE:
                return false;
        case CHAPPE_LOGICAL_UUID:
                return node->kind == CHAPPE_SCHEMA_FIXED;
        case CHAPPE_LOGICAL_TIME:
                return number_of(node, value) >= 0 && number_of(node, value) < 86400 * second;
        default:
                return true;
        }
}

static int print_text(const struct chappe_schema_node *node, const void *value, struct chappe_buffer *buffer)
{
        enum chappe_time_unit unit = node->logical_unit;
        struct chappe_bytes fixed = { value, node->count };

        switch ((enum chappe_logical_form)node->logical_form) {
        case CHAPPE_LOGICAL_DECIMAL:
                return chappe_decimal_print(node->kind == CHAPPE_SCHEMA_FIXED ? fixed
                                                                              : *(const struct chappe_bytes *)value,
                                            node->scale, buffer);
        case CHAPPE_LOGICAL_BIG_DECIMAL:
                return chappe_big_decimal_print(*(const struct chappe_bytes *)value, buffer);
        case CHAPPE_LOGICAL_UUID:
                return chappe_uuid_print(value, buffer);
        case CHAPPE_LOGICAL_DATE:
                return chappe_date_print(*(const int32_t *)value, buffer);
        case CHAPPE_LOGICAL_TIME:
                return chappe_time_print(number_of(node, value), unit, buffer);
        case CHAPPE_LOGICAL_TIMESTAMP:
        case CHAPPE_LOGICAL_LOCAL_TIMESTAMP:
                return chappe_timestamp_print(number_of(node, value), unit,
                                              node->logical_form == CHAPPE_LOGICAL_LOCAL_TIMESTAMP, buffer);
        case CHAPPE_LOGICAL_DURATION:
                return chappe_duration_print(chappe_duration_of(value), buffer);
        default:
                return 0;
        }
}

int chappe_logical_print(const struct chappe_schema_node *node, const void *value, struct chappe_buffer *buffer)
{
        int r = chappe_buffer_append(buffer, "\"", 1);

        if (r >= 0)
                r = print_text(node, value, buffer);
        return r >= 0 ? chappe_buffer_append(buffer, "\"", 1) : r;
}

bool chappe_logical_parses(const struct chappe_schema_node *node, bool number)
{
        bool decimal = node->logical_form == CHAPPE_LOGICAL_DECIMAL || node->logical_form == CHAPPE_LOGICAL_BIG_DECIMAL;

        return number ? decimal : node->logical_form != CHAPPE_LOGICAL_NONE;
}

static int parse_uuid(const struct chappe_schema_node *node, struct chappe_text text, struct chappe_arena *arena,
                      void *ret_value, struct chappe_error *error)
{
        uint8_t uuid[CHAPPE_UUID_SIZE];
        int r = chappe_uuid_parse(text, uuid, error);

        if (r < 0)
                return r;
        if (node->kind == CHAPPE_SCHEMA_FIXED) {
                memcpy(ret_value, uuid, sizeof(uuid));
                return 0;
        }
        text = chappe_arena_text(arena, text);
        *(struct chappe_text *)ret_value = text;
        return text.at ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to read JSON");
}

static int parse_number(const struct chappe_schema_node *node, struct chappe_text text, void *ret_value,
                        struct chappe_error *error)
{
        enum chappe_time_unit unit = node->logical_unit;
        int64_t number = 0;
        int32_t days = 0;
        int r;

        if (node->logical_form == CHAPPE_LOGICAL_DATE) {
                r = chappe_date_parse(text, &days, error);
                number = days;
        } else if (node->logical_form == CHAPPE_LOGICAL_TIME) {
                r = chappe_time_parse(text, unit, &number, error);
        } else {
                r = chappe_timestamp_parse(text, unit, node->logical_form == CHAPPE_LOGICAL_LOCAL_TIMESTAMP, &number,
                                           error);
        }
        if (r >= 0)
                store_number(node, number, ret_value);
        return r;
}

int chappe_logical_parse(const struct chappe_schema_node *node, struct chappe_text text, struct chappe_arena *arena,
                         void *ret_value, struct chappe_error *error)
{
        struct chappe_duration duration;
        int r;

        switch ((enum chappe_logical_form)node->logical_form) {
        case CHAPPE_LOGICAL_DECIMAL:
                if (node->kind == CHAPPE_SCHEMA_FIXED)
                        return chappe_decimal_parse_fixed(text, node->precision, node->scale, ret_value, node->count,
                                                          error);
                return chappe_decimal_parse(text, node->precision, node->scale, arena, ret_value, error);
        case CHAPPE_LOGICAL_BIG_DECIMAL:
                return chappe_big_decimal_parse(text, arena, ret_value, error);
        case CHAPPE_LOGICAL_UUID:
                return parse_uuid(node, text, arena, ret_value, error);
        case CHAPPE_LOGICAL_DURATION:
                r = chappe_duration_parse(text, &duration, error);
                if (r >= 0)
                        chappe_duration_put(duration, ret_value);
                return r;
        default:
                return parse_number(node, text, ret_value, error);
        }
}
