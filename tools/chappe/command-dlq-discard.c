/* SPDX-License-Identifier: Apache-2.0 */
/* chappe dlq discard: dead letters that need no replay. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "letter.h"

#define DISCARD_LIMIT 1000000

struct discarding {
        struct letter_filter filter;
        struct chappe_client *client;
        struct letter_place *places;
        size_t count, capacity;
        struct chappe_error error;
        int status;
};

static bool note_place(struct discarding *discarding, const struct chappe_client_record *record)
{
        if (discarding->count == discarding->capacity) {
                size_t capacity = discarding->capacity ? 2 * discarding->capacity : 64;
                struct letter_place *places =
                        capacity > DISCARD_LIMIT ? NULL : realloc(discarding->places, capacity * sizeof(*places));

                if (!places) {
                        discarding->status = chappe_fail(&discarding->error, CHAPPE_E_LIMIT,
                                                         "more than %zu dead letters at a time", discarding->count);
                        return false;
                }
                discarding->places = places;
                discarding->capacity = capacity;
        }
        discarding->places[discarding->count++] = (struct letter_place){ record->partition, record->offset };
        return true;
}

/* Live records are nobody's to discard. A stray one among dead letters may be, when it is named: nothing else takes it
 * off their list. */
static bool check_letter(struct discarding *discarding, const struct chappe_client_record *record)
{
        bool listed = chappe_letters_origin(discarding->client, record->topic).length > 0;

        if (record->letter || (listed && discarding->filter.place_count > 0))
                return true;
        discarding->status =
                chappe_fail(&discarding->error, CHAPPE_E_USAGE,
                            "%s[%" PRId32 "]@%" PRId64
                            " is no dead letter, no header tells where it came from, and nothing was discarded: %s",
                            record->topic, record->partition, record->offset,
                            listed ? "name it (PARTITION@OFFSET) to discard it all the same"
                                   : "name the topic of the dead letters, not the one that they came from");
        return false;
}

static bool on_letter(void *context, const struct chappe_client_record *record, bool settled)
{
        struct discarding *discarding = context;

        if (!letter_filter_fits_open(&discarding->filter, record, settled))
                return true;
        return check_letter(discarding, record) && note_place(discarding, record);
}

/* Only a terminal can be asked. */
static bool confirmed(const struct command_line *line, size_t count)
{
        char answer[16] = "";

        if (command_given(line, "yes"))
                return true;
        if (!isatty(STDIN_FILENO)) {
                command_misuse("%zu dead letters would be discarded: --yes does it", count);
                return false;
        }
        fprintf(stderr, "discard %zu dead letters? [y/N] ", count);
        return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int carry_out(struct discarding *discarding, struct chappe_letters *letters)
{
        int status = 0;

        for (size_t i = 0; i < discarding->count && status >= 0; i++)
                status = chappe_letters_discard(letters, discarding->places[i].partition, discarding->places[i].offset,
                                                &discarding->error);
        if (status >= 0)
                status = chappe_letters_save(letters, &discarding->error);
        if (status < 0)
                return command_fail(&discarding->error);
        command_say("%zu discarded", discarding->count);
        return EXIT_DONE;
}

static int discard(const struct command_line *line, struct discarding *discarding)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(letters) struct chappe_letters *letters = NULL;
        int status = letter_open(line, &client, &schema, &letters);
        struct chappe_letters_read read = { .partition = -1,
                                            .settled = discarding->filter.place_count > 0,
                                            .bare = schema,
                                            .letter = on_letter,
                                            .context = discarding };

        if (status != EXIT_DONE)
                return status;
        discarding->client = client;
        status = chappe_letters_read(letters, &read, &discarding->error);
        if (discarding->status < 0)
                return letter_refuse(&discarding->error);
        if (status < 0)
                return command_fail(&discarding->error);
        if (letter_filter_tell(&discarding->filter, command_argument(line, 0)) != EXIT_DONE)
                return EXIT_FAILED; /* a name that is wrong: the others may be too */
        if (discarding->count == 0 || command_given(line, "dry-run")) {
                command_say(command_given(line, "dry-run") ? "%zu would be discarded" : "%zu discarded",
                            discarding->count);
                return EXIT_DONE;
        }
        if (!confirmed(line, discarding->count))
                return command_given(line, "yes") || isatty(STDIN_FILENO) ? EXIT_FAILED : EXIT_USAGE;
        return carry_out(discarding, letters);
}

static int dlq_discard(const struct command_line *line)
{
        struct discarding *discarding = calloc(1, sizeof(*discarding));
        int status = EXIT_USAGE;

        if (!discarding)
                return EXIT_FAILED;
        if (letter_filter_parse(line, &discarding->filter))
                status = discard(line, discarding);
        letter_filter_deinit(&discarding->filter);
        free(discarding->places);
        free(discarding);
        return status;
}

static const struct command_option options[] = {
        LETTER_OPTIONS,
        { "dry-run", 0, NULL, "only count them", NULL },
        { "yes", 'y', NULL, "do not ask", NULL },
        { 0 },
};

const struct command command_dlq_discard = {
        .name = "dlq discard",
        .arguments = "TOPIC [PARTITION@OFFSET…]",
        .summary = "note that dead letters need no replay",
        .details =
                "They stay in the topic until its retention ends, and chappe dlq ls, show and replay pass over them. "
                "Asks before it does so;\nwhere nobody can be asked, --yes is wanted. A record whose headers do not "
                "tell where it came from is no dead "
                "letter: nothing is\ndiscarded then, unless it is named and TOPIC is called as a topic of dead "
                "letters.",
        .options = options,
        .least = 1,
        .most = -1,
        .cluster = true,
        .run = dlq_discard,
};
