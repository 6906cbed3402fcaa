/* SPDX-License-Identifier: Apache-2.0 */
/* chappe dlq show: dead letters, one a line, or in full. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "instant.h"
#include "lag.h"
#include "letter.h"
#include "safe.h"

#define REASON_WIDTH 40

struct showing {
        struct letter_filter filter;
        bool json;
        int64_t limit, shown;
        int64_t strays; /* of these: no dead letters */
};

static struct chappe_text reason_of(const struct chappe_client_record *record)
{
        return record->letter ? record->letter->reason : (struct chappe_text){ 0 };
}

/* As many characters as fit, whole ones. */
static struct chappe_text cut(struct chappe_text text, size_t characters)
{
        size_t length = 0;

        for (; length < text.length; length++)
                if (((unsigned char)text.at[length] & 0xc0) != 0x80 && characters-- == 0)
                        break;
        return (struct chappe_text){ text.at, length };
}

static void print_line(const struct chappe_client_record *record, bool settled)
{
        char error[LETTER_LABEL_SIZE], place[40], since[24];
        struct chappe_text reason = reason_of(record), shown = cut(reason, REASON_WIDTH);
        int replays = record->letter ? record->letter->replays : 0;

        snprintf(place, sizeof(place), "%" PRId32 "@%" PRId64, record->partition, record->offset);
        printf("%-8s  %5s  %-7s  ", place, lag_behind(record->timestamp_ms, instant_now_ms(), since),
               letter_error(record, false, error));
        if (settled)
                fputs("(settled)  ", stdout);
        if (replays > 0)
                printf("(replayed %d×)  ", replays);
        if (record->key.at)
                safe_print_bytes(
                        (struct chappe_bytes){ record->key.at, record->key.length < 30 ? record->key.length : 30 });
        else
                putchar('-');
        fputs("  ", stdout);
        command_plain(stdout, shown);
        puts(shown.length < reason.length ? "…" : "");
}

static void print_entry(const char *name, const char *value)
{
        printf("  %-9s  ", name);
        command_plain(stdout, chappe_text(value));
        putchar('\n');
}

static void print_origin(const struct chappe_client_record *record)
{
        const struct chappe_dead_letter *letter = record->letter;
        char text[600], when[40];

        if (!letter)
                return;
        snprintf(text, sizeof(text), "%.*s[%" PRId32 "]@%" PRId64 "  %s", CHAPPE_TEXT(letter->topic), letter->partition,
                 letter->offset, instant_format(letter->timestamp_ms ? letter->timestamp_ms : -1, when));
        print_entry("from", text);
        snprintf(text, sizeof(text), "%.*s", CHAPPE_TEXT(letter->group));
        print_entry("group", text);
        snprintf(text, sizeof(text), "%" PRId32, letter->attempts);
        print_entry("attempts", letter->attempts > 0 ? text : "-");
        snprintf(text, sizeof(text), "%" PRId32, letter->replays);
        print_entry("replayed", text);
}

static void print_headers(const struct chappe_client_record *record)
{
        puts("  headers");
        for (size_t i = 0; i < record->header_count; i++) {
                const struct chappe_header *header = &record->headers[i];

                fputs("    ", stdout);
                command_plain(stdout, chappe_text(header->name));
                fputs("  ", stdout);
                safe_print_bytes((struct chappe_bytes){ header->value, header->length });
                putchar('\n');
        }
}

static void print_whole(const struct showing *showing, const struct chappe_client_record *record, bool settled)
{
        char text[600];

        snprintf(text, sizeof(text), "%s[%" PRId32 "]@%" PRId64, record->topic, record->partition, record->offset);
        command_plain(stdout, chappe_text(text));
        puts(settled ? "  (settled)" : "");
        print_origin(record);
        print_entry("error", letter_error(record, true, text));
        fputs("  reason     ", stdout);
        command_plain(stdout, reason_of(record));
        fputs("\n  key        ", stdout);
        if (record->key.at)
                safe_print_bytes(record->key);
        putchar('\n');
        print_headers(record);
        print_entry("schema", letter_schema(record));
        fputs("  value      ", stdout);
        if (record->value)
                safe_print_json(
                        (struct chappe_text){ (const char *)showing->filter.json.at, showing->filter.json.length });
        else if (record->payload.at)
                safe_print_bytes(record->payload);
        else
                fputs("(tombstone)", stdout);
        putchar('\n');
}

static json_t *text_json(struct chappe_text text)
{
        return text.length == 0 ? json_null()
                                : safe_bytes_json((struct chappe_bytes){ (const uint8_t *)text.at, text.length });
}

static json_t *headers_json(const struct chappe_client_record *record)
{
        json_t *list = json_array();

        for (size_t i = 0; i < record->header_count; i++) {
                const struct chappe_header *header = &record->headers[i];

                json_array_append_new(
                        list, json_pack("{s:o, s:o}", "name", text_json(chappe_text(header->name)), "value",
                                        safe_bytes_json((struct chappe_bytes){ header->value, header->length })));
        }
        return list;
}

