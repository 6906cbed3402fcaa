/* SPDX-License-Identifier: Apache-2.0 */
/* Leveled log lines with stable ids. */
#include "observe/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "observe/escape.h"

#define LINE_SIZE    4096 /* most bytes of a line: what a pipe takes in one piece */
#define MESSAGE_SIZE 3000 /* of them for the message, so that fields find room */
#define FIELD_SIZE   400
#define TAIL_SIZE    16 /* kept free for what closes a line */
#define PATIENCE_MS  50 /* for a reader that has fallen behind; none once a line was dropped */

struct chappe_log {
        const struct chappe_clock *clock;
        char *service;
        char *instance;
        enum chappe_log_level level;
        bool json;
        bool colour;
        int descriptor;
        atomic_uint dropped; /* lines since the last that was written */
};

struct line {
        char at[LINE_SIZE];
        size_t length;
};

static enum chappe_log_level event_level(enum chappe_log_event event)
{
        switch (event) {
#define CHAPPE_LOG_EVENT(symbol, id, level, summary)                                                                   \
        case id:                                                                                                       \
                return CHAPPE_LEVEL_##level;
                CHAPPE_LOG_EVENTS(CHAPPE_LOG_EVENT)
#undef CHAPPE_LOG_EVENT
        }
        return CHAPPE_LEVEL_ERROR;
}

int chappe_log_new(const struct chappe_log_config *config, struct chappe_log **ret_log, struct chappe_error *error)
{
        struct chappe_log *log = calloc(1, sizeof(*log));
        if (!log)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the log");

        bool terminal = config->descriptor >= 0 && isatty(config->descriptor) == 1;
        const char *no_colour = getenv("NO_COLOR");

        log->clock = config->clock;
        log->level = config->level;
        log->json = config->format == CHAPPE_LOG_JSON || (config->format == CHAPPE_LOG_AUTO && !terminal);
        log->colour = terminal && !log->json && !(no_colour && *no_colour);
        log->descriptor = config->descriptor;
        log->service = strdup(config->service ? config->service : "");
        log->instance = strdup(config->instance ? config->instance : "");
        if (!log->service || !log->instance) {
                chappe_log_free(log);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the log");
        }
        *ret_log = log;
        return 0;
}

struct chappe_log *chappe_log_free(struct chappe_log *log)
{
        if (log) {
                free(log->service);
                free(log->instance);
                free(log);
        }
        return NULL;
}

static size_t room(const struct line *line)
{
        return line->length + TAIL_SIZE < LINE_SIZE ? LINE_SIZE - TAIL_SIZE - line->length : 0;
}

/* Fixed parts are short; what does not fit is left out whole. */
static bool put(struct line *line, const char *text)
{
        size_t length = strlen(text);
        if (length > room(line))
                return false;
        memcpy(line->at + line->length, text, length);
        line->length += length;
        return true;
}

static void put_escaped(struct line *line, enum chappe_escape_form form, const char *text, size_t most)
{
        bool cut = false;
        size_t size = room(line) < most ? room(line) : most;

        line->length += chappe_escape(form, chappe_text(text), line->at + line->length, size, &cut);
        if (cut)
                put(line, "…");
}

/* Nothing between the quotes of a member can fail: the tail keeps room for the closing ones. */
static void put_member(struct line *line, const char *name, const char *value, size_t most)
{
        if (room(line) < strlen(name) + 8)
                return;
        put(line, line->length > 1 ? ",\"" : "\"");
        put_escaped(line, CHAPPE_ESCAPE_JSON, name, 64);
        put(line, "\":\"");
        put_escaped(line, CHAPPE_ESCAPE_JSON, value, most);
        line->at[line->length++] = '"';
}

static void put_json(const struct chappe_log *log, struct line *line, enum chappe_log_event event, const char *time,
                     const char *message, const struct chappe_log_field *fields, size_t field_count)
{
        static const char *const names[] = { "error", "warning", "info", "debug" };
        char id[16];

        snprintf(id, sizeof(id), "L%04d", (int)event);
        line->at[line->length++] = '{';
        put_member(line, "time", time, 32);
        put_member(line, "level", names[event_level(event)], 16);
        put_member(line, "id", id, 16);
        put_member(line, "service", log->service, 128);
        put_member(line, "instance", log->instance, 128);
        put_member(line, "message", message, MESSAGE_SIZE);
        for (size_t i = 0; i < field_count; i++) {
                if (fields[i].value)
                        put_member(line, fields[i].name, fields[i].value, FIELD_SIZE);
        }
        line->at[line->length++] = '}';
}

