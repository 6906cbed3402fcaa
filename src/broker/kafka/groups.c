/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consumer groups seen from outside. Their offsets are read and written by a consumer of that group that never joins:
 * the admin requests for it are new in librdkafka 2.0, and the second one for offsets makes rd_kafka_destroy hang
 * there.
 */
#include "broker/kafka/kafka.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define RETRY_MS 100 /* between two looks for a coordinator */

static int open_member(struct chappe_kafka *kafka, const char *group, rd_kafka_t **ret_client,
                       struct chappe_error *error)
{
        struct chappe_kafka_client wanted = { .role = CHAPPE_KAFKA_CONSUMER,
                                              .group = group,
                                              .embedded = chappe_kafka_embedded(kafka) };

        return chappe_kafka_client_new(kafka, &wanted, ret_client, error);
}

/* Offsets and metadata into the positions; the metadata behind one another in one allocation. */
static int copy_committed(const rd_kafka_topic_partition_list_t *list, struct chappe_position *positions,
                          void **ret_memory, struct chappe_error *error)
{
        size_t size = 1;
        char *at;

        for (int i = 0; i < list->cnt; i++)
                size += list->elems[i].metadata_size + 1;
        *ret_memory = at = malloc(size);
        if (!at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for committed offsets");
        for (int i = 0; i < list->cnt; i++) {
                const rd_kafka_topic_partition_t *entry = &list->elems[i];

                positions[i].offset = entry->offset >= 0 ? entry->offset : CHAPPE_OFFSET_NONE;
                positions[i].metadata = NULL;
                if (entry->offset < 0 || entry->metadata_size == 0)
                        continue;
                memcpy(at, entry->metadata, entry->metadata_size);
                at[entry->metadata_size] = '\0';
                positions[i].metadata = at;
                at += entry->metadata_size + 1;
        }
        return 0;
}

/* While a cluster's first group makes the topic of offsets, and while a coordinator moves. */
static bool is_coordinator_moving(rd_kafka_resp_err_t reason)
{
        return reason == RD_KAFKA_RESP_ERR_NOT_COORDINATOR || reason == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
               reason == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

/* Asks, or commits, again until a coordinator has answered. */
static rd_kafka_resp_err_t
ask_coordinator(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list, int64_t timeout_ms,
                rd_kafka_resp_err_t (*ask)(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list, int timeout_ms))
{
        const struct chappe_clock *clock = chappe_clock_system();
        int64_t now_us = chappe_clock_monotonic_us(clock);
        int64_t deadline_us = now_us + timeout_ms * 1000;

        for (;;) {
                rd_kafka_resp_err_t reason = ask(client, list, (int)((deadline_us - now_us) / 1000 + 1));

                now_us = chappe_clock_monotonic_us(clock);
                if (!is_coordinator_moving(reason) || now_us >= deadline_us)
                        return reason;
                chappe_kafka_pause(RETRY_MS);
        }
}

static rd_kafka_resp_err_t ask_committed(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
        rd_kafka_resp_err_t reason = rd_kafka_committed(client, list, timeout_ms);

        for (int i = 0; !reason && i < list->cnt; i++)
                reason = list->elems[i].err;
        return reason;
}

int chappe_kafka_group_committed(struct chappe_broker *broker, const char *group, struct chappe_position *positions,
                                 size_t count, int64_t timeout_ms, void **ret_memory, struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        rd_kafka_topic_partition_list_t *list;
        rd_kafka_resp_err_t reason;
        rd_kafka_t *client;
        int status = open_member(kafka, group, &client, error);

        if (status < 0)
                return status;
        list = rd_kafka_topic_partition_list_new((int)count);
        for (size_t i = 0; i < count; i++)
                rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition);
        reason = ask_coordinator(client, list, timeout_ms, ask_committed);
        status = reason ? chappe_kafka_fail(kafka, reason, NULL, error, "committed offsets of group %s", group)
                        : copy_committed(list, positions, ret_memory, error);
        rd_kafka_topic_partition_list_destroy(list);
        (void)chappe_kafka_destroy(kafka, client, NULL);
        return status;
}

/* The first refusal among the partitions of an answered commit. */
static rd_kafka_resp_err_t answer_of(rd_kafka_event_t *event)
{
        const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
        rd_kafka_resp_err_t reason = rd_kafka_event_error(event);

        for (int i = 0; !reason && list && i < list->cnt; i++)
                reason = list->elems[i].err;
        return reason;
}

/* A commit from outside belongs to no generation: the coordinator takes it only for a group without members. */
static bool says_busy(rd_kafka_resp_err_t reason)
{
        return reason == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || reason == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
               reason == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

static rd_kafka_resp_err_t ask_to_commit(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
        rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
        rd_kafka_event_t *event = NULL;
        rd_kafka_resp_err_t reason = rd_kafka_commit_queue(client, list, queue, NULL, NULL);

        if (!reason) {
                event = rd_kafka_queue_poll(queue, timeout_ms);
                reason = event ? answer_of(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
        }
        if (event)
                rd_kafka_event_destroy(event);
        rd_kafka_queue_destroy(queue);
        return reason;
}

int chappe_kafka_group_commit(struct chappe_broker *broker, const char *group, const struct chappe_position *positions,
                              size_t count, int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        rd_kafka_topic_partition_list_t *list;
        rd_kafka_resp_err_t reason;
        rd_kafka_t *client;
        int status = open_member(kafka, group, &client, error);

        if (status < 0)
                return status;
        list = chappe_kafka_positions_list(positions, count);
        reason = ask_coordinator(client, list, timeout_ms, ask_to_commit);
        if (says_busy(reason))
                status = chappe_fail(error, CHAPPE_E_GROUP_BUSY, "group %s has members%s (broker %s)", group,
                                     chappe_kafka_embedded(kafka) ? ", or had: the embedded broker keeps them" : "",
                                     kafka->servers);
        else if (reason)
                status = chappe_kafka_fail(kafka, reason, NULL, error, "committing for group %s", group);
        rd_kafka_topic_partition_list_destroy(list);
        (void)chappe_kafka_destroy(kafka, client, NULL);
        return status;
}

static rd_kafka_resp_err_t request_deletion(rd_kafka_t *admin, const char *group, int64_t timeout_ms)
{
        struct chappe_kafka_request request =
                chappe_kafka_request_begin(admin, RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout_ms);
        rd_kafka_DeleteGroup_t *deletion = rd_kafka_DeleteGroup_new(group);
        rd_kafka_resp_err_t reason = RD_KAFKA_RESP_ERR__TIMED_OUT;
        rd_kafka_event_t *event;

        rd_kafka_DeleteGroups(admin, &deletion, 1, request.options, request.queue);
        event = chappe_kafka_request_end(&request);
        if (event) {
                size_t count = 0;
                const rd_kafka_DeleteGroups_result_t *result = rd_kafka_event_DeleteGroups_result(event);
                const rd_kafka_group_result_t **groups =
                        result ? rd_kafka_DeleteGroups_result_groups(result, &count) : NULL;
                const rd_kafka_error_t *refusal = count == 1 ? rd_kafka_group_result_error(groups[0]) : NULL;

                reason = rd_kafka_event_error(event);
                if (!reason && refusal)
                        reason = rd_kafka_error_code(refusal);
                rd_kafka_event_destroy(event);
        }
        rd_kafka_DeleteGroup_destroy(deletion);
        return reason;
}

int chappe_kafka_group_delete(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                              struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        rd_kafka_resp_err_t reason;
        rd_kafka_t *admin;
        int status = chappe_kafka_admin(kafka, &admin, error);

        if (status < 0)
                return status;
        if (chappe_kafka_embedded(kafka))
                return chappe_fail(error, CHAPPE_E_BROKER_UNSUPPORTED,
                                   "the embedded broker forgets no group (broker %s)", kafka->servers);
        reason = request_deletion(admin, group, timeout_ms);
        if (reason == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
                return CHAPPE_GROUP_ABSENT;
        if (reason == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP)
                return chappe_fail(error, CHAPPE_E_GROUP_BUSY, "group %s has members (broker %s)", group,
                                   kafka->servers);
        return reason ? chappe_kafka_fail(kafka, reason, NULL, error, "deleting group %s", group) : 0;
}
