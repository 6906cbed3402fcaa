/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a default, written as JSON, is a value of its type. */
#include <math.h>

#include "avro/schema_default.h"

enum default_state {
        DEFAULT_UNKNOWN,
        DEFAULT_BEING_CHECKED,
        DEFAULT_GOOD,
};

#define MISFIT(check, json, ...)                                                                                       \
        ((check)->error ? chappe_json_fail(&(check)->schema->document, json, (check)->error, CHAPPE_E_SCHEMA_INVALID,  \
                                           __VA_ARGS__)                                                                \
                        : -CHAPPE_E_SCHEMA_INVALID)

static int wrong_kind(struct chappe_default_check *check, const struct chappe_schema_node *node,
                      const struct chappe_json_node *json)
{
        char name[160];

        return MISFIT(check, json, "%s is no default for %s", chappe_json_kind_name(json),
                      chappe_schema_describe(node, name));
}

static int check_integer(struct chappe_default_check *check, const struct chappe_schema_node *node,
                         const struct chappe_json_node *json)
{
        int64_t number;

        if (json->kind != CHAPPE_JSON_NUMBER)
                return wrong_kind(check, node, json);
        if (!chappe_json_integer(&check->schema->document, json, &number) ||
            (node->kind == CHAPPE_SCHEMA_INT && (number < INT32_MIN || number > INT32_MAX)))
                return MISFIT(check, json, "the default is no %s", chappe_schema_kind_name(node->kind));
        return 0;
}

bool chappe_schema_float_word(struct chappe_text text, double *ret)
{
        bool negative = text.length > 0 && text.at[0] == '-';

        if (chappe_text_equal(text, chappe_text("NaN")))
                *ret = NAN;
        else if (chappe_text_equal(text, chappe_text(negative ? "-Infinity" : "Infinity")))
                *ret = negative ? -INFINITY : INFINITY;
        else
                return false;
        return true;
}

static int check_float(struct chappe_default_check *check, const struct chappe_schema_node *node,
                       const struct chappe_json_node *json)
{
        double number;

        if (json->kind == CHAPPE_JSON_NUMBER)
                return 0;
        /* Not in the specification, but Java takes these words, and there is no other way to write them. */
        if (json->kind == CHAPPE_JSON_STRING &&
            chappe_schema_float_word((struct chappe_text){ json->string, json->count }, &number))
                return 0;
        return wrong_kind(check, node, json);
}

/* Code points 0 to 255 stand for the bytes: -1 when there is another one. */
static int64_t count_latin(const struct chappe_json_node *json)
{
        int64_t count = 0;

        for (uint32_t i = 0; i < json->count; i++, count++) {
                unsigned char c = (unsigned char)json->string[i];

                if (c >= 0xC4)
                        return -1;
                if (c >= 0x80)
                        i++;
        }
        return count;
}

static int check_bytes(struct chappe_default_check *check, const struct chappe_schema_node *node,
                       const struct chappe_json_node *json)
{
        int64_t count;

        if (json->kind != CHAPPE_JSON_STRING)
                return wrong_kind(check, node, json);
        count = count_latin(json);
        if (count < 0)
                return MISFIT(check, json, "a default for bytes holds only characters up to \\u00FF");
        if (node->kind == CHAPPE_SCHEMA_FIXED && count != node->count)
                return MISFIT(check, json, "a default of %lld bytes for a fixed of %u", (long long)count, node->count);
        return 0;
}

static int check_enum(struct chappe_default_check *check, const struct chappe_schema_node *node,
                      const struct chappe_json_node *json)
{
        if (json->kind != CHAPPE_JSON_STRING)
                return wrong_kind(check, node, json);
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, json->string) == 0 && strlen(json->string) == json->count)
                        return 0;
        }
        return MISFIT(check, json, "the default '%.100s' is no symbol of enum %s", json->string, node->name);
}

