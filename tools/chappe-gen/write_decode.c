/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line decoding: one statement a value, blocks within blocks for arrays, maps and unions. */
#include "straight.h"

/* Where the statements go. depth: of blocks, which also tells their variables apart. */
struct place {
        struct unit *unit;
        struct chappe_buffer *out;
        int depth;
};

static void take_value(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                       const char *target);

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

/* What takes no bytes, or not these, is cleared: nothing else clears a value before it is decoded. */
static void clear(struct place place, const char *target)
{
        emit_line(place.out, place.depth, "memset(&%s, 0, sizeof(%s));", target, target);
}

bool straight_takes_bytes(const struct c_type *type)
{
        if (type->kind == CHAPPE_LAYOUT_NULL || (type->kind == CHAPPE_LAYOUT_FIXED && type->count == 0))
                return false;
        if (type->kind != CHAPPE_LAYOUT_RECORD)
                return true;
        for (size_t i = 0; i < type->member_count; i++) {
                if (straight_takes_bytes(type->members[i].type))
                        return true;
        }
        return false;
}

static void take_optional(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                          const char *target)
{
        struct chappe_arena *arena = place.unit->arena;
        int n = place.depth;

        emit_line(place.out, place.depth, "{");
        emit_line(place.out, place.depth + 1, "uint32_t branch%d;\n", n);
        step(inside(place), gen_printf(arena, "chappe_take_index(at, end, 2, &branch%d)", n));
        emit_line(place.out, place.depth + 1, "if (branch%d != %u) {", n, straight_null(node));
        emit_line(place.out, place.depth + 2, "%s.present = true;", target);
        take_value(inside(inside(place)), straight_present(node), type->members[0].type,
                   gen_printf(arena, "%s.value", target));
        emit_line(place.out, place.depth + 1, "} else {");
        clear(inside(inside(place)), target);
        emit_line(place.out, place.depth + 1, "}");
        emit_line(place.out, place.depth, "}");
}

static void take_union(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                       const char *target)
{
        struct chappe_arena *arena = place.unit->arena;

        clear(place, target);
        step(place, gen_printf(arena, "chappe_take_index(at, end, %zu, &%s.branch)", type->member_count, target));
        emit_line(place.out, place.depth, "switch (%s.branch) {", target);
        for (size_t i = 0; i < type->member_count; i++) {
                emit_line(place.out, place.depth, "case %zu:", i);
                take_value(inside(place), chappe_schema_node_at(node, i), type->members[i].type,
                           gen_printf(arena, "%s.value.%s", target, type->members[i].name));
                emit_line(place.out, place.depth + 1, "break;");
        }
        emit_line(place.out, place.depth, "default:");
        emit_line(place.out, place.depth + 1, "break;");
        emit_line(place.out, place.depth, "}");
}

/* The items of an array, the entries of a map. */
static void take_items(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                       const char *target)
{
        struct chappe_arena *arena = place.unit->arena;
        bool map = type->kind == CHAPPE_LAYOUT_MAP;
        const char *of = type->members[0].type->declaration, *items = map ? "entries" : "items";
        const char *declaration = map ? gen_printf(arena, "struct %s_entry", type->stem) : of;
        struct place within = inside(place);
        int n = place.depth;

        emit_line(place.out, place.depth, "{");
        emit_line(place.out, within.depth, "%s *items%d;", declaration, n);
        emit_line(place.out, within.depth, "void *memory%d;", n);
        emit_line(place.out, within.depth, "size_t count%d;\n", n);
        step(within,
             gen_printf(arena, "chappe_take_items(decoder, at, end, sizeof(*items%d), &count%d, &memory%d)", n, n, n));
        emit_line(place.out, within.depth, "items%d = (%s *)memory%d;", n, declaration, n);
        if (map || straight_takes_bytes(type->members[0].type)) {
                emit_line(place.out, within.depth, "for (size_t i%d = 0; i%d < count%d; i%d++) {", n, n, n, n);
                if (map)
                        step(inside(within), gen_printf(arena, "chappe_take_text(at, end, &items%d[i%d].key)", n, n));
                take_value(inside(within), chappe_schema_node_at(node, 0), type->members[0].type,
                           gen_printf(arena, "items%d[i%d]%s", n, n, map ? ".value" : ""));
                emit_line(place.out, within.depth, "}");
        } else { /* how many there may be, the plan knows */
                emit_line(place.out, within.depth, "if (count%d > 0)", n);
                emit_line(place.out, within.depth + 1, "return NULL;");
        }
        emit_line(place.out, within.depth, "%s.%s = items%d;", target, items, n);
        emit_line(place.out, within.depth, "%s.count = count%d;", target, n);
        step(within, gen_printf(arena, "chappe_take_end(decoder, at, end, count%d)", n));
        emit_line(place.out, place.depth, "}");
}

