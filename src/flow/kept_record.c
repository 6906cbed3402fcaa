/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of records: one block each, headers, then bytes. */
#include "flow/kept_record.h"

#include <stdlib.h>
#include <string.h>

#include "flow/carried_headers.h"

struct kept {
        size_t header_count; /* as the original has */
        size_t kept_count;   /* as are here: as many as may be */
        struct chappe_header headers[];
};

static size_t kept_headers(const struct chappe_record *record, struct chappe_header *ret_headers, size_t maximum)
{
        const struct kept *kept = record->handle;
        size_t count = kept->kept_count < maximum ? kept->kept_count : maximum;
        if (count > 0)
                memcpy(ret_headers, kept->headers, count * sizeof(*ret_headers));
        return kept->header_count;
}

static void release_kept(struct chappe_record *record)
{
        free(record->handle);
}

static const struct chappe_broker_operations kept_operations = { .record_headers = kept_headers,
                                                                 .record_release = release_kept };

/* Appends to the block; NULL stays NULL. */
static const void *put(char **at, const void *bytes, size_t length)
{
        if (!bytes)
                return NULL;
        char *copy = *at;
        if (length > 0)
                memcpy(copy, bytes, length);
        *at += length;
        return copy;
}

static size_t size_of(const struct chappe_record *record, const struct chappe_header *headers, size_t count)
{
        size_t size = sizeof(struct kept) + count * sizeof(*headers);
        size += strlen(record->topic) + 1 + record->key.length + record->value.length;
        for (size_t i = 0; i < count; i++)
                size += strlen(headers[i].name) + 1 + headers[i].length;
        return size;
}

void chappe_record_keep(struct chappe_record *record)
{
        struct chappe_carried_headers carried;
        if (record->operations == &kept_operations)
                return;
        chappe_carried_headers_read(&carried, record, CHAPPE_CARRIED_HEADERS, CHAPPE_CARRIED_BYTES);
        const struct chappe_header *headers = carried.headers;
        size_t all = carried.count + carried.left_out;
        size_t count = all <= CHAPPE_HEADERS_MAXIMUM ? all : carried.count; /* who accepts so many reads them all */
        struct kept *kept = malloc(size_of(record, headers, count));
        if (!kept) {
                chappe_carried_headers_deinit(&carried);
                return;
        }
        char *at = (char *)&kept->headers[count];
        struct chappe_record copy = *record;
        kept->header_count = all;
        kept->kept_count = count;
        for (size_t i = 0; i < count; i++) {
                kept->headers[i] = headers[i];
                kept->headers[i].name = put(&at, headers[i].name, strlen(headers[i].name) + 1);
                kept->headers[i].value = put(&at, headers[i].value, headers[i].length);
        }
        copy.topic = put(&at, record->topic, strlen(record->topic) + 1);
        copy.key.at = put(&at, record->key.at, record->key.length);
        copy.value.at = put(&at, record->value.at, record->value.length);
        copy.handle = kept;
        copy.operations = &kept_operations;
        chappe_carried_headers_deinit(&carried);
        chappe_record_release(record);
        *record = copy;
}
