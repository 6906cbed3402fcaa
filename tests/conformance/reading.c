/* SPDX-License-Identifier: Apache-2.0 */
/* Reading by static assignment: positions, bytes, ends. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool five_seen(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->seen_count >= 5;
}

static bool one_seen(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->seen_count >= 1;
}

static bool an_end_told(struct reader *reader, struct reader *other)
{
        (void)other;
        return reader->ends > 0;
}

static void assign(struct reader *reader, int32_t partition, int64_t offset)
{
        struct chappe_position position = { reader->trial->topic, partition, offset, NULL };
        struct chappe_error error = { 0 };
        int status = reader->trial->broker->operations->consumer_assign(reader->consumer, &position, 1, &error);

        expect(reader->trial, status == 0, "assign: %s", error.text);
        reader->assigned[partition] = true;
}

static void records_come_back_as_they_were_sent(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_header headers[] = {
                { "ce_id", "1", 1 }, { "trace", "ab", 2 }, { "trace", "cd", 2 }, { "empty", "", 0 }
        };

        writer_open(writer, trial, "0");
        writer_send(writer, 1, "key", "value", headers, 4);
        writer_send(writer, 1, "key", NULL, NULL, 0); /* a tombstone */
        writer_send(writer, 1, NULL, "no key", NULL, 0);
        writer_send(writer, 1, "", "", NULL, 0); /* empty is not missing */
        writer_send(writer, 1, "last", "x", headers, 1);
        writer_settle(writer);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 1, CHAPPE_OFFSET_EARLIEST);
        expect(trial, reader_until(reader, NULL, five_seen), "%zu of 5 records", reader->seen_count);
        expect(trial, strcmp(reader->seen[0].headers, "ce_id=1;trace=ab;trace=cd;empty=;") == 0, "headers %s",
               reader->seen[0].headers);
        expect(trial, strcmp(reader->seen[0].key, "key") == 0 && strcmp(reader->seen[0].value, "value") == 0, "bytes");
        expect(trial, strcmp(reader->seen[1].value, "(null)") == 0, "tombstone: %s", reader->seen[1].value);
        expect(trial, strcmp(reader->seen[2].key, "(null)") == 0, "no key: %s", reader->seen[2].key);
        expect(trial, !*reader->seen[3].key && !*reader->seen[3].value, "empty: '%s' '%s'", reader->seen[3].key,
               reader->seen[3].value);
        for (int i = 0; i < 5; i++)
                expect(trial,
                       reader->seen[i].offset == i && reader->seen[i].partition == 1 &&
                               reader->seen[i].timestamp_ms > 0 && !reader->seen[i].log_append_time,
                       "record %d", i);
        reader_close(reader);
        writer_close(writer);
        free(reader);
        free(writer);
}

static void whose_the_timestamp_is_is_told(struct trial *trial)
{
        struct chappe_property stamp = { "message.timestamp.type", "LogAppendTime" };
        struct chappe_topic_request request = { .name = trial->topic,
                                                .partition_count = PARTITIONS,
                                                .replication = -1,
                                                .properties = &stamp,
                                                .property_count = 1 };
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_error error = { 0 };

        strcat(trial->topic, ".s");
        expect(trial, trial->broker->operations->topic_create(trial->broker, &request, PATIENCE_MS, &error) == 0, "%s",
               error.text);
        writer_fill(trial, 2, 0, 1);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 2, CHAPPE_OFFSET_EARLIEST);
        expect(trial, reader_until(reader, NULL, one_seen), "%zu of 1 record", reader->seen_count);
        expect(trial, reader->seen[0].log_append_time && reader->seen[0].timestamp_ms > 0, "the broker's");
        reader_close(reader);
        free(reader);
}

static void the_end_is_that_of_the_moment_of_assigning(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));

        writer_fill(trial, 3, 0, 10);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 3, CHAPPE_OFFSET_LATEST);
        writer_fill(trial, 3, 100, 1);
        expect(trial, reader_until(reader, NULL, one_seen), "the record sent after assigning");
        expect(trial, strcmp(reader->seen[0].value, "100") == 0 && reader->seen[0].offset == 10, "%s at %lld",
               reader->seen[0].value, (long long)reader->seen[0].offset);
        reader_close(reader);
        free(reader);
}

