/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema diff: what changed, who can still read whom, and so who is deployed first. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "safe.h"
#include "schema_diff.h"

/* Who reads whom: for each role whether all of its parts hold. */
struct reading {
        bool backward[3], forward[3];
};

struct comparing {
        bool json;
        bool colour;
        const struct parts *older, *newer;
        struct reading reading;
        json_t *changes;
        size_t count;
};

static void print_change(struct comparing *comparing, const char *part, const struct change *change)
{
        const char *start = comparing->colour ? "\033[31m" : "", *end = comparing->colour ? "\033[0m" : "";

        comparing->count++;
        if (comparing->json) {
                json_array_append_new(comparing->changes,
                                      json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "part", part, "path", change->path,
                                                "change", change_kind_name(change->kind), "text", change->text,
                                                "breaks_backward", change->breaks_backward, "breaks_forward",
                                                change->breaks_forward));
                return;
        }
        if (*part)
                printf("%s ", part);
        command_plain(stdout, chappe_text(change->path));
        fputs(": ", stdout);
        command_plain(stdout, chappe_text(change->text));
        if (change->breaks_backward || change->breaks_forward)
                printf("  %s[breaks %s%s%s]%s", start, change->breaks_backward ? "backward" : "",
                       change->breaks_backward && change->breaks_forward ? ", " : "",
                       change->breaks_forward ? "forward" : "", end);
        putchar('\n');
}

/* A part that only one side has. */
static void print_lone(struct comparing *comparing, const struct part *part, bool added)
{
        bool error = strstr(part->name, " error ") != NULL;
        struct change change = {
                .kind = added ? CHANGE_BRANCH_ADDED : CHANGE_BRANCH_REMOVED,
                .path = (char *)"$",
                .text = (char *)(added ? "added" : "removed"),
                .breaks_backward = !added && (error || part->role == PART_REQUEST),
                .breaks_forward = added && (error || part->role == PART_REQUEST),
        };

        print_change(comparing, part->name, &change);
        if (change.breaks_backward)
                comparing->reading.backward[part->role] = false;
        if (change.breaks_forward)
                comparing->reading.forward[part->role] = false;
}

static int compare_part(struct comparing *comparing, const struct part *older, const struct part *newer)
{
        struct changes changes;
        struct chappe_error error;
        int status = schema_diff(older->schema, newer->schema, &changes, &error);

        for (size_t i = 0; status >= 0 && i < changes.count; i++)
                print_change(comparing, newer->name, &changes.at[i]);
        changes_free(&changes);
        if (status < 0)
                return command_fail(&error);
        if (chappe_schema_check(older->schema, newer->schema, &error) < 0)
                comparing->reading.backward[newer->role] = false;
        if (chappe_schema_check(newer->schema, older->schema, &error) < 0)
                comparing->reading.forward[newer->role] = false;
        return EXIT_DONE;
}

static int compare_parts(struct comparing *comparing)
{
        const struct parts *older = comparing->older, *newer = comparing->newer;
        int status = EXIT_DONE;

        for (size_t i = 0; i < newer->count && status == EXIT_DONE; i++) {
                const struct part *was = parts_find(older, newer->at[i].name);

                if (was)
                        status = compare_part(comparing, was, &newer->at[i]);
                else
                        print_lone(comparing, &newer->at[i], true);
        }
        for (size_t i = 0; i < older->count && status == EXIT_DONE; i++) {
                if (!parts_find(newer, older->at[i].name))
                        print_lone(comparing, &older->at[i], false);
        }
        return status;
}

struct advice {
        const char *word, *text;
};

/* Readers first wants that the new reads the old; writers first that the old reads the new. A server reads requests and
 * writes answers. */
static struct advice advise(const struct comparing *comparing)
{
        const struct reading *reading = &comparing->reading;
        bool protocol = comparing->newer->file->protocol;
        bool first = protocol ? reading->backward[PART_REQUEST] && reading->forward[PART_ANSWER]
                              : reading->backward[PART_EVENT];
        bool second = protocol ? reading->forward[PART_REQUEST] && reading->backward[PART_ANSWER]
                               : reading->forward[PART_EVENT];

        if (first && second)
                return (struct advice){ "any", "in any order" };
        if (first)
                return protocol ? (struct advice){ "servers", "servers first, then clients" }
                                : (struct advice){ "readers", "readers first, then writers" };
        if (second)
                return protocol ? (struct advice){ "clients", "clients first, then servers" }
                                : (struct advice){ "writers", "writers first, then readers" };
        return (struct advice){ "none", protocol ? "no order is safe: give the changed message a new name"
                                                 : "no order is safe: write to a new topic" };
}

static bool all(const bool held[3])
{
        return held[PART_EVENT] && held[PART_REQUEST] && held[PART_ANSWER];
}

static void print_verdict(struct comparing *comparing)
{
        struct advice advice = advise(comparing);
        bool backward = all(comparing->reading.backward), forward = all(comparing->reading.forward);

        if (comparing->json) {
                safe_print_answer(json_pack("{s:O, s:b, s:b, s:s}", "changes", comparing->changes, "backward", backward,
                                            "forward", forward, "deploy", advice.word));
                return;
        }
        if (comparing->count == 0)
                printf("no difference\n");
        printf("backward: %s (the new reads what the old wrote)\n", backward ? "yes" : "no");
        printf("forward: %s (the old reads what the new writes)\n", forward ? "yes" : "no");
        printf("deploy: %s\n", advice.text);
}

static int diff(const struct command_line *line)
{
        const char *format = command_value(line, "output");
        struct parts older = { 0 }, newer = { 0 };
        struct comparing comparing = {
                .json = format && strcmp(format, "json") == 0,
                .colour = command_colour(STDOUT_FILENO),
                .older = &older,
                .newer = &newer,
                .reading = { { true, true, true }, { true, true, true } },
                .changes = json_array(),
        };
        int status = parts_open(line, command_argument(line, 0), NULL, &older);

        if (status == EXIT_DONE)
                status = parts_open(line, command_argument(line, 1), NULL, &newer);
        if (status == EXIT_DONE && older.file->protocol != newer.file->protocol)
                status = command_misuse("one of %s and %s is a protocol, the other is not", older.path, newer.path);
        if (status == EXIT_DONE)
                status = compare_parts(&comparing);
        if (status == EXIT_DONE)
                print_verdict(&comparing);
        json_decref(comparing.changes);
        parts_close(&older);
        parts_close(&newer);
        return status;
}

static const struct command_option options[] = { SCHEMA_INCLUDE_OPTION, SCHEMA_LIMIT_OPTION, { 0 } };

const struct command command_schema_diff = {
        .name = "schema diff",
        .arguments = "OLD NEW",
        .summary = "what changed from a schema or protocol to another, and who is deployed first",
        .details =
                "Every change with its place: .field, [] for items, {} for values of a map, (T) for a branch of a "
                "union. [breaks backward]: the new\n"
                "cannot read what the old wrote; [breaks forward]: the old cannot read what the new writes. The exit "
                "code is 0 whatever the answer;\n"
                "chappe schema check is the gate.",
        .options = options,
        .least = 2,
        .most = 2,
        .table = true,
        .run = diff,
};
