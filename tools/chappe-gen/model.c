/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema file or a protocol gives: roots and messages. */
#include "model.h"

#include "avro/schema_model.h"

#include "schema/schema_expand.h"
#include "schema/schema_walk.h"

#include "base/cleanup.h"

static struct c_root *find_root(const struct unit *unit, const char *name, bool published)
{
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (root->published >= published && root->type->avro && strcmp(root->type->avro, name) == 0)
                        return root;
        }
        return NULL;
}

/* The attribute "chappe.key": a field that holds a string. */
static int find_key(struct unit *unit, const struct chappe_schema *schema, const char **ret)
{
        const struct chappe_schema_node *node = chappe_schema_root(schema);
        bool record = chappe_schema_node_kind(node) == CHAPPE_SCHEMA_RECORD;
        const struct chappe_json_node *attribute = record ? chappe_json_find(node->json, "chappe.key") : NULL;
        const char *key = chappe_schema_node_attribute(node, "chappe.key");

        if (!attribute)
                return 0;
        if (!key)
                return chappe_json_fail(&schema->document, attribute, unit->error, CHAPPE_E_SCHEMA_INVALID,
                                        "chappe.key is the name of a string field");
        for (size_t i = 0; i < chappe_schema_node_count(node); i++) {
                if (strcmp(chappe_schema_node_name_at(node, i), key) == 0 &&
                    chappe_schema_node_kind(chappe_schema_node_at(node, i)) == CHAPPE_SCHEMA_STRING) {
                        *ret = gen_printf(unit->arena, "%s", key);
                        return 0;
                }
        }
        return chappe_json_fail(&schema->document, attribute, unit->error, CHAPPE_E_SCHEMA_INVALID,
                                "%s has no string field \"%s\"", chappe_schema_node_name(node), key);
}

bool model_is_event(const struct unit *unit, const struct c_root *root)
{
        return root->published && !unit->protocol && root->type->kind == CHAPPE_LAYOUT_RECORD;
}

bool model_is_used(const struct c_root *root)
{
        return root->published || root->used;
}

/* The names of what is declared for a root. */
static const char *claim_functions(struct unit *unit, const char *stem)
{
        static const char *const endings[] = { "_type",          "_publish",        "_publish_to", "_decode",
                                               "_encode",        "_clear",          "_copy",       "_compare",
                                               "_hash",          "_print",          "_feed",       "_handler",
                                               "_HANDLER",       "_CONSUMES",       "_PRODUCES",   "_handler_batch",
                                               "_HANDLER_BATCH", "_CONSUMES_BATCH", NULL };

        return name_claim_all(unit->arena, &unit->globals, stem, endings);
}

int model_root(struct unit *unit, const char *stem, struct chappe_buffer *text, bool published, struct c_root **ret)
{
        struct c_root *root = gen_alloc(unit->arena, sizeof(*root)), **end = &unit->roots;
        const struct chappe_schema_node *node;
        const char *name;
        int status = schema_library_parse(unit->library, unit->file->path, text, &root->schema, unit->error);

        if (status < 0)
                return status;
        node = chappe_schema_root(root->schema);
        name = chappe_schema_node_name(node);
        *ret = name ? find_root(unit, name, published) : NULL;
        if (*ret) {
                chappe_schema_unref(root->schema);
                return 0;
        }
        status = model_type(unit, node, stem ? stem : "", NULL, &root->type);
        if (status >= 0)
                status = find_key(unit, root->schema, &root->key);
        if (status < 0) {
                chappe_schema_unref(root->schema); /* not among the unit's roots yet */
                return status;
        }
        schema_minify(text, 0);
        root->text = chappe_arena_text(unit->arena, (struct chappe_text){ (char *)text->at, text->length });
        stem = name ? root->type->stem : stem;
        if (name && !published) /* its own header has an object of that name */
                stem = gen_printf(unit->arena, "%s_%s", unit->protocol_stem, stem);
        root->stem = claim_functions(unit, stem);
        root->doc = root->type->doc;
        root->published = published;
        while (*end)
                end = &(*end)->next;
        *end = *ret = root;
        return 0;
}

int model_schema(struct unit *unit, const char *name)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        struct c_root *root;
        int status = schema_expand_file(unit->library, unit->file, &text, unit->error);

        return status < 0 ? status : model_root(unit, name_of_file(unit->arena, name), &text, true, &root);
}
