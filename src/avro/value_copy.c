/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies: the struct as it is, then a place of its own for all that it points to. */
#include <chappe/value.h>

#include "avro/value_parts.h"

static bool copy_parts(struct chappe_value value, struct chappe_arena *arena, uint8_t *to);

/* Bytes and text are alike: a place and a length. */
static bool copy_bytes(struct chappe_arena *arena, struct chappe_text *text)
{
        if (text->length > 0) {
                *text = chappe_arena_text(arena, *text);
                return text->at != NULL;
        }
        text->at = NULL;
        return true;
}

static bool copy_items(struct chappe_value value, struct chappe_arena *arena, uint8_t *to)
{
        const struct chappe_value_items *from = value.at;
        size_t stride = value.layout->stride, size;
        struct chappe_value_items *items = (struct chappe_value_items *)to;
        uint8_t *at;

        if (from->count == 0) {
                items->at = NULL;
                return true;
        }
        at = __builtin_mul_overflow(from->count, stride, &size) ? NULL : chappe_arena_alloc(arena, size);
        if (!at)
                return false;
        memcpy(at, from->at, size);
        items->at = at;
        for (size_t i = 0; i < from->count; i++) {
                if (value.node->kind == CHAPPE_SCHEMA_MAP &&
                    !copy_bytes(arena, (struct chappe_text *)(at + i * stride)))
                        return false;
                if (!copy_parts(chappe_value_item(value, i), arena, at + i * stride + value.layout->members[0].offset))
                        return false;
        }
        return true;
}

static bool copy_pointer(struct chappe_value value, struct chappe_arena *arena, uint8_t *to)
{
        struct chappe_value target = chappe_value_target(value);
        uint8_t *at;

        if (!target.at)
                return true;
        at = chappe_arena_alloc(arena, target.layout->size);
        if (!at)
                return false;
        memcpy(at, target.at, target.layout->size);
        memcpy(to, &at, sizeof(at));
        return copy_parts(target, arena, at);
}

static bool copy_union(struct chappe_value value, struct chappe_arena *arena, uint8_t *to)
{
        struct chappe_value branch;

        chappe_value_branch(value, &branch);
        return !branch.at || copy_parts(branch, arena, to + ((const uint8_t *)branch.at - (const uint8_t *)value.at));
}

static bool copy_record(struct chappe_value value, struct chappe_arena *arena, uint8_t *to)
{
        for (uint32_t i = 0; i < value.node->count; i++) {
                if (!copy_parts(chappe_value_member(value, i), arena, to + value.layout->members[i].offset))
                        return false;
        }
        return true;
}

/* to holds the same bytes as value already. */
static bool copy_parts(struct chappe_value value, struct chappe_arena *arena, uint8_t *to)
{
        switch (value.layout->kind) {
        case CHAPPE_LAYOUT_BYTES:
        case CHAPPE_LAYOUT_STRING:
                return copy_bytes(arena, (struct chappe_text *)to);
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                return copy_items(value, arena, to);
        case CHAPPE_LAYOUT_OPTIONAL:
        case CHAPPE_LAYOUT_UNION:
                return copy_union(value, arena, to);
        case CHAPPE_LAYOUT_RECORD:
                return copy_record(value, arena, to);
        case CHAPPE_LAYOUT_POINTER:
                return copy_pointer(value, arena, to);
        default:
                return true;
        }
}

int chappe_value_copy(struct chappe_value value, struct chappe_arena *arena, void *ret_at, struct chappe_error *error)
{
        memcpy(ret_at, value.at, value.layout->size);
        return copy_parts(value, arena, ret_at) ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a copy");
}

int chappe_type_copy(const struct chappe_type *type, const void *value, struct chappe_arena *arena, void *ret_value,
                     struct chappe_error *error)
{
        struct chappe_value view;
        int status = chappe_value_of_type(type, value, &view, error);

        return status < 0 ? status : chappe_value_copy(view, arena, ret_value, error);
}
