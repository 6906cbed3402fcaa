/* SPDX-License-Identifier: Apache-2.0 */
/* From a value in its C form to JSON: Avro's encoding, as Java's JsonEncoder prints it, and the plain form. */
#include <chappe/straight.h>
#include <chappe/value.h>

#include "avro/json_logical.h"
#include "avro/json_print.h"
#include "avro/value_parts.h"

#define DEPTH_LIMIT 256u

struct printer {
        struct chappe_buffer *buffer;
        struct chappe_error *error;
        bool plain;
        unsigned depth;
};

/* What every array and map lies in. */
struct items {
        const uint8_t *at;
        size_t count;
};

static int print(struct printer *printer, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                 const uint8_t *value);

static int put(struct printer *printer, const char *text)
{
        return chappe_buffer_append(printer->buffer, text, strlen(text));
}

/* A name of the schema needs no escapes. */
static int put_name(struct printer *printer, const char *before, const char *name)
{
        int r = put(printer, before);

        if (r >= 0)
                r = put(printer, name);
        return r >= 0 ? put(printer, "\":") : r;
}

static int unfit(struct printer *printer, const struct chappe_schema_node *node, const char *reason)
{
        char name[160];

        return chappe_fail(printer->error, CHAPPE_E_VALUE_INVALID, "%s: %s", chappe_schema_describe(node, name),
                           reason);
}

static int print_text(struct printer *printer, const struct chappe_schema_node *node, const struct chappe_text *text)
{
        if (!chappe_value_has_place(text->at, text->length))
                return unfit(printer, node, "a length, at NULL");
        if (!chappe_utf8_valid(text->at, text->length))
                return unfit(printer, node, "a string that is not UTF-8");
        return chappe_json_put_string(printer->buffer, *text, !printer->plain);
}

static int print_enum(struct printer *printer, const struct chappe_schema_node *node, uint32_t symbol)
{
        if (symbol >= node->count)
                return unfit(printer, node, "a number that is no symbol");
        return chappe_json_put_string(printer->buffer, chappe_text(node->members[symbol].name), false);
}

static int print_items(struct printer *printer, const struct chappe_schema_node *node,
                       const struct chappe_layout *layout, const struct items *items)
{
        bool map = node->kind == CHAPPE_SCHEMA_MAP;
        int r = put(printer, map ? "{" : "[");

        if (items->count > 0 && !items->at)
                return unfit(printer, node, "a count but no items");
        for (size_t i = 0; r >= 0 && i < items->count; i++) {
                const uint8_t *item = items->at + i * layout->stride;

                if (i > 0)
                        r = put(printer, ",");
                if (r >= 0 && map)
                        r = print_text(printer, node, (const struct chappe_text *)item);
                if (r >= 0 && map)
                        r = put(printer, ":");
                if (r >= 0)
                        r = print(printer, node->members[0].type, layout->members[0].layout,
                                  item + layout->members[0].offset);
        }
        return r >= 0 ? put(printer, map ? "}" : "]") : r;
}

/* In plain form a float has the digits that people wrote: Java's encoder prints it as the double that it equals. */
static int print_float(struct printer *printer, float number)
{
        return printer->plain ? chappe_json_put_float(printer->buffer, number)
                              : chappe_json_put_double(printer->buffer, number);
}

static int print_branch(struct printer *printer, const struct chappe_schema_node *branch,
                        const struct chappe_layout *layout, const uint8_t *value)
{
        bool wrapped = !printer->plain && branch->kind != CHAPPE_SCHEMA_NULL;
        int r = 0;

        if (wrapped)
                r = put_name(printer, "{\"", branch->name ? branch->name : chappe_schema_kind_name(branch->kind));
        if (r >= 0)
                r = print(printer, branch, layout, value);
        return r >= 0 && wrapped ? put(printer, "}") : r;
}

static int print_union(struct printer *printer, const struct chappe_schema_node *node,
                       const struct chappe_layout *layout, const uint8_t *value)
{
        uint32_t branch;

        if (layout->kind == CHAPPE_LAYOUT_OPTIONAL) {
                if (!*value)
                        return put(printer, "null");
                branch = node->members[0].type->kind == CHAPPE_SCHEMA_NULL;
                return print_branch(printer, node->members[branch].type, layout->members[0].layout,
                                    value + layout->members[0].offset);
        }
        branch = *(const uint32_t *)value;
        if (branch >= node->count)
                return unfit(printer, node, "a number that is no branch");
        return print_branch(printer, node->members[branch].type, layout->members[branch].layout,
                            value + layout->members[branch].offset);
}

