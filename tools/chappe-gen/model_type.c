/* SPDX-License-Identifier: Apache-2.0 */
/* From nodes of a schema to C types, by the forms of <chappe/type.h>. */
#include "model.h"

#include "base/cleanup.h"

#include "schema/schema_expand.h"

CHAPPE_CLEANUP_DEFINE(schema, struct chappe_schema *, (void)chappe_schema_unref)

struct primitive {
        const char *stem, *declaration;
        enum chappe_layout_kind kind;
};

static const struct primitive primitives[] = {
        [CHAPPE_SCHEMA_NULL] = { "chappe_null", "char", CHAPPE_LAYOUT_NULL },
        [CHAPPE_SCHEMA_BOOLEAN] = { "chappe_boolean", "bool", CHAPPE_LAYOUT_BOOLEAN },
        [CHAPPE_SCHEMA_INT] = { "chappe_int", "int32_t", CHAPPE_LAYOUT_INT },
        [CHAPPE_SCHEMA_LONG] = { "chappe_long", "int64_t", CHAPPE_LAYOUT_LONG },
        [CHAPPE_SCHEMA_FLOAT] = { "chappe_float", "float", CHAPPE_LAYOUT_FLOAT },
        [CHAPPE_SCHEMA_DOUBLE] = { "chappe_double", "double", CHAPPE_LAYOUT_DOUBLE },
        [CHAPPE_SCHEMA_BYTES] = { "chappe_bytes", "struct chappe_bytes", CHAPPE_LAYOUT_BYTES },
        [CHAPPE_SCHEMA_STRING] = { "chappe_text", "struct chappe_text", CHAPPE_LAYOUT_STRING },
};

bool model_is_struct(const struct c_type *type)
{
        return type->kind == CHAPPE_LAYOUT_FIXED || type->kind == CHAPPE_LAYOUT_ARRAY ||
               type->kind == CHAPPE_LAYOUT_MAP || type->kind == CHAPPE_LAYOUT_OPTIONAL ||
               type->kind == CHAPPE_LAYOUT_UNION || type->kind == CHAPPE_LAYOUT_RECORD;
}

static struct c_type *find_named(const struct unit *unit, const char *avro)
{
        for (struct c_type *type = unit->types; type; type = type->next) {
                if (type->avro && strcmp(type->avro, avro) == 0)
                        return type;
        }
        return NULL;
}

/* The type of this form: a primitive, or one that is made of the other. */
static struct c_type *find(const struct unit *unit, enum chappe_layout_kind kind, const struct c_type *of)
{
        for (struct c_type *type = unit->types; type; type = type->next) {
                if (type->kind == kind && (of ? type->members[0].type == of : !type->avro))
                        return type;
        }
        return NULL;
}

static struct c_type *add(struct unit *unit, enum chappe_layout_kind kind, const char *stem)
{
        struct c_type *type = gen_alloc(unit->arena, sizeof(*type)), **end = &unit->types;

        type->kind = kind;
        type->stem = stem;
        type->declaration = gen_printf(unit->arena, "%s %s", kind == CHAPPE_LAYOUT_ENUM ? "enum" : "struct", stem);
        while (*end)
                end = &(*end)->next;
        *end = type;
        return type;
}

static void add_members(struct unit *unit, struct c_type *type, size_t count)
{
        type->members = gen_alloc(unit->arena, (count ? count : 1) * sizeof(*type->members));
        type->member_count = count;
}

/* A type made of one other: its tag is the other's with a suffix, so that it is the same type wherever it is used. */
static struct c_type *derived(struct unit *unit, enum chappe_layout_kind kind, struct c_type *of, const char *suffix)
{
        static const char *const alone[] = { "", NULL }, *const map_endings[] = { "", "_entry", NULL };
        const char *stem = gen_printf(unit->arena, "%s_%s", of->stem, suffix);
        struct c_type *type = find(unit, kind, of);

        if (type)
                return type;
        if (kind != CHAPPE_LAYOUT_POINTER)
                stem = name_claim_all(unit->arena, &unit->tags, stem, kind == CHAPPE_LAYOUT_MAP ? map_endings : alone);
        type = add(unit, kind, stem);
        if (kind == CHAPPE_LAYOUT_POINTER)
                type->declaration = gen_printf(unit->arena, "const %s *", of->declaration);
        add_members(unit, type, 1);
        type->members[0].type = of;
        type->members[0].name = "value";
        return type;
}

