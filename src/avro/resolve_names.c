/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer's types are called once the reader's aliases have been applied. */
#include <stdlib.h>

#include "avro/resolve.h"

struct alias {
        const char *from, *to;
        uint32_t order;
};

static int compare_aliases(const void *a, const void *b)
{
        const struct alias *x = a, *y = b;
        int order = strcmp(x->from, y->from);

        return order ? order : (x->order > y->order) - (x->order < y->order);
}

static size_t count_aliases(const struct chappe_schema *reader)
{
        size_t count = 0;

        for (const struct chappe_schema_node *node = reader->nodes; node; node = node->next)
                count += node->aliases.count;
        return count;
}

static void collect_aliases(const struct chappe_schema *reader, struct alias *aliases, size_t count)
{
        size_t n = 0;

        for (const struct chappe_schema_node *node = reader->nodes; node; node = node->next) {
                for (uint32_t i = 0; i < node->aliases.count; i++)
                        aliases[n++] = (struct alias){ node->aliases.at[i], node->name, node->number };
        }
        qsort(aliases, count, sizeof(*aliases), compare_aliases);
}

/* The last type that claims the name has it, as in Java; a type is renamed before anything is compared. */
static const char *rename_type(const struct alias *aliases, size_t count, const char *name)
{
        size_t low = 0, high = count;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (strcmp(aliases[middle].from, name) <= 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low > 0 && strcmp(aliases[low - 1].from, name) == 0 ? aliases[low - 1].to : name;
}

const char **chappe_resolve_names(const struct chappe_schema *writer, const struct chappe_schema *reader)
{
        size_t count = count_aliases(reader);
        struct alias *aliases = calloc(count + 1, sizeof(*aliases));
        const char **names = aliases ? calloc(writer->node_count, sizeof(*names)) : NULL;

        if (names) {
                collect_aliases(reader, aliases, count);
                for (const struct chappe_schema_node *node = writer->nodes; node; node = node->next)
                        names[node->number] = node->name ? rename_type(aliases, count, node->name) : NULL;
        }
        free(aliases);
        return names;
}
