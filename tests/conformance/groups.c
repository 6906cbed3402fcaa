/* SPDX-License-Identifier: Apache-2.0 */
/* Consumer groups: gained, revoked, lost, committed. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

static bool all_gained(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->gained > 0 && reader_assigned(reader) == PARTITIONS;
}

static bool told_gained(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->gained > 0;
}

static bool told_revoked(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->revoked > 0;
}

static bool told_lost(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->lost > 0;
}

static bool commit_ended(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->commits + reader->commits_refused > 0;
}

static bool all_commits_ended(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->commits + reader->commits_refused == PARTITIONS;
}

static bool shared(struct reader *reader, struct reader *other)
{
        return reader_assigned(reader) == PARTITIONS / 2 && reader_assigned(other) == PARTITIONS / 2;
}

static bool eight_seen(struct reader *reader, struct reader *other)
{
        return reader->seen_count + (other ? other->seen_count : 0) >= 8;
}

static void a_new_group_gains_everything_without_offsets(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));

        for (int i = 0; i < PARTITIONS; i++)
                writer_fill(trial, i, i * 10, 2);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, all_gained), "%d partitions", reader_assigned(reader));
        for (int i = 0; i < PARTITIONS; i++)
                expect(trial, reader->committed[i] == CHAPPE_OFFSET_NONE && !reader->metadata[i],
                       "partition %d at %lld", i, (long long)reader->committed[i]);
        expect(trial, reader_until(reader, NULL, eight_seen), "%zu of 8 records", reader->seen_count);
        reader_close(reader);
        free(reader);
}

static void a_commit_with_4096_characters_comes_back_after_a_restart(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        char metadata[4097];

        for (size_t i = 0; i < 4096; i++)
                metadata[i] = (char)('A' + i % 26);
        metadata[4096] = '\0';
        writer_fill(trial, 1, 0, 5);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, all_gained), "gained");
        reader_commit(reader, 1, 3, metadata);
        expect(trial, reader_until(reader, NULL, commit_ended), "the commit ended");
        expect(trial, reader->commits == 1 && reader->token == reader, "%d commits, %d refused", reader->commits,
               reader->commits_refused);
        reader_close(reader);

        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, all_gained), "gained again");
        expect(trial, reader->committed[1] == 3, "offset %lld", (long long)reader->committed[1]);
        expect(trial, reader->metadata[1] && strcmp(reader->metadata[1], metadata) == 0, "metadata of %zu characters",
               reader->metadata[1] ? strlen(reader->metadata[1]) : 0);
        expect(trial, reader->committed[0] == CHAPPE_OFFSET_NONE, "another partition at %lld",
               (long long)reader->committed[0]);
        reader_close(reader);
        free(reader);
}

static void a_commit_with_one_character_more_is_refused(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        char metadata[4098];

        memset(metadata, 'x', 4097);
        metadata[4097] = '\0';
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, all_gained), "gained");
        reader_commit(reader, 0, 0, metadata);
        expect(trial, reader_until(reader, NULL, commit_ended), "the commit ended");
        expect(trial, reader->commits_refused == 1, "%d commits, %d refused", reader->commits, reader->commits_refused);
        reader_close(reader);
        free(reader);
}

static void a_second_member_gets_half_after_the_first_has_drained(struct trial *trial)
{
        struct reader *first = calloc(1, sizeof(*first));
        struct reader *second = calloc(1, sizeof(*second));
        bool refuses = trial->stage->lacks & LACKS_COMMIT_IN_REBALANCE;

        for (int i = 0; i < PARTITIONS; i++)
                writer_fill(trial, i, 0, 2);
        reader_open(first, trial, trial->group, NULL);
        expect(trial, reader_until(first, NULL, all_gained), "the first gained all");
        expect(trial, reader_until(first, NULL, eight_seen), "%zu of 8 records", first->seen_count);
        first->hesitant = true;
        reader_open(second, trial, trial->group, NULL);
        expect(trial, reader_until(first, second, told_revoked), "the first is told to give back");
        expect(trial, reader_assigned(second) == 0, "nobody else has them meanwhile");
        /* While draining they are still ours: a commit counts. */
        for (int i = 0; i < PARTITIONS; i++)
                reader_commit(first, i, 2, NULL);
        expect(trial, reader_until(first, second, all_commits_ended), "%d commits, %d refused", first->commits,
               first->commits_refused);
        expect(trial, refuses || first->commits == PARTITIONS, "%d commits while draining", first->commits);
        first->hesitant = false;
        reader_release(first);
        expect(trial, reader_until(first, second, shared), "%d and %d partitions", reader_assigned(first),
               reader_assigned(second));
        for (int i = 0; i < PARTITIONS; i++) {
                expect(trial, first->assigned[i] != second->assigned[i], "partition %d has one owner", i);
                expect(trial, refuses || !second->assigned[i] || second->committed[i] == 2, "it goes on at %lld",
                       (long long)second->committed[i]);
        }
        reader_close(second);
        reader_close(first);
        free(second);
        free(first);
}

