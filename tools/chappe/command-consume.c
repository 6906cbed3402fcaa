/* SPDX-License-Identifier: Apache-2.0 */
/* chappe consume: records, decoded, as they come. */
#include <fnmatch.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "avro_output.h"
#include "cluster.h"
#include "instant.h"
#include "record_print.h"
#include "schemas.h"
#include "where.h"

struct consuming {
        bool json; /* one JSON object a record */
        bool colour;
        int64_t limit; /* records to print; 0: all */
        int64_t printed;
        size_t undecodable, tombstones, looked_at;
        struct avro_output *file; /* NULL: standard output */
        bool failed;              /* the file could not be written, and was told */
        bool unread;              /* whoever read standard output has gone */
        struct where where;
        struct chappe_buffer text;
        struct chappe_error error;
};

/* Values alone: what has none is counted. */
static bool put_into_file(struct consuming *consuming, const struct chappe_client_record *record)
{
        struct chappe_error error;

        consuming->tombstones += !record->payload.at;
        if (!record->value)
                return true;
        if (avro_output_add(consuming->file, record->schema, record->value, &error) < 0) {
                chappe_error_prefix(&error, "%s[%" PRId32 "]@%" PRId64, record->topic, record->partition,
                                    record->offset);
                command_fail(&error);
                consuming->failed = true;
                return false;
        }
        consuming->printed++;
        return consuming->limit == 0 || consuming->printed < consuming->limit;
}

static bool on_record(void *context, const struct chappe_client_record *record)
{
        struct consuming *consuming = context;

        consuming->looked_at++;
        if (record->value) {
                consuming->text.length = 0;
                if (chappe_json_print_plain(record->schema, record->layout, record->value, &consuming->text,
                                            &consuming->error) < 0)
                        command_fail(&consuming->error);
        }
        if (!where_matches(&consuming->where, record->value ? &consuming->text : NULL))
                return true;
        if (record->error) {
                consuming->undecodable++;
                command_say("%s[%" PRId32 "]@%" PRId64 ": E%d %s", record->topic, record->partition, record->offset,
                            record->error->code, record->error->text);
        }
        if (consuming->file)
                return put_into_file(consuming, record);
        if (consuming->json)
                record_print_json(record, &consuming->text);
        else
                record_print_line(record, &consuming->text, consuming->colour);
        consuming->printed++;
        return fflush(stdout) == 0 && (consuming->limit == 0 || consuming->printed < consuming->limit);
}

/* A reader who has had enough is noticed though there is nothing to write. */
static bool is_read(void *context)
{
        struct consuming *consuming = context;
        struct pollfd output = { .fd = STDOUT_FILENO };

        consuming->unread = !consuming->file && poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
        return !consuming->unread;
}

/* --from: beginning, end, an offset, a time, or -10m. */
static bool parse_from(const struct command_line *line, struct chappe_client_read *read)
{
        const char *from = command_value(line, "from");

        read->from = CHAPPE_FROM_END;
        if (command_integer(line, "last", 1, INT32_MAX, &read->position) == false)
                return false;
        if (from && command_given(line, "last")) {
                command_misuse("--from and --last both say where to begin: one of them");
                return false;
        }
        if (command_given(line, "last")) {
                read->from = CHAPPE_FROM_LAST;
                return true;
        }
        if (!from || strcmp(from, "end") == 0)
                return true;
        if (strcmp(from, "beginning") == 0)
                read->from = CHAPPE_FROM_BEGINNING;
        else if (command_parse_integer(from, 0, INT64_MAX, &read->position))
                read->from = CHAPPE_FROM_OFFSET;
        else if (instant_parse(from, &read->position))
                read->from = CHAPPE_FROM_TIME;
        else {
                command_misuse("--from is beginning, end, an offset, a time such as 2026-11-24T10:00:00, or -10m "
                               "(ms, s, m, h, d), not '%s'",
                               from);
                return false;
        }
        return true;
}

/* The topics that the arguments name, patterns expanded. NULL: said why. */
static const char **find_topics(const struct command_line *line, const struct chappe_client_topic *topics, size_t count,
                                size_t *ret_count)
{
        const char **names = calloc(count + 1, sizeof(*names));

        *ret_count = 0;
        for (size_t i = 0; names && i < count; i++) {
                const char *pattern;

                for (size_t n = 0; (pattern = command_argument(line, n)); n++) {
                        if (strcmp(pattern, topics[i].name) == 0 ||
                            (!topics[i].internal && fnmatch(pattern, topics[i].name, FNM_NOESCAPE) == 0)) {
                                names[(*ret_count)++] = topics[i].name;
                                break;
                        }
                }
        }
        return names;
}

static int read_topics(const struct command_line *line, struct chappe_client *client, struct chappe_client_read *read,
                       struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *names_memory = NULL, *topics_memory = NULL;
        struct chappe_client_topic *topics;
        size_t count;

        if (chappe_client_topics(client, NULL, &topics, &count, error) < 0)
                return -error->code;
        topics_memory = topics;
        read->topics = names_memory = find_topics(line, topics, count, &read->topic_count);
        if (!read->topics)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu names", count);
        if (read->topic_count == 0)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", command_argument(line, 0));
        return chappe_client_read(client, read, error);
}

/* A condition that nothing fits is an answer. One on a field that nothing has is more likely mistyped. */
static bool tell_unknown_field(const struct consuming *consuming)
{
        int length;
        const char *field = where_unmet(&consuming->where, &length);

        if (!field || consuming->looked_at == 0)
                return false;
        command_say("no record that was read has the field %.*s", length, field);
        return true;
}

