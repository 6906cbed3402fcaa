/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of requests and replies. */
#include "wire/call_headers.h"

#include <assert.h>

#define PARTITION_DIGITS_MAXIMUM 10

static bool is(const struct chappe_header *header, const char *name)
{
        return strcmp(header->name, name) == 0;
}

static struct chappe_text cut(struct chappe_text text, size_t maximum)
{
        return (struct chappe_text){ text.at, text.length < maximum ? text.length : maximum };
}

/* Where to answer, in one stack's names; the correlation id is taken from wherever the reply topic stands. */
static void read_address(const struct chappe_header *header, struct chappe_request_headers *request)
{
        if (is(header, CHAPPE_HEADER_CORRELATION) || is(header, CHAPPE_HEADER_SMALLRYE_CORRELATION))
                request->correlation = chappe_header_bytes(header);
        else if (is(header, CHAPPE_HEADER_REPLY_TOPIC) || is(header, CHAPPE_HEADER_SMALLRYE_REPLY_TOPIC))
                request->reply_topic = chappe_header_text(header);
        else if (is(header, CHAPPE_HEADER_REPLY_PARTITION) || is(header, CHAPPE_HEADER_SMALLRYE_REPLY_PARTITION))
                request->reply_partition = chappe_header_bytes(header);
        else
                return;
        if (header->name[0] == 'R')
                request->form = CHAPPE_CALL_SMALLRYE;
}

static int read_number(const struct chappe_header *header, int64_t maximum, int64_t *ret_number,
                       struct chappe_error *error)
{
        int64_t number;

        if (!chappe_header_decimal(chappe_header_bytes(header), &number) || number > maximum)
                return chappe_fail(error, CHAPPE_E_CALL_HEADER_INVALID, "header %s is no number that makes sense",
                                   header->name);
        *ret_number = number;
        return 0;
}

static int read_ours(const struct chappe_header *header, struct chappe_request_headers *request,
                     struct chappe_error *error)
{
        int64_t number = 0;
        int status = 0;

        if (is(header, CHAPPE_HEADER_METHOD))
                request->method = chappe_header_text(header);
        else if (is(header, CHAPPE_HEADER_IDEMPOTENCY_KEY))
                request->idempotency_key = chappe_header_text(header);
        else if (is(header, CHAPPE_HEADER_DEADLINE))
                status = read_number(header, INT64_MAX, &request->deadline_ms, error);
        else if (is(header, CHAPPE_HEADER_ATTEMPT) && (status = read_number(header, INT32_MAX, &number, error)) == 0)
                request->attempt = (int32_t)number;
        return status;
}

static int check_lengths(const struct chappe_request_headers *request, struct chappe_error *error)
{
        if (request->correlation.length > CHAPPE_CORRELATION_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_CALL_HEADER_INVALID, "a correlation id of %zu bytes; at most %d",
                                   request->correlation.length, CHAPPE_CORRELATION_MAXIMUM);
        if (request->idempotency_key.length > CHAPPE_IDEMPOTENCY_KEY_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_CALL_HEADER_INVALID, "an idempotency key of %zu bytes; at most %d",
                                   request->idempotency_key.length, CHAPPE_IDEMPOTENCY_KEY_MAXIMUM);
        if (request->reply_topic.length > CHAPPE_TOPIC_NAME_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_CALL_HEADER_INVALID, "a reply topic of %zu bytes; at most %d",
                                   request->reply_topic.length, CHAPPE_TOPIC_NAME_MAXIMUM);
        return 0;
}

int chappe_request_headers_read(const struct chappe_header *headers, size_t count,
                                struct chappe_request_headers *ret_request, struct chappe_error *error)
{
        int status = 0;

        *ret_request = (struct chappe_request_headers){ .attempt = 1 };
        for (size_t i = 0; i < count; i++) {
                const struct chappe_header *header = &headers[i];
                int ours = 0;

                if (header->name[0] == 'k' || header->name[0] == 'R')
                        read_address(header, ret_request);
                else if (header->name[0] == 'c')
                        ours = read_ours(header, ret_request, error);
                else if (is(header, CHAPPE_HEADER_TRACEPARENT))
                        ret_request->traceparent = chappe_header_text(header);
                status = status < 0 ? status : ours;
        }
        return status < 0 ? status : check_lengths(ret_request, error);
}

