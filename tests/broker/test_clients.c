/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of properties, of clients after a fork, and of a cluster that does not answer: without any broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/kafka/consumer.h"
#include "broker/kafka/open.h"
#include "broker/kafka/producer.h"

#include <librdkafka/rdkafka_mock.h>

#define NOWHERE "127.0.0.1:1" /* a reserved port: refused at once */

/* The first property says where. */
static struct chappe_broker *open_with(const struct chappe_property *properties, size_t count)
{
        struct chappe_property all[8] = { { "bootstrap.servers", NOWHERE } };
        struct chappe_broker *broker = NULL;
        struct chappe_error error;

        for (size_t i = 0; i < count; i++)
                all[i + 1] = properties[i];
        if (chappe_kafka_open(all, count + 1, &broker, &error) < 0)
                fail_msg("%s", error.text);
        return broker;
}

#define OPEN(...)                                                                                                      \
        open_with((const struct chappe_property[]){ __VA_ARGS__ },                                                     \
                  sizeof((const struct chappe_property[]){ __VA_ARGS__ }) / sizeof(struct chappe_property))

static rd_kafka_t *member_of(struct chappe_broker *broker, enum chappe_kafka_role role,
                             enum chappe_group_protocol protocol)
{
        rd_kafka_t *client = NULL;
        struct chappe_error error;

        if (chappe_kafka_client_new(
                    chappe_kafka(broker),
                    &(struct chappe_kafka_client){ .role = role, .group = "test", .protocol = protocol }, &client,
                    &error) < 0)
                fail_msg("%s", error.text);
        return client;
}

static rd_kafka_t *client_of(struct chappe_broker *broker, enum chappe_kafka_role role)
{
        return member_of(broker, role, CHAPPE_GROUP_EAGER);
}

static void assert_holds(rd_kafka_t *client, const char *name, const char *expected)
{
        char value[256] = "";
        size_t size = sizeof(value);

        if (rd_kafka_conf_get(rd_kafka_conf(client), name, value, &size) != RD_KAFKA_CONF_OK)
                value[0] = '\0';
        assert_string_equal(value, expected);
}

static bool remarks_on(struct chappe_broker *broker, const char *line)
{
        const char *remarks[CHAPPE_KAFKA_REMARKS];
        size_t count = broker->operations->remarks(broker, remarks, CHAPPE_KAFKA_REMARKS);
        bool found = false;

        for (size_t i = 0; i < count; i++)
                found |= strncmp(remarks[i], line, strlen(line)) == 0;
        return found;
}

static void test_what_conflicts_is_left_out_and_named(void **state)
{
        struct chappe_broker *broker = OPEN({ "enable.auto.commit", "true" }, { "enable.auto.offset.store", "true" },
                                            { "group.id", "mine" }, { "transactional.id", "t" });
        rd_kafka_t *consumer = client_of(broker, CHAPPE_KAFKA_CONSUMER);
        rd_kafka_t *producer = client_of(broker, CHAPPE_KAFKA_PRODUCER);
        rd_kafka_t *admin = client_of(broker, CHAPPE_KAFKA_ADMIN);

        (void)state;
        assert_holds(consumer, "enable.auto.commit", "false");
        assert_holds(consumer, "enable.auto.offset.store", "false");
        assert_holds(consumer, "group.id", "test");
        assert_holds(producer, "transactional.id", "");
        assert_holds(admin, "transactional.id", "");
        assert_true(remarks_on(broker, "enable.auto.commit=true is left out: "));
        assert_true(remarks_on(broker, "enable.auto.offset.store=true is left out: it would commit records"));
        assert_true(remarks_on(broker, "group.id=mine is left out: "));
        assert_true(remarks_on(broker, "transactional.id=t is left out: "));
        rd_kafka_destroy(consumer);
        rd_kafka_destroy(producer);
        rd_kafka_destroy(admin);
        broker->operations->close(broker);
}

