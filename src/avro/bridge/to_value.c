/* SPDX-License-Identifier: Apache-2.0 */
/* From a value of avro-c to one in its C form, for which nothing is taken on trust. */
#include <chappe/straight.h>

#include "avro/bridge/bridge.h"

struct taker {
        struct chappe_arena *arena;
        struct chappe_error *error;
};

static int take(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to);

static int invalid(struct taker *taker, const struct chappe_bridge_path *path, const char *reason)
{
        return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, reason, taker->error);
}

static int no_memory(struct taker *taker, const struct chappe_bridge_path *path)
{
        return chappe_bridge_fail(path, CHAPPE_E_NO_MEMORY, "the arena is out of memory", taker->error);
}

static int keep_text(struct taker *taker, const struct chappe_bridge_path *path, struct chappe_text text,
                     struct chappe_text *ret)
{
        if (!chappe_utf8_valid(text.at, text.length))
                return invalid(taker, path, "a string that is not UTF-8");
        *ret = chappe_arena_text(taker->arena, text);
        return ret->at ? 0 : no_memory(taker, path);
}

/* avro-c counts the NUL behind a string. */
static int take_string(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                       struct chappe_text *ret)
{
        const char *at = NULL;
        size_t size = 0;
        int r = chappe_bridge_check(path, avro_value_get_string(source, &at, &size), taker->error);

        return r >= 0 ? keep_text(taker, path, (struct chappe_text){ at, size ? size - 1 : 0 }, ret) : r;
}

static int take_bytes(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                      struct chappe_bytes *ret)
{
        struct chappe_text copy;
        const void *at = NULL;
        size_t size = 0;
        int r = chappe_bridge_check(path, avro_value_get_bytes(source, &at, &size), taker->error);

        if (r < 0)
                return r;
        copy = chappe_arena_text(taker->arena, (struct chappe_text){ at, size });
        *ret = (struct chappe_bytes){ (const uint8_t *)copy.at, copy.length };
        return copy.at ? 0 : no_memory(taker, path);
}

static int take_fixed(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                      const struct chappe_schema_node *node, uint8_t *to)
{
        const void *at = NULL;
        size_t size = 0;
        int r = chappe_bridge_check(path, avro_value_get_fixed(source, &at, &size), taker->error);

        if (r < 0)
                return r;
        if (size != node->count)
                return invalid(taker, path, "a fixed of another size");
        memcpy(to, at, size);
        return 0;
}

static int take_enum(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                     const struct chappe_schema_node *node, uint8_t *to)
{
        int symbol = -1, r = chappe_bridge_check(path, avro_value_get_enum(source, &symbol), taker->error);

        if (r < 0)
                return r;
        if (symbol < 0 || (uint32_t)symbol >= node->count)
                return invalid(taker, path, "a number that is no symbol");
        memcpy(to, &(int32_t){ symbol }, 4);
        return 0;
}

static int take_item(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source, size_t n,
                     const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to)
{
        struct chappe_bridge_path step = { path, NULL, n, path->depth + 1 };
        avro_value_t item;
        const char *key = NULL;
        int r = chappe_bridge_check(&step, avro_value_get_by_index(source, n, &item, &key), taker->error);

        if (r >= 0 && node->kind == CHAPPE_SCHEMA_MAP)
                r = keep_text(taker, &step, chappe_text(key), (struct chappe_text *)to);
        if (r < 0)
                return r;
        return take(taker, &step, &item, node->members[0].type, layout->members[0].layout,
                    to + layout->members[0].offset);
}

static int take_items(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                      const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to)
{
        size_t count = 0, size;
        int r = chappe_bridge_check(path, avro_value_get_size(source, &count), taker->error);
        uint8_t *items;

        if (r < 0 || count == 0)
                return r;
        items = __builtin_mul_overflow(count, (size_t)layout->stride, &size) ? NULL
                                                                             : chappe_arena_zalloc(taker->arena, size);
        if (!items)
                return no_memory(taker, path);
        *(struct chappe_value_items *)to = (struct chappe_value_items){ items, count };
        for (size_t i = 0; r >= 0 && i < count; i++)
                r = take_item(taker, path, source, i, node, layout, items + i * layout->stride);
        return r;
}

