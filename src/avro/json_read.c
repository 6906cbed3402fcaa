/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to a value in its C form: Avro's encoding and the plain form. */
#include <math.h>

#include "avro/json_logical.h"
#include "avro/json_read.h"
#include "avro/schema_default.h"

#define JSON_DEPTH 256u
#define TRY_LIMIT  100000u /* values read while branches of unions are tried */

/* What every array and map lies in. */
struct items {
        void *at;
        size_t count;
};

int chappe_json_wrong_kind(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                           const struct chappe_json_node *json)
{
        char name[160];

        return CHAPPE_JSON_MISFIT(reader, json, "expected %s, found %s", chappe_schema_describe(node, name),
                                  chappe_json_kind_name(json));
}

static void *allocate(struct chappe_json_reader *reader, size_t size)
{
        void *memory = chappe_arena_zalloc(reader->arena, size);

        if (!memory)
                chappe_fail(reader->error, CHAPPE_E_NO_MEMORY, "no memory to read JSON");
        return memory;
}

/* 1.0 and 1e3 are whole numbers too, as in Java. */
static bool whole_number(const struct chappe_json_reader *reader, const struct chappe_json_node *json, int64_t *ret)
{
        double number;

        if (chappe_json_integer(reader->document, json, ret))
                return true;
        number = chappe_json_double(reader->document, json);
        if (!(fabs(number) <= 9007199254740992.0) || number != (double)(int64_t)number)
                return false;
        *ret = (int64_t)number;
        return true;
}

static int read_integer(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                        const struct chappe_json_node *json, uint8_t *value)
{
        int64_t number;

        if (json->kind != CHAPPE_JSON_NUMBER)
                return chappe_json_wrong_kind(reader, node, json);
        if (!whole_number(reader, json, &number) ||
            (node->kind == CHAPPE_SCHEMA_INT && (number < INT32_MIN || number > INT32_MAX)))
                return CHAPPE_JSON_MISFIT(reader, json, "%.*s is no %s", (int)(json->end - json->at),
                                          reader->document->text.at + json->at, chappe_schema_kind_name(node->kind));
        if (node->kind == CHAPPE_SCHEMA_INT)
                *(int32_t *)value = (int32_t)number;
        else
                *(int64_t *)value = number;
        return 0;
}

/* A default is taken as Java takes it; of data no number becomes infinite without a word. */
static int read_float_number(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                             const struct chappe_json_node *json, double *ret)
{
        *ret = node->kind == CHAPPE_SCHEMA_FLOAT ? chappe_json_float(reader->document, json)
                                                 : chappe_json_double(reader->document, json);
        if (isinf(*ret) && !chappe_json_in_default(reader))
                return CHAPPE_JSON_MISFIT(reader, json, "%.*s%s is beyond a %s",
                                          (int)(json->end - json->at < 40 ? json->end - json->at : 40),
                                          reader->document->text.at + json->at, json->end - json->at > 40 ? "…" : "",
                                          chappe_schema_kind_name(node->kind));
        return 0;
}

static int read_float(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                      const struct chappe_json_node *json, uint8_t *value)
{
        double number = 0;

        if (json->kind == CHAPPE_JSON_STRING) {
                if (!chappe_schema_float_word((struct chappe_text){ json->string, json->count }, &number))
                        return CHAPPE_JSON_MISFIT(reader, json,
                                                  "a string for a %s can only be NaN, Infinity or -Infinity",
                                                  chappe_schema_kind_name(node->kind));
        } else if (json->kind != CHAPPE_JSON_NUMBER) {
                return chappe_json_wrong_kind(reader, node, json);
        } else {
                int r = read_float_number(reader, node, json, &number);

                if (r < 0)
                        return r;
        }
        if (node->kind == CHAPPE_SCHEMA_FLOAT)
                *(float *)value = (float)number;
        else
                *(double *)value = number;
        return 0;
}

/* Strings of the text are in the arena already; those of the schema's defaults are copied. */
static int read_string(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                       const struct chappe_json_node *json, struct chappe_text *text)
{
        if (json->kind != CHAPPE_JSON_STRING)
                return chappe_json_wrong_kind(reader, node, json);
        *text = (struct chappe_text){ json->string, json->count };
        if (chappe_json_in_default(reader))
                *text = chappe_arena_text(reader->arena, *text);
        return text->at ? 0 : chappe_fail(reader->error, CHAPPE_E_NO_MEMORY, "no memory to read JSON");
}

/* Characters up to U+00FF to bytes; -1 for another one. to may be NULL: only the count is of interest. */
static int64_t latin_to_bytes(const struct chappe_json_node *json, uint8_t *to)
{
        int64_t count = 0;

        for (uint32_t i = 0; i < json->count; i++, count++) {
                uint8_t c = (uint8_t)json->string[i];

                if (c >= 0xC4)
                        return -1;
                if (c >= 0x80)
                        c = (uint8_t)(c << 6 | (json->string[++i] & 0x3F));
                if (to)
                        to[count] = c;
        }
        return count;
}

