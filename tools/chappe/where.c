/* SPDX-License-Identifier: Apache-2.0 */
/* --where field=value: which values are meant. */
#include "where.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

bool where_parse(const struct command_line *line, struct where *ret_where)
{
        const char *condition;

        for (size_t i = 0; (condition = command_value_at(line, "where", i)); i++) {
                const char *equals = strchr(condition, '=');

                if (!equals || equals == condition || i == WHERE_LIMIT) {
                        command_misuse("--where is FIELD=VALUE, at most %d times, not '%s'", WHERE_LIMIT, condition);
                        return false;
                }
                ret_where->conditions[i].path = condition;
                ret_where->conditions[i].path_length = (int)(equals - condition);
                ret_where->conditions[i].value = equals + 1;
                ret_where->count = i + 1;
        }
        return true;
}

static const json_t *walk(const json_t *value, const char *path, int length)
{
        while (value && length > 0) {
                const char *dot = memchr(path, '.', (size_t)length);
                int step = dot ? (int)(dot - path) : length;
                char name[256];

                snprintf(name, sizeof(name), "%.*s", step, path);
                value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10))
                                             : json_object_get(value, name);
                path += dot ? step + 1 : step;
                length -= dot ? step + 1 : step;
        }
        return value;
}

static bool is_value(const json_t *json, const char *value)
{
        char *text;
        bool same;

        if (json_is_string(json))
                return strcmp(json_string_value(json), value) == 0;
        text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        same = text && strcmp(text, value) == 0;
        free(text);
        return same;
}

bool where_matches(struct where *where, const struct chappe_buffer *json)
{
        json_t *value;
        bool fits = true;

        if (where->count == 0)
                return true;
        value = json ? json_loadb((const char *)json->at, json->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
        for (size_t i = 0; i < where->count; i++) { /* all of them: each has to be met once */
                const json_t *field = walk(value, where->conditions[i].path, where->conditions[i].path_length);

                where->conditions[i].met = where->conditions[i].met || field;
                fits = fits && field && is_value(field, where->conditions[i].value);
        }
        json_decref(value);
        return fits;
}

const char *where_unmet(const struct where *where, int *ret_length)
{
        for (size_t i = 0; i < where->count; i++)
                if (!where->conditions[i].met) {
                        *ret_length = where->conditions[i].path_length;
                        return where->conditions[i].path;
                }
        return NULL;
}
