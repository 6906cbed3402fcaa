/* SPDX-License-Identifier: Apache-2.0 */
/* A record on standard output: for people, or as JSON; nothing in it speaks to the terminal. */
#include "record_print.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "instant.h"
#include "safe.h"

void record_print_line(const struct chappe_client_record *record, const struct chappe_buffer *text, bool colour)
{
        char when[40];

        printf("%s%s[%" PRId32 "]@%" PRId64 "  %s  ", colour ? "\033[36m" : "", record->topic, record->partition,
               record->offset, instant_format(record->timestamp_ms, when));
        if (record->key.at)
                safe_print_bytes(record->key);
        else
                putchar('-');
        fputs(colour ? "\033[0m  " : "  ", stdout);
        if (record->value)
                safe_print_json((struct chappe_text){ (const char *)text->at, text->length });
        else if (!record->payload.at)
                fputs("(tombstone)", stdout);
        else
                safe_print_bytes(record->payload);
        putchar('\n');
}

void record_print_json(const struct chappe_client_record *record, const struct chappe_buffer *text)
{
        json_t *object = json_pack("{s:s, s:i, s:I, s:I, s:o}", "topic", record->topic, "partition",
                                   (int)record->partition, "offset", (json_int_t)record->offset, "timestamp_ms",
                                   (json_int_t)record->timestamp_ms, "key", safe_bytes_json(record->key));
        char *head;

        if (!record->value)
                json_object_set_new(object, "payload", safe_bytes_json(record->payload));
        if (record->error)
                json_object_set_new(object, "error", json_sprintf("E%d %s", record->error->code, record->error->text));
        if (record->schema)
                json_object_set_new(object, "type", json_string(chappe_schema_name(record->schema)));
        head = json_dumps(object, JSON_COMPACT);
        safe_print_json((struct chappe_text){ head, strlen(head) - 1 });
        if (record->value) { /* printed by the codec, and put in as it is: numbers stay exact */
                fputs(",\"value\":", stdout);
                safe_print_json((struct chappe_text){ (const char *)text->at, text->length });
        }
        puts("}");
        free(head);
        json_decref(object);
}
