/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts for schemas that have no generated struct: the same C forms, with offsets by the rules of the C ABI. */
#include <stdlib.h>

#include <chappe/codec.h>

#include "avro/schema_model.h"

#define LAYOUT_SIZE_LIMIT  (16u << 20) /* bytes of one struct */
#define LAYOUT_DEPTH_LIMIT 128u        /* structs within structs */
#define MEMORY_LIMIT       (64u << 20)

enum state {
        STATE_NEW,
        STATE_IN_PROGRESS, /* a record within itself becomes a pointer */
        STATE_DONE,
};

struct draft {
        struct chappe_layout *layout;
        uint32_t align;
        uint8_t state;
};

/* An array or map whose item is laid out once the struct around it is complete. */
struct pending {
        const struct chappe_schema_node *node;
        struct chappe_layout *layout;
        struct pending *next;
};

struct drafter {
        struct chappe_schema *schema;
        struct chappe_arena *arena;
        struct draft *drafts; /* by node number */
        struct pending *first, **last;
        struct chappe_error *error;
        unsigned depth;
};

static int draft(struct drafter *drafter, const struct chappe_schema_node *node,
                 const struct chappe_layout **ret_layout, uint32_t *ret_align);

static int no_memory(struct drafter *drafter)
{
        return chappe_fail(drafter->error, CHAPPE_E_NO_MEMORY, "no memory for the layout of a schema");
}

static int too_large(struct drafter *drafter, const char *what)
{
        return chappe_fail(drafter->error, CHAPPE_E_SCHEMA_LIMIT, "%s: %s", drafter->schema->document.name, what);
}

static uint32_t round_up(uint32_t size, uint32_t align)
{
        return (size + align - 1) & ~(align - 1);
}

static struct chappe_member *members_new(struct drafter *drafter, struct chappe_layout *layout, uint32_t count)
{
        struct chappe_member *members = chappe_arena_zalloc(drafter->arena, sizeof(*members) * (count ? count : 1));

        layout->members = members;
        layout->count = count;
        return members;
}

/* Kind, size and alignment of what has no members. */
static void draft_leaf(struct draft *drafted, const struct chappe_schema_node *node)
{
        static const struct {
                uint8_t kind, size, align;
        } leaves[] = {
                [CHAPPE_SCHEMA_NULL] = { CHAPPE_LAYOUT_NULL, 1, 1 },
                [CHAPPE_SCHEMA_BOOLEAN] = { CHAPPE_LAYOUT_BOOLEAN, sizeof(bool), _Alignof(bool) },
                [CHAPPE_SCHEMA_INT] = { CHAPPE_LAYOUT_INT, 4, _Alignof(int32_t) },
                [CHAPPE_SCHEMA_LONG] = { CHAPPE_LAYOUT_LONG, 8, _Alignof(int64_t) },
                [CHAPPE_SCHEMA_FLOAT] = { CHAPPE_LAYOUT_FLOAT, 4, _Alignof(float) },
                [CHAPPE_SCHEMA_DOUBLE] = { CHAPPE_LAYOUT_DOUBLE, 8, _Alignof(double) },
                [CHAPPE_SCHEMA_BYTES] = { CHAPPE_LAYOUT_BYTES, sizeof(struct chappe_bytes),
                                          _Alignof(struct chappe_bytes) },
                [CHAPPE_SCHEMA_STRING] = { CHAPPE_LAYOUT_STRING, sizeof(struct chappe_text),
                                           _Alignof(struct chappe_text) },
                [CHAPPE_SCHEMA_FIXED] = { CHAPPE_LAYOUT_FIXED, 1, 1 },
                [CHAPPE_SCHEMA_ENUM] = { CHAPPE_LAYOUT_ENUM, 4, _Alignof(int32_t) },
                [CHAPPE_SCHEMA_ARRAY] = { CHAPPE_LAYOUT_ARRAY, sizeof(struct chappe_text),
                                          _Alignof(struct chappe_text) },
                [CHAPPE_SCHEMA_MAP] = { CHAPPE_LAYOUT_MAP, sizeof(struct chappe_text), _Alignof(struct chappe_text) },
        };

        drafted->layout->kind = leaves[node->kind].kind;
        drafted->layout->size = leaves[node->kind].size;
        drafted->align = leaves[node->kind].align;
        if (node->kind == CHAPPE_SCHEMA_FIXED || node->kind == CHAPPE_SCHEMA_ENUM)
                drafted->layout->count = node->count;
        if (node->kind == CHAPPE_SCHEMA_FIXED && node->count > 1)
                drafted->layout->size = node->count;
}

