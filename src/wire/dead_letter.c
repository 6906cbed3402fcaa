/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a dead letter, under Spring's names. */
#include "wire/dead_letter.h"

#include <assert.h>
#include <stdio.h>

#define PREFIX      "kafka_dlt-"
#define CODE_PREFIX "chappe.E"

static bool is_dead_letters_own(const char *name)
{
        return strncmp(name, PREFIX, strlen(PREFIX)) == 0 || strcmp(name, CHAPPE_HEADER_ATTEMPTS) == 0;
}

/* What stands in for a class name: stable, and found by `chappe explain`. */
static void write_exception(int code, struct chappe_header_list *list)
{
        char name[32];
        int length = code ? snprintf(name, sizeof(name), CODE_PREFIX "%d", code)
                          : snprintf(name, sizeof(name), "chappe.Handler");

        memcpy(chappe_header_list_room(list, CHAPPE_HEADER_DEAD_EXCEPTION, (size_t)length), name, (size_t)length);
}

void chappe_dead_letter_write(const struct chappe_header *headers, size_t count,
                              const struct chappe_dead_letter *letter, struct chappe_header_list *list)
{
        assert(count <= CHAPPE_HEADERS_MAXIMUM);
        for (size_t i = 0; i < count; i++)
                if (!is_dead_letters_own(headers[i].name))
                        chappe_header_list_bytes(list, headers[i].name, chappe_header_bytes(&headers[i]));
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_TOPIC, chappe_text(letter->topic));
        chappe_header_list_int32(list, CHAPPE_HEADER_DEAD_PARTITION, letter->partition);
        chappe_header_list_int64(list, CHAPPE_HEADER_DEAD_OFFSET, letter->offset);
        chappe_header_list_int64(list, CHAPPE_HEADER_DEAD_TIMESTAMP, letter->timestamp_ms);
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_TIMESTAMP_TYPE, chappe_text("CreateTime"));
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_GROUP, chappe_text(letter->group));
        write_exception(letter->code, list);
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_MESSAGE, letter->reason);
        chappe_header_list_int32(list, CHAPPE_HEADER_ATTEMPTS, letter->attempts);
}

static struct chappe_bytes value(const struct chappe_header *headers, size_t count, const char *name)
{
        return chappe_header_bytes(chappe_header_find(headers, count, name));
}

static int read_code(struct chappe_text name)
{
        size_t prefix = strlen(CODE_PREFIX);
        int64_t code;

        if (name.length <= prefix || memcmp(name.at, CODE_PREFIX, prefix) != 0)
                return 0;
        return chappe_header_decimal((struct chappe_bytes){ (const uint8_t *)name.at + prefix, name.length - prefix },
                                     &code) &&
                               code <= INT32_MAX
                       ? (int)code
                       : 0;
}

bool chappe_dead_letter_read(const struct chappe_header *headers, size_t count, struct chappe_dead_letter *ret_letter,
                             struct chappe_text *ret_topic, struct chappe_text *ret_group)
{
        const struct chappe_header *topic = chappe_header_find(headers, count, CHAPPE_HEADER_DEAD_TOPIC);
        struct chappe_dead_letter letter = { .partition = -1, .offset = -1 };

        if (!topic || !chappe_header_int32(value(headers, count, CHAPPE_HEADER_DEAD_PARTITION), &letter.partition) ||
            !chappe_header_int64(value(headers, count, CHAPPE_HEADER_DEAD_OFFSET), &letter.offset))
                return false;
        (void)chappe_header_int64(value(headers, count, CHAPPE_HEADER_DEAD_TIMESTAMP), &letter.timestamp_ms);
        (void)chappe_header_int32(value(headers, count, CHAPPE_HEADER_ATTEMPTS), &letter.attempts);
        letter.code = read_code(chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_DEAD_EXCEPTION)));
        letter.reason = chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_DEAD_MESSAGE));
        *ret_letter = letter;
        *ret_topic = chappe_header_text(topic);
        *ret_group = chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_DEAD_GROUP));
        return true;
}