static int take_union(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                      const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to)
{
        const struct chappe_member *member = layout->members;
        const struct chappe_schema_node *chosen;
        avro_value_t branch;
        int n = -1, r = chappe_bridge_check(path, avro_value_get_discriminant(source, &n), taker->error);

        if (r < 0)
                return r;
        if (n < 0 || (uint32_t)n >= node->count)
                return invalid(taker, path, "a union of which no branch is set");
        chosen = node->members[n].type;
        r = chappe_bridge_check(path, avro_value_get_current_branch(source, &branch), taker->error);
        if (r < 0)
                return r;
        if (layout->kind == CHAPPE_LAYOUT_UNION) {
                memcpy(to, &(int32_t){ n }, 4);
                member += n;
        } else if (chosen->kind == CHAPPE_SCHEMA_NULL) {
                return 0; /* absent, as the memory starts */
        } else {
                *(bool *)to = true;
        }
        return take(taker, path, &branch, chosen, member->layout, to + member->offset);
}

static int take_record(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                       const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to)
{
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < node->count; i++) {
                struct chappe_bridge_path step = { path, node->members[i].name, 0, path->depth + 1 };
                avro_value_t field;

                r = chappe_bridge_check(&step, avro_value_get_by_index(source, i, &field, NULL), taker->error);
                if (r >= 0)
                        r = take(taker, &step, &field, node->members[i].type, layout->members[i].layout,
                                 to + layout->members[i].offset);
        }
        return r;
}

static int take_boolean(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                        uint8_t *to)
{
        int truth = 0, r = chappe_bridge_check(path, avro_value_get_boolean(source, &truth), taker->error);

        *to = truth != 0;
        return r;
}

static int take_by_kind(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                        const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to)
{
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_NULL:
                return 0;
        case CHAPPE_SCHEMA_BOOLEAN:
                return take_boolean(taker, path, source, to);
        case CHAPPE_SCHEMA_INT:
                return chappe_bridge_check(path, avro_value_get_int(source, (int32_t *)to), taker->error);
        case CHAPPE_SCHEMA_LONG:
                return chappe_bridge_check(path, avro_value_get_long(source, (int64_t *)to), taker->error);
        case CHAPPE_SCHEMA_FLOAT:
                return chappe_bridge_check(path, avro_value_get_float(source, (float *)to), taker->error);
        case CHAPPE_SCHEMA_DOUBLE:
                return chappe_bridge_check(path, avro_value_get_double(source, (double *)to), taker->error);
        case CHAPPE_SCHEMA_BYTES:
                return take_bytes(taker, path, source, (struct chappe_bytes *)to);
        case CHAPPE_SCHEMA_STRING:
                return take_string(taker, path, source, (struct chappe_text *)to);
        case CHAPPE_SCHEMA_FIXED:
                return take_fixed(taker, path, source, node, to);
        case CHAPPE_SCHEMA_ENUM:
                return take_enum(taker, path, source, node, to);
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return take_items(taker, path, source, node, layout, to);
        case CHAPPE_SCHEMA_UNION:
                return take_union(taker, path, source, node, layout, to);
        case CHAPPE_SCHEMA_RECORD:
                return take_record(taker, path, source, node, layout, to);
        }
        return 0;
}

static int take(struct taker *taker, const struct chappe_bridge_path *path, const avro_value_t *source,
                const struct chappe_schema_node *node, const struct chappe_layout *layout, uint8_t *to)
{
        if (path->depth > CHAPPE_BRIDGE_DEPTH)
                return invalid(taker, path, "the value is nested too deeply");
        if (!chappe_bridge_fits(source, node))
                return invalid(taker, path, "avro-c's value is of another schema");
        if (layout->kind == CHAPPE_LAYOUT_POINTER) {
                uint8_t *target;

                layout = layout->members[0].layout;
                target = chappe_arena_zalloc(taker->arena, layout->size);
                if (!target)
                        return no_memory(taker, path);
                memcpy(to, &target, sizeof(target));
                to = target;
        }
        return take_by_kind(taker, path, source, node, layout, to);
}

int chappe_avro_to_value(const avro_value_t *source, struct chappe_schema *schema, struct chappe_arena *arena,
                         struct chappe_value *ret_value, struct chappe_error *error)
{
        struct chappe_bridge_path path = { 0 };
        struct taker taker = { arena, error };
        struct chappe_value value;
        uint8_t *to;
        int r = chappe_value_of(schema, NULL, &value, error);

        if (r < 0)
                return r;
        to = chappe_arena_zalloc(arena, value.layout->size);
        if (!to)
                return no_memory(&taker, &path);
        r = take(&taker, &path, source, value.node, value.layout, to);
        value.at = to;
        if (r >= 0)
                *ret_value = value;
        return r;
}
