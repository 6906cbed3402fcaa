/* SPDX-License-Identifier: Apache-2.0 */
/* A row of CSV as a JSON object that fits a record. */
#include "csv_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct chappe_schema_node *find_field(const struct chappe_schema *schema, const char *column,
                                                   bool *ret_default)
{
        const struct chappe_schema_node *root = chappe_schema_root(schema);

        if (chappe_schema_node_kind(root) != CHAPPE_SCHEMA_RECORD)
                return NULL;
        for (size_t i = 0; i < chappe_schema_node_count(root); i++) {
                if (strcmp(chappe_schema_node_name_at(root, i), column) == 0) {
                        *ret_default = chappe_schema_node_default_at(root, i) != NULL;
                        return chappe_schema_node_at(root, i);
                }
        }
        return NULL;
}

bool csv_json_knows(const struct chappe_schema *schema, const char *column)
{
        bool unused;

        return find_field(schema, column, &unused) != NULL;
}

/* The branch that a cell is written for: the first that is not null. */
static const struct chappe_schema_node *written_branch(const struct chappe_schema_node *node, bool *ret_null)
{
        const struct chappe_schema_node *branch = NULL;

        if (chappe_schema_node_kind(node) != CHAPPE_SCHEMA_UNION)
                return node;
        for (size_t i = 0; i < chappe_schema_node_count(node); i++) {
                const struct chappe_schema_node *at = chappe_schema_node_at(node, i);

                if (chappe_schema_node_kind(at) == CHAPPE_SCHEMA_NULL)
                        *ret_null = true;
                else if (!branch)
                        branch = at;
        }
        return branch;
}

/* "2026-11-28" rather than 20785. */
static bool is_logical_text(const struct chappe_schema_node *node, const char *cell)
{
        size_t sign = *cell == '-' || *cell == '+';

        return chappe_schema_node_logical(node) && cell[sign + strspn(cell + sign, "0123456789")] != '\0';
}

static json_t *cell_json(const struct chappe_schema_node *node, const char *cell)
{
        bool nullable = false;

        node = written_branch(node, &nullable);
        if (nullable && !*cell)
                return json_null();
        switch (node ? chappe_schema_node_kind(node) : CHAPPE_SCHEMA_NULL) {
        case CHAPPE_SCHEMA_STRING:
        case CHAPPE_SCHEMA_BYTES:
        case CHAPPE_SCHEMA_FIXED:
        case CHAPPE_SCHEMA_ENUM:
                return json_string(cell);
        case CHAPPE_SCHEMA_INT:
        case CHAPPE_SCHEMA_LONG:
                return is_logical_text(node, cell) ? json_string(cell) : NULL;
        default:
                return NULL; /* as it stands */
        }
}

static bool is_json(const char *cell)
{
        json_t *json = json_loads(cell, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
        bool good = json != NULL;

        json_decref(json);
        return good;
}

static int refuse_cell(const struct chappe_schema_node *node, const char *column, const char *cell,
                       struct chappe_error *error)
{
        bool unused;

        node = written_branch(node, &unused);
        if (node && chappe_schema_node_kind(node) == CHAPPE_SCHEMA_BOOLEAN)
                return chappe_fail(error, CHAPPE_E_JSON_MISMATCH, "the column %s: '%.100s' is neither true nor false",
                                   column, cell);
        return chappe_fail(error, CHAPPE_E_JSON_MISMATCH, "the column %s: '%.100s' is not understood", column, cell);
}

static int append_cell(const struct chappe_schema_node *node, const char *name, const char *cell,
                       struct chappe_buffer *json, struct chappe_error *error)
{
        json_t *value = cell_json(node, cell);
        char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        int status;

        if (!value && !is_json(cell))
                return refuse_cell(node, name, cell, error);
        status = chappe_buffer_printf(json, "%s\"%s\":%s", json->length > 1 ? "," : "", name, text ? text : cell);

        json_decref(value);
        free(text);
        return status < 0 ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a row") : 0;
}

int csv_json_row(const struct chappe_schema *schema, const struct csv *csv, char *const *header, size_t columns,
                 struct chappe_buffer *json, struct chappe_error *error)
{
        if (chappe_buffer_append(json, "{", 1) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a row");
        for (size_t i = 0; i < columns; i++) {
                bool nullable = false, defaults = false;
                const struct chappe_schema_node *node = find_field(schema, header[i], &defaults);
                const char *cell = csv_field(csv, i);
                const struct chappe_schema_node *written = written_branch(node, &nullable);
                bool plain = written && (chappe_schema_node_kind(written) == CHAPPE_SCHEMA_STRING ||
                                         chappe_schema_node_kind(written) == CHAPPE_SCHEMA_BYTES);

                if (!*cell && defaults)
                        continue; /* what is left out takes it */
                if (!*cell && !nullable && !plain)
                        return chappe_fail(error, CHAPPE_E_JSON_MISMATCH, "the column %s is empty", header[i]);
                if (append_cell(node, header[i], cell, json, error) < 0)
                        return -error->code;
        }
        return chappe_buffer_append(json, "}", 1) < 0 ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a row")
                                                      : 0;
}

/* "line 1:56: $.column[0].name: what" */
void csv_json_blame(const struct csv *csv, char *const *header, size_t columns, struct chappe_error *error)
{
        struct chappe_error why = *error;
        const char *path = strstr(why.text, ": $");

        for (size_t i = 0; path && i < columns; i++) {
                size_t length = strlen(header[i]);
                const char *rest = path + 4 + length;

                if (path[3] != '.' || strncmp(path + 4, header[i], length) != 0 || !strchr(".[:", *rest))
                        continue;
                chappe_fail(error, why.code, "the column %s: '%.100s': %s%s", header[i], csv_field(csv, i),
                            *rest == ':' ? "" : "$", *rest == ':' ? rest + 2 : rest);
                return;
        }
        if (path)
                chappe_fail(error, why.code, "%s", path + 2);
}
