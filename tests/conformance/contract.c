/* SPDX-License-Identifier: Apache-2.0 */
/* What the consumer runtime relies on when things go wrong: fencing, static members, offsets that went away, topics
 * that change, records of unusual size. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES    (1024 * 1024)
#define HEADER_COUNT 1000

static bool all_gained(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader_assigned(reader) == PARTITIONS;
}

static bool grown_gained(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader_assigned(reader) == PEER_PARTITIONS;
}

static bool nothing_left(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader_assigned(reader) == 0 && reader->last_error.code == CHAPPE_E_TOPIC_MISSING;
}

static bool one_seen(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->seen_count > 0;
}

static bool commit_ended(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->commits + reader->commits_refused > 0;
}

static bool other_has_all(struct reader *reader, struct reader *other)
{
        (void)reader;
        return reader_assigned(other) == PARTITIONS;
}

static bool shared(struct reader *reader, struct reader *other)
{
        return reader_assigned(reader) == PARTITIONS / 2 && reader_assigned(other) == PARTITIONS / 2;
}

static bool told_fatal(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->fatal > 0;
}

static bool told_foreign(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->last_error.code == CHAPPE_E_GROUP_FOREIGN;
}

/* The other one has the partitions by now; this one has not polled since, and does not know. */
static void a_member_that_was_put_out_commits_nothing(struct trial *trial)
{
        struct reader *first = calloc(1, sizeof(*first));
        struct reader *second = calloc(1, sizeof(*second));
        struct chappe_position position = { trial->topic, 0, 5, NULL };

        writer_fill(trial, 0, 0, 9);
        reader_open(first, trial, trial->group, NULL);
        expect(trial, reader_until(first, NULL, all_gained), "the first gained");
        peer_pause(trial, 8000); /* longer than max.poll.interval.ms */
        reader_open(second, trial, trial->group, NULL);
        expect(trial, reader_until(second, second, other_has_all), "the second gained");
        if (trial->broker->operations->consumer_commit(first->consumer, &position, 1, first, NULL) == 0)
                expect(trial, reader_until(first, NULL, commit_ended), "the commit ended");
        expect(trial, first->commits == 0, "%d commits", first->commits);
        reader_close(second);
        reader_open(second, trial, trial->group, NULL);
        reader_close(first);
        expect(trial, reader_until(second, second, other_has_all), "the second gained again");
        expect(trial, second->committed[0] == CHAPPE_OFFSET_NONE, "it goes on at %lld",
               (long long)second->committed[0]);
        reader_close(second);
        free(second);
        free(first);
}

static void a_rolling_restart_of_static_members_moves_nothing(struct trial *trial)
{
        static const char *const names[] = { "one", "two" };
        struct reader *readers[2] = { calloc(1, sizeof(struct reader)), calloc(1, sizeof(struct reader)) };

        reader_open(readers[1], trial, trial->group, names[1]);
        expect(trial, reader_until(readers[1], NULL, all_gained), "two is alone, and has half to give up");
        reader_open(readers[0], trial, trial->group, names[0]);
        expect(trial, reader_until(readers[0], readers[1], shared), "shared");
        for (int i = 0; i < 2; i++) {
                struct reader *other = readers[1 - i];
                int gained = other->gained_partitions, revoked = other->revoked, lost = other->lost;

                reader_close(readers[i]);
                reader_open(readers[i], trial, trial->group, names[i]);
                expect(trial, reader_until(readers[i], other, shared), "%s is back", names[i]);
                expect(trial, other->gained_partitions == gained && other->revoked == revoked && other->lost == lost,
                       "the other one gained %d partitions, gave up %d times", other->gained_partitions - gained,
                       other->revoked - revoked);
        }
        for (int i = 0; i < 2; i++) {
                reader_close(readers[i]);
                free(readers[i]);
        }
}

static void a_second_bearer_of_an_instance_id_ends_the_first(struct trial *trial)
{
        struct reader *first = calloc(1, sizeof(*first));
        struct reader *second = calloc(1, sizeof(*second));

        reader_open(first, trial, trial->group, "one");
        expect(trial, reader_until(first, NULL, all_gained), "gained");
        reader_open(second, trial, trial->group, "one");
        expect(trial, reader_until(first, second, told_fatal), "the first is told (%d errors)", first->errors);
        expect(trial, first->last_error.code == CHAPPE_E_BROKER_FATAL, "E%d", first->last_error.code);
        reader_close(first);
        reader_close(second);
        free(second);
        free(first);
}

static void what_was_deleted_is_passed_over_to_the_oldest_there_is(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_position position = { trial->topic, 1, 5, NULL };
        struct chappe_error error = { 0 };
        int64_t low = -1, high = -1;

        writer_fill(trial, 1, 0, 20);
        expect(trial,
               trial->broker->operations->group_commit(trial->broker, trial->group, &position, 1, PATIENCE_MS,
                                                       &error) == 0,
               "%s", error.text);
        expect(trial, trial->stage->records_delete(trial, 1, 12) == 0, "deleted");
        trial->broker->operations->watermarks(trial->broker, trial->topic, 1, PATIENCE_MS, &low, &high, &error);
        expect(trial, low == 12 && high == 20, "from %lld to %lld", (long long)low, (long long)high);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, one_seen), "a record");
        expect(trial, reader->committed[1] == 5, "begins at %lld", (long long)reader->committed[1]);
        expect(trial, reader->seen[0].offset == 12, "reads from %lld", (long long)reader->seen[0].offset);
        reader_close(reader);
        free(reader);
}

