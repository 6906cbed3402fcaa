/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and bytes in JSON, escaped as Jackson does. */
#include <stdio.h>

#include "avro/json_print.h"

static bool is_special(uint8_t c)
{
        return c < 0x20 || c == '"' || c == '\\';
}

/* Writes the escape of a special character; returns its length. */
static size_t escape_of(uint8_t c, char buffer[16])
{
        static const char from[] = "\"\\\b\t\n\f\r", to[] = "\"\\btnfr";
        const char *found = c ? strchr(from, c) : NULL;

        return (size_t)(found ? snprintf(buffer, 16, "\\%c", to[found - from]) : snprintf(buffer, 16, "\\u%04X", c));
}

/* A character above U+FFFF as Jackson writes it: two escapes. */
static size_t pair_escape(const char *at, char buffer[16])
{
        unsigned point = ((unsigned)at[0] & 7) << 18 | ((unsigned)at[1] & 63) << 12 | ((unsigned)at[2] & 63) << 6 |
                         ((unsigned)at[3] & 63);

        point -= 0x10000;
        return (size_t)snprintf(buffer, 16, "\\u%04X\\u%04X", 0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF));
}

int chappe_json_put_string(struct chappe_buffer *buffer, struct chappe_text text, bool pairs)
{
        uint8_t most = pairs ? 0xEF : 0xFF;
        size_t done = 0, length;
        char escape[16];
        int r = chappe_buffer_append(buffer, "\"", 1);

        for (size_t i = 0; r >= 0 && i < text.length; i++) {
                uint8_t c = (uint8_t)text.at[i];

                if (!is_special(c) && c <= most)
                        continue;
                length = c > most ? pair_escape(text.at + i, escape) : escape_of(c, escape);
                r = chappe_buffer_append(buffer, text.at + done, i - done);
                if (r >= 0)
                        r = chappe_buffer_append(buffer, escape, length);
                done = i + (c >= 0xF0 ? 4 : 1);
        }
        if (r >= 0 && done < text.length)
                r = chappe_buffer_append(buffer, text.at + done, text.length - done);
        return r >= 0 ? chappe_buffer_append(buffer, "\"", 1) : r;
}

int chappe_json_put_bytes(struct chappe_buffer *buffer, const uint8_t *bytes, size_t length)
{
        int r = chappe_buffer_append(buffer, "\"", 1);
        char escape[16];

        for (size_t i = 0; r >= 0 && i < length; i++) {
                const uint8_t character[2] = { (uint8_t)(0xC0 | bytes[i] >> 6), (uint8_t)(0x80 | (bytes[i] & 0x3F)) };

                if (is_special(bytes[i])) {
                        size_t size = escape_of(bytes[i], escape);

                        r = chappe_buffer_append(buffer, escape, size);
                } else if (bytes[i] < 0x80) {
                        r = chappe_buffer_append(buffer, &bytes[i], 1);
                } else {
                        r = chappe_buffer_append(buffer, character, 2);
                }
        }
        return r >= 0 ? chappe_buffer_append(buffer, "\"", 1) : r;
}
