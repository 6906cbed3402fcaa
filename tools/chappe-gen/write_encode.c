/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line encoding: room is asked for once for as many values as follow each other without a block. */
#include "straight.h"

#include "base/cleanup.h"

#define NUMBER_SIZE 10 /* bytes of a long or length */
#define INT_SIZE    5

/* Statements that wait for the line that makes room for them all. */
struct place {
        struct unit *unit;
        struct chappe_buffer *out, *lengths, *waiting;
        size_t *size;
        int depth;
};

static void put_value(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source);

static struct place inside(struct place place)
{
        place.depth++;
        return place;
}

static void flush(struct place place)
{
        if (*place.size > 0) {
                emit_line(place.out, place.depth, "if (!(at = chappe_put_room(encoder, at, %zu%.*s)))", *place.size,
                          (int)place.lengths->length, (const char *)place.lengths->at);
                emit_line(place.out, place.depth + 1, "return NULL;");
                emit(place.out, "%.*s", (int)place.waiting->length, (const char *)place.waiting->at);
        }
        *place.size = place.lengths->length = place.waiting->length = 0;
}

static void put(struct place place, size_t size, const char *call)
{
        *place.size += size;
        emit_line(place.waiting, place.depth, "at = %s;", call);
}

static void put_checked(struct place place, size_t size, const char *call)
{
        *place.size += size;
        emit_line(place.waiting, place.depth, "if (!(at = %s))", call);
        emit_line(place.waiting, place.depth + 1, "return NULL;");
}

static void put_optional(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                         const char *source)
{
        uint32_t null = straight_null(node);

        *place.size += 1;
        emit_line(place.waiting, place.depth, "*at++ = %s.present ? %u : %u;", source, 2 * (1 - null), 2 * null);
        if (type->members[0].type->kind == CHAPPE_LAYOUT_NULL)
                return;
        flush(place);
        emit_line(place.out, place.depth, "if (%s.present) {", source);
        put_value(inside(place), straight_present(node), type->members[0].type,
                  gen_printf(place.unit->arena, "%s.value", source));
        flush(inside(place));
        emit_line(place.out, place.depth, "}");
}

static void put_union(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source)
{
        struct chappe_arena *arena = place.unit->arena;

        put_checked(place, INT_SIZE,
                    gen_printf(arena, "chappe_put_index(at, (uint32_t)%s.branch, %zu)", source, type->member_count));
        flush(place);
        emit_line(place.out, place.depth, "switch (%s.branch) {", source);
        for (size_t i = 0; i < type->member_count; i++) {
                emit_line(place.out, place.depth, "case %zu:", i);
                put_value(inside(place), chappe_schema_node_at(node, i), type->members[i].type,
                          gen_printf(arena, "%s.value.%s", source, type->members[i].name));
                flush(inside(place));
                emit_line(place.out, place.depth + 1, "break;");
        }
        emit_line(place.out, place.depth, "default:");
        emit_line(place.out, place.depth + 1, "break;");
        emit_line(place.out, place.depth, "}");
}

static void put_text(struct place place, const char *source)
{
        emit(place.lengths, " + %s.length", source);
        put_checked(place, NUMBER_SIZE, gen_printf(place.unit->arena, "chappe_put_text(at, %s)", source));
}

static void put_items(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source)
{
        struct chappe_arena *arena = place.unit->arena;
        bool map = type->kind == CHAPPE_LAYOUT_MAP;
        const char *items = gen_printf(arena, "%s.%s", source, map ? "entries" : "items");
        struct place within = inside(place), item = inside(within);
        const char *at = gen_printf(arena, "%s[i%d]", items, place.depth);

        put(place, NUMBER_SIZE, gen_printf(arena, "chappe_put_number(at, (uint64_t)%s.count << 1)", source));
        flush(place);
        emit_line(place.out, place.depth, "if (%s.count > 0) {", source);
        emit_line(place.out, within.depth, "if (!%s || encoder->depth_left == 0)", items);
        emit_line(place.out, item.depth, "return NULL;");
        emit_line(place.out, within.depth, "encoder->depth_left--;");
        emit_line(place.out, within.depth, "for (size_t i%d = 0; i%d < %s.count; i%d++) {", place.depth, place.depth,
                  source, place.depth);
        if (map)
                put_text(item, gen_printf(arena, "%s.key", at));
        put_value(item, chappe_schema_node_at(node, 0), type->members[0].type,
                  map ? gen_printf(arena, "%s.value", at) : at);
        flush(item);
        emit_line(place.out, within.depth, "}");
        emit_line(place.out, within.depth, "encoder->depth_left++;");
        *place.size = 1;
        emit_line(place.waiting, within.depth, "*at++ = 0;");
        flush(within);
        emit_line(place.out, place.depth, "}");
}

