/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into values of any schema. */
#include <chappe/value.h>

#include <stdlib.h>

#include "avro/plan.h"
#include "avro/value_parts.h"

static const struct chappe_value none;

int chappe_value_of(struct chappe_schema *schema, const void *at, struct chappe_value *ret_value,
                    struct chappe_error *error)
{
        const struct chappe_layout *layout = chappe_schema_layout(schema, error);

        if (!layout)
                return error && error->code ? -error->code : -CHAPPE_E_SCHEMA_LIMIT;
        *ret_value = (struct chappe_value){ schema->root, layout, at };
        return 0;
}

int chappe_value_of_type(const struct chappe_type *type, const void *at, struct chappe_value *ret_value,
                         struct chappe_error *error)
{
        const struct chappe_plan *plan;
        int status = chappe_type_plan(type, &plan, error);

        if (status >= 0)
                *ret_value = (struct chappe_value){ plan->reader->root, type->layout, at };
        return status < 0 ? status : 0;
}

int chappe_value_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                        const struct chappe_decode_limits *limits, struct chappe_value *ret_value,
                        struct chappe_error *error)
{
        void *at = chappe_arena_alloc(arena, plan->layout->size);
        int status;

        if (!at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "the arena is out of memory");
        status = chappe_plan_decode(plan, bytes, length, arena, limits, at, error);
        if (status >= 0)
                *ret_value = (struct chappe_value){ plan->reader->root, plan->layout, at };
        return status;
}

/* Through pointers and unions to what has a kind of its own; none for null. */
static struct chappe_value reach(struct chappe_value value)
{
        while (value.at) {
                if (value.layout->kind == CHAPPE_LAYOUT_POINTER)
                        value = chappe_value_target(value);
                else if (value.node->kind == CHAPPE_SCHEMA_UNION)
                        chappe_value_branch(value, &value);
                else
                        break;
        }
        return value.at && value.node->kind != CHAPPE_SCHEMA_NULL ? value : none;
}

enum chappe_schema_kind chappe_value_kind(struct chappe_value value)
{
        value = reach(value);
        return value.at ? (enum chappe_schema_kind)value.node->kind : CHAPPE_SCHEMA_NULL;
}

size_t chappe_value_count(struct chappe_value value)
{
        value = reach(value);
        if (!value.at)
                return 0;
        switch ((enum chappe_schema_kind)value.node->kind) {
        case CHAPPE_SCHEMA_RECORD:
                return value.node->count;
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return ((const struct chappe_value_items *)value.at)->count;
        default:
                return 0;
        }
}

struct chappe_value chappe_value_at(struct chappe_value value, size_t n)
{
        value = reach(value);
        if (n >= chappe_value_count(value))
                return none;
        return value.node->kind == CHAPPE_SCHEMA_RECORD ? chappe_value_member(value, n) : chappe_value_item(value, n);
}

struct chappe_text chappe_value_key_at(struct chappe_value value, size_t n)
{
        value = reach(value);
        if (n >= chappe_value_count(value) || value.node->kind == CHAPPE_SCHEMA_ARRAY)
                return (struct chappe_text){ 0 };
        return value.node->kind == CHAPPE_SCHEMA_RECORD ? chappe_text(value.node->members[n].name)
                                                        : *chappe_value_entry_key(value, n);
}

static struct chappe_value find(struct chappe_value value, struct chappe_text name)
{
        size_t count = chappe_value_count(value);

        for (size_t i = 0; i < count; i++) {
                if (chappe_text_equal(chappe_value_key_at(value, i), name))
                        return chappe_value_at(value, i);
        }
        return none;
}

/* One step from *path on: "[3]" or "name", with its dot. */
static struct chappe_value walk(struct chappe_value value, const char **path)
{
        const char *start = *path + (**path == '.');
        size_t length = strcspn(start, ".[");
        char *end;
        unsigned long n;

        if (*start != '[') {
                *path = start + length;
                return length > 0 ? find(value, (struct chappe_text){ start, length }) : none;
        }
        n = strtoul(start + 1, &end, 10);
        if (end == start + 1 || *end != ']' || chappe_value_kind(value) != CHAPPE_SCHEMA_ARRAY)
                return none;
        *path = end + 1;
        return chappe_value_at(value, n);
}

struct chappe_value chappe_value_get(struct chappe_value value, const char *path)
{
        if (*path == '$')
                path++;
        while (*path && value.at)
                value = walk(value, &path);
        return value;
}

bool chappe_value_boolean(struct chappe_value value, bool *ret_value)
{
        if (chappe_value_kind(value) != CHAPPE_SCHEMA_BOOLEAN)
                return false;
        *ret_value = *(const bool *)reach(value).at;
        return true;
}

bool chappe_value_integer(struct chappe_value value, int64_t *ret_value)
{
        enum chappe_schema_kind kind = chappe_value_kind(value);

        value = reach(value);
        if (kind != CHAPPE_SCHEMA_INT && kind != CHAPPE_SCHEMA_LONG)
                return false;
        *ret_value = kind == CHAPPE_SCHEMA_INT ? *(const int32_t *)value.at : *(const int64_t *)value.at;
        return true;
}

bool chappe_value_number(struct chappe_value value, double *ret_value)
{
        enum chappe_schema_kind kind = chappe_value_kind(value);
        int64_t integer;

        value = reach(value);
        if (kind == CHAPPE_SCHEMA_FLOAT)
                *ret_value = *(const float *)value.at;
        else if (kind == CHAPPE_SCHEMA_DOUBLE)
                *ret_value = *(const double *)value.at;
        else if (chappe_value_integer(value, &integer))
                *ret_value = (double)integer;
        else
                return false;
        return true;
}

bool chappe_value_text(struct chappe_value value, struct chappe_text *ret_value)
{
        enum chappe_schema_kind kind = chappe_value_kind(value);

        value = reach(value);
        if (kind == CHAPPE_SCHEMA_STRING)
                *ret_value = *(const struct chappe_text *)value.at;
        else if (kind == CHAPPE_SCHEMA_ENUM && *(const uint32_t *)value.at < value.node->count)
                *ret_value = chappe_text(value.node->members[*(const uint32_t *)value.at].name);
        else
                return false;
        return true;
}

bool chappe_value_bytes(struct chappe_value value, struct chappe_bytes *ret_value)
{
        enum chappe_schema_kind kind = chappe_value_kind(value);

        value = reach(value);
        if (kind == CHAPPE_SCHEMA_BYTES)
                *ret_value = *(const struct chappe_bytes *)value.at;
        else if (kind == CHAPPE_SCHEMA_FIXED)
                *ret_value = (struct chappe_bytes){ value.at, value.node->count };
        else
                return false;
        return true;
}