/* Whose own these two are is the settings' to say: what is written beside them must not hold silently. */
static void test_what_a_setting_decides_is_left_out_and_the_setting_named(void **state)
{
        static const struct chappe_property own[] = { { "auto.offset.reset", "earliest" },
                                                      { "group.instance.id", "orders-1" } };
        struct chappe_broker *broker = OPEN({ "auto.offset.reset", "latest" }, { "group.instance.id", "q" });
        struct chappe_kafka_client wanted = { .role = CHAPPE_KAFKA_CONSUMER,
                                              .group = "test",
                                              .protocol = CHAPPE_GROUP_EAGER,
                                              .properties = own,
                                              .property_count = 2 };
        rd_kafka_t *plain = client_of(broker, CHAPPE_KAFKA_CONSUMER), *member = NULL;

        (void)state;
        assert_int_equal(chappe_kafka_client_new(chappe_kafka(broker), &wanted, &member, NULL), 0);
        assert_holds(plain, "auto.offset.reset", "smallest"); /* as librdkafka calls the earliest */
        assert_holds(plain, "group.instance.id", "");
        assert_holds(member, "auto.offset.reset", "smallest");
        assert_holds(member, "group.instance.id", "orders-1");
        assert_true(remarks_on(broker, "auto.offset.reset=latest is left out: the setting start_from decides"));
        assert_true(remarks_on(broker, "group.instance.id=q is left out: the settings instance and instance_static"));
        rd_kafka_destroy(plain);
        rd_kafka_destroy(member);
        broker->operations->close(broker);
}

static void test_what_switches_looking_for_partitions_off_is_honoured_and_named(void **state)
{
        struct chappe_broker *broker = OPEN({ "topic.metadata.refresh.interval.ms", "-1" });
        rd_kafka_t *consumer = client_of(broker, CHAPPE_KAFKA_CONSUMER);

        (void)state;
        assert_holds(consumer, "topic.metadata.refresh.interval.ms", "-1");
        assert_true(remarks_on(broker, "topic.metadata.refresh.interval.ms=-1 is honoured: partitions that are added"));
        rd_kafka_destroy(consumer);
        broker->operations->close(broker);
}

static rd_kafka_t *bounded_client(struct chappe_broker *broker, const struct chappe_property *properties, size_t count)
{
        const struct chappe_kafka_client wanted = { .role = CHAPPE_KAFKA_CONSUMER,
                                                    .group = "test",
                                                    .protocol = CHAPPE_GROUP_EAGER,
                                                    .properties = properties,
                                                    .property_count = count,
                                                    .ahead = { 500, 300000, 70000 } };
        rd_kafka_t *client = NULL;
        struct chappe_error error;

        if (chappe_kafka_client_new(chappe_kafka(broker), &wanted, &client, &error) < 0)
                fail_msg("%s", error.text);
        return client;
}

static void test_what_is_fetched_ahead_is_bounded(void **state)
{
        struct chappe_broker *broker = OPEN({ "client.id", "a" });
        rd_kafka_t *bounded = bounded_client(broker, NULL, 0);
        rd_kafka_t *reader = client_of(broker, CHAPPE_KAFKA_CONSUMER);

        (void)state;
        assert_holds(bounded, "queued.min.messages", "500");
        assert_holds(bounded, "queued.max.messages.kbytes", "300");
        assert_holds(bounded, "fetch.message.max.bytes", "70000");
        assert_holds(reader, "queued.min.messages", "100000");
        assert_holds(reader, "queued.max.messages.kbytes", "8388");
        assert_false(remarks_on(broker, "queued.min.messages"));
        rd_kafka_destroy(bounded);
        rd_kafka_destroy(reader);
        broker->operations->close(broker);
}