static int read_bytes(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                      const struct chappe_json_node *json, uint8_t *value)
{
        struct chappe_bytes *bytes = (struct chappe_bytes *)value;
        int64_t count;

        if (json->kind != CHAPPE_JSON_STRING)
                return chappe_json_wrong_kind(reader, node, json);
        count = latin_to_bytes(json, NULL);
        if (count < 0)
                return CHAPPE_JSON_MISFIT(reader, json, "bytes are written with characters up to \\u00FF only");
        if (node->kind == CHAPPE_SCHEMA_FIXED) {
                if (count != node->count)
                        return CHAPPE_JSON_MISFIT(reader, json, "%lld bytes for a fixed of %u", (long long)count,
                                                  node->count);
                latin_to_bytes(json, value);
                return 0;
        }
        bytes->at = allocate(reader, (size_t)count);
        bytes->length = (size_t)count;
        if (!bytes->at)
                return -CHAPPE_E_NO_MEMORY;
        latin_to_bytes(json, (uint8_t *)bytes->at);
        return 0;
}

static int read_enum(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                     const struct chappe_json_node *json, int32_t *symbol)
{
        if (json->kind != CHAPPE_JSON_STRING)
                return chappe_json_wrong_kind(reader, node, json);
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, json->string) == 0 && strlen(json->string) == json->count) {
                        *symbol = (int32_t)i;
                        return 0;
                }
        }
        return CHAPPE_JSON_MISFIT(reader, json, "'%.60s' is no symbol of enum %s", json->string, node->name);
}

static int read_items(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                      const struct chappe_layout *layout, const struct chappe_json_node *json, struct items *items)
{
        bool map = node->kind == CHAPPE_SCHEMA_MAP;
        uint8_t *at;

        if (json->kind != (map ? CHAPPE_JSON_OBJECT : CHAPPE_JSON_ARRAY))
                return chappe_json_wrong_kind(reader, node, json);
        if (json->count == 0)
                return 0;
        at = allocate(reader, (size_t)json->count * layout->stride);
        *items = (struct items){ at, json->count };
        if (!at)
                return -CHAPPE_E_NO_MEMORY;
        for (const struct chappe_json_node *item = json->child; item; item = item->next, at += layout->stride) {
                int r;

                if (map) {
                        struct chappe_text key = { item->key, item->key_length };

                        *(struct chappe_text *)at =
                                chappe_json_in_default(reader) ? chappe_arena_text(reader->arena, key) : key;
                }
                r = chappe_json_read_value(reader, node->members[0].type, layout->members[0].layout, item,
                                           at + layout->members[0].offset);
                if (r < 0)
                        return r;
        }
        return 0;
}

static const struct chappe_json_node *find_field(const struct chappe_schema_member *field,
                                                 const struct chappe_json_node *json)
{
        const struct chappe_json_node *member = chappe_json_find(json, field->name);

        for (uint32_t i = 0; !member && i < field->aliases.count; i++)
                member = chappe_json_find(json, field->aliases.at[i]);
        return member;
}

static int read_missing(struct chappe_json_reader *reader, const struct chappe_schema_member *field,
                        const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value)
{
        const struct chappe_json_document *document = reader->document;
        int r;

        if (!field->default_json)
                return CHAPPE_JSON_MISFIT(reader, json, "the field '%.60s' is missing, and it has no default",
                                          field->name);
        reader->document = &reader->schema->document;
        r = chappe_json_read_value(reader, field->type, layout, field->default_json, value);
        reader->document = document;
        return r;
}

static bool knows(const struct chappe_schema_node *node, const struct chappe_json_node *member)
{
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, member->key) == 0)
                        return true;
                for (uint32_t j = 0; j < node->members[i].aliases.count; j++) {
                        if (strcmp(node->members[i].aliases.at[j], member->key) == 0)
                                return true;
                }
        }
        return false;
}

/* Only looked for when the numbers say that there must be one. */
static int refuse_unknown(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                          const struct chappe_json_node *json)
{
        for (const struct chappe_json_node *member = json->child; member; member = member->next) {
                if (!knows(node, member))
                        return CHAPPE_JSON_MISFIT(reader, member, "%s has no such field", node->name);
                if (chappe_json_find(json, member->key) != member)
                        return CHAPPE_JSON_MISFIT(reader, member, "the field '%.100s' is there twice", member->key);
        }
        return CHAPPE_JSON_MISFIT(reader, json, "a field is there twice, under its name and an alias");
}

static int read_record(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                       const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value)
{
        uint32_t given = 0;

        if (json->kind != CHAPPE_JSON_OBJECT)
                return chappe_json_wrong_kind(reader, node, json);
        for (uint32_t i = 0; i < node->count; i++) {
                const struct chappe_schema_member *field = &node->members[i];
                const struct chappe_member *member = &layout->members[i];
                const struct chappe_json_node *item = find_field(field, json);
                int r = item ? chappe_json_read_value(reader, field->type, member->layout, item, value + member->offset)
                             : read_missing(reader, field, member->layout, json, value + member->offset);

                if (r < 0)
                        return r;
                given += item != NULL;
        }
        if (chappe_json_in_default(reader))
                return 0;
        return given < json->count ? refuse_unknown(reader, node, json) : 0;
}

