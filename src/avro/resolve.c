/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of schema resolution. */
#include <stdlib.h>

#include "avro/resolve.h"

#define DEPTH_LIMIT 200u /* records within records looked at to choose a branch; deeper ones count as fitting */

enum verdict {
        VERDICT_UNKNOWN,
        VERDICT_YES, /* also while it is being looked at: recursion is no reason against */
        VERDICT_NO,
};

/* What was found out about a pair of records. */
struct pair {
        uint32_t writer, reader;
        uint8_t alike, fits;
};

struct chappe_resolver {
        const char **names; /* by number of the writer's node: its full name, after the reader's aliases */
        struct pair *pairs; /* open addressing */
        uint32_t pair_count, pair_capacity;
        unsigned depth;
        bool strict;
        bool out_of_memory;
};

static const char *short_name(const char *full)
{
        const char *dot = strrchr(full, '.');

        return dot ? dot + 1 : full;
}

int chappe_resolver_new(const struct chappe_schema *writer, const struct chappe_schema *reader, bool strict,
                        struct chappe_resolver **ret_resolver, struct chappe_error *error)
{
        struct chappe_resolver *resolver = calloc(1, sizeof(*resolver));

        if (resolver)
                resolver->names = chappe_resolve_names(writer, reader);
        if (!resolver || !resolver->names) {
                chappe_resolver_free(resolver);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to resolve schemas");
        }
        resolver->strict = strict;
        *ret_resolver = resolver;
        return 0;
}

struct chappe_resolver *chappe_resolver_free(struct chappe_resolver *resolver)
{
        if (resolver) {
                free(resolver->names);
                free(resolver->pairs);
                free(resolver);
        }
        return NULL;
}

bool chappe_resolver_failed(const struct chappe_resolver *resolver)
{
        return resolver->out_of_memory;
}

static struct pair *pair_slot(struct pair *pairs, uint32_t capacity, uint32_t writer, uint32_t reader)
{
        uint32_t at = (writer * 2654435761u ^ reader * 2246822519u) & (capacity - 1);

        /* A slot is free while both verdicts are unknown. */
        while ((pairs[at].alike || pairs[at].fits) && (pairs[at].writer != writer || pairs[at].reader != reader))
                at = (at + 1) & (capacity - 1);
        return &pairs[at];
}

static bool pairs_grow(struct chappe_resolver *resolver)
{
        uint32_t capacity = resolver->pair_capacity ? 2 * resolver->pair_capacity : 64;
        struct pair *pairs = calloc(capacity, sizeof(*pairs));

        if (!pairs)
                return false;
        for (uint32_t i = 0; i < resolver->pair_capacity; i++) {
                struct pair *old = &resolver->pairs[i];

                if (old->alike || old->fits)
                        *pair_slot(pairs, capacity, old->writer, old->reader) = *old;
        }
        free(resolver->pairs);
        resolver->pairs = pairs;
        resolver->pair_capacity = capacity;
        return true;
}

/* The pair's place; a later call may move it. NULL when memory is short. */
static struct pair *pair_find(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                              const struct chappe_schema_node *reader)
{
        struct pair *pair;

        if (2 * (resolver->pair_count + 1) > resolver->pair_capacity && !pairs_grow(resolver)) {
                resolver->out_of_memory = true;
                return NULL;
        }
        pair = pair_slot(resolver->pairs, resolver->pair_capacity, writer->number, reader->number);
        if (!pair->alike && !pair->fits)
                resolver->pair_count++;
        pair->writer = writer->number;
        pair->reader = reader->number;
        return pair;
}

static bool same_short_name(const struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                            const struct chappe_schema_node *reader)
{
        return strcmp(short_name(resolver->names[writer->number]), reader->short_name) == 0;
}

static bool same_full_name(const struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                           const struct chappe_schema_node *reader)
{
        return strcmp(resolver->names[writer->number], reader->name) == 0;
}