static void test_bounds_given_by_name_win_and_the_conflict_is_named(void **state)
{
        struct chappe_broker *broker =
                OPEN({ "queued.max.messages.kbytes", "4000" }, { "max.partition.fetch.bytes", "123456" });
        rd_kafka_t *bounded = bounded_client(broker, NULL, 0);
        rd_kafka_t *own = bounded_client(broker, &(struct chappe_property){ "queued.min.messages", "7" }, 1);

        (void)state;
        assert_holds(bounded, "queued.max.messages.kbytes", "4000");
        assert_holds(bounded, "fetch.message.max.bytes", "123456");
        assert_holds(bounded, "queued.min.messages", "500");
        assert_holds(own, "queued.min.messages", "7");
        assert_true(remarks_on(broker, "queued.max.messages.kbytes=4000 is honoured: what is fetched ahead"));
        assert_true(remarks_on(broker, "max.partition.fetch.bytes=123456 is honoured: "));
        assert_true(remarks_on(broker, "queued.min.messages=7 is honoured: "));
        rd_kafka_destroy(bounded);
        rd_kafka_destroy(own);
        broker->operations->close(broker);
}

static void test_one_switch_decides_the_group_protocol(void **state)
{
        struct chappe_broker *broker =
                OPEN({ "partition.assignment.strategy", "roundrobin" }, { "session.timeout.ms", "7000" });
        rd_kafka_t *eager = member_of(broker, CHAPPE_KAFKA_CONSUMER, CHAPPE_GROUP_EAGER);
        rd_kafka_t *cooperative = member_of(broker, CHAPPE_KAFKA_CONSUMER, CHAPPE_GROUP_COOPERATIVE);

        (void)state;
        assert_holds(eager, "partition.assignment.strategy", "range,roundrobin");
        assert_holds(cooperative, "partition.assignment.strategy", "cooperative-sticky");
        assert_true(
                remarks_on(broker, "partition.assignment.strategy=roundrobin is left out: group_protocol is eager"));
        assert_true(remarks_on(broker, "partition.assignment.strategy=roundrobin is left out: group_protocol is coop"));
        assert_holds(cooperative, "session.timeout.ms", "7000");
        rd_kafka_destroy(eager);
        rd_kafka_destroy(cooperative);
        broker->operations->close(broker);
}

static void test_what_brokers_decide_is_left_out_and_named(void **state)
{
        struct chappe_broker *broker =
                OPEN({ "partition.assignment.strategy", "range" }, { "session.timeout.ms", "7000" },
                     { "heartbeat.interval.ms", "700" }, { "group.protocol", "classic" });
        rd_kafka_t *consumer = member_of(broker, CHAPPE_KAFKA_CONSUMER, CHAPPE_GROUP_CONSUMER);

        (void)state;
        assert_holds(consumer, "group.protocol", "consumer");
        assert_true(remarks_on(broker, "session.timeout.ms=7000 is left out: group_protocol is consumer"));
        assert_true(remarks_on(broker, "heartbeat.interval.ms=700 is left out: group_protocol is consumer"));
        assert_true(remarks_on(broker, "partition.assignment.strategy=range is left out: group_protocol is consumer"));
        assert_true(remarks_on(broker, "group.protocol=classic is left out: the setting group_protocol decides it"));
        rd_kafka_destroy(consumer);
        broker->operations->close(broker);
}

