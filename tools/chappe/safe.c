/* SPDX-License-Identifier: Apache-2.0 */
/* What others wrote, so that it can be shown. */
#include "safe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "hex.h"

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

void safe_print_bytes(struct chappe_bytes bytes)
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

void safe_print_json(struct chappe_text json)
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

json_t *safe_bytes_json(struct chappe_bytes bytes)
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

/* Indented, for its caller to free; takes the reference. NULL: memory was short, and that is said. */
static char *answer_text(json_t *answer)
{
        char *text = answer ? json_dumps(answer, JSON_INDENT(2)) : NULL;

        json_decref(answer);
        if (!text)
                command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        return text;
}

int safe_print_answer(json_t *answer)
{
        char *text = answer_text(answer);

        if (!text)
                return EXIT_FAILED;
        safe_print_json(chappe_text(text));
        putchar('\n');
        free(text);
        return EXIT_DONE;
}

int safe_print_answer_with(json_t *answer, const char *name, struct chappe_text json)
{
        char *text = answer_text(answer);

        if (!text)
                return EXIT_FAILED;
        safe_print_json((struct chappe_text){ text, strlen(text) - strlen("\n}") });
        printf(",\n  \"%s\": ", name);
        safe_print_json(json);
        puts("\n}");
        free(text);
        return EXIT_DONE;
}
