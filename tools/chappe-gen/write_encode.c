/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line encoding: room is asked for once for as many values as fit into a run. */
#include "straight.h"

#include <chappe/straight.h>

#define INT_SIZE    5
#define SMALL_FIXED 32

/* used: bytes of the run that may be taken by now, whichever way led here. */
struct place {
        struct unit *unit;
        struct chappe_buffer *out;
        size_t *used;
        int depth;
};

static void put_value(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source);

static struct place inside(struct place place)
{
        place.depth++;
        return place;
}

static void step(struct place place, const char *call)
{
        emit_line(place.out, place.depth, "if (!(at = %s))", call);
        emit_line(place.out, place.depth + 1, "return NULL;");
}

/* The line that asks for room, where the run may not have it. */
static void make_room(struct place place, size_t size)
{
        if (*place.used + size > CHAPPE_PUT_RUN) {
                step(place, "chappe_put_room(encoder, at)");
                *place.used = 0;
        }
        *place.used += size;
}

static void put(struct place place, size_t size, const char *call)
{
        make_room(place, size);
        emit_line(place.out, place.depth, "at = %s;", call);
}

static void put_checked(struct place place, size_t size, const char *call)
{
        make_room(place, size);
        step(place, call);
}

/* What brings its own room. */
static void put_roomy(struct place place, const char *call)
{
        step(place, call);
        *place.used = 0;
}

/* The number of a symbol or branch: most often one byte. */
static void put_index(struct place place, const struct c_type *type, const char *source)
{
        put_checked(
                place, type->member_count <= 64 ? 1 : INT_SIZE,
                gen_printf(place.unit->arena, "chappe_put_index(at, (uint32_t)%s, %zu)", source, type->member_count));
}

/* A value that only one of several ways puts. */
static void put_branch(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                       const char *source, size_t before, size_t *most)
{
        *place.used = before;
        put_value(place, node, type, source);
        if (*most < *place.used)
                *most = *place.used;
}

static void put_optional(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                         const char *source)
{
        uint32_t null = straight_null(node);
        size_t most;

        make_room(place, 1);
        most = *place.used;
        emit_line(place.out, place.depth, "if (%s.present) {", source);
        emit_line(place.out, place.depth + 1, "*at++ = %u;", 2 * (1 - null));
        put_branch(inside(place), straight_present(node), type->members[0].type,
                   gen_printf(place.unit->arena, "%s.value", source), most, &most);
        emit_line(place.out, place.depth, "} else {");
        emit_line(place.out, place.depth + 1, "*at++ = %u;", 2 * null);
        emit_line(place.out, place.depth, "}");
        *place.used = most;
}

static void put_union(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source)
{
        struct chappe_arena *arena = place.unit->arena;
        size_t before, most;

        put_index(place, type, gen_printf(arena, "%s.branch", source));
        before = most = *place.used;
        emit_line(place.out, place.depth, "switch (%s.branch) {", source);
        for (size_t i = 0; i < type->member_count; i++) {
                emit_line(place.out, place.depth, "case %zu:", i);
                put_branch(inside(place), chappe_schema_node_at(node, i), type->members[i].type,
                           gen_printf(arena, "%s.value.%s", source, type->members[i].name), before, &most);
                emit_line(place.out, place.depth + 1, "break;");
        }
        emit_line(place.out, place.depth, "default:");
        emit_line(place.out, place.depth + 1, "break;");
        emit_line(place.out, place.depth, "}");
        *place.used = most;
}

static void put_text(struct place place, const char *source)
{
        put_checked(place, CHAPPE_PUT_TEXT, gen_printf(place.unit->arena, "chappe_put_text(encoder, at, &%s)", source));
}

/* The items of an array, the entries of a map; each begins with a run of its own. */
static void put_each(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                     const char *item)
{
        *place.used = CHAPPE_PUT_RUN;
        if (type->kind == CHAPPE_LAYOUT_MAP) {
                put_text(place, gen_printf(place.unit->arena, "%s.key", item));
                item = gen_printf(place.unit->arena, "%s.value", item);
        }
        put_value(place, chappe_schema_node_at(node, 0), type->members[0].type, item);
}

