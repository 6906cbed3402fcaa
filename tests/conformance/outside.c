/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer group seen, and moved, from outside. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

static bool gained(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->gained > 0 && reader_assigned(reader) == PARTITIONS;
}

static void positions_of(struct trial *trial, struct chappe_position positions[PARTITIONS])
{
        for (int i = 0; i < PARTITIONS; i++)
                positions[i] = (struct chappe_position){ trial->topic, i, CHAPPE_OFFSET_NONE, NULL };
}

static int look(struct trial *trial, struct chappe_position positions[PARTITIONS], void **ret_memory)
{
        struct chappe_error error = { 0 };
        int status;

        positions_of(trial, positions);
        status = trial->broker->operations->group_committed(trial->broker, trial->group, positions, PARTITIONS,
                                                            PATIENCE_MS, ret_memory, &error);
        expect(trial, status == 0, "committed: %s", error.text);
        return status;
}

static void offsets_set_from_outside_are_where_the_next_member_begins(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_position positions[PARTITIONS], set = { trial->topic, 2, 3, "a note" };
        struct chappe_error error = { 0 };
        void *memory = NULL;

        writer_fill(trial, 2, 0, 5);
        if (look(trial, positions, &memory) == 0)
                for (int i = 0; i < PARTITIONS; i++)
                        expect(trial, positions[i].offset == CHAPPE_OFFSET_NONE && !positions[i].metadata,
                               "partition %d of nobody at %lld", i, (long long)positions[i].offset);
        free(memory);
        expect(trial,
               trial->broker->operations->group_commit(trial->broker, trial->group, &set, 1, PATIENCE_MS, &error) == 0,
               "set: %s", error.text);
        if (look(trial, positions, &memory) == 0) {
                expect(trial, positions[2].offset == 3, "set to %lld", (long long)positions[2].offset);
                expect(trial, positions[2].metadata && strcmp(positions[2].metadata, "a note") == 0, "metadata %s",
                       positions[2].metadata ? positions[2].metadata : "none");
                expect(trial, positions[1].offset == CHAPPE_OFFSET_NONE, "another one too");
                free(memory);
        }
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, gained), "gained");
        expect(trial, reader->committed[2] == 3, "begins at %lld", (long long)reader->committed[2]);
        reader_close(reader);
        free(reader);
}

static void a_group_with_members_is_not_moved(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_position set = { trial->topic, 0, 0, NULL };
        struct chappe_error error = { 0 };

        writer_fill(trial, 0, 0, 1);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, gained), "gained");
        expect(trial,
               trial->broker->operations->group_commit(trial->broker, trial->group, &set, 1, PATIENCE_MS, &error) ==
                       -CHAPPE_E_GROUP_BUSY,
               "E%d %s", error.code, error.text);
        reader_close(reader);
        free(reader);
}

static void groups_are_told_with_their_members(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_group_description *groups = NULL;
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct chappe_error error = { 0 };
        bool listed = false;
        size_t count = 0;

        if (expect(trial,
                   operations->groups_describe(trial->broker, trial->group, PATIENCE_MS, &groups, &count, &error) == 0,
                   "%s", error.text))
                expect(trial, count == 0 || (count == 1 && groups[0].member_count == 0), "nobody's has %zu members",
                       count ? groups[0].member_count : 0);
        free(groups);
        writer_fill(trial, 0, 0, 1);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, gained), "gained");
        groups = NULL;
        if (expect(trial, operations->groups_describe(trial->broker, NULL, PATIENCE_MS, &groups, &count, &error) == 0,
                   "%s", error.text)) {
                for (size_t i = 0; i < count; i++)
                        if (strcmp(groups[i].name, trial->group) == 0)
                                listed = groups[i].member_count == 1 && groups[i].clients[0] &&
                                         strcmp(groups[i].state, "Stable") == 0;
                expect(trial, listed, "among %zu", count);
        }
        free(groups);
        reader_close(reader);
        free(reader);
}

static void a_group_is_forgotten_once_its_members_have_left(struct trial *trial)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_position positions[PARTITIONS], set = { trial->topic, 2, 3, "a note" };
        struct chappe_error error = { 0 };
        void *memory = NULL;

        writer_fill(trial, 2, 0, 5);
        expect(trial, operations->group_delete(trial->broker, trial->group, PATIENCE_MS, &error) == CHAPPE_GROUP_ABSENT,
               "nobody's: E%d %s", error.code, error.text);
        expect(trial, operations->group_commit(trial->broker, trial->group, &set, 1, PATIENCE_MS, &error) == 0,
               "set: %s", error.text);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, gained), "gained");
        expect(trial,
               operations->group_delete(trial->broker, trial->group, PATIENCE_MS, &error) == -CHAPPE_E_GROUP_BUSY,
               "with a member: E%d %s", error.code, error.text);
        reader_close(reader);
        expect(trial, operations->group_delete(trial->broker, trial->group, PATIENCE_MS, &error) == 0,
               "without: E%d %s", error.code, error.text);
        if (look(trial, positions, &memory) == 0)
                expect(trial, positions[2].offset == CHAPPE_OFFSET_NONE, "still at %lld",
                       (long long)positions[2].offset);
        free(memory);
        expect(trial, operations->group_delete(trial->broker, trial->group, PATIENCE_MS, &error) == CHAPPE_GROUP_ABSENT,
               "twice: E%d %s", error.code, error.text);
        free(reader);
}

const struct trial_case outside_cases[] = {
        { "offsets_set_from_outside_are_where_the_next_member_begins",
          offsets_set_from_outside_are_where_the_next_member_begins, 0 },
        { "a_group_with_members_is_not_moved", a_group_with_members_is_not_moved, 0 },
        { "groups_are_told_with_their_members", groups_are_told_with_their_members, LACKS_ADMIN },
        { "a_group_is_forgotten_once_its_members_have_left", a_group_is_forgotten_once_its_members_have_left,
          LACKS_ADMIN },
        { 0 },
};