/* Does a value of this node hold, without an array or map between, a record of that name? Records on the way are in
 * seen. */
static bool holds(const struct chappe_schema_node *node, const char *name, const char **seen, size_t *seen_count,
                  size_t limit)
{
        enum chappe_schema_kind kind = chappe_schema_node_kind(node);

        if (kind != CHAPPE_SCHEMA_RECORD && kind != CHAPPE_SCHEMA_UNION)
                return false;
        if (kind == CHAPPE_SCHEMA_RECORD) {
                const char *own = chappe_schema_node_name(node);

                if (strcmp(own, name) == 0)
                        return true;
                for (size_t i = 0; i < *seen_count; i++) {
                        if (strcmp(seen[i], own) == 0)
                                return false;
                }
                if (*seen_count == limit)
                        return true; /* a pointer is right for any record */
                seen[(*seen_count)++] = own;
        }
        for (size_t i = 0; i < chappe_schema_node_count(node); i++) {
                if (holds(chappe_schema_node_at(node, i), name, seen, seen_count, limit))
                        return true;
        }
        return false;
}

#define RECORDS_LIMIT 4096

/* A record within a record of which it holds one itself: all such steps are pointers, wherever one looks from, so that
 * each header that declares the struct declares the same. */
static bool is_recursive(struct unit *unit, const struct chappe_schema_node *node,
                         const struct chappe_schema_node *owner)
{
        const char **seen = gen_alloc(unit->arena, RECORDS_LIMIT * sizeof(*seen));
        size_t seen_count = 0;

        return owner && holds(node, chappe_schema_node_name(owner), seen, &seen_count, RECORDS_LIMIT);
}

/* Where the named type is declared, and the fingerprint of its own. */
static int describe_named(struct unit *unit, struct c_type *type)
{
        const struct schema_definition *definition;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        int status = schema_library_find(unit->library, type->avro, &definition, unit->error);

        if (status < 0 || !definition) /* a request record, which no file spells out */
                return status;
        if (definition->file != unit->file)
                type->include = definition->file->include;
        status = schema_expand_type(unit->library, definition->file, definition->json, definition->space, &text,
                                    unit->error);
        if (status < 0)
                return status;
        status = schema_library_parse(unit->library, definition->file->path, &text, &schema, unit->error);
        if (status < 0)
                return status;
        type->fingerprint = chappe_schema_fingerprint(schema);
        return 0;
}

static int add_named(struct unit *unit, enum chappe_layout_kind kind, const struct chappe_schema_node *node,
                     struct c_type **ret)
{
        const char *avro = gen_printf(unit->arena, "%s", chappe_schema_node_name(node));
        const char *doc = chappe_schema_node_doc(node);
        struct c_type *type = add(unit, kind, name_claim(unit->arena, &unit->tags, name_tag(unit->arena, avro)));

        type->avro = avro;
        type->doc = doc ? gen_printf(unit->arena, "%s", doc) : NULL;
        *ret = type;
        return describe_named(unit, type);
}

/* "timestamp-millis", "decimal(12, 6)": what <chappe/logical.h> converts, also where it may be absent. NULL: nothing of
 * that kind. */
static const char *logical_name(struct unit *unit, const struct chappe_schema_node *node)
{
        const char *logical = chappe_schema_node_logical(node);

        if (chappe_schema_node_kind(node) == CHAPPE_SCHEMA_UNION && chappe_schema_node_count(node) == 2) {
                const struct chappe_schema_node *first = chappe_schema_node_at(node, 0),
                                                *second = chappe_schema_node_at(node, 1);

                if (chappe_schema_node_kind(first) == CHAPPE_SCHEMA_NULL)
                        return logical_name(unit, second);
                return chappe_schema_node_kind(second) == CHAPPE_SCHEMA_NULL ? logical_name(unit, first) : NULL;
        }
        if (logical && strcmp(logical, "decimal") == 0)
                return gen_printf(unit->arena, "decimal(%d, %d)", chappe_schema_node_precision(node),
                                  chappe_schema_node_scale(node));
        return logical ? gen_printf(unit->arena, "%s", logical) : NULL;
}