/* The exit code for what was read; the file gets its name when it is whole. */
static int finish(struct consuming *consuming, bool to_end, int status, const struct chappe_error *error)
{
        bool interrupted = status == -CHAPPE_E_STOPPED && cluster_interrupted();

        if (consuming->unread)
                return EXIT_PIPE;
        if (consuming->failed)
                return EXIT_FAILED;
        if (interrupted && to_end)
                return EXIT_INTERRUPTED;
        if (status < 0 && !interrupted)
                return command_fail(error);
        if (consuming->tombstones)
                command_say("%zu records have no value, and are left out", consuming->tombstones);
        bool unknown = tell_unknown_field(consuming);
        status = consuming->file ? avro_output_finish(consuming->file) : EXIT_DONE;
        return status == EXIT_DONE && (consuming->undecodable || unknown) ? EXIT_FAILED : status;
}

static int consume_into(const struct command_line *line, struct chappe_schema *bare, struct consuming *consuming)
{
        struct chappe_client_read read = {
                .to_end = command_given(line, "exit"),
                .raw = command_given(line, "raw"),
                .bare = bare,
                .record = on_record,
                .idle = is_read,
                .context = consuming,
        };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct chappe_error error = { 0 };
        int64_t partition = -1;
        int status;

        if (!command_integer(line, "partition", 0, INT32_MAX, &partition) ||
            !command_integer(line, "count", 1, INT64_MAX, &consuming->limit) || !parse_from(line, &read) ||
            !where_parse(line, &consuming->where))
                return EXIT_USAGE;
        read.partition = (int32_t)partition;
        status = cluster_open(line, NULL, false, NULL, &client);
        if (status != EXIT_DONE)
                return status;
        status = read_topics(line, client, &read, &error);
        chappe_buffer_deinit(&consuming->text);
        return finish(consuming, read.to_end, status, &error);
}

/* The schema that an option names, if it does. */
static int open_schema(const struct command_line *line, const char *option, struct chappe_schema **ret)
{
        const char *path = command_value(line, option);

        return path ? schema_open(line, path, ret) : EXIT_DONE;
}

static int open_file(const struct command_line *line, const char *path, struct avro_output **ret_file)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        int status;

        if (!avro_output_is_name(path) && (command_given(line, "codec") || command_given(line, "reader")))
                return command_misuse("--codec and --reader are for -o FILE.avro");
        if (!avro_output_is_name(path))
                return EXIT_DONE;
        if (command_given(line, "raw"))
                return command_misuse("--raw values have no schema to stand in %s", path);
        status = open_schema(line, "reader", &schema);
        return status == EXIT_DONE ? avro_output_open(path, command_value(line, "codec"), schema, ret_file) : status;
}

static int consume(const struct command_line *line)
{
        CHAPPE_CLEANUP(avro_output) struct avro_output *file = NULL;
        CHAPPE_CLEANUP(schema) struct chappe_schema *bare = NULL;
        const char *output = command_value(line, "output");
        const char *format = output ? output : command_value(line, "format");
        struct consuming consuming = {
                .json = format && strcmp(format, "json") == 0,
                .colour = command_colour(STDOUT_FILENO),
        };
        int status;

        if (output && command_given(line, "format"))
                return command_misuse("--format and --output both say what to write: one of them");
        status = open_schema(line, "schema", &bare);
        if (status == EXIT_DONE)
                status = open_file(line, output, &file);
        consuming.file = file;
        return status == EXIT_DONE ? consume_into(line, bare, &consuming) : status;
}

static const struct command_option options[] = {
        { "from", 0, "WHERE", "beginning, end (default), an offset, a time, or -10m", NULL },
        { "last", 'l', "N", "instead of --from: begin N records before the end of each partition", NULL },
        { "exit", 'e', NULL, "stop at the end instead of waiting for more", NULL },
        { "count", 'n', "N", "stop after N records", NULL },
        { "partition", 'p', "N", "this partition only", NULL },
        { "where", 'w', "FIELD=VALUE", "only values whose field (a.b for one within) is this; repeatable: all of them",
          NULL },
        { "format", 'f', "FORMAT", "line (default), or json: one object a record", "line,json" },
        { "output", 'o', "FORMAT",
          "instead of --format: the same, or FILE.avro: the values into an Avro container file", "line,json,*.avro" },
        AVRO_CODEC_OPTION,
        { "reader", 'r', "FILE", "of FILE.avro: the schema to write (that of the first record)", NULL },
        { "raw", 0, NULL, "do not decode", NULL },
        { "schema", 'S', "FILE", "values are bare Avro of this schema, without a frame that names one", NULL },
        SCHEMA_INCLUDE_OPTION,
        { 0 },
};

const struct command command_consume = {
        .name = "consume",
        .arguments = "TOPIC…",
        .summary = "print the records of topics, decoded; TOPIC may be a pattern such as 'shop.orders.*'",
        .details = "Reads without a consumer group: nobody's offsets change. Values are printed in the plain JSON that "
                   "people write (logical types\n"
                   "as text: 2026-11-28T10:15:30.250Z, \"-12.50\"), each by the schema that it was written with. Exit "
                   "code 1 when "
                   "a record could\n"
                   "not be decoded, or none has the field of --where.",
        .options = options,
        .least = 1,
        .most = -1,
        .cluster = true,
        .run = consume,
};
