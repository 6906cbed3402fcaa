/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters on the command line: which are meant, and what they are called. */
#include "letter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

static bool parse_place(const char *text, struct letter_place *ret_place)
{
        char *at, *end;
        long partition = strtol(text, &at, 10);

        if (at == text || *at != '@' || partition < 0 || partition > INT32_MAX)
                return false;
        ret_place->partition = (int32_t)partition;
        ret_place->offset = strtoll(at + 1, &end, 10);
        return end != at + 1 && *end == '\0' && ret_place->offset >= 0;
}

/* "E2103" */
static bool is_code(const char *text)
{
        return text[0] == 'E' && text[1] && text[1 + strspn(text + 1, "0123456789")] == '\0';
}

/* Names of exceptions are anybody's: only what looks like a code and is none is known to be wrong. */
static bool parse_error(const struct command_line *line, struct letter_filter *filter)
{
        const char *text = command_value(line, "error");
        bool name;

        filter->error = text;
        if (!text)
                return true;
        name = text[0] && !strpbrk(text, " \t\n") && !strchr("0123456789", text[0]) &&
               !((text[0] == 'E' || text[0] == 'e') && text[1] && strchr("0123456789", text[1]));
        if (!name && !is_code(text))
                command_misuse("--error is a code, such as E2103, or the name of an exception, not '%s'", text);
        return name || is_code(text);
}

bool letter_filter_parse(const struct command_line *line, struct letter_filter *filter)
{
        const char *place;

        for (size_t i = 1; (place = command_argument(line, i)); i++) {
                if (filter->place_count == LETTER_PLACES || !parse_place(place, &filter->places[filter->place_count])) {
                        command_misuse("a dead letter is PARTITION@OFFSET, such as 2@15, at most %d of them, not '%s'",
                                       LETTER_PLACES, place);
                        return false;
                }
                filter->place_count++;
        }
        return parse_error(line, filter) && where_parse(line, &filter->where);
}

/* All that name it are met: a name may be given twice. */
static bool is_place(struct letter_filter *filter, const struct chappe_client_record *record)
{
        bool named = false;

        for (size_t i = 0; i < filter->place_count; i++)
                if (filter->places[i].partition == record->partition && filter->places[i].offset == record->offset)
                        filter->places[i].met = named = true;
        return named || filter->place_count == 0;
}

static bool is_error(const struct letter_filter *filter, const struct chappe_client_record *record)
{
        char whole[LETTER_LABEL_SIZE], last[LETTER_LABEL_SIZE];

        return !filter->error || strcmp(filter->error, letter_error(record, true, whole)) == 0 ||
               strcmp(filter->error, letter_error(record, false, last)) == 0;
}

bool letter_filter_fits(struct letter_filter *filter, const struct chappe_client_record *record)
{
        struct chappe_error error;

        if (!is_place(filter, record))
                return false;
        filter->looked_at++;
        if (!is_error(filter, record))
                return false;
        filter->died++;
        filter->json.length = 0;
        if (record->value &&
            chappe_json_print_plain(record->schema, record->layout, record->value, &filter->json, &error) < 0) {
                filter->json.length = 0;
                command_fail(&error);
        }
        return where_matches(&filter->where, filter->json.length ? &filter->json : NULL);
}

bool letter_filter_fits_open(struct letter_filter *filter, const struct chappe_client_record *record, bool settled)
{
        bool fits = letter_filter_fits(filter, record);

        filter->settled += fits && settled;
        return fits && !settled;
}

/* That no letter died of a code, or has a value, is an answer. A name that none of them knows is more likely mistyped.
 */
static bool tell_unknown(const struct letter_filter *filter)
{
        int length;
        const char *field = where_unmet(&filter->where, &length);

        if (filter->died == 0 && filter->looked_at > 0 && !is_code(filter->error))
                command_say("no dead letter that was looked at died of %s", filter->error);
        else if (filter->died > 0 && field)
                command_say("no dead letter that was looked at has the field %.*s", length, field);
        else
                return false;
        return true;
}

int letter_filter_tell(const struct letter_filter *filter, const char *topic)
{
        if (filter->settled > 0)
                command_say("%zu of those that were named had been settled before", filter->settled);
        for (size_t i = 0; i < filter->place_count; i++)
                if (!filter->places[i].met) {
                        command_say("%s: not every dead letter that was named is there: %" PRId32 "@%" PRId64 " is not",
                                    topic, filter->places[i].partition, filter->places[i].offset);
                        return EXIT_FAILED;
                }
        return tell_unknown(filter) ? EXIT_FAILED : EXIT_DONE;
}

void letter_filter_deinit(struct letter_filter *filter)
{
        chappe_buffer_deinit(&filter->json);
}

int letter_refuse(const struct chappe_error *error)
{
        int code = command_fail(error);

        return code == EXIT_USAGE ? EXIT_FAILED : code;
}

const char *letter_error(const struct chappe_client_record *record, bool whole, char label[LETTER_LABEL_SIZE])
{
        const struct chappe_dead_letter *letter = record->letter;

        if (!letter || letter->exception.length == 0)
                return "-";
        if (letter->code)
                snprintf(label, LETTER_LABEL_SIZE, "E%d", letter->code);
        else
                snprintf(label, LETTER_LABEL_SIZE, "%.*s", CHAPPE_TEXT(letter->exception));
        const char *last = strrchr(label, '.');

        return last && last[1] && !whole ? last + 1 : label;
}

const char *letter_schema(const struct chappe_client_record *record)
{
        return record->schema ? chappe_schema_name(record->schema) : "-";
}

int letter_open(const struct command_line *line, struct chappe_client **ret_client, struct chappe_schema **ret_schema,
                struct chappe_letters **ret_letters)
{
        struct chappe_error error;
        int status = EXIT_DONE;

        if (command_given(line, "schema"))
                status = schema_open(line, command_value(line, "schema"), ret_schema);
        if (status == EXIT_DONE)
                status = cluster_open(line, NULL, false, NULL, ret_client);
        if (status == EXIT_DONE && chappe_letters_open(*ret_client, command_argument(line, 0),
                                                       command_value(line, "group"), ret_letters, &error) < 0)
                return command_fail(&error);
        return status;
}
