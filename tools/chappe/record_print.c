/* SPDX-License-Identifier: Apache-2.0 */
/* A record on standard output: for people, or as JSON; nothing in it speaks to the terminal. */
#include "record_print.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "hex.h"
#include "instant.h"

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

void print_safe_json(struct chappe_text json)
{
        const uint8_t *bytes = (const uint8_t *)json.at;
        size_t begun = 0, step;
        unsigned character;

        for (size_t i = 0; i < json.length; i += step ? step : 1) {
                step = acting(bytes + i, json.length - i, &character);
                if (step == 0)
                        continue;
                fwrite(json.at + begun, 1, i - begun, stdout);
                printf("\\u%04x", character);
                begun = i + step;
        }
        fwrite(json.at + begun, 1, json.length - begun, stdout);
}

void record_print_line(const struct chappe_client_record *record, const struct chappe_buffer *text, bool colour)
{
        char when[40];

        printf("%s%s[%" PRId32 "]@%" PRId64 "  %s  ", colour ? "\033[36m" : "", record->topic, record->partition,
               record->offset, instant_format(record->timestamp_ms, when));
        if (record->key.at)
                print_bytes(record->key);
        else
                putchar('-');
        fputs(colour ? "\033[0m  " : "  ", stdout);
        if (record->value)
                print_safe_json((struct chappe_text){ (const char *)text->at, text->length });
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

void record_print_json(const struct chappe_client_record *record, const struct chappe_buffer *text)
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
        print_safe_json((struct chappe_text){ head, strlen(head) - 1 });
        if (record->value) { /* printed by the codec, and put in as it is: numbers stay exact */
                fputs(",\"value\":", stdout);
                print_safe_json((struct chappe_text){ (const char *)text->at, text->length });
        }
        puts("}");
        free(head);
        json_decref(object);
}