static void put_pretty(const struct chappe_log *log, struct line *line, enum chappe_log_event event, const char *time,
                       const char *message, const struct chappe_log_field *fields, size_t field_count)
{
        static const char *const names[] = { "ERROR", "WARN ", "INFO ", "DEBUG" };
        static const char *const colours[] = { "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[2m" };
        enum chappe_log_level level = event_level(event);
        char id[16];

        snprintf(id, sizeof(id), "L%04d ", (int)event);
        put(line, strchr(time, 'T') + 1);
        put(line, " ");
        put(line, log->colour ? colours[level] : "");
        put(line, names[level]);
        put(line, log->colour ? "\x1b[0m " : " ");
        put(line, id);
        put_escaped(line, CHAPPE_ESCAPE_PLAIN, message, MESSAGE_SIZE);
        for (size_t i = 0; i < field_count; i++) {
                if (!fields[i].value || room(line) < strlen(fields[i].name) + 16)
                        continue;
                put(line, log->colour ? " \x1b[2m" : " ");
                put_escaped(line, CHAPPE_ESCAPE_PLAIN, fields[i].name, 64);
                put(line, "=");
                put_escaped(line, CHAPPE_ESCAPE_PLAIN, fields[i].value, FIELD_SIZE);
                if (log->colour) {
                        memcpy(line->at + line->length, "\x1b[0m", 4);
                        line->length += 4;
                }
        }
}

static void format_time(int64_t wall_ms, char time[32])
{
        time_t seconds = (time_t)(wall_ms / 1000);
        struct tm utc;

        gmtime_r(&seconds, &utc);
        size_t length = strftime(time, 24, "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(time + length, 32 - length, ".%03dZ", (int)(wall_ms % 1000));
}

/* A line that cannot be written is dropped and counted: a log must never stop the service, nor may a pipe that nobody
 * reads. A pipe with room for LINE_SIZE takes the line in one piece. */
static bool write_line(const struct chappe_log *log, const struct line *line, int patience_ms)
{
        struct pollfd descriptor = { .fd = log->descriptor, .events = POLLOUT };
        int ready;
        ssize_t written;

        do
                ready = poll(&descriptor, 1, patience_ms);
        while (ready < 0 && errno == EINTR);
        if (ready != 1)
                return false;
        do
                written = write(log->descriptor, line->at, line->length);
        while (written < 0 && errno == EINTR);
        return written > 0;
}

static void format_line(const struct chappe_log *log, struct line *line, enum chappe_log_event event,
                        const char *message, const struct chappe_log_field *fields, size_t field_count)
{
        char time[32];

        format_time(chappe_clock_wall_ms(log->clock), time);
        line->length = 0;
        if (log->json)
                put_json(log, line, event, time, message, fields, field_count);
        else
                put_pretty(log, line, event, time, message, fields, field_count);
        line->at[line->length++] = '\n';
}

/* Before the first line that can be written again; false: still nobody reads. */
static bool tell_dropped(struct chappe_log *log)
{
        char message[64];
        struct line line;
        unsigned int dropped = atomic_exchange(&log->dropped, 0);

        if (!dropped)
                return true;
        snprintf(message, sizeof(message), "%u lines were dropped: nobody read the log", dropped);
        format_line(log, &line, CHAPPE_LOG_LINES_DROPPED, message, NULL, 0);
        if (write_line(log, &line, 0))
                return true;
        atomic_fetch_add(&log->dropped, dropped);
        return false;
}

static void write_message(struct chappe_log *log, enum chappe_log_event event, const struct chappe_log_field *fields,
                          size_t field_count, const char *format, va_list arguments)
{
        char message[MESSAGE_SIZE + 1];
        struct line line;

        vsnprintf(message, sizeof(message), format, arguments);
        format_line(log, &line, event, message, fields, field_count);
        if (!tell_dropped(log) || !write_line(log, &line, PATIENCE_MS))
                atomic_fetch_add(&log->dropped, 1);
}

static bool wanted(const struct chappe_log *log, enum chappe_log_event event)
{
        return log && log->descriptor >= 0 && event_level(event) <= log->level;
}

void chappe_log_write(struct chappe_log *log, enum chappe_log_event event, const char *format, ...)
{
        if (!wanted(log, event))
                return;

        va_list arguments;
        va_start(arguments, format);
        write_message(log, event, NULL, 0, format, arguments);
        va_end(arguments);
}

void chappe_log_write_fields(struct chappe_log *log, enum chappe_log_event event, const struct chappe_log_field *fields,
                             size_t field_count, const char *format, ...)
{
        if (!wanted(log, event))
                return;

        va_list arguments;
        va_start(arguments, format);
        write_message(log, event, fields, field_count, format, arguments);
        va_end(arguments);
}

void chappe_log_error(struct chappe_log *log, enum chappe_log_event event, const struct chappe_error *error)
{
        char code[16];

        snprintf(code, sizeof(code), "E%04d", error->code);
        struct chappe_log_field fields[] = { { "code", code } };
        chappe_log_write_fields(log, event, fields, 1, "%s", error->text);
}