static int check_items(struct chappe_default_check *check, const struct chappe_schema_node *node,
                       const struct chappe_json_node *json)
{
        if (json->kind != (node->kind == CHAPPE_SCHEMA_ARRAY ? CHAPPE_JSON_ARRAY : CHAPPE_JSON_OBJECT))
                return wrong_kind(check, node, json);
        for (const struct chappe_json_node *item = json->child; item; item = item->next) {
                int r = chappe_default_check_value(check, node->members[0].type, item);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* A field that the default leaves out takes its own default. */
static int check_record(struct chappe_default_check *check, const struct chappe_schema_node *node,
                        const struct chappe_json_node *json)
{
        if (json->kind != CHAPPE_JSON_OBJECT)
                return wrong_kind(check, node, json);
        for (uint32_t i = 0; i < node->count; i++) {
                struct chappe_schema_member *member = &node->members[i];
                const struct chappe_json_node *value = chappe_json_find(json, member->name);
                int r;

                if (!value && !member->default_json)
                        return MISFIT(check, json, "the default leaves out the field '%.100s', which has no default",
                                      member->name);
                r = value ? chappe_default_check_value(check, member->type, value)
                          : chappe_default_check_field(check, member);
                if (r < 0)
                        return r;
        }
        return 0;
}

int chappe_default_branch(struct chappe_default_check *check, const struct chappe_schema_node *node,
                          const struct chappe_json_node *json)
{
        struct chappe_error *error = check->error;
        int found = -1;

        check->error = NULL;
        for (uint32_t i = 0; i < node->count && found < 0; i++) {
                if (chappe_default_check_value(check, node->members[i].type, json) >= 0)
                        found = (int)i;
        }
        check->error = error;
        return found;
}

static int check_union(struct chappe_default_check *check, const struct chappe_schema_node *node,
                       const struct chappe_json_node *json)
{
        if (chappe_default_branch(check, node, json) >= 0)
                return 0;
        return MISFIT(check, json, "%s is no default for any branch of the union", chappe_json_kind_name(json));
}

static int check_by_kind(struct chappe_default_check *check, const struct chappe_schema_node *node,
                         const struct chappe_json_node *json)
{
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_NULL:
                return json->kind == CHAPPE_JSON_NULL ? 0 : wrong_kind(check, node, json);
        case CHAPPE_SCHEMA_BOOLEAN:
                return json->kind == CHAPPE_JSON_TRUE || json->kind == CHAPPE_JSON_FALSE
                               ? 0
                               : wrong_kind(check, node, json);
        case CHAPPE_SCHEMA_INT:
        case CHAPPE_SCHEMA_LONG:
                return check_integer(check, node, json);
        case CHAPPE_SCHEMA_FLOAT:
        case CHAPPE_SCHEMA_DOUBLE:
                return check_float(check, node, json);
        case CHAPPE_SCHEMA_STRING:
                return json->kind == CHAPPE_JSON_STRING ? 0 : wrong_kind(check, node, json);
        case CHAPPE_SCHEMA_BYTES:
        case CHAPPE_SCHEMA_FIXED:
                return check_bytes(check, node, json);
        case CHAPPE_SCHEMA_ENUM:
                return check_enum(check, node, json);
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return check_items(check, node, json);
        case CHAPPE_SCHEMA_UNION:
                return check_union(check, node, json);
        case CHAPPE_SCHEMA_RECORD:
                return check_record(check, node, json);
        }
        return -CHAPPE_E_SCHEMA_INVALID;
}

int chappe_default_check_value(struct chappe_default_check *check, const struct chappe_schema_node *node,
                               const struct chappe_json_node *json)
{
        int r;

        if (check->budget == 0 || check->depth >= CHAPPE_DEFAULT_DEPTH_LIMIT) {
                check->budget = 0;
                return check->error
                               ? chappe_json_fail(&check->schema->document, json, check->error, CHAPPE_E_SCHEMA_LIMIT,
                                                  "the default is too deep or too intricate")
                               : -CHAPPE_E_SCHEMA_LIMIT;
        }
        check->budget--;
        check->depth++;
        r = check_by_kind(check, node, json);
        check->depth--;
        return r;
}

int chappe_default_check_field(struct chappe_default_check *check, struct chappe_schema_member *member)
{
        int r;

        if (!member->default_json || member->default_state == DEFAULT_GOOD)
                return 0;
        if (member->default_state == DEFAULT_BEING_CHECKED)
                return MISFIT(check, member->default_json, "the default of '%.100s' needs itself", member->name);
        member->default_state = DEFAULT_BEING_CHECKED;
        r = chappe_default_check_value(check, member->type, member->default_json);
        member->default_state = r < 0 ? DEFAULT_UNKNOWN : DEFAULT_GOOD;
        return r;
}