static void what_lies_behind_the_end_is_read_from_the_oldest_there_is(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_position position = { trial->topic, 2, 50, NULL };

        writer_fill(trial, 2, 0, 7);
        expect(trial,
               trial->broker->operations->group_commit(trial->broker, trial->group, &position, 1, PATIENCE_MS, NULL) ==
                       0,
               "set");
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, one_seen), "a record");
        expect(trial, reader->seen[0].offset == 0, "reads from %lld", (long long)reader->seen[0].offset);
        reader_close(reader);
        free(reader);
}

static void partitions_that_are_added_are_gained(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));

        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, all_gained), "gained");
        expect(trial, trial->stage->topic_grow(trial, PEER_PARTITIONS) == 0, "grown");
        expect(trial, reader_until(reader, NULL, grown_gained), "%d partitions", reader_assigned(reader));
        writer_fill(trial, PEER_PARTITIONS - 1, 0, 1);
        expect(trial, reader_until(reader, NULL, one_seen), "a record of a new partition");
        expect(trial, reader->seen[0].partition == PEER_PARTITIONS - 1, "of partition %d", reader->seen[0].partition);
        reader_close(reader);
        free(reader);
}

/* With what the group had committed there. */
static void a_deleted_topic_is_given_up_and_begins_anew_when_it_is_back(struct trial *trial)
{
        struct chappe_topic_request request = { .name = trial->topic,
                                                .partition_count = PARTITIONS,
                                                .replication = -1 };
        struct reader *reader = calloc(1, sizeof(*reader));

        writer_fill(trial, 1, 0, 3);
        reader_open(reader, trial, trial->group, NULL);
        expect(trial, reader_until(reader, NULL, one_seen), "a record");
        reader_commit(reader, 1, 3, NULL);
        expect(trial, reader_until(reader, NULL, commit_ended) && reader->commits == 1, "committed");
        expect(trial, trial->stage->topic_delete(trial) == 0, "deleted");
        expect(trial, reader_until(reader, NULL, nothing_left), "%d partitions", reader_assigned(reader));
        expect(trial, reader->fatal == 0 && reader->last_error.code == CHAPPE_E_TOPIC_MISSING, "told (E%d)",
               reader->last_error.code);
        expect(trial, trial->broker->operations->topic_create(trial->broker, &request, PATIENCE_MS, NULL) == 0,
               "made anew");
        expect(trial, reader_until(reader, NULL, all_gained), "%d partitions", reader_assigned(reader));
        expect(trial, reader->committed[1] == CHAPPE_OFFSET_NONE, "begins at %lld", (long long)reader->committed[1]);
        reader->seen_count = 0;
        writer_fill(trial, 1, 0, 1);
        expect(trial, reader_until(reader, NULL, one_seen), "a record of the new topic");
        expect(trial, reader->seen[0].offset == 0, "offset %lld", (long long)reader->seen[0].offset);
        reader_close(reader);
        free(reader);
}

static void strangers_in_the_group_are_told_and_waited_for(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        void *stranger = trial->stage->stranger_join(trial);

        if (expect(trial, stranger != NULL, "a stranger")) {
                reader_open(reader, trial, trial->group, NULL);
                expect(trial, reader_until(reader, NULL, told_foreign), "told (E%d)", reader->last_error.code);
                expect(trial, reader->fatal == 0 && reader_assigned(reader) == 0, "outside, but alive");
                trial->stage->stranger_leave(trial, stranger);
                expect(trial, reader_until(reader, NULL, all_gained), "gained once the stranger is gone");
                reader_close(reader);
        }
        free(reader);
}

/* Bytes that no text stands for. */
static struct chappe_bytes large_key(size_t length)
{
        uint8_t *at = malloc(length);

        for (size_t i = 0; at && i < length; i++)
                at[i] = (uint8_t)(i * 131 >> 3);
        return (struct chappe_bytes){ at, length };
}

static bool take_one(struct reader *reader, struct chappe_record *ret_record)
{
        int64_t deadline_us = chappe_clock_monotonic_us(reader->trial->stage->clock) + PATIENCE_MS * 1000LL;
        size_t count = 0;

        reader->idle = true;
        while (count == 0 && chappe_clock_monotonic_us(reader->trial->stage->clock) < deadline_us) {
                reader_turn(reader);
                count = reader->trial->broker->operations->consumer_take(reader->consumer, reader->trial->topic, 0,
                                                                         ret_record, 1, SIZE_MAX);
                if (count == 0)
                        peer_pause(reader->trial, 5);
        }
        return expect(reader->trial, count == 1, "a record");
}