static int draft_items(struct drafter *drafter, struct draft *drafted, const struct chappe_schema_node *node)
{
        struct pending *pending = chappe_arena_zalloc(drafter->arena, sizeof(*pending));

        draft_leaf(drafted, node);
        if (!pending || !members_new(drafter, drafted->layout, 1))
                return no_memory(drafter);
        pending->node = node;
        pending->layout = drafted->layout;
        *drafter->last = pending;
        drafter->last = &pending->next;
        return 0;
}

static bool is_optional(const struct chappe_schema_node *node)
{
        return node->count == 2 && (node->members[0].type->kind == CHAPPE_SCHEMA_NULL) !=
                                           (node->members[1].type->kind == CHAPPE_SCHEMA_NULL);
}

/* A flag or branch number in front, then the value, or all branches at the same place. */
static int draft_union(struct drafter *drafter, struct draft *drafted, const struct chappe_schema_node *node)
{
        struct chappe_layout *layout = drafted->layout;
        bool optional = is_optional(node);
        struct chappe_member *members = members_new(drafter, layout, optional ? 1 : node->count), *member = members;
        uint32_t size = 0, align = 1, head = optional ? sizeof(bool) : sizeof(int32_t);

        if (!members)
                return no_memory(drafter);
        layout->kind = optional ? CHAPPE_LAYOUT_OPTIONAL : CHAPPE_LAYOUT_UNION;
        for (uint32_t i = 0; i < node->count; i++) {
                const struct chappe_schema_node *branch = node->members[i].type;
                uint32_t own;
                int r;

                if (optional && branch->kind == CHAPPE_SCHEMA_NULL)
                        continue;
                r = draft(drafter, branch, &member->layout, &own);
                if (r < 0)
                        return r;
                if (!optional)
                        member->name = branch->name ? branch->name : chappe_schema_kind_name(branch->kind);
                align = own > align ? own : align;
                size = member->layout->size > size ? member->layout->size : size;
                member++;
        }
        for (uint32_t i = 0; i < layout->count; i++)
                members[i].offset = round_up(head, align);
        drafted->align = align > head ? align : head;
        layout->size = round_up(round_up(head, align) + size, drafted->align);
        return 0;
}

static int draft_record(struct drafter *drafter, struct draft *drafted, const struct chappe_schema_node *node)
{
        struct chappe_member *members = members_new(drafter, drafted->layout, node->count);
        uint32_t size = 0;

        if (!members)
                return no_memory(drafter);
        drafted->layout->kind = CHAPPE_LAYOUT_RECORD;
        drafted->align = 1;
        for (uint32_t i = 0; i < node->count; i++) {
                uint32_t align;
                int r = draft(drafter, node->members[i].type, &members[i].layout, &align);

                if (r < 0)
                        return r;
                members[i].name = node->members[i].name;
                members[i].offset = round_up(size, align);
                size = members[i].offset + members[i].layout->size;
                if (size > LAYOUT_SIZE_LIMIT)
                        return too_large(drafter, "a struct of more than 16 MiB would be needed");
                drafted->align = align > drafted->align ? align : drafted->align;
        }
        drafted->layout->size = size ? round_up(size, drafted->align) : 1;
        return 0;
}

static int draft_pointer(struct drafter *drafter, const struct draft *record, const struct chappe_layout **ret_layout,
                         uint32_t *ret_align)
{
        struct chappe_layout *pointer = chappe_arena_zalloc(drafter->arena, sizeof(*pointer));
        struct chappe_member *members = pointer ? members_new(drafter, pointer, 1) : NULL;

        if (!members)
                return no_memory(drafter);
        pointer->kind = CHAPPE_LAYOUT_POINTER;
        pointer->size = sizeof(void *);
        members->layout = record->layout;
        *ret_layout = pointer;
        *ret_align = _Alignof(void *);
        return 0;
}