static void print_json(const struct showing *showing, const struct chappe_client_record *record, bool settled)
{
        static const struct chappe_dead_letter no_letter = { .partition = -1, .offset = -1 };
        const struct chappe_dead_letter *letter = record->letter ? record->letter : &no_letter;
        char error[LETTER_LABEL_SIZE];
        json_t *object = json_pack(
                "{s:s, s:i, s:I, s:I, s:b, s:s, s:o, s:{s:o, s:i, s:I, s:I, s:o}, s:i, s:i, s:o, s:o, s:s}", "topic",
                record->topic, "partition", (int)record->partition, "offset", (json_int_t)record->offset,
                "timestamp_ms", (json_int_t)record->timestamp_ms, "settled", settled, "error",
                letter_error(record, true, error), "reason", text_json(letter->reason), "from", "topic",
                text_json(letter->topic), "partition", (int)letter->partition, "offset", (json_int_t)letter->offset,
                "timestamp_ms", (json_int_t)letter->timestamp_ms, "group", text_json(letter->group), "attempts",
                (int)letter->attempts, "replays", (int)letter->replays, "key", safe_bytes_json(record->key), "headers",
                headers_json(record), "schema", letter_schema(record));
        char *head;

        if (!object) { /* a name that is no UTF-8 */
                puts("{}");
                return;
        }
        if (!record->value)
                json_object_set_new(object, "payload", safe_bytes_json(record->payload));
        head = json_dumps(object, JSON_COMPACT);
        safe_print_json((struct chappe_text){ head, strlen(head) - 1 });
        if (record->value) { /* printed by the codec, and put in as it is: numbers stay exact */
                fputs(",\"value\":", stdout);
                safe_print_json(
                        (struct chappe_text){ (const char *)showing->filter.json.at, showing->filter.json.length });
        }
        puts("}");
        free(head);
        json_decref(object);
}

static bool on_letter(void *context, const struct chappe_client_record *record, bool settled)
{
        struct showing *showing = context;

        if (!letter_filter_fits(&showing->filter, record))
                return true;
        if (showing->json)
                print_json(showing, record, settled);
        else if (showing->filter.place_count > 0)
                print_whole(showing, record, settled);
        else
                print_line(record, settled);
        showing->shown++;
        showing->strays += !record->letter;
        return fflush(stdout) == 0 && (showing->limit == 0 || showing->shown < showing->limit);
}

/* Live records look like dead letters of an unknown error. */
static int tell_strays(const struct showing *showing, const char *topic)
{
        if (showing->strays == 0)
                return EXIT_DONE;
        command_say("%s: %" PRId64 " of them are no dead letters: no header tells where they came from", topic,
                    showing->strays);
        return showing->strays == showing->shown ? EXIT_FAILED : EXIT_DONE;
}

static int show(const struct command_line *line, struct showing *showing)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(letters) struct chappe_letters *letters = NULL;
        struct chappe_error error;
        int status = letter_open(line, &client, &schema, &letters);
        struct chappe_letters_read read = { .partition = -1,
                                            .settled = command_given(line, "all") || showing->filter.place_count > 0,
                                            .bare = schema,
                                            .letter = on_letter,
                                            .context = showing };

        if (status != EXIT_DONE)
                return status;
        if (chappe_letters_read(letters, &read, &error) < 0)
                return command_fail(&error);
        if (showing->limit == 0 || showing->shown < showing->limit) /* else the rest was not looked at */
                status = letter_filter_tell(&showing->filter, command_argument(line, 0));
        return tell_strays(showing, command_argument(line, 0)) == EXIT_DONE ? status : EXIT_FAILED;
}

static int dlq_show(const struct command_line *line)
{
        struct showing *showing = calloc(1, sizeof(*showing));
        const char *format = command_value(line, "output");
        int status = EXIT_USAGE;

        if (!showing)
                return EXIT_FAILED;
        showing->json = format && strcmp(format, "json") == 0;
        if (letter_filter_parse(line, &showing->filter) &&
            command_integer(line, "count", 1, INT64_MAX, &showing->limit))
                status = show(line, showing);
        letter_filter_deinit(&showing->filter);
        free(showing);
        return status;
}

static const struct command_option options[] = {
        LETTER_OPTIONS,
        { "all", 'a', NULL, "those too that were replayed or discarded", NULL },
        { "count", 'n', "N", "stop after N", NULL },
        { "output", 'o', "FORMAT", "line (default), or json: one object a dead letter", "line,json" },
        { 0 },
};

const struct command command_dlq_show = {
        .name = "dlq show",
        .arguments = "TOPIC [PARTITION@OFFSET…]",
        .summary = "the dead letters of a topic, one a line; those that are named in full, with headers and value",
        .details = "TOPIC is the dead letter topic. Values are decoded by the schema that they were written with. "
                   "Records that are no dead\nletters, for no header tells where they came from, are shown and "
                   "counted on standard error; exit code 1 when all are.",
        .options = options,
        .least = 1,
        .most = -1,
        .cluster = true,
        .run = dlq_show,
};
