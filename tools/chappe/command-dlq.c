/* SPDX-License-Identifier: Apache-2.0 */
/* chappe dlq ls: how many dead letters there are, of what. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "instant.h"
#include "lag.h"
#include "letter.h"
#include "table.h"

#define KINDS_LIMIT 10000

/* Letters of one topic that died of the same. */
struct kind {
        const char *topic;
        char *error, *schema;
        int64_t letters, open, again, oldest_ms;
};

struct counting {
        const char *topic;
        struct kind *kinds;
        size_t count;
        bool whole; /* errors with their package */
        int status;
};

static struct kind *find_kind(struct counting *counting, const char *error, const char *schema)
{
        for (size_t i = counting->count; i > 0; i--) {
                struct kind *kind = &counting->kinds[i - 1];

                if (strcmp(kind->topic, counting->topic) == 0 && strcmp(kind->error, error) == 0 &&
                    strcmp(kind->schema, schema) == 0)
                        return kind;
        }
        struct kind *kinds =
                counting->count < KINDS_LIMIT ? realloc(counting->kinds, (counting->count + 1) * sizeof(*kinds)) : NULL;

        if (!kinds)
                return NULL;
        counting->kinds = kinds;
        kinds[counting->count] = (struct kind){ counting->topic, strdup(error), strdup(schema), 0, 0, 0, -1 };
        return &kinds[counting->count++];
}

static bool on_letter(void *context, const struct chappe_client_record *record, bool settled)
{
        struct counting *counting = context;
        char error[LETTER_LABEL_SIZE];
        struct kind *kind = find_kind(counting, letter_error(record, counting->whole, error), letter_schema(record));

        if (!kind || !kind->error || !kind->schema) {
                command_say("%s: more than %d kinds of dead letters", counting->topic, KINDS_LIMIT);
                counting->status = EXIT_FAILED;
                return false;
        }
        kind->letters++;
        kind->open += !settled;
        kind->again += record->letter && record->letter->replays > 0;
        if (kind->oldest_ms < 0 || record->timestamp_ms < kind->oldest_ms)
                kind->oldest_ms = record->timestamp_ms;
        return true;
}

static int count_topic(const struct command_line *line, struct chappe_client *client, struct counting *counting)
{
        CHAPPE_CLEANUP(letters) struct chappe_letters *letters = NULL;
        struct chappe_letters_read read = {
                .partition = -1, .settled = command_given(line, "all"), .letter = on_letter, .context = counting
        };
        struct chappe_error error;

        if (chappe_letters_open(client, counting->topic, command_value(line, "group"), &letters, &error) < 0 ||
            chappe_letters_read(letters, &read, &error) < 0)
                return command_fail(&error);
        return counting->status;
}

static bool is_dead_letter_topic(struct chappe_client *client, const char *topic, const char *pattern)
{
        if (pattern && strcmp(topic, pattern) == 0)
                return true;
        return chappe_letters_origin(client, topic).length > 0 &&
               (!pattern || fnmatch(pattern, topic, FNM_NOESCAPE) == 0);
}

static void print_kinds(const struct command_line *line, const struct counting *counting)
{
        static const struct table_column columns[] = {
                { "topic", false }, { "error", false }, { "schema", false }, { "letters", true },  { "open", true },
                { "again", true },  { "since", true },  { "oldest", false }, { "replayed", true },
        };
        struct table table;

        table_open(&table, line, columns, 7);
        table.column_count += table.json ? 2 : 0;
        for (size_t i = 0; i < counting->count; i++) {
                const struct kind *kind = &counting->kinds[i];
                char text[40];

                table_cell(&table, "%s", kind->topic);
                table_cell(&table, "%s", kind->error);
                table_cell(&table, "%s", kind->schema);
                table_cell(&table, "%" PRId64, kind->letters);
                table_cell(&table, "%" PRId64, kind->open);
                table_cell(&table, "%" PRId64, kind->again);
                if (table.json) {
                        table_cell(&table, "%" PRId64, (instant_now_ms() - kind->oldest_ms) / 1000);
                        table_cell(&table, "%s", instant_format(kind->oldest_ms, text));
                        table_cell(&table, "%" PRId64, kind->again); /* as it was called before */
                } else {
                        table_cell(&table, "%s", lag_behind(kind->oldest_ms, instant_now_ms(), text));
                }
        }
        table_close(&table);
}

static int dlq_ls(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        const char *format = command_value(line, "output");
        struct counting counting = { .whole = format && strcmp(format, "json") == 0 };
        struct chappe_client_topic *topics;
        size_t count;
        int status = cluster_topics(line, NULL, &client, &topics, &count);

        if (status != EXIT_DONE)
                return status;
        memory = topics;
        for (size_t i = 0; i < count && status == EXIT_DONE; i++) {
                counting.topic = topics[i].name;
                if (is_dead_letter_topic(client, topics[i].name, command_argument(line, 0)))
                        status = count_topic(line, client, &counting);
        }
        if (status == EXIT_DONE)
                print_kinds(line, &counting);
        for (size_t i = 0; i < counting.count; i++) {
                free(counting.kinds[i].error);
                free(counting.kinds[i].schema);
        }
        free(counting.kinds);
        return status;
}

static const struct command_option options[] = {
        { "all", 'a', NULL, "those too that were replayed or discarded", NULL },
        { "group", 'g', "GROUP", "whose commits note what is settled: chappe-dlq, with the prefix", NULL },
        { 0 },
};

const struct command command_dlq_ls = {
        .name = "dlq ls",
        .arguments = "[TOPIC]",
        .summary = "how many dead letters there are, by topic, error and schema; TOPIC may be a pattern",
        .details =
                "Counts what was neither replayed nor discarded, with --all what was too, in every topic that is "
                "called as "
                "dead_letter_topic says\n(*-dlt). open: of these, those that were neither; again: those that had been "
                "replayed before and died again (in JSON replayed too,\nthe former name); since: how long ago the "
                "oldest "
                "was written, in JSON in seconds.",
        .options = options,
        .most = 1,
        .cluster = true,
        .table = true,
        .run = dlq_ls,
};