static int print_record(struct printer *printer, const struct chappe_schema_node *node,
                        const struct chappe_layout *layout, const uint8_t *value)
{
        int r = put(printer, "{");

        for (uint32_t i = 0; r >= 0 && i < node->count; i++) {
                r = put_name(printer, i ? ",\"" : "\"", node->members[i].name);
                if (r >= 0)
                        r = print(printer, node->members[i].type, layout->members[i].layout,
                                  value + layout->members[i].offset);
        }
        return r >= 0 ? put(printer, "}") : r;
}

static int print_by_kind(struct printer *printer, const struct chappe_schema_node *node,
                         const struct chappe_layout *layout, const uint8_t *value)
{
        const struct chappe_bytes *bytes = (const struct chappe_bytes *)value;

        if ((node->kind == CHAPPE_SCHEMA_BYTES || node->kind == CHAPPE_SCHEMA_STRING) &&
            !chappe_value_has_place(bytes->at, bytes->length))
                return unfit(printer, node, "a length, at NULL");
        if (printer->plain && node->logical_form && chappe_logical_prints(node, value))
                return chappe_logical_print(node, value, printer->buffer);
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_NULL:
                return put(printer, "null");
        case CHAPPE_SCHEMA_BOOLEAN:
                return put(printer, *value ? "true" : "false");
        case CHAPPE_SCHEMA_INT:
                return chappe_json_put_integer(printer->buffer, *(const int32_t *)value);
        case CHAPPE_SCHEMA_LONG:
                return chappe_json_put_integer(printer->buffer, *(const int64_t *)value);
        case CHAPPE_SCHEMA_FLOAT:
                return print_float(printer, *(const float *)value);
        case CHAPPE_SCHEMA_DOUBLE:
                return chappe_json_put_double(printer->buffer, *(const double *)value);
        case CHAPPE_SCHEMA_BYTES:
                return chappe_json_put_bytes(printer->buffer, bytes->at, bytes->length);
        case CHAPPE_SCHEMA_FIXED:
                return chappe_json_put_bytes(printer->buffer, value, node->count);
        case CHAPPE_SCHEMA_STRING:
                return print_text(printer, node, (const struct chappe_text *)value);
        case CHAPPE_SCHEMA_ENUM:
                return print_enum(printer, node, *(const uint32_t *)value);
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return print_items(printer, node, layout, (const struct items *)value);
        case CHAPPE_SCHEMA_UNION:
                return print_union(printer, node, layout, value);
        case CHAPPE_SCHEMA_RECORD:
                return print_record(printer, node, layout, value);
        }
        return 0;
}

static int print(struct printer *printer, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                 const uint8_t *value)
{
        int r;

        if (layout->kind == CHAPPE_LAYOUT_POINTER) {
                value = *(const uint8_t *const *)value;
                layout = layout->members[0].layout;
                if (!value)
                        return unfit(printer, node, "a pointer that is NULL");
        }
        if (++printer->depth > DEPTH_LIMIT)
                return unfit(printer, node, "the value is nested too deeply");
        r = print_by_kind(printer, node, layout, value);
        printer->depth--;
        return r;
}

static int print_all(const struct chappe_schema_node *node, const struct chappe_layout *layout, const void *value,
                     bool plain, struct chappe_buffer *buffer, struct chappe_error *error)
{
        struct printer printer = { .buffer = buffer, .error = error, .plain = plain };
        size_t length = buffer->length;
        int r = print(&printer, node, layout, value);

        if (r >= 0)
                return 0;
        buffer->length = length;
        return r == -CHAPPE_E_NO_MEMORY ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to print JSON") : r;
}

int chappe_json_print(const struct chappe_schema *schema, const struct chappe_layout *layout, const void *value,
                      struct chappe_buffer *buffer, struct chappe_error *error)
{
        return print_all(schema->root, layout, value, false, buffer, error);
}

int chappe_json_print_plain(const struct chappe_schema *schema, const struct chappe_layout *layout, const void *value,
                            struct chappe_buffer *buffer, struct chappe_error *error)
{
        return print_all(schema->root, layout, value, true, buffer, error);
}

int chappe_value_print(struct chappe_value value, struct chappe_buffer *buffer, struct chappe_error *error)
{
        if (!value.at)
                return chappe_fail(error, CHAPPE_E_VALUE_INVALID, "there is no value to print");
        return print_all(value.node, value.layout, value.at, true, buffer, error);
}
