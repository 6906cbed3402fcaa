/* SPDX-License-Identifier: Apache-2.0 */
/* From a value in its C form to one of avro-c. */
#include "avro/bridge/bridge.h"

struct giver {
        struct chappe_error *error;
        struct chappe_buffer scratch; /* a string with the NUL behind it that avro-c wants */
};

static int give(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                avro_value_t *target);

/* A terminated copy, good until the next one. */
static const char *terminated(struct giver *giver, const struct chappe_text *text)
{
        giver->scratch.length = 0;
        if (chappe_buffer_append(&giver->scratch, text->at, text->length) < 0 ||
            chappe_buffer_append(&giver->scratch, "", 1) < 0)
                return NULL;
        return (const char *)giver->scratch.at;
}

static int no_memory(struct giver *giver, const struct chappe_bridge_path *path)
{
        return chappe_bridge_fail(path, CHAPPE_E_NO_MEMORY, "no memory for a value of avro-c", giver->error);
}

static int give_string(struct giver *giver, const struct chappe_bridge_path *path, const struct chappe_text *text,
                       avro_value_t *target)
{
        const char *copy = terminated(giver, text);

        if (!copy)
                return no_memory(giver, path);
        return chappe_bridge_check(path, avro_value_set_string_len(target, (char *)copy, text->length + 1),
                                   giver->error);
}

static int give_bytes(struct giver *giver, const struct chappe_bridge_path *path, const struct chappe_bytes *bytes,
                      avro_value_t *target)
{
        void *at = bytes->length ? (void *)bytes->at : (void *)"";

        return chappe_bridge_check(path, avro_value_set_bytes(target, at, bytes->length), giver->error);
}

static int give_enum(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                     avro_value_t *target)
{
        uint32_t symbol = *(const uint32_t *)value.at;

        if (symbol >= value.node->count)
                return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "a number that is no symbol", giver->error);
        return chappe_bridge_check(path, avro_value_set_enum(target, (int)symbol), giver->error);
}

static int give_array(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                      avro_value_t *target)
{
        size_t count = ((const struct chappe_value_items *)value.at)->count;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < count; i++) {
                struct chappe_bridge_path step = { path, NULL, i, path->depth + 1 };
                avro_value_t item;

                r = chappe_bridge_check(&step, avro_value_append(target, &item, NULL), giver->error);
                if (r >= 0)
                        r = give(giver, &step, chappe_value_item(value, i), &item);
        }
        return r;
}

static int give_entry(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value, size_t n,
                      avro_value_t *target)
{
        const struct chappe_text *key = chappe_value_entry_key(value, n);
        struct chappe_bridge_path step = { path, NULL, n, path->depth + 1 };
        const char *copy = terminated(giver, key);
        avro_value_t entry;
        int r;

        if (!copy)
                return no_memory(giver, path);
        if (strlen(copy) != key->length)
                return chappe_bridge_fail(&step, CHAPPE_E_VALUE_INVALID,
                                          "a key with a NUL inside, which avro-c would cut off", giver->error);
        r = chappe_bridge_check(&step, avro_value_add(target, copy, &entry, NULL, NULL), giver->error);
        return r >= 0 ? give(giver, &step, chappe_value_item(value, n), &entry) : r;
}

static int give_map(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                    avro_value_t *target)
{
        size_t count = ((const struct chappe_value_items *)value.at)->count;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < count; i++)
                r = give_entry(giver, path, value, i, target);
        return r;
}

static int give_union(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                      avro_value_t *target)
{
        struct chappe_value inner;
        uint32_t branch = chappe_value_branch(value, &inner);
        avro_value_t chosen;
        int r;

        if (branch >= value.node->count)
                return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "a number that is no branch", giver->error);
        r = chappe_bridge_check(path, avro_value_set_branch(target, (int)branch, &chosen), giver->error);
        if (r < 0)
                return r;
        return inner.at ? give(giver, path, inner, &chosen)
                        : chappe_bridge_check(path, avro_value_set_null(&chosen), giver->error);
}

