/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies: the struct as it is, then a place of its own for all that it points to. */
#include <chappe/value.h>

#include "avro/value_parts.h"

struct copying {
        struct chappe_arena *arena;
        unsigned depth;
        int code; /* of what is in the way */
        const char *reason;
};

static bool copy_parts(struct copying *copying, struct chappe_value value, uint8_t *to);

static bool fail(struct copying *copying, int code, const char *reason)
{
        copying->code = code;
        copying->reason = reason;
        return false;
}

static void *more_memory(struct copying *copying, size_t count, size_t size)
{
        size_t total;
        void *memory = __builtin_mul_overflow(count, size, &total) ? NULL : chappe_arena_alloc(copying->arena, total);

        if (!memory)
                fail(copying, CHAPPE_E_NO_MEMORY, "no memory for a copy");
        return memory;
}

static bool descend(struct copying *copying)
{
        return ++copying->depth <= CHAPPE_VALUE_DEPTH ||
               fail(copying, CHAPPE_E_VALUE_INVALID, "the value is nested too deeply, or leads back to itself");
}

/* Bytes and text are alike: a place and a length. */
static bool copy_bytes(struct copying *copying, struct chappe_text *text)
{
        if (!chappe_value_has_place(text->at, text->length))
                return fail(copying, CHAPPE_E_VALUE_INVALID, "a text or bytes with a length, at NULL");
        if (text->length == 0) {
                text->at = NULL;
                return true;
        }
        *text = chappe_arena_text(copying->arena, *text);
        return text->at || fail(copying, CHAPPE_E_NO_MEMORY, "no memory for a copy");
}

static bool copy_items(struct copying *copying, struct chappe_value value, uint8_t *to)
{
        const struct chappe_value_items *from = value.at;
        size_t stride = value.layout->stride;
        struct chappe_value_items *items = (struct chappe_value_items *)to;
        uint8_t *at;

        if (!chappe_value_has_place(from->at, from->count))
                return fail(copying, CHAPPE_E_VALUE_INVALID, "a count, and items at NULL");
        if (from->count == 0) {
                items->at = NULL;
                return true;
        }
        at = descend(copying) ? more_memory(copying, from->count, stride) : NULL;
        if (!at)
                return false;
        memcpy(at, from->at, from->count * stride);
        items->at = at;
        for (size_t i = 0; i < from->count; i++) {
                if (value.node->kind == CHAPPE_SCHEMA_MAP &&
                    !copy_bytes(copying, (struct chappe_text *)(at + i * stride)))
                        return false;
                if (!copy_parts(copying, chappe_value_item(value, i),
                                at + i * stride + value.layout->members[0].offset))
                        return false;
        }
        copying->depth--;
        return true;
}

static bool copy_pointer(struct copying *copying, struct chappe_value value, uint8_t *to)
{
        struct chappe_value target = chappe_value_target(value);
        uint8_t *at;

        if (!target.at)
                return true;
        at = descend(copying) ? more_memory(copying, 1, target.layout->size) : NULL;
        if (!at)
                return false;
        memcpy(at, target.at, target.layout->size);
        memcpy(to, &at, sizeof(at));
        if (!copy_parts(copying, target, at))
                return false;
        copying->depth--;
        return true;
}

static bool copy_union(struct copying *copying, struct chappe_value value, uint8_t *to)
{
        struct chappe_value branch;

        chappe_value_branch(value, &branch);
        return !branch.at || copy_parts(copying, branch, to + ((const uint8_t *)branch.at - (const uint8_t *)value.at));
}

static bool copy_record(struct copying *copying, struct chappe_value value, uint8_t *to)
{
        for (uint32_t i = 0; i < value.node->count; i++) {
                if (!copy_parts(copying, chappe_value_member(value, i), to + value.layout->members[i].offset))
                        return false;
        }
        return true;
}

/* to holds the same bytes as value already. */
static bool copy_parts(struct copying *copying, struct chappe_value value, uint8_t *to)
{
        switch (value.layout->kind) {
        case CHAPPE_LAYOUT_BYTES:
        case CHAPPE_LAYOUT_STRING:
                return copy_bytes(copying, (struct chappe_text *)to);
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                return copy_items(copying, value, to);
        case CHAPPE_LAYOUT_OPTIONAL:
        case CHAPPE_LAYOUT_UNION:
                return copy_union(copying, value, to);
        case CHAPPE_LAYOUT_RECORD:
                return copy_record(copying, value, to);
        case CHAPPE_LAYOUT_POINTER:
                return copy_pointer(copying, value, to);
        default:
                return true;
        }
}

int chappe_value_copy(struct chappe_value value, struct chappe_arena *arena, void *ret_at, struct chappe_error *error)
{
        struct copying copying = { .arena = arena };

        memcpy(ret_at, value.at, value.layout->size);
        return copy_parts(&copying, value, ret_at) ? 0 : chappe_fail(error, copying.code, "%s", copying.reason);
}

int chappe_type_copy(const struct chappe_type *type, const void *value, struct chappe_arena *arena, void *ret_value,
                     struct chappe_error *error)
{
        struct chappe_value view;
        int status = chappe_value_of_type(type, value, &view, error);

        return status < 0 ? status : chappe_value_copy(view, arena, ret_value, error);
}