/* The comment of a field: what its schema says, and its logical type. */
static const char *field_doc(struct unit *unit, const struct chappe_schema_node *record, size_t n)
{
        const char *doc = chappe_schema_node_doc_at(record, n),
                   *logical = logical_name(unit, chappe_schema_node_at(record, n));

        if (doc && *doc && logical)
                return gen_printf(unit->arena, "%s (%s)", doc, logical);
        return doc && *doc ? gen_printf(unit->arena, "%s", doc) : logical;
}

static int model_record(struct unit *unit, const struct chappe_schema_node *node, struct c_type **ret)
{
        struct name_scope scope = { 0 };
        struct c_type *type;
        int status = add_named(unit, CHAPPE_LAYOUT_RECORD, node, &type);

        *ret = type;
        add_members(unit, type, chappe_schema_node_count(node));
        for (size_t i = 0; i < type->member_count && status >= 0; i++) {
                struct c_member *member = &type->members[i];

                member->avro = gen_printf(unit->arena, "%s", chappe_schema_node_name_at(node, i));
                member->name = name_claim(unit->arena, &scope, member->avro);
                member->doc = field_doc(unit, node, i);
                status = model_type(unit, chappe_schema_node_at(node, i),
                                    gen_printf(unit->arena, "%s_%s", type->stem, name_stem(unit->arena, member->avro)),
                                    node, &member->type);
        }
        return status;
}

static int model_enum(struct unit *unit, const struct chappe_schema_node *node, struct c_type **ret)
{
        struct name_scope folded = { 0 }, twice = { 0 };
        struct c_type *type;
        int status = add_named(unit, CHAPPE_LAYOUT_ENUM, node, &type);
        const char *prefix = name_upper(unit->arena, type->stem);

        *ret = type;
        add_members(unit, type, chappe_schema_node_count(node));
        for (size_t i = 0; i < type->member_count; i++) {
                const char *symbol = gen_printf(unit->arena, "%s", chappe_schema_node_name_at(node, i));
                const char *upper = name_upper(unit->arena, schema_snake(unit->arena, symbol));

                type->members[i].avro = symbol;
                name_claim(unit->arena, name_is_taken(&folded, upper) ? &twice : &folded, upper);
        }
        /* Symbols that differ in case only keep it. */
        for (size_t i = 0; i < type->member_count; i++) {
                struct c_member *member = &type->members[i];
                const char *upper = name_upper(unit->arena, schema_snake(unit->arena, member->avro));
                const char *last = name_is_taken(&twice, upper) ? member->avro : upper;

                member->name = name_claim(unit->arena, &unit->globals, gen_printf(unit->arena, "%s_%s", prefix, last));
        }
        return status;
}

static int model_named(struct unit *unit, enum chappe_layout_kind kind, const struct chappe_schema_node *node,
                       struct c_type **ret)
{
        *ret = find_named(unit, chappe_schema_node_name(node));
        if (*ret)
                return 0;
        if (kind == CHAPPE_LAYOUT_RECORD)
                return model_record(unit, node, ret);
        if (kind == CHAPPE_LAYOUT_ENUM)
                return model_enum(unit, node, ret);
        int status = add_named(unit, kind, node, ret);

        (*ret)->count = (uint32_t)chappe_schema_node_count(node);
        return status;
}

static const struct chappe_schema_node *optional_value(const struct chappe_schema_node *node)
{
        if (chappe_schema_node_count(node) != 2)
                return NULL;
        for (size_t i = 0; i < 2; i++) {
                if (chappe_schema_node_kind(chappe_schema_node_at(node, i)) == CHAPPE_SCHEMA_NULL)
                        return chappe_schema_node_at(node, 1 - i);
        }
        return NULL;
}

static const char *branch_name(struct unit *unit, const struct chappe_schema_node *node)
{
        static const char *const kinds[] = {
                [CHAPPE_SCHEMA_NULL] = "null",   [CHAPPE_SCHEMA_BOOLEAN] = "boolean", [CHAPPE_SCHEMA_INT] = "int",
                [CHAPPE_SCHEMA_LONG] = "long",   [CHAPPE_SCHEMA_FLOAT] = "float",     [CHAPPE_SCHEMA_DOUBLE] = "double",
                [CHAPPE_SCHEMA_BYTES] = "bytes", [CHAPPE_SCHEMA_STRING] = "string",   [CHAPPE_SCHEMA_ARRAY] = "array",
                [CHAPPE_SCHEMA_MAP] = "map",
        };
        const char *name = chappe_schema_node_name(node);

        if (!name)
                return kinds[chappe_schema_node_kind(node)];
        return gen_printf(unit->arena, "%s", strrchr(name, '.') ? strrchr(name, '.') + 1 : name);
}

