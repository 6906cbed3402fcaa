/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: same partition number, key, bytes and headers, and where from and why. */
#include "flow/dead_letter.h"

#include "flow/carried_headers.h"
#include "flow/publisher.h"
#include "flow/topics.h"
#include "wire/dead_letter.h"

/* The topic of the letter has at least the partition of the record. It is made with as many as its source has. */
static int prepare_topic(struct chappe_runtime *runtime, const struct chappe_job *job, int32_t *ret_partitions,
                         struct chappe_error *error)
{
        const char *topic = job->channel->dead_letter;
        /* Asked for first: a lookup of what is missing would wait out its whole timeout. */
        if (!chappe_publisher_knows(runtime->publisher, CHAPPE_SEND_EVENT, topic)) {
                int status = chappe_topics_make_dead_letter(runtime, job->channel, error);
                if (status < 0)
                        return status;
        }
        *ret_partitions = chappe_publisher_partitions(runtime->publisher, CHAPPE_SEND_EVENT, topic, error);
        return *ret_partitions < 0 ? (int)*ret_partitions : 0;
}

static int write_headers(const struct chappe_runtime *runtime, const struct chappe_job *job,
                         const struct chappe_carried_headers *carried, struct chappe_header_list *list)
{
        struct chappe_dead_letter letter = {
                .topic = chappe_text(job->record.topic),
                .partition = job->record.partition,
                .offset = job->record.offset,
                .timestamp_ms = job->record.timestamp_ms,
                .log_append_time = job->record.log_append_time,
                .group = chappe_text(runtime->channels->group),
                .code = job->reason_code,
                .reason = chappe_text(job->reason ? job->reason : "no reason was given"),
                .attempts = job->failures > 0 ? job->failures : 1,
                .headers_left_out = (int32_t)carried->left_out,
        };
        int status = chappe_header_list_reserve(list, carried->count);
        if (status == 0)
                chappe_dead_letter_write(carried->headers, carried->count, &letter, list);
        return status;
}

static int send(struct chappe_runtime *runtime, struct chappe_job *job, int32_t partitions,
                const struct chappe_header_list *headers, struct chappe_error *error)
{
        struct chappe_outgoing outgoing = {
                .topic = job->channel->dead_letter,
                .partition = job->record.partition < partitions ? job->record.partition : CHAPPE_PARTITION_BY_KEY,
                .key = job->record.key,
                .value = job->record.value,
                .headers = headers->headers,
                .header_count = headers->count,
        };
        return chappe_publisher_send(runtime->publisher, CHAPPE_SEND_EVENT, &outgoing, &job->deliveries, error);
}

int chappe_dead_letter_send(struct chappe_runtime *runtime, struct chappe_job *job, struct chappe_error *error)
{
        if (!chappe_step(runtime->world, "dead_letter.send"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "stopped before a dead letter was sent");
        int32_t partitions;
        int status = prepare_topic(runtime, job, &partitions, error);
        if (status < 0)
                return status;
        struct chappe_carried_headers carried;
        struct chappe_header_list headers;
        chappe_carried_headers_read(&carried, &job->record, CHAPPE_CARRIED_HEADERS, CHAPPE_CARRIED_BYTES);
        chappe_header_list_init(&headers);
        status = write_headers(runtime, job, &carried, &headers);
        status = status == 0 ? send(runtime, job, partitions, &headers, error)
                             : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the headers of a dead letter");
        chappe_header_list_deinit(&headers);
        chappe_carried_headers_deinit(&carried);
        return status;
}