static void the_end_of_a_partition_is_told(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));

        writer_fill(trial, 0, 0, 3);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 0, 0);
        expect(trial, reader_until(reader, NULL, an_end_told), "the end");
        expect(trial, reader->seen_count == 3, "after %zu records", reader->seen_count);
        reader_close(reader);
        free(reader);
}

static void seek_goes_back_and_drops_what_was_fetched(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_error error = { 0 };
        int status;

        writer_fill(trial, 2, 0, 60);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 2, 30);
        expect(trial, reader_until(reader, NULL, five_seen), "%zu records", reader->seen_count);
        expect(trial, reader->seen[0].offset == 30, "from %lld", (long long)reader->seen[0].offset);
        status = trial->broker->operations->consumer_seek(reader->consumer, trial->topic, 2, 4, &error);
        expect(trial, status == 0, "%s", error.text);
        reader->seen_count = 0;
        expect(trial, reader_until(reader, NULL, five_seen), "%zu records after seek", reader->seen_count);
        for (int i = 0; i < 5; i++)
                expect(trial, reader->seen[i].offset == 4 + i, "%lld", (long long)reader->seen[i].offset);
        status = trial->broker->operations->consumer_seek(reader->consumer, trial->topic, 1, 0, NULL);
        expect(trial, status < 0, "a partition that is not assigned");
        reader_close(reader);
        free(reader);
}

static void watermarks_frame_the_log(struct trial *trial)
{
        struct chappe_error error = { 0 };
        int64_t low = -5, high = -5;
        int status;

        writer_fill(trial, 1, 0, 7);
        status =
                trial->broker->operations->watermarks(trial->broker, trial->topic, 1, PATIENCE_MS, &low, &high, &error);
        expect(trial, status == 0 && low == 0 && high == 7, "%d, %lld, %lld: %s", status, (long long)low,
               (long long)high, error.text);
        status =
                trial->broker->operations->watermarks(trial->broker, trial->topic, 0, PATIENCE_MS, &low, &high, &error);
        expect(trial, status == 0 && low == 0 && high == 0, "empty: %d, %lld, %lld", status, (long long)low,
               (long long)high);
}

static void a_missing_topic_has_no_watermarks(struct trial *trial)
{
        int64_t low, high;
        int status = trial->broker->operations->watermarks(trial->broker, "a.topic.that.nobody.made", 0, 2000, &low,
                                                           &high, NULL);

        expect(trial, status < 0, "status %d", status);
}

/* A cluster that cannot look says so: an end in place of a time would skip records. */
static void an_offset_by_time_is_refused(struct trial *trial)
{
        struct chappe_error error = { 0 };
        int64_t offset = -5, now_ms = chappe_clock_wall_ms(trial->stage->clock);
        int status = trial->broker->operations->offset_for_time(trial->broker, trial->topic, 0, now_ms - 600000,
                                                                PATIENCE_MS, &offset, &error);

        expect(trial, status == -CHAPPE_E_BROKER_UNSUPPORTED, "status %d", status);
        expect(trial, strstr(error.text, "by time") && strstr(error.text, trial->topic), "told: %s", error.text);
        expect(trial, offset == -5, "no offset, but %lld", (long long)offset);
}

static void an_offset_is_found_by_time(struct trial *trial)
{
        if (trial->stage->lacks & LACKS_OFFSETS_BY_TIME)
                return an_offset_by_time_is_refused(trial);

        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct writer *writer = calloc(1, sizeof(*writer));
        struct chappe_bytes value = { (const uint8_t *)"v", 1 };
        int64_t now_ms = chappe_clock_wall_ms(trial->stage->clock) - 100000;
        int64_t offset = -5;

        writer_open(writer, trial, "0");
        for (int i = 0; i < 4; i++) {
                operations->producer_send(writer->producer, writer->topic, 0, value, value, NULL, 0, now_ms + i * 1000,
                                          (void *)(uintptr_t)(writer->sent_count + 1), NULL);
                writer->sent_count++;
        }
        writer_settle(writer);
        operations->offset_for_time(trial->broker, trial->topic, 0, now_ms + 1500, PATIENCE_MS, &offset, NULL);
        expect(trial, offset == 2, "between two: %lld", (long long)offset);
        operations->offset_for_time(trial->broker, trial->topic, 0, now_ms - 1, PATIENCE_MS, &offset, NULL);
        expect(trial, offset == 0, "before the first: %lld", (long long)offset);
        operations->offset_for_time(trial->broker, trial->topic, 0, now_ms + 50000, PATIENCE_MS, &offset, NULL);
        expect(trial, offset == 4, "after the last: %lld", (long long)offset);
        writer_close(writer);
        free(writer);
}