/* SHOP_ORDER_PAYMENT_IS_LONG, without the underscore that the member's name may need. */
static const char *branch_constant(struct unit *unit, const struct c_type *type, const struct c_member *member)
{
        int length = (int)strlen(member->name);

        while (length > 1 && member->name[length - 1] == '_')
                length--;
        return name_claim(unit->arena, &unit->globals,
                          gen_printf(unit->arena, "%s_IS_%s", name_upper(unit->arena, type->stem),
                                     name_upper(unit->arena, gen_printf(unit->arena, "%.*s", length, member->name))));
}

static int model_union(struct unit *unit, const struct chappe_schema_node *node, const char *place,
                       const struct chappe_schema_node *owner, struct c_type **ret)
{
        static const char *const endings[] = { "", "_branch", NULL };
        struct name_scope scope = { 0 };
        struct c_type *type = add(unit, CHAPPE_LAYOUT_UNION, name_claim_all(unit->arena, &unit->tags, place, endings));
        int status = 0;

        *ret = type;
        add_members(unit, type, chappe_schema_node_count(node));
        for (size_t i = 0; i < type->member_count && status >= 0; i++) {
                struct c_member *member = &type->members[i];
                const struct chappe_schema_node *branch = chappe_schema_node_at(node, i);
                const char *full = chappe_schema_node_name(branch);

                member->avro = full ? gen_printf(unit->arena, "%s", full) : branch_name(unit, branch);
                member->name = name_claim(unit->arena, &scope, name_stem(unit->arena, branch_name(unit, branch)));
                member->constant = branch_constant(unit, type, member);
                status = model_type(unit, branch, gen_printf(unit->arena, "%s_%s", place, member->name), owner,
                                    &member->type);
        }
        return status;
}

static int model_derived(struct unit *unit, enum chappe_layout_kind kind, const struct chappe_schema_node *of,
                         const char *place, const struct chappe_schema_node *owner, const char *suffix,
                         struct c_type **ret)
{
        struct c_type *inner;
        int status = model_type(unit, of, place, owner, &inner);

        if (status >= 0)
                *ret = derived(unit, kind, inner, suffix);
        return status;
}

static int model_primitive(struct unit *unit, const struct primitive *primitive, struct c_type **ret)
{
        *ret = find(unit, primitive->kind, NULL);
        if (!*ret) {
                *ret = add(unit, primitive->kind, primitive->stem);
                (*ret)->declaration = primitive->declaration;
        }
        return 0;
}

int model_type(struct unit *unit, const struct chappe_schema_node *node, const char *place,
               const struct chappe_schema_node *owner, struct c_type **ret)
{
        enum chappe_schema_kind kind = chappe_schema_node_kind(node);
        const struct chappe_schema_node *value;
        int status;

        switch (kind) {
        case CHAPPE_SCHEMA_FIXED:
                return model_named(unit, CHAPPE_LAYOUT_FIXED, node, ret);
        case CHAPPE_SCHEMA_ENUM:
                return model_named(unit, CHAPPE_LAYOUT_ENUM, node, ret);
        case CHAPPE_SCHEMA_RECORD:
                status = model_named(unit, CHAPPE_LAYOUT_RECORD, node, ret);
                if (status >= 0 && is_recursive(unit, node, owner))
                        *ret = derived(unit, CHAPPE_LAYOUT_POINTER, *ret, "pointer");
                return status;
        case CHAPPE_SCHEMA_ARRAY:
                return model_derived(unit, CHAPPE_LAYOUT_ARRAY, chappe_schema_node_at(node, 0), place, NULL, "array",
                                     ret);
        case CHAPPE_SCHEMA_MAP:
                return model_derived(unit, CHAPPE_LAYOUT_MAP, chappe_schema_node_at(node, 0), place, NULL, "map", ret);
        case CHAPPE_SCHEMA_UNION:
                value = optional_value(node);
                return value ? model_derived(unit, CHAPPE_LAYOUT_OPTIONAL, value, place, owner, "optional", ret)
                             : model_union(unit, node, place, owner, ret);
        default:
                return model_primitive(unit, &primitives[kind], ret);
        }
}
