/* SPDX-License-Identifier: Apache-2.0 */
/* --print-config: the settings as a libconfig file. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "service/answers.h"

#define ORIGIN_COLUMN 56

static void put_quoted(struct chappe_buffer *buffer, const char *text)
{
        chappe_buffer_append(buffer, "\"", 1);
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        chappe_buffer_printf(buffer, "\\%c", *text);
                else if ((unsigned char)*text < 0x20 || *text == 0x7f)
                        chappe_buffer_printf(buffer, "\\x%02x", (unsigned char)*text);
                else
                        chappe_buffer_append(buffer, text, 1);
        }
        chappe_buffer_append(buffer, "\"", 1);
}

static void put_origin(struct chappe_buffer *buffer, size_t line_start, const char *origin)
{
        size_t length = buffer->length - line_start;
        int padding = length < ORIGIN_COLUMN ? (int)(ORIGIN_COLUMN - length) : 1;

        chappe_buffer_printf(buffer, "%*s# %s\n", padding, "", origin);
}

static void put_setting(struct chappe_buffer *buffer, const struct chappe_config_value *value)
{
        size_t line_start = buffer->length;
        bool hidden = value->rule->secret && *value->value;
        enum chappe_setting_kind kind = value->rule->kind;

        chappe_buffer_printf(buffer, "%s%s = ", hidden ? "# " : "", value->name);
        if (kind == CHAPPE_SETTING_INTEGER) {
                long long number = strtoll(value->value, NULL, 10);
                chappe_buffer_printf(buffer, "%lld%s", number, number > INT_MAX || number < INT_MIN ? "L" : "");
        } else if (kind == CHAPPE_SETTING_BOOLEAN) {
                chappe_buffer_printf(buffer, "%s", value->value);
        } else {
                put_quoted(buffer, value->value);
        }
        chappe_buffer_printf(buffer, ";");
        put_origin(buffer, line_start, value->origin);
}

/* The list's commas stand in front, so that each line can carry its own remark. */
static void put_property(struct chappe_buffer *buffer, const struct chappe_config_value *value, bool *first)
{
        size_t line_start = buffer->length;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer pair = { 0 };
        bool hidden = strcmp(value->value, "(hidden)") == 0;

        if (chappe_buffer_printf(&pair, "%s=%s", value->name, value->value) < 0)
                return;
        chappe_buffer_printf(buffer, hidden ? "# %s " : "%s ", hidden || *first ? " " : ",");
        put_quoted(buffer, (const char *)pair.at);
        put_origin(buffer, line_start, value->origin);
        *first = *first && hidden;
}

int chappe_print_config(const struct chappe_config *config, struct chappe_buffer *buffer)
{
        size_t count = chappe_config_count(config);
        struct chappe_config_value value;
        bool first = true;

        for (size_t i = 0; i < count; i++) {
                chappe_config_at(config, i, &value);
                if (value.rule)
                        put_setting(buffer, &value);
        }
        chappe_buffer_printf(buffer, "kafka = (\n");
        for (size_t i = 0; i < count; i++) {
                chappe_config_at(config, i, &value);
                /* It stands above, as brokers. */
                if (!value.rule && strcmp(value.name, "bootstrap.servers") != 0)
                        put_property(buffer, &value, &first);
        }
        return chappe_buffer_printf(buffer, ");\n");
}