static int give_record(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                       avro_value_t *target)
{
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < value.node->count; i++) {
                struct chappe_bridge_path step = { path, value.node->members[i].name, 0, path->depth + 1 };
                avro_value_t field;

                r = chappe_bridge_check(&step, avro_value_get_by_index(target, i, &field, NULL), giver->error);
                if (r >= 0)
                        r = give(giver, &step, chappe_value_member(value, i), &field);
        }
        return r;
}

static int give_by_kind(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                        avro_value_t *target)
{
        switch ((enum chappe_schema_kind)value.node->kind) {
        case CHAPPE_SCHEMA_NULL:
                return chappe_bridge_check(path, avro_value_set_null(target), giver->error);
        case CHAPPE_SCHEMA_BOOLEAN:
                return chappe_bridge_check(path, avro_value_set_boolean(target, *(const bool *)value.at), giver->error);
        case CHAPPE_SCHEMA_INT:
                return chappe_bridge_check(path, avro_value_set_int(target, *(const int32_t *)value.at), giver->error);
        case CHAPPE_SCHEMA_LONG:
                return chappe_bridge_check(path, avro_value_set_long(target, *(const int64_t *)value.at), giver->error);
        case CHAPPE_SCHEMA_FLOAT:
                return chappe_bridge_check(path, avro_value_set_float(target, *(const float *)value.at), giver->error);
        case CHAPPE_SCHEMA_DOUBLE:
                return chappe_bridge_check(path, avro_value_set_double(target, *(const double *)value.at),
                                           giver->error);
        case CHAPPE_SCHEMA_BYTES:
                return give_bytes(giver, path, value.at, target);
        case CHAPPE_SCHEMA_STRING:
                return give_string(giver, path, value.at, target);
        case CHAPPE_SCHEMA_FIXED:
                return chappe_bridge_check(path, avro_value_set_fixed(target, (void *)value.at, value.node->count),
                                           giver->error);
        case CHAPPE_SCHEMA_ENUM:
                return give_enum(giver, path, value, target);
        case CHAPPE_SCHEMA_ARRAY:
                return give_array(giver, path, value, target);
        case CHAPPE_SCHEMA_MAP:
                return give_map(giver, path, value, target);
        case CHAPPE_SCHEMA_UNION:
                return give_union(giver, path, value, target);
        case CHAPPE_SCHEMA_RECORD:
                return give_record(giver, path, value, target);
        }
        return 0;
}

/* Text, bytes, arrays and maps all lie in a place and a count. */
static bool lacks_place(struct chappe_value value)
{
        const struct chappe_value_items *items = value.at;

        switch (value.layout->kind) {
        case CHAPPE_LAYOUT_BYTES:
        case CHAPPE_LAYOUT_STRING:
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                return !chappe_value_has_place(items->at, items->count);
        default:
                return false;
        }
}

static int give(struct giver *giver, const struct chappe_bridge_path *path, struct chappe_value value,
                avro_value_t *target)
{
        if (value.layout->kind == CHAPPE_LAYOUT_POINTER)
                value = chappe_value_target(value);
        if (!value.at)
                return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "there is no value", giver->error);
        if (path->depth > CHAPPE_BRIDGE_DEPTH)
                return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "the value is nested too deeply", giver->error);
        if (lacks_place(value))
                return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "a length or count, at NULL", giver->error);
        if (!chappe_bridge_fits(target, value.node))
                return chappe_bridge_fail(path, CHAPPE_E_VALUE_INVALID, "avro-c's value is of another schema",
                                          giver->error);
        return give_by_kind(giver, path, value, target);
}

int chappe_avro_from_value(struct chappe_value value, avro_value_t *target, struct chappe_error *error)
{
        struct chappe_bridge_path path = { 0 };
        struct giver giver = { .error = error };
        int r = chappe_bridge_check(&path, avro_value_reset(target), error);

        if (r >= 0)
                r = give(&giver, &path, value, target);
        chappe_buffer_deinit(&giver.scratch);
        return r;
}

int chappe_avro_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                       const struct chappe_decode_limits *limits, avro_value_t *target, struct chappe_error *error)
{
        struct chappe_value value;
        int r = chappe_value_decode(plan, bytes, length, arena, limits, &value, error);

        return r >= 0 ? chappe_avro_from_value(value, target, error) : r;
}
