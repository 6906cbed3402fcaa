/* SPDX-License-Identifier: Apache-2.0 */
/* chappe consume: records, decoded, as they come. */
#include <fnmatch.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "hex.h"
#include "instant.h"
#include "schemas.h"
#include "where.h"

struct consuming {
        bool json; /* one JSON object a record */
        bool colour;
        bool raw;
        int64_t limit; /* records to print; 0: all */
        int64_t printed;
        size_t undecodable;
        struct where where;
        struct chappe_buffer text;
        struct chappe_error error;
};

static bool is_text(struct chappe_bytes bytes)
{
        json_t *text = bytes.length < LINE_LIMIT ? json_stringn((const char *)bytes.at, bytes.length)
                                                 : NULL; /* NULL: no UTF-8 */
        bool printable = text != NULL;

        json_decref(text);
        for (size_t i = 0; i < bytes.length && printable; i++)
                printable = (bytes.at[i] >= ' ' && bytes.at[i] != 0x7f) || (bytes.at[i] >= '\t' && bytes.at[i] <= '\r');
        return printable;
}

/* Bytes of no schema: text if they are text, on one line, else hex. */
static void print_bytes(struct chappe_bytes bytes)
{
        if (!is_text(bytes)) {
                fputs("0x", stdout);
                hex_print(stdout, bytes.at, bytes.length);
                return;
        }
        command_plain(stdout, (struct chappe_text){ (const char *)bytes.at, bytes.length });
}

/* How many bytes at this place are a character that a terminal acts on, though JSON lets it stand: DEL, C1, and those
 * that turn the direction of writing. */
static size_t acting(const uint8_t *at, size_t length, unsigned *ret_character)
{
        if (at[0] == 0x7f) {
                *ret_character = 0x7f;
                return 1;
        }
        if (length >= 2 && at[0] == 0xc2 && at[1] < 0xa0) {
                *ret_character = at[1];
                return 2;
        }
        if (length < 3 || at[0] != 0xe2)
                return 0;
        *ret_character = 0x2000u | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
        return (*ret_character >= 0x202a && *ret_character <= 0x202e) ||
                               (*ret_character >= 0x2066 && *ret_character <= 0x2069)
                       ? 3
                       : 0;
}

/* The same JSON, with nothing in it that a terminal acts on. */
static void print_safe_json(const char *text, size_t length)
{
        const uint8_t *bytes = (const uint8_t *)text;
        size_t begun = 0, step;
        unsigned character;

        for (size_t i = 0; i < length; i += step ? step : 1) {
                step = acting(bytes + i, length - i, &character);
                if (step == 0)
                        continue;
                fwrite(text + begun, 1, i - begun, stdout);
                printf("\\u%04x", character);
                begun = i + step;
        }
        fwrite(text + begun, 1, length - begun, stdout);
}

static void print_line(struct consuming *consuming, const struct chappe_client_record *record)
{
        char when[40];

        printf("%s%s[%" PRId32 "]@%" PRId64 "  %s  ", consuming->colour ? "\033[36m" : "", record->topic,
               record->partition, record->offset, instant_format(record->timestamp_ms, when));
        if (record->key.at)
                print_bytes(record->key);
        else
                putchar('-');
        fputs(consuming->colour ? "\033[0m  " : "  ", stdout);
        if (record->value)
                print_safe_json((const char *)consuming->text.at, consuming->text.length);
        else if (!record->payload.at)
                fputs("(tombstone)", stdout);
        else
                print_bytes(record->payload);
        putchar('\n');
}

static json_t *bytes_json(struct chappe_bytes bytes)
{
        if (!bytes.at)
                return json_null();
        if (is_text(bytes))
                return json_stringn((const char *)bytes.at, bytes.length);
        char *hex = malloc(bytes.length * 2 + 3);
        json_t *json;

        if (!hex)
                return json_null();
        strcpy(hex, "0x");
        for (size_t i = 0; i < bytes.length; i++)
                sprintf(hex + 2 + i * 2, "%02x", bytes.at[i]);
        json = json_string(hex);
        free(hex);
        return json;
}