static void test_a_protocol_is_chosen_by_the_librdkafka_that_runs(void **state)
{
        struct chappe_broker *broker = open_with(NULL, 0);
        struct chappe_kafka *kafka = chappe_kafka(broker);
        bool cooperates = rd_kafka_version() >= 0x020a0000, by_brokers = rd_kafka_version() >= 0x020c0000;
        enum chappe_group_protocol classic = cooperates ? CHAPPE_GROUP_COOPERATIVE : CHAPPE_GROUP_EAGER;
        enum chappe_group_protocol newest = by_brokers ? CHAPPE_GROUP_CONSUMER : classic;

        (void)state;
        assert_int_equal(chappe_kafka_protocol_choose(kafka, CHAPPE_GROUP_AUTO, false, false),
                         rd_kafka_version() >= 0x020f0000 ? CHAPPE_GROUP_CONSUMER : classic);
        assert_int_equal(chappe_kafka_protocol_choose(kafka, CHAPPE_GROUP_AUTO, true, false), classic);
        assert_int_equal(chappe_kafka_protocol_choose(kafka, CHAPPE_GROUP_AUTO, false, true), classic);
        assert_int_equal(chappe_kafka_protocol_choose(kafka, CHAPPE_GROUP_EAGER, false, false), CHAPPE_GROUP_EAGER);
        assert_false(remarks_on(broker, "group_protocol="));
        assert_int_equal(chappe_kafka_protocol_choose(kafka, CHAPPE_GROUP_CONSUMER, false, false), newest);
        assert_int_equal(remarks_on(broker, "group_protocol=consumer is beyond librdkafka "), !by_brokers);
        assert_int_equal(chappe_kafka_protocol_choose(kafka, CHAPPE_GROUP_CONSUMER, false, true), classic);
        assert_true(remarks_on(broker, "group_protocol=consumer is beyond "));
        broker->operations->close(broker);
}

static void test_what_agrees_is_not_remarked_on(void **state)
{
        struct chappe_broker *broker = OPEN({ "enable.auto.commit", "false" }, { "acks", "all" });
        rd_kafka_t *consumer = client_of(broker, CHAPPE_KAFKA_CONSUMER);
        rd_kafka_t *producer = client_of(broker, CHAPPE_KAFKA_PRODUCER);

        (void)state;
        assert_false(remarks_on(broker, "enable.auto.commit"));
        assert_false(remarks_on(broker, "acks"));
        rd_kafka_destroy(consumer);
        rd_kafka_destroy(producer);
        broker->operations->close(broker);
}

static void test_what_is_unsafe_is_honoured_and_named(void **state)
{
        struct chappe_broker *broker = OPEN({ "enable.idempotence", "false" }, { "acks", "1" });
        rd_kafka_t *producer = client_of(broker, CHAPPE_KAFKA_PRODUCER);

        (void)state;
        assert_holds(producer, "enable.idempotence", "false");
        assert_true(remarks_on(broker, "enable.idempotence=false is unsafe: "));
        assert_true(remarks_on(broker, "acks=1 is unsafe: a failing broker may lose"));
        rd_kafka_destroy(producer);
        broker->operations->close(broker);
}

static void test_defaults_are_ours_until_something_is_given(void **state)
{
        struct chappe_broker *plain = open_with(NULL, 0);
        struct chappe_broker *given = OPEN({ "partitioner", "random" });
        rd_kafka_t *ours = client_of(plain, CHAPPE_KAFKA_PRODUCER);
        rd_kafka_t *theirs = client_of(given, CHAPPE_KAFKA_PRODUCER);

        (void)state;
        assert_holds(ours, "enable.idempotence", "true");
        assert_holds(ours, "socket.nagle.disable", "true");
        assert_holds(ours, "partitioner", "murmur2_random");
        assert_holds(theirs, "partitioner", "random");
        if (rd_kafka_version() >= 0x02050000)
                assert_holds(ours, "enable.metrics.push", "false"); /* else its end may take a second */
        rd_kafka_destroy(ours);
        rd_kafka_destroy(theirs);
        plain->operations->close(plain);
        given->operations->close(given);
}

static void nothing_delivered(void *context, const struct chappe_delivery_report *report)
{
        (void)context;
        (void)report;
}

static int open_producer(struct chappe_broker *broker, struct chappe_producer **ret_producer,
                         struct chappe_error *error)
{
        return broker->operations->producer_open(
                broker, &(struct chappe_producer_config){ .delivered = nothing_delivered }, ret_producer, error);
}