static void put_record(struct place place, const struct c_type *type, const char *address)
{
        flush(place);
        emit_line(place.out, place.depth, "if (!(at = straight_encode_%s(encoder, at, %s)))", type->stem, address);
        emit_line(place.out, place.depth + 1, "return NULL;");
}

static void put_pointer(struct place place, const struct c_type *type, const char *source)
{
        flush(place);
        emit_line(place.out, place.depth, "if (!%s || encoder->depth_left == 0)", source);
        emit_line(place.out, place.depth + 1, "return NULL;");
        emit_line(place.out, place.depth, "encoder->depth_left--;");
        put_record(place, type->members[0].type, source);
        emit_line(place.out, place.depth, "encoder->depth_left++;");
}

static void put_plain(struct place place, const struct c_type *type, const char *source)
{
        struct chappe_arena *arena = place.unit->arena;

        switch (type->kind) {
        case CHAPPE_LAYOUT_BOOLEAN:
                put_checked(place, 1, gen_printf(arena, "chappe_put_boolean(at, &%s)", source));
                break;
        case CHAPPE_LAYOUT_INT:
                put(place, INT_SIZE, gen_printf(arena, "chappe_put_int(at, %s)", source));
                break;
        case CHAPPE_LAYOUT_LONG:
                put(place, NUMBER_SIZE, gen_printf(arena, "chappe_put_long(at, %s)", source));
                break;
        case CHAPPE_LAYOUT_FLOAT:
        case CHAPPE_LAYOUT_DOUBLE:
                put(place, 8, gen_printf(arena, "chappe_put_raw(at, &%s, sizeof(%s))", source, source));
                break;
        case CHAPPE_LAYOUT_BYTES:
                emit(place.lengths, " + %s.length", source);
                put(place, NUMBER_SIZE, gen_printf(arena, "chappe_put_bytes(at, %s)", source));
                break;
        case CHAPPE_LAYOUT_STRING:
                put_text(place, source);
                break;
        case CHAPPE_LAYOUT_FIXED:
                if (type->count > 0)
                        put(place, type->count,
                            gen_printf(arena, "chappe_put_raw(at, %s.bytes, %u)", source, type->count));
                break;
        default:
                put_checked(place, INT_SIZE,
                            gen_printf(arena, "chappe_put_index(at, (uint32_t)%s, %zu)", source, type->member_count));
                break;
        }
}

static void put_value(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source)
{
        switch (type->kind) {
        case CHAPPE_LAYOUT_NULL:
                break;
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                put_items(place, node, type, source);
                break;
        case CHAPPE_LAYOUT_OPTIONAL:
                put_optional(place, node, type, source);
                break;
        case CHAPPE_LAYOUT_UNION:
                put_union(place, node, type, source);
                break;
        case CHAPPE_LAYOUT_RECORD:
                put_record(place, type, gen_printf(place.unit->arena, "&%s", source));
                break;
        case CHAPPE_LAYOUT_POINTER:
                put_pointer(place, type, source);
                break;
        default:
                put_plain(place, type, source);
                break;
        }
}

void write_encode_fields(struct unit *unit, const struct chappe_schema_node *node, const struct c_type *type,
                         struct chappe_buffer *out)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer lengths = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer waiting = { 0 };
        size_t size = 0;
        struct place place = { unit, out, &lengths, &waiting, &size, 1 };

        for (size_t i = 0; i < type->member_count; i++)
                put_value(place, chappe_schema_node_at(node, i), type->members[i].type,
                          gen_printf(unit->arena, "value->%s", type->members[i].name));
        flush(place);
}
