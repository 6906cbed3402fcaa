/* SPDX-License-Identifier: Apache-2.0 */
/* The story: notes that matter, in words. */
#include "testkit/story.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE   400
#define LINES_FIRST 40
#define LINES_LAST  120

/* %s: who, then both numbers. */
static const struct phrase {
        const char *what;
        const char *text;
} phrases[] = {
        { "append", "%s[%lld] gets record %lld" },
        { "assembling", "group %s assembles, generation %lld is over" },
        { "broker away", "%sbroker %lld is away until %lld us" },
        { "clock jumps", "%s: its clock jumps by %lld ms" },
        { "cluster away", "%sthe cluster is away until %lld us" },
        { "commit", "%s: committed %lld in generation %lld" },
        { "crash at", "a crash, at the step %s" },
        { "faults end", "%sthe faults are over; everything heals" },
        { "generation", "group %s has generation %lld" },
        { "goes on", "%s goes on" },
        { "holds", "%s pauses its operation" },
        { "holds no more", "%s resumes its operation" },
        { "killed", "%s is killed" },
        { "pauses", "%s stands still until %lld us" },
        { "put out", "%s is put out of its group" },
        { "records gone", "%s[%lld]: what came before %lld is gone" },
        { "seeks", "%s moves its operation to another time" },
        { "session over", "%s: its session is over, in generation %lld" },
        { "take", "%s[%lld] is taken up to %lld" },
        { "topic", "topic %s with %lld partitions" },
        { "topic deleted", "topic %s is deleted" },
        { "topic grows", "topic %s grows to %lld partitions" },
        { "trouble", "trouble: %s (%lld in a million)" },
};

static const char *const events[] = { "", "is told what it gained", "is told what is revoked", "is told what it lost",
                                      "hears how its commit ended" };

struct note {
        const char *time;
        const char *what;
        const char *who;
        long long a, b;
};

static char *trim(char *field)
{
        for (size_t length = strlen(field); length > 0 && field[length - 1] == ' ';)
                field[--length] = '\0';
        return field;
}

static bool parse(char *line, struct note *ret_note)
{
        char *fields[5];

        for (int i = 0; i < 5; i++) {
                fields[i] = strsep(&line, "\t");
                if (!fields[i])
                        return false;
        }
        *ret_note = (struct note){ fields[0], trim(fields[1]), trim(fields[2]), strtoll(fields[3], NULL, 10),
                                   strtoll(fields[4], NULL, 10) };
        return true;
}

/* Turns of strands and their steps are the machine's own business. */
static bool matters(const struct note *note)
{
        if (strcmp(note->what, "run") == 0 || strchr(note->what, '.'))
                return false;
        if (note->who[0] == '_' || (note->a == 0 && strcmp(note->what, "commit") == 0))
                return false; /* topics of our own; a group's first positions */
        return strcmp(note->what, "event") != 0 || (note->a > 0 && note->a <= 4);
}

static const char *phrase_for(const char *what)
{
        for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
                if (strcmp(phrases[i].what, what) == 0)
                        return phrases[i].text;
        }
        return NULL;
}

static void tell(const struct note *note, FILE *file)
{
        const char *phrase = phrase_for(note->what);

        fprintf(file, "#   %s  ", note->time);
        if (phrase) {
                fprintf(file, phrase, note->who, note->a, note->b);
                fputc('\n', file);
        } else if (strcmp(note->what, "event") == 0) {
                fprintf(file, "%s %s (%lld partitions)\n", note->who, events[note->a], note->b);
        } else {
                fprintf(file, "%s %s %lld %lld\n", note->what, note->who, note->a, note->b);
        }
}

static size_t walk(FILE *trace, FILE *file, size_t from, size_t to)
{
        char line[LINE_SIZE];
        struct note note;
        size_t count = 0;

        rewind(trace);
        while (fgets(line, sizeof(line), trace)) {
                if (!parse(line, &note) || !matters(&note))
                        continue;
                if (count >= from && count < to)
                        tell(&note, file);
                count++;
        }
        return count;
}

void chappe_testkit_story_tell(FILE *trace, FILE *file)
{
        size_t count = walk(trace, file, 0, 0);

        if (count <= LINES_FIRST + LINES_LAST) {
                walk(trace, file, 0, count);
                return;
        }
        walk(trace, file, 0, LINES_FIRST);
        fprintf(file, "#   ... %zu lines left out; CHAPPE_TEST_TRACE=FILE has them ...\n",
                count - LINES_FIRST - LINES_LAST);
        walk(trace, file, count - LINES_LAST, count);
}
