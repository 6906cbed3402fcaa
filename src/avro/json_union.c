/* SPDX-License-Identifier: Apache-2.0 */
/* Unions in JSON: wrapped in the branch's name, or plain, so that the branch has to be found. */
#include "avro/json_logical.h"
#include "avro/json_read.h"
#include "avro/schema_default.h"

static int read_branch(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                       const struct chappe_layout *layout, uint32_t branch, const struct chappe_json_node *json,
                       uint8_t *value)
{
        const struct chappe_member *member = layout->members;
        const struct chappe_schema_node *type = node->members[branch].type;

        memset(value, 0, layout->size);
        if (layout->kind == CHAPPE_LAYOUT_UNION) {
                member += branch;
                *(int32_t *)value = (int32_t)branch;
        } else if (type->kind != CHAPPE_SCHEMA_NULL) {
                *(bool *)value = true;
        } else {
                return json->kind == CHAPPE_JSON_NULL ? 0 : chappe_json_wrong_kind(reader, type, json);
        }
        return chappe_json_read_value(reader, type, member->layout, json, value + member->offset);
}

/* The branch whose name an object of one member has, or -1. */
static int wrapped_branch(const struct chappe_schema_node *node, const struct chappe_json_node *json)
{
        if (json->kind != CHAPPE_JSON_OBJECT || json->count != 1)
                return -1;
        for (uint32_t i = 0; i < node->count; i++) {
                const struct chappe_schema_node *branch = node->members[i].type;
                const char *name = branch->name ? branch->name : chappe_schema_kind_name(branch->kind);

                if (strcmp(name, json->child->key) == 0)
                        return (int)i;
        }
        return -1;
}

static unsigned suits_number(const struct chappe_json_reader *reader, const struct chappe_schema_node *branch,
                             const struct chappe_json_node *json)
{
        int64_t number;

        switch ((enum chappe_schema_kind)branch->kind) {
        case CHAPPE_SCHEMA_INT:
        case CHAPPE_SCHEMA_LONG:
                return chappe_json_integer(reader->document, json, &number) ? 2 : 1;
        case CHAPPE_SCHEMA_FLOAT:
        case CHAPPE_SCHEMA_DOUBLE:
                return 1;
        default:
                return reader->plain && chappe_logical_parses(branch, true);
        }
}

static unsigned suits_string(const struct chappe_json_reader *reader, const struct chappe_schema_node *branch)
{
        switch ((enum chappe_schema_kind)branch->kind) {
        case CHAPPE_SCHEMA_STRING:
                return 2;
        case CHAPPE_SCHEMA_BYTES:
        case CHAPPE_SCHEMA_FIXED:
        case CHAPPE_SCHEMA_ENUM:
        case CHAPPE_SCHEMA_FLOAT:
        case CHAPPE_SCHEMA_DOUBLE:
                return 1;
        default:
                return reader->plain && chappe_logical_parses(branch, false);
        }
}

/* How well a branch suits what is written: 2 what it looks like, 1 perhaps, 0 not at all. */
static unsigned suits(const struct chappe_json_reader *reader, const struct chappe_schema_node *branch,
                      const struct chappe_json_node *json)
{
        enum chappe_schema_kind kind = branch->kind;

        switch ((enum chappe_json_kind)json->kind) {
        case CHAPPE_JSON_NULL:
                return 2 * (kind == CHAPPE_SCHEMA_NULL);
        case CHAPPE_JSON_FALSE:
        case CHAPPE_JSON_TRUE:
                return 2 * (kind == CHAPPE_SCHEMA_BOOLEAN);
        case CHAPPE_JSON_NUMBER:
                return suits_number(reader, branch, json);
        case CHAPPE_JSON_STRING:
                return suits_string(reader, branch);
        case CHAPPE_JSON_ARRAY:
                return 2 * (kind == CHAPPE_SCHEMA_ARRAY);
        case CHAPPE_JSON_OBJECT:
                return kind == CHAPPE_SCHEMA_RECORD ? 2 : kind == CHAPPE_SCHEMA_MAP;
        }
        return 0;
}

/* Tries the branches that suit, the best first; the error of the only one that did is worth more than "none". */
static int read_plain_union(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                            const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value)
{
        struct chappe_error *error = reader->error;
        unsigned candidates = 0;
        uint32_t only = 0;

        reader->error = NULL;
        for (unsigned rank = 2; rank > 0; rank--) {
                for (uint32_t i = 0; i < node->count; i++) {
                        if (suits(reader, node->members[i].type, json) != rank)
                                continue;
                        candidates++;
                        only = i;
                        if (reader->tries > 0 && read_branch(reader, node, layout, i, json, value) >= 0) {
                                reader->error = error;
                                return 0;
                        }
                }
        }
        reader->error = error;
        if (reader->tries == 0)
                return CHAPPE_JSON_MISFIT(reader, json,
                                          "unions within unions that take too long to try; name the branches");
        if (candidates == 1)
                return read_branch(reader, node, layout, only, json, value);
        return CHAPPE_JSON_MISFIT(reader, json, "%s fits no branch of the union", chappe_json_kind_name(json));
}

int chappe_json_read_union(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                           const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value)
{
        int branch = wrapped_branch(node, json);
        struct chappe_error *error = reader->error;
        int r;

        if (chappe_json_in_default(reader)) {
                struct chappe_default_check check = { .schema = reader->schema,
                                                      .budget = CHAPPE_SCHEMA_DEFAULT_BUDGET };

                branch = chappe_default_branch(&check, node, json);
                return branch < 0 ? CHAPPE_JSON_MISFIT(reader, json, "a default that is too intricate")
                                  : read_branch(reader, node, layout, (uint32_t)branch, json, value);
        }
        if (branch < 0)
                return read_plain_union(reader, node, layout, json, value);
        r = read_branch(reader, node, layout, (uint32_t)branch, json->child, value);
        if (r >= 0)
                return r;
        /* It may be a plain record or map whose only member happens to be called like a branch. */
        reader->error = NULL;
        if (read_plain_union(reader, node, layout, json, value) >= 0)
                r = 0;
        reader->error = error;
        return r;
}