void chappe_request_headers_write(const struct chappe_request_headers *request, int32_t partition,
                                  struct chappe_header_list *list)
{
        assert(request->form == CHAPPE_CALL_SPRING);
        if (request->reply_topic.length) { /* else nobody waits */
                chappe_header_list_bytes(list, CHAPPE_HEADER_CORRELATION, request->correlation);
                chappe_header_list_text(list, CHAPPE_HEADER_REPLY_TOPIC, request->reply_topic);
                chappe_header_list_int32(list, CHAPPE_HEADER_REPLY_PARTITION, partition);
        }
        chappe_header_list_text(list, CHAPPE_HEADER_METHOD, request->method);
        if (request->deadline_ms)
                chappe_header_list_decimal(list, CHAPPE_HEADER_DEADLINE, request->deadline_ms);
        if (request->attempt > 1)
                chappe_header_list_decimal(list, CHAPPE_HEADER_ATTEMPT, request->attempt);
        if (request->idempotency_key.length)
                chappe_header_list_text(list, CHAPPE_HEADER_IDEMPOTENCY_KEY, request->idempotency_key);
        if (request->traceparent.length)
                chappe_header_list_text(list, CHAPPE_HEADER_TRACEPARENT, request->traceparent);
}

int32_t chappe_reply_partition(struct chappe_bytes sent, int32_t partition_count, bool *ret_decimal,
                               struct chappe_error *error)
{
        int32_t binary;
        int64_t decimal;

        *ret_decimal = false;
        if (!sent.at)
                return CHAPPE_REPLY_ANYWHERE;
        if (chappe_header_int32(sent, &binary) && binary >= 0 && binary < partition_count)
                return binary;
        if (sent.length <= PARTITION_DIGITS_MAXIMUM && chappe_header_decimal(sent, &decimal) &&
            decimal < partition_count) {
                *ret_decimal = true;
                return (int32_t)decimal;
        }
        return chappe_fail(error, CHAPPE_E_CALL_HEADER_INVALID,
                           "the reply partition names none of the reply topic's %d partitions", partition_count);
}

static bool is_error(const struct chappe_header *header)
{
        return is(header, CHAPPE_HEADER_ERROR) || is(header, CHAPPE_HEADER_ERROR_CODE) ||
               is(header, CHAPPE_HEADER_NEST_ERROR);
}

void chappe_reply_headers_read(const struct chappe_header *headers, size_t count,
                               struct chappe_reply_headers *ret_reply)
{
        int64_t code = 0;
        bool failed = false;

        *ret_reply = (struct chappe_reply_headers){ 0 };
        for (size_t i = 0; i < count; i++) {
                const struct chappe_header *header = &headers[i];

                if (is(header, CHAPPE_HEADER_CORRELATION) || is(header, CHAPPE_HEADER_SMALLRYE_CORRELATION))
                        ret_reply->correlation = chappe_header_bytes(header);
                else if (is(header, CHAPPE_HEADER_TRACEPARENT))
                        ret_reply->traceparent = chappe_header_text(header);
                else if (is_error(header)) {
                        failed = true;
                        if (!is(header, CHAPPE_HEADER_ERROR_CODE))
                                ret_reply->error = cut(chappe_header_text(header), CHAPPE_ERROR_TEXT_MAXIMUM);
                        else if (!chappe_header_decimal(chappe_header_bytes(header), &code) || code > INT32_MAX)
                                code = 0;
                }
        }
        if (failed)
                ret_reply->error_code = code ? (int32_t)code : CHAPPE_E_CALL_REMOTE;
}

void chappe_reply_headers_write(enum chappe_call_form form, const struct chappe_reply_headers *reply,
                                struct chappe_header_list *list)
{
        if (reply->correlation.at)
                chappe_header_list_bytes(list,
                                         form == CHAPPE_CALL_SMALLRYE ? CHAPPE_HEADER_SMALLRYE_CORRELATION
                                                                      : CHAPPE_HEADER_CORRELATION,
                                         reply->correlation);
        if (reply->error_code) {
                struct chappe_text text = cut(reply->error, CHAPPE_ERROR_TEXT_MAXIMUM);

                chappe_header_list_decimal(list, CHAPPE_HEADER_ERROR_CODE, reply->error_code);
                chappe_header_list_text(list, CHAPPE_HEADER_ERROR, text);
                if (form == CHAPPE_CALL_NEST)
                        chappe_header_list_text(list, CHAPPE_HEADER_NEST_ERROR, text);
        }
        if (form == CHAPPE_CALL_NEST) /* or its client waits for more replies */
                *chappe_header_list_room(list, CHAPPE_HEADER_NEST_DISPOSED, 1) = 0;
        if (reply->traceparent.length)
                chappe_header_list_text(list, CHAPPE_HEADER_TRACEPARENT, reply->traceparent);
}
