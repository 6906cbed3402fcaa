/* SPDX-License-Identifier: Apache-2.0 */
/* Groups seen from outside while their coordinator moves: librdkafka's mock cluster refuses on request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/kafka/open.h"
#include "broker/kafka/kafka.h"

#include <librdkafka/rdkafka_mock.h>

#define OFFSET_COMMIT 8 /* Kafka's numbers of requests */
#define OFFSET_FETCH  9
#define REFUSALS      4
#define PATIENCE_MS   60000

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *cluster;
static struct chappe_broker *broker;

static int setup(void **state)
{
        struct chappe_error error;

        (void)state;
        host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
        cluster = rd_kafka_mock_cluster_new(host, 1);
        rd_kafka_mock_topic_create(cluster, "in", 2, 1);
        const struct chappe_property property = { "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster) };

        return chappe_kafka_open(&property, 1, &broker, &error);
}

static int teardown(void **state)
{
        (void)state;
        broker->operations->close(broker);
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(host);
        return 0;
}

static void refuse(int16_t request, rd_kafka_resp_err_t reason, size_t times)
{
        rd_kafka_resp_err_t reasons[REFUSALS];

        for (size_t i = 0; i < times; i++)
                reasons[i] = reason;
        rd_kafka_mock_push_request_errors_array(cluster, request, times, reasons);
}

static int commit(int64_t offset, int64_t timeout_ms, struct chappe_error *error)
{
        const struct chappe_position position = { "in", 1, offset, "a note" };

        return broker->operations->group_commit(broker, "test", &position, 1, timeout_ms, error);
}

static int look(int64_t *ret_offset, int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_position position = { "in", 1, CHAPPE_OFFSET_NONE, NULL };
        void *memory = NULL;
        int status = broker->operations->group_committed(broker, "test", &position, 1, timeout_ms, &memory, error);

        *ret_offset = position.offset;
        if (status == 0)
                assert_string_equal(position.metadata, "a note");
        free(memory);
        return status;
}

static const rd_kafka_resp_err_t moving[] = { RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                              RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                              RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS };

static void test_a_coordinator_that_moves_is_waited_for(void **state)
{
        struct chappe_error error = { 0 };
        int64_t offset;

        (void)state;
        for (size_t i = 0; i < sizeof(moving) / sizeof(moving[0]); i++) {
                refuse(OFFSET_COMMIT, moving[i], REFUSALS);
                if (commit(5 + (int64_t)i, PATIENCE_MS, &error) < 0)
                        fail_msg("commit, refused by %s: E%d %s", rd_kafka_err2name(moving[i]), error.code, error.text);
                refuse(OFFSET_FETCH, moving[i], REFUSALS);
                if (look(&offset, PATIENCE_MS, &error) < 0)
                        fail_msg("committed, refused by %s: E%d %s", rd_kafka_err2name(moving[i]), error.code,
                                 error.text);
                assert_int_equal(offset, 5 + i);
        }
}

/* It is in the error then, and not an answer. */
static void test_a_coordinator_that_does_not_come_in_time_is_told(void **state)
{
        struct chappe_error error = { 0 };
        int64_t offset;

        (void)state;
        refuse(OFFSET_COMMIT, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, REFUSALS);
        assert_true(commit(5, 1, &error) < 0);
        assert_non_null(strstr(error.text, "committing for group test"));
        refuse(OFFSET_FETCH, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, REFUSALS);
        assert_true(look(&offset, 1, &error) < 0);
        assert_non_null(strstr(error.text, "committed offsets of group test"));
}

static void test_other_refusals_are_told_at_once(void **state)
{
        struct chappe_error error = { 0 };

        (void)state;
        refuse(OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
        assert_int_equal(commit(5, PATIENCE_MS, &error), -CHAPPE_E_BROKER_DENIED);
        refuse(OFFSET_COMMIT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
        assert_int_equal(commit(5, PATIENCE_MS, &error), -CHAPPE_E_GROUP_BUSY);
        assert_int_equal(commit(5, PATIENCE_MS, &error), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_coordinator_that_moves_is_waited_for, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_coordinator_that_does_not_come_in_time_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(test_other_refusals_are_told_at_once, setup, teardown),
        };

        return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
