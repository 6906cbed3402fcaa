/* SPDX-License-Identifier: Apache-2.0 */
/* Consumer groups with their members. Those that brokers arrange (KIP-848) are dead to the request that is as old as
 * Kafka; the newer one tells of them from librdkafka 2.10. */
#include "broker/kafka/kafka.h"

#include <stdlib.h>
#include <string.h>

/* One group, by whichever request tells of it. */
struct told {
        const struct rd_kafka_group_info *old;
        const rd_kafka_ConsumerGroupDescription_t *newer; /* NULL: old tells it */
};

static size_t member_count(const struct told *told)
{
        return told->newer ? rd_kafka_ConsumerGroupDescription_member_count(told->newer)
                           : (size_t)told->old->member_cnt;
}

static const char *client_of(const struct told *told, size_t n)
{
        return told->newer
                       ? rd_kafka_MemberDescription_client_id(rd_kafka_ConsumerGroupDescription_member(told->newer, n))
                       : told->old->members[n].client_id;
}

static const char *state_of(const struct told *told)
{
        return told->newer ? rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(told->newer))
                           : told->old->state;
}

static bool is_dead(const struct rd_kafka_group_info *group)
{
        return group->member_cnt == 0 && strcmp(group->state, "Dead") == 0;
}

/* The event holds the answer; NULL: nothing is to be asked, or there is none. */
static rd_kafka_event_t *ask_newer(rd_kafka_t *admin, const struct rd_kafka_group_list *list, int64_t timeout_ms)
{
        const char **names = calloc((size_t)list->group_cnt + 1, sizeof(*names));
        rd_kafka_event_t *event = NULL;
        size_t count = 0;

        for (int i = 0; names && i < list->group_cnt; i++)
                if (is_dead(&list->groups[i]))
                        names[count++] = list->groups[i].group;
        if (count > 0 && chappe_kafka_since(2, 10, 0)) {
                struct chappe_kafka_request request =
                        chappe_kafka_request_begin(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout_ms);

                rd_kafka_DescribeConsumerGroups(admin, names, count, request.options, request.queue);
                event = chappe_kafka_request_end(&request);
        }
        free(names);
        return event;
}

/* Who is told of by the newer request, is; but for groups that are not there. */
static void prefer_newer(rd_kafka_event_t *event, struct told *told, size_t told_count)
{
        const rd_kafka_DescribeConsumerGroups_result_t *result =
                event ? rd_kafka_event_DescribeConsumerGroups_result(event) : NULL;
        size_t count = 0;
        const rd_kafka_ConsumerGroupDescription_t **groups =
                result ? rd_kafka_DescribeConsumerGroups_result_groups(result, &count) : NULL;

        for (size_t i = 0; i < count; i++) {
                if (rd_kafka_ConsumerGroupDescription_error(groups[i]))
                        continue;
                for (size_t n = 0; n < told_count; n++)
                        if (is_dead(told[n].old) &&
                            strcmp(told[n].old->group, rd_kafka_ConsumerGroupDescription_group_id(groups[i])) == 0)
                                told[n].newer = groups[i];
        }
}

static size_t size_of(const struct told *told, size_t count)
{
        size_t size = count * sizeof(struct chappe_group_description) + 1;

        for (size_t i = 0; i < count; i++) {
                size += strlen(told[i].old->group) + strlen(state_of(&told[i])) + 3;
                for (size_t n = 0; n < member_count(&told[i]); n++)
                        size += strlen(client_of(&told[i], n)) + 2;
        }
        return size;
}

static const char *keep(char **at, const char *text)
{
        char *kept = *at;

        *at = stpcpy(kept, text) + 1;
        return kept;
}

static const char *keep_clients(char **at, const struct told *told)
{
        char *kept = *at, *end = *at;

        *end = '\0';
        for (size_t n = 0; n < member_count(told); n++)
                end = stpcpy(stpcpy(end, n ? ", " : ""), client_of(told, n));
        *at = end + 1;
        return kept;
}

/* One allocation: the descriptions, their texts behind them. */
static int copy_told(const struct told *told, size_t count, struct chappe_group_description **ret_groups,
                     struct chappe_error *error)
{
        struct chappe_group_description *groups = calloc(1, size_of(told, count));
        char *at = (char *)(groups + count);

        if (!groups)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu groups", count);
        for (size_t i = 0; i < count; i++) {
                groups[i].name = keep(&at, told[i].old->group);
                groups[i].state = keep(&at, state_of(&told[i]));
                groups[i].clients = keep_clients(&at, &told[i]);
                groups[i].member_count = member_count(&told[i]);
        }
        *ret_groups = groups;
        return 0;
}

static int copy_list(rd_kafka_t *admin, const struct rd_kafka_group_list *list, int64_t timeout_ms,
                     struct chappe_group_description **ret_groups, size_t *ret_count, struct chappe_error *error)
{
        size_t count = (size_t)list->group_cnt;
        struct told *told = calloc(count + 1, sizeof(*told));
        rd_kafka_event_t *event;
        int status;

        if (!told)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu groups", count);
        for (size_t i = 0; i < count; i++)
                told[i].old = &list->groups[i];
        event = ask_newer(admin, list, timeout_ms);
        prefer_newer(event, told, count);
        status = copy_told(told, count, ret_groups, error);
        *ret_count = count;
        if (event)
                rd_kafka_event_destroy(event);
        free(told);
        return status;
}

int chappe_kafka_groups_describe(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                                 struct chappe_group_description **ret_groups, size_t *ret_count,
                                 struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        const struct rd_kafka_group_list *list;
        rd_kafka_resp_err_t reason;
        rd_kafka_t *admin;
        int status = chappe_kafka_admin(kafka, &admin, error);

        if (status < 0)
                return status;
        if (chappe_kafka_embedded(kafka))
                return chappe_fail(error, CHAPPE_E_BROKER_UNSUPPORTED,
                                   "the embedded broker cannot tell of consumer groups (broker %s)", kafka->servers);
        reason = rd_kafka_list_groups(admin, group, &list, (int)timeout_ms);
        if (reason && reason != RD_KAFKA_RESP_ERR__PARTIAL)
                return chappe_kafka_fail(kafka, reason, NULL, error, "listing consumer groups");
        status = reason ? chappe_kafka_fail(kafka, reason, "some brokers did not answer", error, "consumer groups")
                        : copy_list(admin, list, timeout_ms, ret_groups, ret_count, error);
        rd_kafka_group_list_destroy(list);
        return status;
}
