/* SPDX-License-Identifier: Apache-2.0 */
/* Making any bytes safe to show. */
#include "observe/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the UTF-8 character at the start, and its code point; 0 when there is no valid one (RFC 3629: shortest form
 * only, no surrogates, nothing above U+10FFFF). */
static size_t decode(const unsigned char *at, size_t left, uint32_t *ret_point)
{
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

        if (at[0] < 0x80) {
                *ret_point = at[0];
                return 1;
        }

        size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
        if (at[0] < 0xc2 || at[0] > 0xf4 || size > left)
                return 0;
        uint32_t point = at[0] & (0xffU >> (size + 1));
        for (size_t i = 1; i < size; i++) {
                if ((at[i] & 0xc0) != 0x80)
                        return 0;
                point = point << 6 | (at[i] & 0x3fU);
        }
        if (point < smallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
                return 0;
        *ret_point = point;
        return size;
}

/* Controls move the cursor; line separators and direction marks make a line look like another one. */
static bool printable(uint32_t point)
{
        return point >= 0x20 && !(point >= 0x7f && point < 0xa0) && !(point >= 0x2028 && point <= 0x202e) &&
               !(point >= 0x2066 && point <= 0x2069) && point != 0xfeff && point != 0x200e && point != 0x200f;
}

static const char *short_escape(enum chappe_escape_form form, uint32_t point)
{
        switch (point) {
        case '\n':
                return "\\n";
        case '\r':
                return "\\r";
        case '\t':
                return "\\t";
        case '"':
                return form == CHAPPE_ESCAPE_JSON ? "\\\"" : NULL;
        case '\\':
                return form == CHAPPE_ESCAPE_JSON ? "\\\\" : NULL;
        default:
                return NULL;
        }
}

/* One character's shown form; returns its length. bytes: what the character takes in the text, 0 for a byte that is
 * none. */
static size_t show(enum chappe_escape_form form, const unsigned char *at, size_t bytes, uint32_t point, char piece[8])
{
        if (bytes == 0)
                return (size_t)snprintf(piece, 8, form == CHAPPE_ESCAPE_JSON ? "\\\\x%02x" : "\\x%02x", at[0]);

        const char *known = short_escape(form, point);
        if (known)
                return (size_t)snprintf(piece, 8, "%s", known);
        if (printable(point)) {
                memcpy(piece, at, bytes);
                return bytes;
        }
        if (point < 0x80 && form == CHAPPE_ESCAPE_PLAIN)
                return (size_t)snprintf(piece, 8, "\\x%02x", (unsigned)point);
        return (size_t)snprintf(piece, 8, "\\u%04x", (unsigned)point & 0xffff);
}

size_t chappe_escape(enum chappe_escape_form form, struct chappe_text text, char *ret, size_t size, bool *ret_cut)
{
        const unsigned char *at = (const unsigned char *)text.at;
        size_t read = 0, written = 0;

        while (read < text.length) {
                char piece[8];
                uint32_t point = 0;
                size_t bytes = decode(at + read, text.length - read, &point);
                size_t length = show(form, at + read, bytes, point, piece);

                if (length > size - written)
                        break;
                memcpy(ret + written, piece, length);
                written += length;
                read += bytes ? bytes : 1;
        }
        if (ret_cut)
                *ret_cut = read < text.length;
        return written;
}