static void print_json(struct consuming *consuming, const struct chappe_client_record *record)
{
        json_t *object = json_pack("{s:s, s:i, s:I, s:I, s:o}", "topic", record->topic, "partition",
                                   (int)record->partition, "offset", (json_int_t)record->offset, "timestamp_ms",
                                   (json_int_t)record->timestamp_ms, "key", bytes_json(record->key));
        char *head;

        if (!record->value)
                json_object_set_new(object, "payload", bytes_json(record->payload));
        if (record->error)
                json_object_set_new(object, "error", json_sprintf("E%d %s", record->error->code, record->error->text));
        if (record->schema)
                json_object_set_new(object, "type", json_string(chappe_schema_name(record->schema)));
        head = json_dumps(object, JSON_COMPACT);
        print_safe_json(head, strlen(head) - 1);
        if (record->value) { /* printed by the codec, and put in as it is: numbers stay exact */
                fputs(",\"value\":", stdout);
                print_safe_json((const char *)consuming->text.at, consuming->text.length);
        }
        puts("}");
        free(head);
        json_decref(object);
}

static bool on_record(void *context, const struct chappe_client_record *record)
{
        struct consuming *consuming = context;

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
        if (consuming->json)
                print_json(consuming, record);
        else
                print_line(consuming, record);
        consuming->printed++;
        return fflush(stdout) == 0 && (consuming->limit == 0 || consuming->printed < consuming->limit);
}

/* --from: beginning, end, an offset, a time, or -10m. */
static bool parse_from(const struct command_line *line, struct chappe_client_read *read)
{
        const char *from = command_value(line, "from");
        char *end;
        long long offset;

        read->from = CHAPPE_FROM_END;
        if (command_integer(line, "last", 1, INT32_MAX, &read->position) == false)
                return false;
        if (command_given(line, "last")) {
                read->from = CHAPPE_FROM_LAST;
                return true;
        }
        if (!from || strcmp(from, "end") == 0)
                return true;
        offset = strtoll(from, &end, 10);
        if (strcmp(from, "beginning") == 0)
                read->from = CHAPPE_FROM_BEGINNING;
        else if (end != from && !*end && offset >= 0) {
                read->from = CHAPPE_FROM_OFFSET;
                read->position = offset;
        } else if (instant_parse(from, &read->position))
                read->from = CHAPPE_FROM_TIME;
        else {
                command_misuse(
                        "--from is beginning, end, an offset, a time such as 2026-11-24T10:00:00, or -10m, not '%s'",
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

static int consume(const struct command_line *line)
{
        const char *output = command_value(line, "output");
        const char *format = output ? output : command_value(line, "format");
        struct consuming consuming = {
                .json = format && strcmp(format, "json") == 0,
                .colour = command_colour(STDOUT_FILENO),
                .raw = command_given(line, "raw"),
        };
        struct chappe_client_read read = {
                .to_end = command_given(line, "exit"),
                .raw = consuming.raw,
                .record = on_record,
                .context = &consuming,
        };
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct chappe_error error = { 0 };
        int64_t partition = -1;
        int status;

        if (!command_integer(line, "partition", 0, INT32_MAX, &partition) ||
            !command_integer(line, "count", 1, INT64_MAX, &consuming.limit) || !parse_from(line, &read) ||
            !where_parse(line, &consuming.where))
                return EXIT_USAGE;
        read.partition = (int32_t)partition;
        if (command_given(line, "schema")) {
                status = schema_open(line, command_value(line, "schema"), &schema);
                if (status != EXIT_DONE)
                        return status;
                read.bare = schema;
        }
        status = cluster_open(line, NULL, false, NULL, &client);
        if (status != EXIT_DONE)
                return status;
        status = read_topics(line, client, &read, &error);
        chappe_buffer_deinit(&consuming.text);
        if (status == -CHAPPE_E_STOPPED && cluster_interrupted())
                return read.to_end ? EXIT_INTERRUPTED : EXIT_DONE;
        if (status < 0)
                return command_fail(&error);
        return consuming.undecodable ? EXIT_FAILED : EXIT_DONE;
}

static const struct command_option options[] = {
        { "from", 0, "WHERE", "beginning, end (default), an offset, a time, or -10m", NULL },
        { "last", 'l', "N", "begin N records before the end of each partition", NULL },
        { "exit", 'e', NULL, "stop at the end instead of waiting for more", NULL },
        { "count", 'n', "N", "stop after N records", NULL },
        { "partition", 'p', "N", "this partition only", NULL },
        { "where", 'w', "FIELD=VALUE", "only values whose field (a.b for one within) is this; repeatable: all of them",
          NULL },
        { "format", 'f', "FORMAT", "line (default), or json: one object a record", "line,json" },
        { "output", 'o', "FORMAT", "the same", "line,json" },
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
                   "not be decoded.",
        .options = options,
        .least = 1,
        .most = -1,
        .cluster = true,
        .run = consume,
};
