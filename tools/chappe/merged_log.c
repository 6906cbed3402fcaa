/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of many processes on one stream. */
#include "merged_log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_all(int descriptor, const char *bytes, size_t length)
{
        while (length > 0) {
                ssize_t written = write(descriptor, bytes, length);
                if (written <= 0)
                        return; /* nobody reads any more: the services run on */
                bytes += written;
                length -= (size_t)written;
        }
}

static void write_line(const struct merged_log *log, const struct merged_source *source)
{
        static const int colours[] = { 36, 32, 33, 35, 34, 91, 92, 94 };
        char text[MERGED_LINE_LIMIT + 200];
        int colour = colours[source->colour % (sizeof(colours) / sizeof(*colours))];
        int head = 0;

        if (source->length == 0 || source->line[0] != '{')
                head = log->colour
                               ? snprintf(text, 200, "\033[%dm%-*.80s\033[0m | ", colour, log->name_width, source->name)
                               : snprintf(text, 200, "%-*.80s | ", log->name_width, source->name);
        memcpy(text + head, source->line, source->length);
        text[(size_t)head + source->length] = '\n';
        write_all(log->descriptor, text, (size_t)head + source->length + 1);
}

void merged_log_take(const struct merged_log *log, struct merged_source *source, const char *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                if (bytes[i] != '\n')
                        source->line[source->length++] = bytes[i];
                if (bytes[i] == '\n' || source->length == MERGED_LINE_LIMIT) {
                        write_line(log, source);
                        source->length = 0;
                }
        }
}

void merged_log_end(const struct merged_log *log, struct merged_source *source)
{
        if (source->length > 0)
                write_line(log, source);
        source->length = 0;
}
