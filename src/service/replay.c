/* SPDX-License-Identifier: Apache-2.0 */
/* Replaying a dead letter: as the record that it was, with its delivery watched. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "flow/publisher.h"
#include "service/letters.h"
#include "wire/dead_letter.h"

int chappe_revivals_init(struct chappe_revivals *revivals, struct chappe_executor *executor, struct chappe_error *error)
{
        revivals->executor = executor;
        revivals->mutex = chappe_mutex_new(executor);
        revivals->reported = chappe_condition_new(executor);
        return revivals->mutex && revivals->reported
                       ? 0
                       : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");
}

/* On the poll strand. */
static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct chappe_revivals *revivals = context;

        (void)deliveries;
        chappe_mutex_lock(revivals->executor, revivals->mutex);
        if (--revivals->outstanding == 0)
                chappe_condition_broadcast(revivals->executor, revivals->reported);
        chappe_mutex_unlock(revivals->executor, revivals->mutex);
}

void chappe_revivals_await(struct chappe_revivals *revivals)
{
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;

        chappe_mutex_lock(revivals->executor, revivals->mutex);
        while (revivals->outstanding > 0 && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(revivals->executor, revivals->reported, revivals->mutex, CHAPPE_FOREVER);
        chappe_mutex_unlock(revivals->executor, revivals->mutex);
}

void chappe_revivals_deinit(struct chappe_revivals *revivals)
{
        if (revivals->mutex && revivals->reported)
                chappe_revivals_await(revivals);
        chappe_condition_free(revivals->executor, revivals->reported);
        chappe_mutex_free(revivals->executor, revivals->mutex);
}

/* Where it goes: a header alone does not send bytes into any topic that it likes. */
static int find_target(const struct chappe_letters *letters, const struct chappe_client_record *record, const char *to,
                       const char **ret_topic, struct chappe_error *error)
{
        struct chappe_text topic = record->letter ? record->letter->topic : (struct chappe_text){ 0 };

        *ret_topic = to ? to : letters->origin;
        if (to || (topic.length > 0 && topic.length == strlen(letters->origin) &&
                   memcmp(topic.at, letters->origin, topic.length) == 0))
                return 0;
        if (topic.length == 0)
                return chappe_fail(error, CHAPPE_E_USAGE,
                                   "%s[%" PRId32 "]@%" PRId64
                                   " is no dead letter, no header tells where it came from: name the topic (--to)",
                                   record->topic, record->partition, record->offset);
        return chappe_fail(error, CHAPPE_E_USAGE,
                           "%s[%" PRId32 "]@%" PRId64
                           " says that it came from %.*s, and its topic's name does not: name "
                           "the topic (--to)",
                           record->topic, record->partition, record->offset, CHAPPE_TEXT(topic));
}

/* Asked for once: sending might make a topic that was mistyped. */
static int check_target(struct chappe_letters *letters, const char *topic, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_topic_description *topics;
        struct chappe_broker *broker;
        size_t count;
        int status;

        if (letters->target && strcmp(letters->target, topic) == 0)
                return 0;
        status = chappe_client_broker(letters->client, &broker, error);
        if (status >= 0)
                status = broker->operations->topics_describe(
                        broker, &topic, 1, chappe_client_timeout_ms(letters->client), &topics, &count, error);
        if (status < 0)
                return status;
        memory = topics;
        if (count == 0 || topics[0].partition_count == 0)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", topic);
        free(letters->target);
        letters->target = strdup(topic);
        return 0;
}

/* All that can be said against a replay before anything is sent. */
static int choose_target(struct chappe_letters *letters, const struct chappe_client_record *record, const char *to,
                         const char **ret_topic, struct chappe_error *error)
{
        int status = find_target(letters, record, to, ret_topic, error);

        return status < 0 ? status : check_target(letters, *ret_topic, error);
}

int chappe_letters_check(struct chappe_letters *letters, const struct chappe_client_record *record, const char *to,
                         struct chappe_error *error)
{
        const char *topic;

        return choose_target(letters, record, to, &topic, error);
}

static int send(struct chappe_letters *letters, const struct chappe_client_record *record, const char *topic,
                struct chappe_deliveries *deliveries, struct chappe_error *error)
{
        static const struct chappe_dead_letter no_letter;
        struct chappe_publisher *publisher = letters->client->service->runtime.publisher;
        struct chappe_header_list headers;
        int status;

        chappe_header_list_init(&headers);
        if (chappe_header_list_reserve(&headers, record->header_count) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the headers of a dead letter");
        chappe_dead_letter_revive(record->headers, record->header_count, record->letter ? record->letter : &no_letter,
                                  &headers);
        struct chappe_outgoing outgoing = {
                .topic = topic,
                .partition = CHAPPE_PARTITION_BY_KEY,
                .key = record->key,
                .value = record->payload,
                .headers = headers.headers,
                .header_count = headers.count,
        };
        status = chappe_publisher_send(publisher, CHAPPE_SEND_EVENT, &outgoing, deliveries, error);
        chappe_header_list_deinit(&headers);
        return status;
}

int chappe_letters_replay(struct chappe_letters *letters, const struct chappe_client_record *record, const char *to,
                          struct chappe_error *error)
{
        struct chappe_revivals *revivals = &letters->revivals;
        const char *topic;
        int status = choose_target(letters, record, to, &topic, error);

        if (status >= 0 && revivals->count == CHAPPE_REVIVALS)
                status = chappe_letters_save(letters, error);
        if (status < 0)
                return status;
        struct chappe_revival *revival = &revivals->at[revivals->count];

        *revival = (struct chappe_revival){ .partition = record->partition, .offset = record->offset };
        chappe_deliveries_init(&revival->deliveries, settled, revivals);
        status = send(letters, record, topic, &revival->deliveries, error);
        if (status < 0)
                return status;
        chappe_mutex_lock(revivals->executor, revivals->mutex);
        revivals->outstanding++;
        revivals->count++;
        chappe_mutex_unlock(revivals->executor, revivals->mutex);
        if (chappe_deliveries_drop(&revival->deliveries))
                settled(&revival->deliveries, revivals);
        return 0;
}
