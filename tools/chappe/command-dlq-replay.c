/* SPDX-License-Identifier: Apache-2.0 */
/* chappe dlq replay: dead letters, back to where they came from. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "instant.h"
#include "letter.h"
#include "progress.h"
#include "rate.h"

#define SAVE_US 1000000 /* what is replayed is noted at least so often */

struct replaying {
        struct chappe_letters *letters;
        struct letter_filter filter;
        const char *to; /* NULL: where each came from */
        bool dry, again;
        int64_t limit, replayed, before; /* before: left out, for they had been replayed */
        int64_t saved_us;
        struct rate rate;
        struct progress progress;
        struct chappe_error error;
        int status;
};

static bool save_when_due(struct replaying *replaying)
{
        int64_t now_us = instant_monotonic_us();

        if (now_us - replaying->saved_us < SAVE_US)
                return true;
        replaying->saved_us = now_us;
        replaying->status = chappe_letters_save(replaying->letters, &replaying->error);
        return replaying->status >= 0;
}

/* A dry run asks all that a replay asks: what it promises must come true. */
static bool revive(struct replaying *replaying, const struct chappe_client_record *record)
{
        if (replaying->dry) {
                replaying->status = chappe_letters_check(replaying->letters, record, replaying->to, &replaying->error);
                return replaying->status >= 0;
        }
        rate_keep(&replaying->rate);
        if (cluster_interrupted())
                return false;
        replaying->status = chappe_letters_replay(replaying->letters, record, replaying->to, &replaying->error);
        return replaying->status >= 0 && save_when_due(replaying);
}

static bool on_letter(void *context, const struct chappe_client_record *record, bool settled)
{
        struct replaying *replaying = context;

        if (!letter_filter_fits_open(&replaying->filter, record, settled))
                return true;
        if (record->letter && record->letter->replays > 0 && !replaying->again) {
                replaying->before++;
                return true;
        }
        if (!revive(replaying, record))
                return false;
        progress_step(&replaying->progress, ++replaying->replayed);
        return replaying->limit == 0 || replaying->replayed < replaying->limit;
}

/* What is on its way is noted whatever happened. */
static int finish(struct replaying *replaying, const char *topic, int status)
{
        struct chappe_error error;
        int saved = replaying->dry ? 0 : chappe_letters_save(replaying->letters, &error);

        progress_end(&replaying->progress);
        if (replaying->status < 0)
                return letter_refuse(&replaying->error);
        if (saved < 0)
                return command_fail(&error);
        if (status < 0 && !cluster_interrupted())
                return command_fail(&replaying->error);
        command_say("%" PRId64 " %s", replaying->replayed, replaying->dry ? "would be replayed" : "replayed");
        if (replaying->before > 0)
                command_say("%" PRId64 " had been replayed before and died again; --again replays them",
                            replaying->before);
        if (cluster_interrupted())
                return EXIT_INTERRUPTED;
        if (replaying->limit > 0 && replaying->replayed == replaying->limit)
                status = EXIT_DONE; /* the rest was not looked at */
        else
                status = letter_filter_tell(&replaying->filter, topic);
        return replaying->before > 0 ? EXIT_FAILED : status;
}

static int replay(const struct command_line *line, struct replaying *replaying)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(letters) struct chappe_letters *letters = NULL;
        int status = letter_open(line, &client, &schema, &letters);
        struct chappe_letters_read read = { .partition = -1,
                                            .settled = replaying->filter.place_count > 0,
                                            .bare = schema,
                                            .letter = on_letter,
                                            .context = replaying };

        if (status != EXIT_DONE)
                return status;
        replaying->letters = letters;
        replaying->saved_us = instant_monotonic_us();
        progress_start(&replaying->progress, 0);
        status = chappe_letters_read(letters, &read, &replaying->error);
        return finish(replaying, command_argument(line, 0), status);
}

static int dlq_replay(const struct command_line *line)
{
        struct replaying *replaying = calloc(1, sizeof(*replaying));
        int status = EXIT_USAGE;

        if (!replaying)
                return EXIT_FAILED;
        replaying->to = command_value(line, "to");
        replaying->dry = command_given(line, "dry-run");
        replaying->again = command_given(line, "again");
        if (letter_filter_parse(line, &replaying->filter) && rate_parse(line, &replaying->rate.a_second) &&
            command_integer(line, "count", 1, INT64_MAX, &replaying->limit))
                status = replay(line, replaying);
        letter_filter_deinit(&replaying->filter);
        free(replaying);
        return status;
}

static const struct command_option options[] = {
        LETTER_OPTIONS,
        { "dry-run", 0, NULL, "check and count them, send nothing", NULL },
        { "rate", 'r', "N/s", "so many a second", NULL },
        { "count", 'n', "N", "stop after N", NULL },
        { "again", 0, NULL, "those too that had been replayed before and died again", NULL },
        { "to", 0, "TOPIC", "to this topic instead of the one that each came from", NULL },
        { 0 },
};

const struct command command_dlq_replay = {
        .name = "dlq replay",
        .arguments = "TOPIC [PARTITION@OFFSET…]",
        .summary = "send dead letters back to the topic that they came from, with their key, bytes and headers",
        .details =
                "Every consumer of that topic sees them again: one that handled the event before is spared by its "
                "inbox (a store), which knows\nit by its ce_id. A replayed record carries the header "
                "chappe_replays; when it dies again it is left where it is, unless --again\nsays otherwise. What was "
                "replayed is noted in the commits of the group chappe-dlq once it is delivered, every second or 100\n"
                "letters: after an interrupt (Ctrl-C, SIGTERM) nothing is replayed twice, after kill -9 at most "
                "those since the last note are.\nExit code 1 when some were left out, or one that was named is not "
                "there,\nor none that was looked at has the field of --where or the exception of --error.",
        .options = options,
        .least = 1,
        .most = -1,
        .cluster = true,
        .run = dlq_replay,
};