static void take_pointer(struct place place, const struct c_type *type, const char *target)
{
        const struct c_type *record = type->members[0].type;
        struct place within = inside(place);
        int n = place.depth;

        emit_line(place.out, place.depth, "{");
        emit_line(place.out, within.depth, "%s *record%d = (%s *)chappe_take_record(decoder, sizeof(*record%d));\n",
                  record->declaration, n, record->declaration, n);
        emit_line(place.out, within.depth, "if (!record%d)", n);
        emit_line(place.out, within.depth + 1, "return NULL;");
        emit_line(place.out, within.depth, "%s = record%d;", target, n);
        step(within, gen_printf(place.unit->arena, "straight_decode_%s(decoder, at, end, record%d)", record->stem, n));
        emit_line(place.out, within.depth, "decoder->depth_left++;");
        emit_line(place.out, place.depth, "}");
}

static void take_value(struct place place, const struct chappe_schema_node *node, const struct c_type *type,
                       const char *target)
{
        static const char *const plain[] = {
                [CHAPPE_LAYOUT_BOOLEAN] = "boolean", [CHAPPE_LAYOUT_INT] = "int",     [CHAPPE_LAYOUT_LONG] = "long",
                [CHAPPE_LAYOUT_BYTES] = "bytes",     [CHAPPE_LAYOUT_STRING] = "text",
        };
        struct chappe_arena *arena = place.unit->arena;

        switch (type->kind) {
        case CHAPPE_LAYOUT_NULL:
                clear(place, target);
                break;
        case CHAPPE_LAYOUT_FLOAT:
        case CHAPPE_LAYOUT_DOUBLE:
                step(place, gen_printf(arena, "chappe_take_raw(at, end, &%s, sizeof(%s))", target, target));
                break;
        case CHAPPE_LAYOUT_FIXED:
                if (type->count > 0)
                        step(place, gen_printf(arena, "chappe_take_raw(at, end, %s.bytes, %u)", target, type->count));
                else
                        clear(place, target);
                break;
        case CHAPPE_LAYOUT_ENUM:
                step(place, gen_printf(arena, "chappe_take_index(at, end, %zu, &%s)", type->member_count, target));
                break;
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                take_items(place, node, type, target);
                break;
        case CHAPPE_LAYOUT_OPTIONAL:
                take_optional(place, node, type, target);
                break;
        case CHAPPE_LAYOUT_UNION:
                take_union(place, node, type, target);
                break;
        case CHAPPE_LAYOUT_RECORD:
                if (straight_takes_bytes(type))
                        step(place, gen_printf(arena, "straight_decode_%s(decoder, at, end, &%s)", type->stem, target));
                else
                        clear(place, target);
                break;
        case CHAPPE_LAYOUT_POINTER:
                take_pointer(place, type, target);
                break;
        default:
                step(place, gen_printf(arena, "chappe_take_%s(at, end, &%s)", plain[type->kind], target));
                break;
        }
}

/* Bytes that a value takes as it lies in memory; 0: it is encoded otherwise. */
static uint32_t raw_size(const struct c_type *type)
{
        return type->kind == CHAPPE_LAYOUT_FLOAT    ? 4
               : type->kind == CHAPPE_LAYOUT_DOUBLE ? 8
               : type->kind == CHAPPE_LAYOUT_FIXED  ? type->count
                                                    : 0;
}

/* Neighbours that are copied as they are share one look at the bytes left. Returns how many there were from first on.
 */
static size_t take_raw_run(struct place place, const struct c_type *type, size_t first)
{
        size_t count = 0, total = 0, offset = 0;

        for (; first + count < type->member_count && raw_size(type->members[first + count].type) > 0; count++)
                total += raw_size(type->members[first + count].type);
        if (count < 2)
                return 0;
        emit_line(place.out, place.depth, "if ((size_t)(end - at) < %zu)", total);
        emit_line(place.out, place.depth + 1, "return NULL;");
        for (size_t i = 0; i < count; i++) {
                const struct c_member *member = &type->members[first + i];
                uint32_t size = raw_size(member->type);

                emit_line(place.out, place.depth, "memcpy(&value->%s, at + %zu, %u);", member->name, offset, size);
                offset += size;
        }
        emit_line(place.out, place.depth, "at += %zu;", total);
        return count;
}

void write_decode_fields(struct unit *unit, const struct chappe_schema_node *node, const struct c_type *type,
                         struct chappe_buffer *out)
{
        struct place place = { unit, out, 1 };

        for (size_t i = 0, run; i < type->member_count; i += run ? run : 1) {
                run = take_raw_run(place, type, i);
                if (run == 0)
                        take_value(place, chappe_schema_node_at(node, i), type->members[i].type,
                                   gen_printf(unit->arena, "value->%s", type->members[i].name));
        }
}