static bool held(struct reader *reader, struct chappe_record *ret_record)
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
        return expect(reader->trial, count == 1, "a record to hold");
}

static void a_record_outlives_its_assignment(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_header header;
        struct chappe_record record;

        writer_fill(trial, 0, 42, 1);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 0, 0);
        if (held(reader, &record)) {
                trial->broker->operations->consumer_assign(reader->consumer, NULL, 0, NULL);
                reader_turn(reader);
                expect(trial, record.value.length == 2 && memcmp(record.value.at, "42", 2) == 0, "its bytes");
                expect(trial, chappe_record_headers(&record, &header, 1) == 0, "its headers");
                chappe_record_release(&record);
        }
        reader_close(reader);
        free(reader);
}

static void a_close_with_a_record_held_ends_and_says_so(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        struct chappe_record record;
        int status;

        writer_fill(trial, 0, 1, 1);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 0, 0);
        if (held(reader, &record)) {
                status = trial->broker->operations->consumer_close(reader->consumer, 300, NULL);
                expect(trial, status == -CHAPPE_E_BROKER_CLOSE, "status %d", status);
                expect(trial, record.value.length == 1 && record.value.at[0] == '1', "the record is still valid");
                chappe_record_release(&record);
                reader->consumer = NULL; /* abandoned */
        }
        reader_close(reader);
        free(reader);
}

/* The size of a record is known when it is taken: a few more may come, not all. */
static void a_take_stops_at_its_bytes(struct trial *trial)
{
        struct reader *reader = calloc(1, sizeof(*reader));
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000;
        struct chappe_record records[40];
        size_t taken = 0, most = 0;

        writer_fill(trial, 0, 10, 40);
        reader_open(reader, trial, NULL, NULL);
        assign(reader, 0, 0);
        reader->idle = true;
        while (taken < 40 && chappe_clock_monotonic_us(trial->stage->clock) < deadline_us) {
                size_t count =
                        trial->broker->operations->consumer_take(reader->consumer, trial->topic, 0, records, 40, 1);

                for (size_t i = 0; i < count; i++)
                        chappe_record_release(&records[i]);
                taken += count;
                most = count > most ? count : most;
                reader_turn(reader);
                if (count == 0)
                        peer_pause(trial, 5);
        }
        expect(trial, taken == 40, "%zu of 40 records", taken);
        expect(trial, most >= 1 && most <= 16, "%zu at a time", most);
        reader_close(reader);
        free(reader);
}

const struct trial_case reading_cases[] = {
        { "records_come_back_as_they_were_sent", records_come_back_as_they_were_sent, 0 },
        { "whose_the_timestamp_is_is_told", whose_the_timestamp_is_is_told, LACKS_ADMIN },
        { "the_end_is_that_of_the_moment_of_assigning", the_end_is_that_of_the_moment_of_assigning, 0 },
        { "the_end_of_a_partition_is_told", the_end_of_a_partition_is_told, 0 },
        { "seek_goes_back_and_drops_what_was_fetched", seek_goes_back_and_drops_what_was_fetched, 0 },
        { "watermarks_frame_the_log", watermarks_frame_the_log, 0 },
        { "a_missing_topic_has_no_watermarks", a_missing_topic_has_no_watermarks, LACKS_MISSING_TOPICS },
        { "an_offset_is_found_by_time", an_offset_is_found_by_time, 0 },
        { "a_record_outlives_its_assignment", a_record_outlives_its_assignment, 0 },
        { "a_take_stops_at_its_bytes", a_take_stops_at_its_bytes, 0 },
        { "a_close_with_a_record_held_ends_and_says_so", a_close_with_a_record_held_ends_and_says_so, 0 },
        { 0 },
};