static void an_expelled_member_is_told_that_it_lost(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));

        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, all_gained), "gained");
        peer_pause(trial, 8000); /* not polling for longer than max.poll.interval.ms puts it out */
        expect(trial, reader_until(reader, NULL, told_lost), "lost (%d revoked)", reader->revoked);
        reader->gained = 0;
        expect(trial, reader_until(reader, NULL, all_gained), "gained again");
        reader_close(reader);
        free(reader);
}

/* One record, to be held. */
static bool take_one(struct trial *trial, struct reader *reader, struct chappe_record *record)
{
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000;

        while (trial->broker->operations->consumer_take(reader->consumer, trial->topic, 0, record, 1, SIZE_MAX) == 0) {
                if (chappe_clock_monotonic_us(trial->stage->clock) > deadline_us)
                        return expect(trial, false, "no record came");
                peer_pause(trial, 5);
        }
        return true;
}

static bool one_seen(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->seen_count > 0;
}

/* It is there still, with a record in hand, and is not polled any more. */
static void a_member_that_left_leaves_everything_to_another(struct trial *trial)
{
        struct chappe_record record;
        struct reader *first = calloc(1, sizeof(*first));
        struct reader *second = calloc(1, sizeof(*second));
        struct chappe_error error = { 0 };

        reader_open(first, trial, trial->group, NULL);
        expect(trial, reader_until(first, NULL, all_gained), "gained");
        writer_fill(trial, 0, 1, 1);
        bool held = take_one(trial, first, &record);
        expect(trial, trial->broker->operations->consumer_leave(first->consumer, 5000, &error) == 0, "leave: %s",
               error.text);
        reader_open(second, trial, trial->group, NULL);
        expect(trial, reader_until(second, NULL, all_gained), "%d partitions", reader_assigned(second));
        expect(trial, reader_until(second, NULL, one_seen), "the record that was not finished comes again");
        if (held) {
                expect(trial, record.value.length == 1 && record.value.at[0] == '1', "it is valid in the first's hand");
                chappe_record_release(&record);
        }
        reader_close(second);
        reader_close(first);
        free(second);
        free(first);
}

static void an_answer_to_nothing_is_refused(struct trial *trial)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct reader *reader = calloc(1, sizeof(*reader));

        reader_open(reader, trial, trial->group, NULL);
        reader->hesitant = true;
        expect(trial, operations->consumer_accept(reader->consumer, NULL, 0, NULL) < 0, "accept before gained");
        expect(trial, operations->consumer_release(reader->consumer, NULL) < 0, "release before revoked");
        expect(trial, reader_until(reader, NULL, told_gained), "gained");
        expect(trial, operations->consumer_release(reader->consumer, NULL) < 0, "release of what was gained");
        reader_accept(reader);
        expect(trial, operations->consumer_accept(reader->consumer, NULL, 0, NULL) < 0, "accept twice");
        reader_close(reader);
        free(reader);
}

static void closing_before_the_answer_does_not_hang(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));

        reader_open(reader, trial, trial->group, NULL);
        reader->hesitant = true;
        expect(trial, reader_until(reader, NULL, told_gained), "gained");
        reader_close(reader);
        reader_open(reader, trial, trial->group, NULL);
        reader_close(reader); /* before anything was gained */
        free(reader);
}

static void a_static_member_comes_back_to_its_partitions(struct trial *trial)
{
        struct reader *first = calloc(1, sizeof(*first));
        struct reader *second = calloc(1, sizeof(*second));
        bool before[PEER_PARTITIONS];

        reader_open(first, trial, trial->group, "one");
        expect(trial, reader_until(first, NULL, all_gained), "gained");
        reader_open(second, trial, trial->group, "two");
        expect(trial, reader_until(first, second, shared), "shared");
        memcpy(before, second->assigned, sizeof(before));
        reader_close(second);
        first->revoked = 0;
        reader_open(second, trial, trial->group, "two");
        expect(trial, reader_until(first, second, shared), "%d and %d", reader_assigned(first),
               reader_assigned(second));
        expect(trial, memcmp(before, second->assigned, sizeof(before)) == 0, "the same partitions");
        expect(trial, first->revoked == 0, "the other one was left alone");
        reader_close(second);
        reader_close(first);
        free(second);
        free(first);
}

const struct trial_case group_cases[] = {
        { "a_new_group_gains_everything_without_offsets", a_new_group_gains_everything_without_offsets, 0 },
        { "a_commit_with_4096_characters_comes_back_after_a_restart",
          a_commit_with_4096_characters_comes_back_after_a_restart, 0 },
        { "a_commit_with_one_character_more_is_refused", a_commit_with_one_character_more_is_refused,
          LACKS_METADATA_LIMIT },
        { "a_second_member_gets_half_after_the_first_has_drained",
          a_second_member_gets_half_after_the_first_has_drained, 0 },
        { "an_expelled_member_is_told_that_it_lost", an_expelled_member_is_told_that_it_lost, 0 },
        { "a_member_that_left_leaves_everything_to_another", a_member_that_left_leaves_everything_to_another, 0 },
        { "an_answer_to_nothing_is_refused", an_answer_to_nothing_is_refused, 0 },
        { "closing_before_the_answer_does_not_hang", closing_before_the_answer_does_not_hang, 0 },
        { "a_static_member_comes_back_to_its_partitions", a_static_member_comes_back_to_its_partitions,
          LACKS_STATIC_MEMBERSHIP },
        { 0 },
};