static int draft_by_kind(struct drafter *drafter, struct draft *drafted, const struct chappe_schema_node *node)
{
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return draft_items(drafter, drafted, node);
        case CHAPPE_SCHEMA_UNION:
                return draft_union(drafter, drafted, node);
        case CHAPPE_SCHEMA_RECORD:
                return draft_record(drafter, drafted, node);
        default:
                draft_leaf(drafted, node);
                return 0;
        }
}

static int draft(struct drafter *drafter, const struct chappe_schema_node *node,
                 const struct chappe_layout **ret_layout, uint32_t *ret_align)
{
        struct draft *drafted = &drafter->drafts[node->number];
        int r;

        if (drafted->state == STATE_IN_PROGRESS && node->kind == CHAPPE_SCHEMA_RECORD)
                return draft_pointer(drafter, drafted, ret_layout, ret_align);
        if (drafted->state == STATE_NEW) {
                if (++drafter->depth > LAYOUT_DEPTH_LIMIT)
                        return too_large(drafter, "structs nested more than 128 deep would be needed");
                drafted->state = STATE_IN_PROGRESS;
                drafted->layout = chappe_arena_zalloc(drafter->arena, sizeof(*drafted->layout));
                r = drafted->layout ? draft_by_kind(drafter, drafted, node) : no_memory(drafter);
                if (r < 0)
                        return r;
                drafted->state = STATE_DONE;
                drafter->depth--;
        }
        *ret_layout = drafted->layout;
        *ret_align = drafted->align;
        return 0;
}

/* Items of arrays are structs of their own: nothing is in progress here. */
static int draft_pending(struct drafter *drafter, struct pending *pending)
{
        struct chappe_member *member = (struct chappe_member *)pending->layout->members;
        bool map = pending->node->kind == CHAPPE_SCHEMA_MAP;
        uint32_t align;
        int r = draft(drafter, pending->node->members[0].type, &member->layout, &align);

        if (r < 0)
                return r;
        member->offset = map ? sizeof(struct chappe_text) : 0;
        pending->layout->stride = map ? round_up(member->offset + member->layout->size, _Alignof(struct chappe_text))
                                      : member->layout->size;
        return 0;
}

static int draft_all(struct drafter *drafter, const struct chappe_layout **ret_layout)
{
        uint32_t align;
        int r = draft(drafter, drafter->schema->root, ret_layout, &align);

        for (struct pending *pending = drafter->first; r >= 0 && pending; pending = pending->next)
                r = draft_pending(drafter, pending);
        return r;
}

static int layout_build(struct chappe_schema *schema, struct chappe_arena *arena,
                        const struct chappe_layout **ret_layout, struct chappe_error *error)
{
        struct drafter drafter = { .schema = schema, .arena = arena, .error = error };
        int r;

        drafter.last = &drafter.first;
        drafter.drafts = arena ? calloc(schema->node_count, sizeof(*drafter.drafts)) : NULL;
        r = drafter.drafts ? draft_all(&drafter, ret_layout) : no_memory(&drafter);
        free(drafter.drafts);
        return r;
}

/* Two threads may build it at once; the first to finish is kept, so that all see the same one. */
const struct chappe_layout *chappe_schema_layout(struct chappe_schema *schema, struct chappe_error *error)
{
        const struct chappe_layout *layout = atomic_load_explicit(&schema->layout, memory_order_acquire), *built;
        struct chappe_arena *arena;

        if (layout)
                return layout;
        arena = chappe_arena_new(MEMORY_LIMIT);
        if (layout_build(schema, arena, &built, error) < 0) {
                chappe_arena_free(arena);
                return NULL;
        }
        if (atomic_compare_exchange_strong(&schema->layout, &layout, built)) {
                schema->layout_arena = arena;
                return built;
        }
        chappe_arena_free(arena);
        return layout;
}