static void test_properties_that_contradict_each_other_are_told(void **state)
{
        struct chappe_broker *broker = OPEN({ "enable.idempotence", "true" }, { "acks", "1" });
        struct chappe_producer *producer = NULL;
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(open_producer(broker, &producer, &error), -CHAPPE_E_BROKER_PROPERTY);
        assert_non_null(strstr(error.text, "acks"));
        assert_non_null(chappe_error_advice(error.code));
        broker->operations->close(broker);
}

static void test_a_cluster_must_be_named(void **state)
{
        struct chappe_broker *broker = NULL;
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_kafka_open(NULL, 0, &broker, &error), -CHAPPE_E_BROKER_PROPERTY);
        assert_string_equal(error.text, "bootstrap.servers is not set: give host:port of at least one broker");
        assert_null(broker);
}

static void test_a_cluster_that_does_not_answer_is_told_with_its_address(void **state)
{
        static const char *const names[] = { "orders" };
        struct chappe_broker *broker = open_with(NULL, 0);
        struct chappe_topic_description *topics = NULL;
        struct chappe_error error = { 0 };
        int64_t low, high;
        size_t count;

        (void)state;
        assert_true(broker->operations->topics_describe(broker, names, 1, 300, &topics, &count, &error) < 0);
        assert_true(error.code == CHAPPE_E_BROKER_UNREACHABLE || error.code == CHAPPE_E_TIMEOUT);
        assert_non_null(strstr(error.text, NOWHERE));
        assert_non_null(strstr(error.text, "orders"));
        assert_non_null(chappe_error_advice(error.code));
        assert_true(broker->operations->watermarks(broker, "orders", 3, 300, &low, &high, &error) < 0);
        assert_non_null(strstr(error.text, "orders[3]"));
        assert_non_null(strstr(error.text, NOWHERE));
        broker->operations->close(broker);
}

/* What became of the records that were sent. */
struct outcome {
        size_t delivered, failed;
        _Atomic size_t rings;
};

static void count_delivery(void *context, const struct chappe_delivery_report *report)
{
        struct outcome *outcome = context;

        if (report->result == CHAPPE_DELIVERED)
                outcome->delivered++;
        else
                outcome->failed++;
}

static void count_ring(void *context)
{
        struct outcome *outcome = context;

        atomic_fetch_add(&outcome->rings, 1);
}

static int send_one(struct chappe_broker *broker, struct chappe_producer *producer, struct chappe_topic *topic,
                    struct chappe_error *error)
{
        static const struct chappe_bytes value = { (const uint8_t *)"value", 5 };

        return broker->operations->producer_send(producer, topic, CHAPPE_PARTITION_BY_KEY, (struct chappe_bytes){ 0 },
                                                 value, NULL, 0, 0, NULL, error);
}

/* Newer mock clusters do not make a topic by being asked for it; that one is there already is no failure here. */
static void make_topic(struct chappe_producer *producer, const char *name)
{
        rd_kafka_mock_topic_create(rd_kafka_handle_mock_cluster(chappe_kafka_generation_client(producer)), name, 4, 1);
}