static bool promotes(enum chappe_schema_kind from, enum chappe_schema_kind to)
{
        switch (from) {
        case CHAPPE_SCHEMA_INT:
                return to == CHAPPE_SCHEMA_LONG || to == CHAPPE_SCHEMA_FLOAT || to == CHAPPE_SCHEMA_DOUBLE;
        case CHAPPE_SCHEMA_LONG:
                return to == CHAPPE_SCHEMA_FLOAT || to == CHAPPE_SCHEMA_DOUBLE;
        case CHAPPE_SCHEMA_FLOAT:
                return to == CHAPPE_SCHEMA_DOUBLE;
        case CHAPPE_SCHEMA_STRING:
                return to == CHAPPE_SCHEMA_BYTES;
        case CHAPPE_SCHEMA_BYTES:
                return to == CHAPPE_SCHEMA_STRING;
        default:
                return false;
        }
}

enum chappe_match chappe_resolve(const struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                                 const struct chappe_schema_node *reader)
{
        bool named = writer->kind == CHAPPE_SCHEMA_FIXED || writer->kind == CHAPPE_SCHEMA_ENUM ||
                     (writer->kind == CHAPPE_SCHEMA_RECORD && resolver->strict);

        if (writer->kind == CHAPPE_SCHEMA_UNION)
                return CHAPPE_MATCH_WRITER_UNION;
        if (reader->kind == CHAPPE_SCHEMA_UNION)
                return CHAPPE_MATCH_READER_UNION;
        if (writer->kind != reader->kind)
                return promotes(writer->kind, reader->kind) ? CHAPPE_MATCH_PROMOTED : CHAPPE_MATCH_NONE;
        if (named && !same_short_name(resolver, writer, reader))
                return CHAPPE_MATCH_NONE;
        if (writer->kind == CHAPPE_SCHEMA_FIXED && writer->count != reader->count)
                return CHAPPE_MATCH_NONE;
        return CHAPPE_MATCH_SAME;
}

static int64_t find_name(const struct chappe_schema_node *node, const char *name)
{
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, name) == 0)
                        return i;
        }
        return -1;
}

static bool claims(const struct chappe_schema_member *field, const char *name)
{
        for (uint32_t i = 0; i < field->aliases.count; i++) {
                if (strcmp(field->aliases.at[i], name) == 0)
                        return true;
        }
        return false;
}

/* An alias goes before the name itself, the last one before the others. */
int64_t chappe_resolve_field(const struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                             const struct chappe_schema_node *reader, uint32_t field)
{
        const char *name = writer->members[field].name;

        if (resolver->strict || same_full_name(resolver, writer, reader)) {
                for (uint32_t i = reader->count; i-- > 0;) {
                        if (claims(&reader->members[i], name))
                                return i;
                }
        }
        return find_name(reader, name);
}

int64_t chappe_resolve_symbol(const struct chappe_schema_node *writer, const struct chappe_schema_node *reader,
                              uint32_t symbol)
{
        int64_t found =
                symbol < reader->count && strcmp(reader->members[symbol].name, writer->members[symbol].name) == 0
                        ? symbol
                        : find_name(reader, writer->members[symbol].name);

        return found >= 0 ? found : reader->default_symbol;
}

static bool record_fits(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                        const struct chappe_schema_node *reader);

/* Whether a value could be read at all, without a look into items and nested fields. */
static bool value_fits(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                       const struct chappe_schema_node *reader)
{
        switch (chappe_resolve(resolver, writer, reader)) {
        case CHAPPE_MATCH_SAME:
                return writer->kind != CHAPPE_SCHEMA_RECORD || record_fits(resolver, writer, reader);
        case CHAPPE_MATCH_READER_UNION:
                return chappe_resolve_branch(resolver, writer, reader) >= 0;
        case CHAPPE_MATCH_NONE:
                return false;
        default:
                return true;
        }
}

static bool has_all_fields(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                           const struct chappe_schema_node *reader)
{
        bool *given = calloc(reader->count + 1, sizeof(*given)), all = given != NULL;

        resolver->out_of_memory = resolver->out_of_memory || !given;
        for (uint32_t i = 0; given && i < writer->count; i++) {
                int64_t field = chappe_resolve_field(resolver, writer, reader, i);

                if (field >= 0)
                        given[field] = true;
        }
        for (uint32_t i = 0; all && i < reader->count; i++)
                all = given[i] || reader->members[i].default_json;
        free(given);
        return all;
}

