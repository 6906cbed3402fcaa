/* SPDX-License-Identifier: Apache-2.0 */
/* Records: librdkafka's messages, released on any strand. */
#include "broker/kafka/consumer.h"

size_t chappe_kafka_record_headers(const struct chappe_record *record, struct chappe_header *ret_headers,
                                   size_t maximum)
{
        rd_kafka_headers_t *headers;
        size_t count;

        /* This builds librdkafka's list, which costs more than all the rest of consuming: only who needs headers asks
         * for them. */
        if (rd_kafka_message_headers(record->handle, &headers))
                return 0;
        count = rd_kafka_header_cnt(headers);
        for (size_t i = 0; i < count && i < maximum; i++)
                rd_kafka_header_get_all(headers, i, &ret_headers[i].name, &ret_headers[i].value,
                                        &ret_headers[i].length);
        return count;
}

void chappe_kafka_record_release(struct chappe_record *record)
{
        rd_kafka_message_t *message = record->handle;
        struct chappe_consumer *consumer = rd_kafka_topic_opaque(message->rkt);

        record->handle = NULL;
        rd_kafka_message_destroy(message);
        atomic_fetch_sub_explicit(&consumer->taken, 1, memory_order_release);
}