/* librdkafka's mock cluster lives in each client: what counts is that sending goes on. */
static void test_a_producer_that_turns_fatal_is_opened_anew(void **state)
{
        struct chappe_broker *broker = OPEN({ "test.mock.num.brokers", "1" }, { "linger.ms", "60000" });
        struct outcome outcome = { 0 };
        struct chappe_producer *producer = NULL;
        struct chappe_topic *topic = NULL;
        struct chappe_error error = { 0 };
        const struct chappe_producer_config config = { .delivered = count_delivery,
                                                       .ready = count_ring,
                                                       .context = &outcome };

        (void)state;
        assert_int_equal(broker->operations->producer_open(broker, &config, &producer, &error), 0);
        make_topic(producer, "orders");
        assert_int_equal(broker->operations->producer_topic(producer, "orders", 5000, &topic, &error), 0);
        assert_int_equal(send_one(broker, producer, topic, &error), 0);
        assert_int_equal(broker->operations->producer_flush(producer, 5000, &error), 0);
        assert_int_equal(outcome.delivered, 1);
        for (int i = 0; i < 3; i++) /* they linger */
                assert_int_equal(send_one(broker, producer, topic, &error), 0);
        rd_kafka_test_fatal_error(chappe_kafka_generation_client(producer),
                                  RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
        size_t rings = outcome.rings;
        assert_int_equal(send_one(broker, producer, topic, &error), -CHAPPE_E_BROKER_FATAL);
        assert_true(outcome.rings > rings);
        broker->operations->producer_poll(producer);
        make_topic(producer, "orders");
        assert_int_equal(send_one(broker, producer, topic, &error), 0);
        assert_int_equal(broker->operations->producer_flush(producer, 5000, &error), 0);
        assert_int_equal(outcome.delivered, 2);
        assert_int_equal(outcome.failed, 3);
        assert_int_equal(broker->operations->producer_in_flight(producer), 0);
        broker->operations->producer_close(producer);
        broker->operations->close(broker);
}

/* What a consumer tells next beside that nobody answers. */
static struct chappe_consumer_event next_event(struct chappe_broker *broker, struct chappe_consumer *consumer)
{
        struct chappe_consumer_event event;

        for (int patience = 0; patience < 1000; patience++) {
                broker->operations->consumer_poll(consumer, &event);
                if (event.kind == CHAPPE_CONSUMER_ERROR && event.error.code == CHAPPE_E_BROKER_FATAL)
                        return event;
                chappe_kafka_pause(5);
        }
        fail_msg("nothing was told");
        return event;
}

static bool is_fatal(const struct chappe_consumer *consumer)
{
        return !consumer->client || rd_kafka_fatal_error(consumer->client, NULL, 0);
}

static void poll_until_renewed(struct chappe_broker *broker, struct chappe_consumer *consumer)
{
        struct chappe_consumer_event event;

        for (int patience = 0; patience < 1000 && is_fatal(consumer); patience++) {
                broker->operations->consumer_poll(consumer, &event);
                chappe_kafka_pause(5);
        }
        assert_false(is_fatal(consumer));
}

/* Kafka's code for "no such request here", and for "that member's session is not over". */
static void test_a_member_that_is_sent_away_at_the_door_joins_anew(void **state)
{
        static const rd_kafka_resp_err_t unsupported = 35, unreleased = 111;
        const char *topic = "orders";
        struct chappe_broker *broker = open_with(NULL, 0);
        struct chappe_consumer *consumer = NULL;
        struct chappe_consumer_event event;

        (void)state;
        assert_int_equal(broker->operations->consumer_open(broker, &(struct chappe_consumer_config){ .group = "g" },
                                                           &consumer, NULL),
                         0);
        assert_int_equal(broker->operations->consumer_subscribe(consumer, &topic, 1, NULL), 0);
        consumer->protocol = CHAPPE_GROUP_CONSUMER; /* as with a librdkafka that has it */
        rd_kafka_test_fatal_error(consumer->client, unsupported, "planted");
        event = next_event(broker, consumer);
        assert_false(event.fatal);
        assert_non_null(strstr(event.error.text, "joining anew, by protocol cooperative"));
        poll_until_renewed(broker, consumer);
        assert_int_equal(consumer->protocol, CHAPPE_GROUP_COOPERATIVE);

        rd_kafka_test_fatal_error(consumer->client, unreleased, "planted");
        assert_false(next_event(broker, consumer).fatal);
        poll_until_renewed(broker, consumer);

        rd_kafka_test_fatal_error(consumer->client, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "planted");
        assert_true(next_event(broker, consumer).fatal);
        assert_int_equal(broker->operations->consumer_close(consumer, 5000, NULL), 0);
        broker->operations->close(broker);
}

/* librdkafka's threads are not there after a fork: every way to them is refused, and closing does not wait for them. */
static bool refused_in_child(struct chappe_broker *broker, struct chappe_producer *producer,
                             struct chappe_consumer *consumer)
{
        const struct chappe_broker_operations *operations = broker->operations;
        struct chappe_topic_description *topics;
        struct chappe_producer *another;
        struct chappe_consumer *reader;
        struct chappe_topic *topic;
        struct chappe_error error = { 0 };
        bool refused = true;
        size_t count;

        refused &= open_producer(broker, &another, &error) == -CHAPPE_E_BROKER_FORKED;
        refused &= strstr(error.text, "open it after fork") != NULL;
        refused &= operations->consumer_open(broker, &(struct chappe_consumer_config){ .group = "g" }, &reader,
                                             &error) == -CHAPPE_E_BROKER_FORKED;
        refused &=
                operations->topics_describe(broker, NULL, 0, 1000, &topics, &count, &error) == -CHAPPE_E_BROKER_FORKED;
        refused &= operations->producer_topic(producer, "t", 1000, &topic, &error) == -CHAPPE_E_BROKER_FORKED;
        refused &= operations->producer_flush(producer, 1000, &error) == -CHAPPE_E_BROKER_FORKED;
        refused &= operations->consumer_close(consumer, 1000, &error) == -CHAPPE_E_BROKER_FORKED;
        operations->producer_close(producer);
        operations->close(broker);
        return refused;
}

static void test_a_forked_child_is_refused(void **state)
{
        struct chappe_broker *broker = open_with(NULL, 0);
        struct chappe_producer *producer = NULL;
        struct chappe_consumer *consumer = NULL;
        struct chappe_error error;
        int status = 0;
        pid_t pid;

        (void)state;
        assert_int_equal(open_producer(broker, &producer, &error), 0);
        assert_int_equal(broker->operations->consumer_open(broker, &(struct chappe_consumer_config){ .group = "g" },
                                                           &consumer, &error),
                         0);
        pid = fork();
        if (pid == 0) {
                alarm(20); /* one that hangs is no better than one that is not refused */
                _exit(refused_in_child(broker, producer, consumer) ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EXIT_SUCCESS);
        broker->operations->producer_close(producer);
        assert_int_equal(broker->operations->consumer_close(consumer, 5000, &error), 0);
        broker->operations->close(broker);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_conflicts_is_left_out_and_named),
                cmocka_unit_test(test_what_a_setting_decides_is_left_out_and_the_setting_named),
                cmocka_unit_test(test_what_switches_looking_for_partitions_off_is_honoured_and_named),
                cmocka_unit_test(test_what_is_fetched_ahead_is_bounded),
                cmocka_unit_test(test_bounds_given_by_name_win_and_the_conflict_is_named),
                cmocka_unit_test(test_one_switch_decides_the_group_protocol),
                cmocka_unit_test(test_a_protocol_is_chosen_by_the_librdkafka_that_runs),
                cmocka_unit_test(test_what_agrees_is_not_remarked_on),
                cmocka_unit_test(test_what_is_unsafe_is_honoured_and_named),
                cmocka_unit_test(test_defaults_are_ours_until_something_is_given),
                cmocka_unit_test(test_properties_that_contradict_each_other_are_told),
                cmocka_unit_test(test_a_cluster_must_be_named),
                cmocka_unit_test(test_a_cluster_that_does_not_answer_is_told_with_its_address),
                cmocka_unit_test(test_a_producer_that_turns_fatal_is_opened_anew),
                cmocka_unit_test(test_a_member_that_is_sent_away_at_the_door_joins_anew),
                cmocka_unit_test(test_a_forked_child_is_refused),
                cmocka_unit_test(test_what_brokers_decide_is_left_out_and_named), /* the last: see below */
        };
        size_t count = sizeof(tests) / sizeof(tests[0]);

        /* What this librdkafka does not know cannot be tested with it. */
        if (rd_kafka_version() < 0x020c0000)
                count--;
        return _cmocka_run_group_tests("clients", tests, count, NULL, NULL);
}