static bool fields_fit(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                       const struct chappe_schema_node *reader)
{
        if (!has_all_fields(resolver, writer, reader))
                return false;
        for (uint32_t i = 0; i < writer->count; i++) {
                int64_t field = chappe_resolve_field(resolver, writer, reader, i);

                if (field >= 0 && !value_fits(resolver, writer->members[i].type, reader->members[field].type))
                        return false;
        }
        return true;
}

static bool record_fits(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                        const struct chappe_schema_node *reader)
{
        struct pair *pair = pair_find(resolver, writer, reader);
        bool fits;

        if (!pair)
                return false;
        if (pair->fits != VERDICT_UNKNOWN)
                return pair->fits == VERDICT_YES;
        pair->fits = VERDICT_YES;
        if (resolver->depth >= DEPTH_LIMIT)
                return true;
        resolver->depth++;
        fits = fields_fit(resolver, writer, reader);
        resolver->depth--;
        pair = pair_find(resolver, writer, reader);
        if (pair)
                pair->fits = fits ? VERDICT_YES : VERDICT_NO;
        return fits && pair;
}

/* The same kind: for named types the full name, for records failing that a structure that fits, best of the same name.
 */
static int64_t find_same_kind(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                              const struct chappe_schema_node *reader)
{
        int64_t by_structure = -1;

        for (uint32_t i = 0; i < reader->count; i++) {
                const struct chappe_schema_node *branch = reader->members[i].type;

                if (branch->kind != writer->kind)
                        continue;
                if (!writer->name || same_full_name(resolver, writer, branch))
                        return i;
                if (writer->kind == CHAPPE_SCHEMA_RECORD &&
                    (by_structure < 0 || same_short_name(resolver, writer, branch)) &&
                    record_fits(resolver, writer, branch))
                        by_structure = i;
        }
        return by_structure;
}

/* Compatibility is judged by trying: any branch that could take the value. */
static int64_t find_any_fitting(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                                const struct chappe_schema_node *reader)
{
        for (uint32_t i = 0; i < reader->count; i++) {
                if (value_fits(resolver, writer, reader->members[i].type))
                        return i;
        }
        return -1;
}

int64_t chappe_resolve_branch(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                              const struct chappe_schema_node *reader)
{
        int64_t found = find_same_kind(resolver, writer, reader);

        for (uint32_t i = 0; found < 0 && i < reader->count; i++) {
                if (promotes(writer->kind, reader->members[i].type->kind))
                        found = i;
        }
        return found < 0 && resolver->strict ? find_any_fitting(resolver, writer, reader) : found;
}

static bool members_alike(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                          const struct chappe_schema_node *reader)
{
        if (writer->count != reader->count)
                return false;
        for (uint32_t i = 0; i < writer->count; i++) {
                const struct chappe_schema_member *ours = &writer->members[i], *theirs = &reader->members[i];

                if (writer->kind == CHAPPE_SCHEMA_ENUM && strcmp(ours->name, theirs->name) != 0)
                        return false;
                if (writer->kind == CHAPPE_SCHEMA_RECORD && chappe_resolve_field(resolver, writer, reader, i) != i)
                        return false;
                if (ours->type && !chappe_resolve_union_alike(resolver, ours->type, theirs->type))
                        return false;
        }
        return true;
}

static bool records_alike(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                          const struct chappe_schema_node *reader)
{
        struct pair *pair = pair_find(resolver, writer, reader);
        bool alike;

        if (!pair)
                return false;
        if (pair->alike != VERDICT_UNKNOWN)
                return pair->alike == VERDICT_YES;
        pair->alike = VERDICT_YES;
        if (resolver->depth >= DEPTH_LIMIT)
                return true;
        resolver->depth++;
        alike = members_alike(resolver, writer, reader);
        resolver->depth--;
        pair = pair_find(resolver, writer, reader);
        if (pair)
                pair->alike = alike ? VERDICT_YES : VERDICT_NO;
        return alike && pair;
}

bool chappe_resolve_union_alike(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                                const struct chappe_schema_node *reader)
{
        if (writer->kind != reader->kind || (writer->name && !same_short_name(resolver, writer, reader)))
                return false;
        if (writer->kind == CHAPPE_SCHEMA_RECORD)
                return records_alike(resolver, writer, reader);
        if (writer->kind == CHAPPE_SCHEMA_FIXED)
                return writer->count == reader->count;
        return !writer->members || members_alike(resolver, writer, reader);
}
