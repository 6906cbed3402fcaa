/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a dead letter, in four dialects. */
#include "wire/dead_letter.h"

#include <stdio.h>

#define CODE_PREFIX     "chappe.E"
#define LOG_APPEND_TIME "LogAppendTime" /* as Kafka's TimestampType calls it */

/* Names, and how numbers are written. */
static const struct dialect {
        const char *topic, *partition, *offset, *exception, *reason;
        bool binary; /* big-endian; else decimal */
} dialects[] = {
        [CHAPPE_DEAD_LETTER_SPRING] = { CHAPPE_HEADER_DEAD_TOPIC, CHAPPE_HEADER_DEAD_PARTITION,
                                        CHAPPE_HEADER_DEAD_OFFSET, CHAPPE_HEADER_DEAD_EXCEPTION,
                                        CHAPPE_HEADER_DEAD_MESSAGE, true },
        [CHAPPE_DEAD_LETTER_SMALLRYE] = { "dead-letter-topic", "dead-letter-partition", "dead-letter-offset",
                                          "dead-letter-exception-class-name", "dead-letter-reason", false },
        [CHAPPE_DEAD_LETTER_CONNECT] = { "__connect.errors.topic", "__connect.errors.partition",
                                         "__connect.errors.offset", "__connect.errors.exception.class.name",
                                         "__connect.errors.exception.message", false },
        [CHAPPE_DEAD_LETTER_STREAMS] = { "__streams.errors.topic", "__streams.errors.partition",
                                         "__streams.errors.offset", "__streams.errors.exception",
                                         "__streams.errors.message", false },
};

#define DIALECTS (sizeof(dialects) / sizeof(*dialects))

static bool begins(const char *name, const char *prefix)
{
        return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_springs(const char *name)
{
        return begins(name, "kafka_dlt-") || begins(name, "retry_topic-");
}

static bool is_anybodys(const char *name)
{
        return is_springs(name) || begins(name, "dead-letter-") || begins(name, "__connect.errors.") ||
               begins(name, "__streams.errors.");
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
        for (size_t i = 0; i < count; i++)
                if (!is_springs(headers[i].name))
                        chappe_header_list_bytes(list, headers[i].name, chappe_header_bytes(&headers[i]));
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_TOPIC, letter->topic);
        chappe_header_list_int32(list, CHAPPE_HEADER_DEAD_PARTITION, letter->partition);
        chappe_header_list_int64(list, CHAPPE_HEADER_DEAD_OFFSET, letter->offset);
        chappe_header_list_int64(list, CHAPPE_HEADER_DEAD_TIMESTAMP, letter->timestamp_ms);
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_TIMESTAMP_TYPE,
                                chappe_text(letter->log_append_time ? LOG_APPEND_TIME : "CreateTime"));
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_GROUP, letter->group);
        write_exception(letter->code, list);
        chappe_header_list_text(list, CHAPPE_HEADER_DEAD_MESSAGE, letter->reason);
        chappe_header_list_int32(list, CHAPPE_HEADER_ATTEMPTS, letter->attempts);
        if (letter->headers_left_out > 0)
                chappe_header_list_decimal(list, CHAPPE_HEADER_LEFT_OUT, letter->headers_left_out);
}

static struct chappe_bytes value(const struct chappe_header *headers, size_t count, const char *name)
{
        return chappe_header_bytes(chappe_header_find(headers, count, name));
}

static struct chappe_text text(const struct chappe_header *headers, size_t count, const char *name)
{
        return chappe_header_text(chappe_header_find(headers, count, name));
}

static int32_t read_count(struct chappe_bytes decimal)
{
        int64_t number;

        return chappe_header_decimal(decimal, &number) && number <= INT32_MAX ? (int32_t)number : 0;
}

static int read_code(struct chappe_text name)
{
        size_t prefix = strlen(CODE_PREFIX);

        if (name.length <= prefix || memcmp(name.at, CODE_PREFIX, prefix) != 0)
                return 0;
        return read_count((struct chappe_bytes){ (const uint8_t *)name.at + prefix, name.length - prefix });
}

/* -1 stays where a number is not told, or makes no sense. */
static void read_place(const struct dialect *dialect, const struct chappe_header *headers, size_t count,
                       struct chappe_dead_letter *letter)
{
        struct chappe_bytes partition = value(headers, count, dialect->partition);
        struct chappe_bytes offset = value(headers, count, dialect->offset);
        int64_t number;

        letter->partition = -1;
        letter->offset = -1;
        if (dialect->binary) {
                (void)chappe_header_int32(partition, &letter->partition);
                (void)chappe_header_int64(offset, &letter->offset);
        } else {
                if (chappe_header_decimal(partition, &number) && number <= INT32_MAX)
                        letter->partition = (int32_t)number;
                (void)chappe_header_decimal(offset, &letter->offset);
        }
        letter->partition = letter->partition < 0 ? -1 : letter->partition;
        letter->offset = letter->offset < 0 ? -1 : letter->offset;
}

static void read_springs(const struct chappe_header *headers, size_t count, struct chappe_dead_letter *letter)
{
        (void)chappe_header_int64(value(headers, count, CHAPPE_HEADER_DEAD_TIMESTAMP), &letter->timestamp_ms);
        (void)chappe_header_int32(value(headers, count, CHAPPE_HEADER_ATTEMPTS), &letter->attempts);
        struct chappe_text type = text(headers, count, CHAPPE_HEADER_DEAD_TIMESTAMP_TYPE);
        letter->log_append_time =
                type.length == strlen(LOG_APPEND_TIME) && memcmp(type.at, LOG_APPEND_TIME, type.length) == 0;
        letter->headers_left_out = read_count(value(headers, count, CHAPPE_HEADER_LEFT_OUT));
        letter->group = text(headers, count, CHAPPE_HEADER_DEAD_GROUP);
        letter->code = read_code(letter->exception);
}

bool chappe_dead_letter_read(const struct chappe_header *headers, size_t count, struct chappe_dead_letter *ret_letter)
{
        for (size_t i = 0; i < DIALECTS; i++) {
                const struct dialect *dialect = &dialects[i];
                struct chappe_dead_letter letter = { .form = (enum chappe_dead_letter_form)i };

                letter.topic = text(headers, count, dialect->topic);
                if (letter.topic.length == 0)
                        continue;
                letter.exception = text(headers, count, dialect->exception);
                letter.reason = text(headers, count, dialect->reason);
                letter.replays = read_count(value(headers, count, CHAPPE_HEADER_REPLAYS));
                read_place(dialect, headers, count, &letter);
                if (i == CHAPPE_DEAD_LETTER_SPRING)
                        read_springs(headers, count, &letter);
                *ret_letter = letter;
                return true;
        }
        return false;
}

void chappe_dead_letter_revive(const struct chappe_header *headers, size_t count,
                               const struct chappe_dead_letter *letter, struct chappe_header_list *list)
{
        for (size_t i = 0; i < count; i++)
                if (!is_anybodys(headers[i].name) && strcmp(headers[i].name, CHAPPE_HEADER_REPLAYS) != 0)
                        chappe_header_list_bytes(list, headers[i].name, chappe_header_bytes(&headers[i]));
        chappe_header_list_decimal(list, CHAPPE_HEADER_REPLAYS,
                                   letter->replays < INT32_MAX ? letter->replays + 1 : INT32_MAX);
}
