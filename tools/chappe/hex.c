/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of input, and bytes in hex. */
#include "hex.h"

#include <ctype.h>
#include <string.h>

bool line_read(FILE *file, struct chappe_buffer *line, bool *ret_long)
{
        int c;

        line->length = 0;
        *ret_long = false;
        while ((c = getc_unlocked(file)) != EOF && c != '\n') {
                uint8_t byte = (uint8_t)c;

                if (line->length >= LINE_LIMIT || chappe_buffer_append(line, &byte, 1) < 0)
                        *ret_long = true;
        }
        if (line->length > 0 && line->at[line->length - 1] == '\r')
                line->length--;
        return c != EOF || line->length > 0;
}

static int digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char)tolower((unsigned char)c);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void line_blame(struct chappe_error *error, const char *file, size_t number)
{
        static const char own[] = "line 1:";
        bool told = strncmp(error->text, own, strlen(own)) == 0;
        struct chappe_error why = *error;

        chappe_fail(error, why.code, "%s, line %zu:%s%s", file, number, told ? "" : " ",
                    why.text + (told ? strlen(own) : 0));
}

bool hex_read(struct chappe_text text, struct chappe_buffer *bytes)
{
        int high = -1;

        for (size_t i = 0; i < text.length; i++) {
                int value = digit(text.at[i]);
                uint8_t byte;

                if (value < 0 && isspace((unsigned char)text.at[i]))
                        continue;
                if (value < 0)
                        return false;
                if (high < 0) {
                        high = value;
                        continue;
                }
                byte = (uint8_t)(high << 4 | value);
                high = -1;
                if (chappe_buffer_append(bytes, &byte, 1) < 0)
                        return false;
        }
        return high < 0;
}

void hex_print(FILE *file, const void *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++)
                fprintf(file, "%02x", ((const uint8_t *)bytes)[i]);
}
