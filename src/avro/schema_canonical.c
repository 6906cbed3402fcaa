/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing Canonical Form and CRC-64-AVRO (specification, "Parsing Canonical Form for Schemas" and "Schema
 * Fingerprints"). */
#include <stdlib.h>

#include "avro/schema_model.h"

#include <chappe/buffer.h>

#define CRC_EMPTY        UINT64_C(0xc15d213aa4d7a795)
#define CANONICAL_FACTOR 4 /* of the longest text: full names take the place of short ones */

struct printer {
        struct chappe_buffer buffer;
        size_t limit;
        bool *defined; /* by node number */
        bool failed;
};

static void put(struct printer *printer, const char *text)
{
        if (printer->buffer.length > printer->limit || chappe_buffer_append(&printer->buffer, text, strlen(text)) < 0)
                printer->failed = true;
}

static void put_quoted(struct printer *printer, const char *before, const char *text)
{
        put(printer, before);
        put(printer, "\"");
        put(printer, text);
        put(printer, "\"");
}

static void print(struct printer *printer, const struct chappe_schema_node *node);

static void print_symbols(struct printer *printer, const struct chappe_schema_node *node)
{
        put(printer, ",\"symbols\":[");
        for (uint32_t i = 0; i < node->count; i++)
                put_quoted(printer, i ? "," : "", node->members[i].name);
        put(printer, "]");
}

static void print_fields(struct printer *printer, const struct chappe_schema_node *node)
{
        put(printer, ",\"fields\":[");
        for (uint32_t i = 0; i < node->count; i++) {
                put_quoted(printer, i ? ",{\"name\":" : "{\"name\":", node->members[i].name);
                put(printer, ",\"type\":");
                print(printer, node->members[i].type);
                put(printer, "}");
        }
        put(printer, "]");
}

static void print_named(struct printer *printer, const struct chappe_schema_node *node)
{
        if (printer->defined[node->number]) {
                put_quoted(printer, "", node->name);
                return;
        }
        printer->defined[node->number] = true;
        put_quoted(printer, "{\"name\":", node->name);
        put_quoted(printer, ",\"type\":", chappe_schema_kind_name(node->kind));
        if (node->kind == CHAPPE_SCHEMA_ENUM) {
                print_symbols(printer, node);
        } else if (node->kind == CHAPPE_SCHEMA_RECORD) {
                print_fields(printer, node);
        } else if (chappe_buffer_printf(&printer->buffer, ",\"size\":%u", node->count) < 0) {
                printer->failed = true;
        }
        put(printer, "}");
}

static void print_union(struct printer *printer, const struct chappe_schema_node *node)
{
        put(printer, "[");
        for (uint32_t i = 0; i < node->count; i++) {
                put(printer, i ? "," : "");
                print(printer, node->members[i].type);
        }
        put(printer, "]");
}

static void print(struct printer *printer, const struct chappe_schema_node *node)
{
        if (printer->failed)
                return;
        if (node->name) {
                print_named(printer, node);
        } else if (node->kind == CHAPPE_SCHEMA_UNION) {
                print_union(printer, node);
        } else if (node->kind == CHAPPE_SCHEMA_ARRAY || node->kind == CHAPPE_SCHEMA_MAP) {
                put(printer, node->kind == CHAPPE_SCHEMA_ARRAY ? "{\"type\":\"array\",\"items\":"
                                                               : "{\"type\":\"map\",\"values\":");
                print(printer, node->members[0].type);
                put(printer, "}");
        } else {
                put_quoted(printer, "", chappe_schema_kind_name(node->kind));
        }
}

static uint64_t crc64(const uint8_t *at, size_t length)
{
        uint64_t table[256], crc = CRC_EMPTY;

        for (unsigned i = 0; i < 256; i++) {
                table[i] = i;
                for (int bit = 0; bit < 8; bit++)
                        table[i] = table[i] >> 1 ^ (CRC_EMPTY & -(table[i] & 1));
        }
        for (size_t i = 0; i < length; i++)
                crc = crc >> 8 ^ table[(crc ^ at[i]) & 255];
        return crc;
}

int chappe_schema_canonicalise(struct chappe_schema *schema, struct chappe_error *error)
{
        struct printer printer = { .defined = calloc(schema->node_count, sizeof(bool)),
                                   .limit = CANONICAL_FACTOR * schema->limits.schema_text };
        bool too_long;

        if (printer.defined)
                print(&printer, schema->root);
        free(printer.defined);
        if (!printer.failed && printer.buffer.at) {
                schema->canonical = chappe_arena_text(
                        schema->arena, (struct chappe_text){ (const char *)printer.buffer.at, printer.buffer.length });
                schema->fingerprint = crc64(printer.buffer.at, printer.buffer.length);
        }
        too_long = printer.buffer.length > printer.limit;
        chappe_buffer_deinit(&printer.buffer);
        if (too_long)
                return chappe_fail(error, CHAPPE_E_SCHEMA_LIMIT,
                                   "%s: canonical form of more than %zu bytes (four times schema_text)",
                                   schema->document.name, printer.limit);
        return schema->canonical.at ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
}
