/* SPDX-License-Identifier: Apache-2.0 */
/* Records in one allocation each, and lending them out. */
#include <stdlib.h>

#include "broker/sim/sim_private.h"

/* What a taken record's handle points to. */
struct loan {
        struct chappe_consumer *consumer; /* NULL: read from outside */
        struct sim_record *record;
};

static size_t record_size(struct chappe_bytes key, struct chappe_bytes value, const struct chappe_header *headers,
                          size_t header_count)
{
        size_t size =
                sizeof(struct sim_record) + key.length + value.length + header_count * sizeof(struct chappe_header);

        for (size_t i = 0; i < header_count; i++)
                size += strlen(headers[i].name) + 1 + headers[i].length;
        return size;
}

static void *put(uint8_t **at, const void *bytes, size_t length)
{
        void *start = *at;

        if (length)
                memcpy(start, bytes, length);
        *at += length;
        return start;
}

struct sim_record *chappe_sim_record_new(struct chappe_bytes key, struct chappe_bytes value,
                                         const struct chappe_header *headers, size_t header_count, int64_t timestamp_ms)
{
        struct sim_record *record = malloc(record_size(key, value, headers, header_count));
        uint8_t *at;

        if (!record)
                return NULL;
        record->timestamp_ms = timestamp_ms;
        record->header_count = header_count;
        record->headers = (struct chappe_header *)(record + 1);
        at = (uint8_t *)(record->headers + header_count);
        for (size_t i = 0; i < header_count; i++) {
                record->headers[i].name = put(&at, headers[i].name, strlen(headers[i].name) + 1);
                record->headers[i].length = headers[i].length;
                record->headers[i].value = headers[i].value ? put(&at, headers[i].value, headers[i].length) : NULL;
        }
        record->key = (struct chappe_bytes){ key.at ? put(&at, key.at, key.length) : NULL, key.length };
        record->value = (struct chappe_bytes){ value.at ? put(&at, value.at, value.length) : NULL, value.length };
        return record;
}

struct sim_record *chappe_sim_record_copy(const struct sim_record *record)
{
        return chappe_sim_record_new(record->key, record->value, record->headers, record->header_count,
                                     record->timestamp_ms);
}

void chappe_sim_record_lend(const struct sim_topic *topic, int32_t partition, int64_t offset,
                            struct chappe_consumer *consumer, struct chappe_record *ret_record)
{
        struct loan *loan = malloc(sizeof(*loan));
        struct sim_record *record = chappe_sim_record_copy(topic->logs[partition].records[offset]);

        if (!loan || !record)
                abort(); /* a simulation that runs out of memory proves nothing */
        *loan = (struct loan){ .consumer = consumer, .record = record };
        *ret_record = (struct chappe_record){
                .topic = topic->name,
                .partition = partition,
                .offset = offset,
                .timestamp_ms = record->timestamp_ms,
                .log_append_time = topic->append_time,
                .key = record->key,
                .value = record->value,
                .handle = loan,
                .operations = &chappe_sim_operations,
        };
}

size_t chappe_sim_record_headers(const struct chappe_record *record, struct chappe_header *ret_headers, size_t maximum)
{
        const struct loan *loan = record->handle;
        size_t count = loan->record->header_count;

        if (count && maximum)
                memcpy(ret_headers, loan->record->headers, (count < maximum ? count : maximum) * sizeof(*ret_headers));
        return count;
}

void chappe_sim_record_release(struct chappe_record *record)
{
        struct loan *loan = record->handle;

        if (loan->consumer)
                chappe_sim_consumer_record_released(loan->consumer,
                                                    loan->record->key.length + loan->record->value.length);
        free(loan->record);
        free(loan);
        record->handle = NULL;
}