static int send(struct writer *writer, struct chappe_bytes key, const struct chappe_header *headers, size_t count)
{
        struct chappe_bytes value = { (const uint8_t *)"v", 1 };
        int status = writer->trial->broker->operations->producer_send(
                writer->producer, writer->topic, 0, key, value, headers, count, 0,
                (void *)(uintptr_t)(writer->sent_count + 1), NULL);

        writer->sent_count += status == 0;
        return status;
}

/* message.max.bytes is 1,000,000 as long as nobody says otherwise. */
static void a_large_key_comes_back_and_a_larger_one_is_refused(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_bytes key = large_key(KEY_BYTES);
        struct chappe_position position = { trial->topic, 0, 0, NULL };
        struct chappe_record record;

        writer_open(writer, trial, "0");
        expect(trial, send(writer, key, NULL, 0) == -CHAPPE_E_RECORD_TOO_LARGE, "1 MiB is refused");
        key.length = 900000;
        expect(trial, send(writer, key, NULL, 0) == 0, "sent");
        writer_settle(writer);
        expect(trial, writer->sent_count == 1 && writer->sent[0].report.result == CHAPPE_DELIVERED, "delivered: %s",
               writer->sent[0].report.error.text);
        reader_open(reader, trial, NULL, NULL);
        trial->broker->operations->consumer_assign(reader->consumer, &position, 1, NULL);
        if (take_one(reader, &record)) {
                expect(trial, record.key.length == key.length && memcmp(record.key.at, key.at, key.length) == 0,
                       "%zu bytes", record.key.length);
                chappe_record_release(&record);
        }
        reader_close(reader);
        writer_close(writer);
        free((void *)key.at);
        free(reader);
        free(writer);
}

static void a_thousand_headers_come_back_in_their_order(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_header *headers = calloc(HEADER_COUNT, sizeof(*headers));
        struct chappe_header *back = calloc(HEADER_COUNT, sizeof(*back));
        struct chappe_position position = { trial->topic, 0, 0, NULL };
        char(*names)[16] = calloc(HEADER_COUNT, sizeof(*names));
        struct chappe_record record;
        bool same = true;

        for (int i = 0; i < HEADER_COUNT; i++) {
                snprintf(names[i], sizeof(names[i]), "header-%d", i);
                headers[i] = (struct chappe_header){ names[i], names[i], strlen(names[i]) };
        }
        writer_open(writer, trial, "0");
        expect(trial, send(writer, (struct chappe_bytes){ NULL, 0 }, headers, HEADER_COUNT) == 0, "sent");
        writer_settle(writer);
        reader_open(reader, trial, NULL, NULL);
        trial->broker->operations->consumer_assign(reader->consumer, &position, 1, NULL);
        if (take_one(reader, &record)) {
                size_t count = chappe_record_headers(&record, back, HEADER_COUNT);

                for (size_t i = 0; i < HEADER_COUNT && i < count; i++)
                        same &= strcmp(back[i].name, names[i]) == 0 && back[i].length == strlen(names[i]) &&
                                memcmp(back[i].value, names[i], back[i].length) == 0;
                expect(trial, count == HEADER_COUNT && same, "%zu headers", count);
                chappe_record_release(&record);
        }
        reader_close(reader);
        writer_close(writer);
        free(names);
        free(back);
        free(headers);
        free(reader);
        free(writer);
}

const struct trial_case contract_cases[] = {
        { "a_member_that_was_put_out_commits_nothing", a_member_that_was_put_out_commits_nothing, LACKS_EXPULSION },
        { "a_rolling_restart_of_static_members_moves_nothing", a_rolling_restart_of_static_members_moves_nothing,
          LACKS_STATIC_MEMBERSHIP },
        { "a_second_bearer_of_an_instance_id_ends_the_first", a_second_bearer_of_an_instance_id_ends_the_first,
          LACKS_STATIC_MEMBERSHIP | LACKS_TAKEOVER },
        { "what_was_deleted_is_passed_over_to_the_oldest_there_is",
          what_was_deleted_is_passed_over_to_the_oldest_there_is, LACKS_CHANGES },
        { "what_lies_behind_the_end_is_read_from_the_oldest_there_is",
          what_lies_behind_the_end_is_read_from_the_oldest_there_is, 0 },
        { "partitions_that_are_added_are_gained", partitions_that_are_added_are_gained, LACKS_CHANGES },
        { "a_deleted_topic_is_given_up_and_begins_anew_when_it_is_back",
          a_deleted_topic_is_given_up_and_begins_anew_when_it_is_back, LACKS_CHANGES },
        { "strangers_in_the_group_are_told_and_waited_for", strangers_in_the_group_are_told_and_waited_for,
          LACKS_STRANGERS },
        { "a_large_key_comes_back_and_a_larger_one_is_refused", a_large_key_comes_back_and_a_larger_one_is_refused, 0 },
        { "a_thousand_headers_come_back_in_their_order", a_thousand_headers_come_back_in_their_order, 0 },
        { 0 },
};