static void put_items(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                      const char *source)
{
        struct chappe_arena *arena = place.unit->arena;
        bool map = type->kind == CHAPPE_LAYOUT_MAP;
        const char *of = type->members[0].type->declaration;
        struct place within = inside(place);
        int n = place.depth;
        size_t empty;

        make_room(place, CHAPPE_NUMBER_SIZE);
        empty = *place.used;
        emit_line(place.out, place.depth, "if (%s.count > 0) {", source);
        emit_line(place.out, within.depth, "%s const *items%d = %s.%s;",
                  map ? gen_printf(arena, "struct %s_entry", type->stem) : of, n, source, map ? "entries" : "items");
        emit_line(place.out, within.depth, "size_t count%d = %s.count;\n", n, source);
        emit_line(place.out, within.depth, "if (!items%d || encoder->depth_left == 0)", n);
        emit_line(place.out, within.depth + 1, "return NULL;");
        emit_line(place.out, within.depth, "encoder->depth_left--;");
        emit_line(place.out, within.depth, "at = chappe_put_number(at, (uint64_t)count%d << 1);", n);
        emit_line(place.out, within.depth, "for (size_t i%d = 0; i%d < count%d; i%d++) {", n, n, n, n);
        put_each(inside(within), node, type, gen_printf(arena, "items%d[i%d]", n, n));
        emit_line(place.out, within.depth, "}");
        emit_line(place.out, within.depth, "encoder->depth_left++;");
        make_room(within, 1);
        emit_line(place.out, within.depth, "*at++ = 0;");
        emit_line(place.out, place.depth, "} else {");
        emit_line(place.out, within.depth, "*at++ = 0;");
        emit_line(place.out, place.depth, "}");
        if (*place.used < empty)
                *place.used = empty;
}

/* What a record leaves of the run, it alone knows. */
static void put_record(struct place place, const struct c_type *type, const char *address)
{
        step(place, gen_printf(place.unit->arena, "straight_encode_%s(encoder, at, %s)", type->stem, address));
        *place.used = CHAPPE_PUT_RUN;
}

static void put_pointer(struct place place, const struct c_type *type, const char *source)
{
        emit_line(place.out, place.depth, "if (!%s || encoder->depth_left == 0)", source);
        emit_line(place.out, place.depth + 1, "return NULL;");
        emit_line(place.out, place.depth, "encoder->depth_left--;");
        put_record(place, type->members[0].type, source);
        emit_line(place.out, place.depth, "encoder->depth_left++;");
}

static void put_fixed(struct place place, const struct c_type *type, const char *source)
{
        const char *arguments = gen_printf(place.unit->arena, "at, %s.bytes, %u", source, type->count);

        if (type->count > SMALL_FIXED)
                put_roomy(place, gen_printf(place.unit->arena, "chappe_put_block(encoder, %s)", arguments));
        else if (type->count > 0)
                put(place, type->count, gen_printf(place.unit->arena, "chappe_put_raw(%s)", arguments));
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
                put(place, CHAPPE_NUMBER_SIZE, gen_printf(arena, "chappe_put_long(at, %s)", source));
                break;
        case CHAPPE_LAYOUT_FLOAT:
        case CHAPPE_LAYOUT_DOUBLE:
                put(place, 8, gen_printf(arena, "chappe_put_raw(at, &%s, sizeof(%s))", source, source));
                break;
        case CHAPPE_LAYOUT_BYTES:
                put_roomy(place, gen_printf(arena, "chappe_put_bytes(encoder, at, &%s)", source));
                break;
        case CHAPPE_LAYOUT_STRING:
                put_text(place, source);
                break;
        case CHAPPE_LAYOUT_FIXED:
                put_fixed(place, type, source);
                break;
        default:
                put_index(place, type, source);
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
        size_t used = CHAPPE_PUT_RUN;
        struct place place = { unit, out, &used, 1 };

        for (size_t i = 0; i < type->member_count; i++)
                put_value(place, chappe_schema_node_at(node, i), type->members[i].type,
                          gen_printf(unit->arena, "value->%s", type->members[i].name));
}