/* A logical type as people write it. */
static int read_logical(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                        const struct chappe_json_node *json, uint8_t *value)
{
        struct chappe_text text = { json->string, json->count };
        struct chappe_error error = { 0 };
        int r;

        if (json->kind == CHAPPE_JSON_NUMBER)
                text = (struct chappe_text){ reader->document->text.at + json->at, json->end - json->at };
        r = chappe_logical_parse(node, text, reader->arena, value, reader->error ? &error : NULL);
        if (r == -CHAPPE_E_VALUE_INVALID)
                return CHAPPE_JSON_MISFIT(reader, json, "%s", error.text);
        return r < 0 ? chappe_fail(reader->error, -r, "%s", error.text) : 0;
}

static bool is_logical(const struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                       const struct chappe_json_node *json)
{
        return reader->plain && node->logical_form && !chappe_json_in_default(reader) &&
               (json->kind == CHAPPE_JSON_STRING || json->kind == CHAPPE_JSON_NUMBER) &&
               chappe_logical_parses(node, json->kind == CHAPPE_JSON_NUMBER);
}

static int read_by_kind(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                        const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value)
{
        switch ((enum chappe_schema_kind)node->kind) {
        case CHAPPE_SCHEMA_NULL:
                return json->kind == CHAPPE_JSON_NULL ? 0 : chappe_json_wrong_kind(reader, node, json);
        case CHAPPE_SCHEMA_BOOLEAN:
                if (json->kind != CHAPPE_JSON_TRUE && json->kind != CHAPPE_JSON_FALSE)
                        return chappe_json_wrong_kind(reader, node, json);
                *(bool *)value = json->kind == CHAPPE_JSON_TRUE;
                return 0;
        case CHAPPE_SCHEMA_INT:
        case CHAPPE_SCHEMA_LONG:
                return read_integer(reader, node, json, value);
        case CHAPPE_SCHEMA_FLOAT:
        case CHAPPE_SCHEMA_DOUBLE:
                return read_float(reader, node, json, value);
        case CHAPPE_SCHEMA_BYTES:
        case CHAPPE_SCHEMA_FIXED:
                return read_bytes(reader, node, json, value);
        case CHAPPE_SCHEMA_STRING:
                return read_string(reader, node, json, (struct chappe_text *)value);
        case CHAPPE_SCHEMA_ENUM:
                return read_enum(reader, node, json, (int32_t *)value);
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                return read_items(reader, node, layout, json, (struct items *)value);
        case CHAPPE_SCHEMA_UNION:
                return chappe_json_read_union(reader, node, layout, json, value);
        case CHAPPE_SCHEMA_RECORD:
                return read_record(reader, node, layout, json, value);
        }
        return -CHAPPE_E_JSON_MISMATCH;
}

int chappe_json_read_value(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                           const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value)
{
        if (!reader->error) {
                if (reader->tries == 0)
                        return -CHAPPE_E_JSON_MISMATCH;
                reader->tries--;
        }
        if (layout->kind == CHAPPE_LAYOUT_POINTER) {
                uint8_t *target = allocate(reader, layout->members[0].layout->size);

                if (!target)
                        return -CHAPPE_E_NO_MEMORY;
                *(uint8_t **)value = target;
                value = target;
                layout = layout->members[0].layout;
        }
        return is_logical(reader, node, json) ? read_logical(reader, node, json, value)
                                              : read_by_kind(reader, node, layout, json, value);
}

static int read_all(const struct chappe_schema *schema, const struct chappe_layout *layout, struct chappe_text json,
                    bool plain, struct chappe_arena *arena, void *ret_value, struct chappe_error *error)
{
        struct chappe_error unused;
        struct chappe_json_document document = { .text = json,
                                                 .depth = JSON_DEPTH,
                                                 .syntax_code = CHAPPE_E_JSON_SYNTAX };
        struct chappe_json_reader reader = { .schema = schema,
                                             .document = &document,
                                             .arena = arena,
                                             .error = error ? error : &unused,
                                             .tries = TRY_LIMIT,
                                             .plain = plain };
        int r = chappe_json_parse(&document, arena, reader.error);

        if (r < 0)
                return r;
        memset(ret_value, 0, layout->size);
        return chappe_json_read_value(&reader, schema->root, layout, document.root, ret_value);
}

int chappe_json_read(const struct chappe_schema *schema, const struct chappe_layout *layout, struct chappe_text json,
                     struct chappe_arena *arena, void *ret_value, struct chappe_error *error)
{
        return read_all(schema, layout, json, false, arena, ret_value, error);
}

int chappe_json_read_plain(const struct chappe_schema *schema, const struct chappe_layout *layout,
                           struct chappe_text json, struct chappe_arena *arena, void *ret_value,
                           struct chappe_error *error)
{
        return read_all(schema, layout, json, true, arena, ret_value, error);
}
