/* SPDX-License-Identifier: Apache-2.0 */
/* From properties to a librdkafka client: defaults, what cannot be otherwise, and what is said aloud. */
#include "broker/kafka/kafka.h"

#include <string.h>

enum manner {
        DEFAULT, /* unless it was given */
        FIXED,   /* whatever was given; a different value is removed, and named */
        OURS,    /* the client's own value holds or none; the cluster's is removed, and named */
        LIMITS,  /* this value is honoured, and what it costs is named */
        UNSAFE,  /* the same of what it endangers */
};

enum { PRODUCER = CHAPPE_KAFKA_PRODUCER, CONSUMER = CHAPPE_KAFKA_CONSUMER, ADMIN = CHAPPE_KAFKA_ADMIN };
enum { ALL = PRODUCER | CONSUMER | ADMIN };

typedef bool condition(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted);

static bool eager(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka;
        return wanted->group && wanted->protocol == CHAPPE_GROUP_EAGER;
}

static bool cooperative(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka;
        return wanted->group && wanted->protocol == CHAPPE_GROUP_COOPERATIVE;
}

static bool by_brokers(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka;
        return wanted->group && wanted->protocol == CHAPPE_GROUP_CONSUMER;
}

static bool by_members(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        return eager(kafka, wanted) || cooperative(kafka, wanted);
}

static bool with_backoff(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka, (void)wanted;
        return chappe_kafka_since(2, 2, 0);
}

static bool with_telemetry(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka, (void)wanted;
        return chappe_kafka_since(2, 5, 0);
}

static bool embedded(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka;
        return wanted->embedded;
}

static bool without_group(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka;
        return !wanted->group;
}

static bool not_creating(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        (void)kafka;
        return !wanted->create_topics;
}

#define ASSIGNED_BY_BROKERS "group_protocol is consumer here: the brokers have it in their own configuration"

static const struct rule {
        const char *name;
        int roles;
        enum manner manner;
        const char *value;  /* FIXED NULL: left out */
        condition *applies; /* NULL: always */
        const char *why;
} rules[] = {
        { "enable.auto.commit", CONSUMER, FIXED, "false", NULL,
          "offsets are committed when their records are finished" },
        { "enable.auto.offset.store", CONSUMER, FIXED, "false", NULL,
          "it would commit records that were never handled" },
        { "auto.commit.interval.ms", CONSUMER, FIXED, NULL, NULL, "the consumer runtime commits by itself" },
        { "enable.partition.eof", CONSUMER, FIXED, "true", NULL,
          "readers are told when a partition was read to its end" },
        { "delivery.report.only.error", PRODUCER, FIXED, "false", NULL, "every record has its delivery report" },
        { "transactional.id", PRODUCER | ADMIN, FIXED, NULL, NULL,
          "publishing uses the outbox, not Kafka's transactions" },
        { "group.id", ALL, FIXED, NULL, NULL, "the group is the service's name" },
        { "group.instance.id", CONSUMER, OURS, NULL, NULL, "the settings instance and instance_static decide it" },
        { "group.protocol", CONSUMER, FIXED, NULL, without_group, "this consumer is in no group" },
        { "allow.auto.create.topics", ALL, FIXED, "false", not_creating,
          "topics are created on purpose, never by a slip" },
        { "group.protocol", CONSUMER, FIXED, NULL, by_members, "the setting group_protocol decides it" },
        { "group.protocol", CONSUMER, FIXED, "consumer", by_brokers, "the setting group_protocol decides it" },
        { "group.remote.assignor", CONSUMER, FIXED, NULL, by_members, "it needs group_protocol=consumer" },
        { "partition.assignment.strategy", CONSUMER, FIXED, "range,roundrobin", eager,
          "group_protocol is eager here: cooperative rebalancing is not safe before librdkafka 2.10" },
        { "partition.assignment.strategy", CONSUMER, FIXED, "cooperative-sticky", cooperative,
          "group_protocol is cooperative here" },
        { "partition.assignment.strategy", CONSUMER, FIXED, NULL, by_brokers, ASSIGNED_BY_BROKERS },
        { "session.timeout.ms", CONSUMER, FIXED, NULL, by_brokers, ASSIGNED_BY_BROKERS },
        { "heartbeat.interval.ms", CONSUMER, FIXED, NULL, by_brokers, ASSIGNED_BY_BROKERS },
        { "group.protocol.type", CONSUMER, FIXED, NULL, by_brokers, ASSIGNED_BY_BROKERS },
        { "auto.offset.reset", CONSUMER, OURS, NULL, NULL, "the setting start_from decides where a group begins" },
        { "auto.offset.reset", CONSUMER, DEFAULT, "earliest", NULL, NULL },
        /* New partitions of a topic are found by looking: five minutes is long. */
        { "topic.metadata.refresh.interval.ms", CONSUMER, DEFAULT, "30000", NULL, NULL },
        { "topic.metadata.refresh.interval.ms", CONSUMER, LIMITS, "-1", NULL,
          "partitions that are added and topics that are made anew are not found" },
        { "enable.idempotence", PRODUCER, DEFAULT, "true", NULL, NULL },
        { "acks", PRODUCER, DEFAULT, "all", NULL, NULL },
        { "partitioner", PRODUCER, DEFAULT, "murmur2_random", NULL, NULL },
        { "queue.buffering.max.kbytes", PRODUCER, DEFAULT, "65536", NULL, NULL },
        { "socket.nagle.disable", ALL, DEFAULT, "true", NULL, NULL },
        /* KIP-714: at its end a client would wait up to a second to send its last figures, on a command's every run. */
        { "enable.metrics.push", ALL, DEFAULT, "false", with_telemetry, NULL },
        { "log.connection.close", ALL, DEFAULT, "false", NULL, NULL },
        /* A full prefetch queue is looked at again so soon. Before 2.2 its consumer wakes the fetching (prefetch.c). */
        { "fetch.queue.backoff.ms", CONSUMER, DEFAULT, "5", with_backoff, NULL },
        /* The mock cluster answers an empty fetch after the whole wait even when data comes; a second member stops the
         * group for the session timeout, and at 2 s or less no group forms. */
        { "fetch.wait.max.ms", CONSUMER, DEFAULT, "5", embedded, NULL },
        { "session.timeout.ms", CONSUMER, DEFAULT, "6000", embedded, NULL },
        { "heartbeat.interval.ms", CONSUMER, DEFAULT, "500", embedded, NULL },
        { "acks", PRODUCER, UNSAFE, "1", NULL, "a failing broker may lose what it acknowledged" },
        { "acks", PRODUCER, UNSAFE, "0", NULL, "nothing is known of what was sent" },
        { "enable.idempotence", PRODUCER, UNSAFE, "false", NULL, "records may be repeated or swap places in the log" },
        { "enable.ssl.certificate.verification", ALL, UNSAFE, "false", NULL, "anyone can pretend to be the broker" },
        { "ssl.endpoint.identification.algorithm", ALL, UNSAFE, "none", NULL,
          "any holder of a certificate can pretend to be the broker" },
};

static const char *find(const struct chappe_property *properties, size_t count, const char *name)
{
        for (size_t i = count; i-- > 0;)
                if (strcmp(properties[i].name, name) == 0)
                        return properties[i].value;
        return NULL;
}

static bool rule_applies(const struct rule *rule, const struct chappe_kafka *kafka,
                         const struct chappe_kafka_client *wanted)
{
        return (rule->roles & (int)wanted->role) && (!rule->applies || rule->applies(kafka, wanted));
}

static bool has_manner(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted, const char *name,
                       enum manner manner)
{
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
                if (rules[i].manner == manner && strcmp(rules[i].name, name) == 0 &&
                    rule_applies(&rules[i], kafka, wanted))
                        return true;
        return false;
}

const char *chappe_kafka_given(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                               const char *name)
{
        const char *value = wanted ? find(wanted->properties, wanted->property_count, name) : NULL;

        if (!value && !(wanted && has_manner(kafka, wanted, name, OURS)))
                value = find(kafka->properties, kafka->property_count, name);
        return value;
}

static int apply_properties(rd_kafka_conf_t *conf, const struct chappe_kafka *kafka,
                            const struct chappe_kafka_client *wanted, const struct chappe_property *properties,
                            size_t count, struct chappe_error *error)
{
        bool own = properties == wanted->properties;

        for (size_t i = 0; i < count; i++) {
                if (has_manner(kafka, wanted, properties[i].name, FIXED) ||
                    (!own && has_manner(kafka, wanted, properties[i].name, OURS)))
                        continue;
                int status = chappe_kafka_set_property(conf, properties[i].name, properties[i].value, error);
                if (status < 0)
                        return status;
        }
        return 0;
}

/* What was written for the cluster, where only the client's own counts. */
static void remark_ours(struct chappe_kafka *kafka, const struct rule *rule, const char *own)
{
        const char *written = find(kafka->properties, kafka->property_count, rule->name);

        if (written && (!own || strcmp(written, own) != 0))
                chappe_kafka_remark(kafka, "%s=%s is left out: %s", rule->name, written, rule->why);
}

static int apply_rule(rd_kafka_conf_t *conf, struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                      const struct rule *rule, struct chappe_error *error)
{
        const char *given = chappe_kafka_given(kafka, wanted, rule->name);

        switch (rule->manner) {
        case DEFAULT:
                return given ? 0 : chappe_kafka_set_property(conf, rule->name, rule->value, error);
        case FIXED:
                if (given && (!rule->value || strcmp(given, rule->value) != 0))
                        chappe_kafka_remark(kafka, "%s=%s is left out: %s", rule->name, given, rule->why);
                return rule->value ? chappe_kafka_set_property(conf, rule->name, rule->value, error) : 0;
        case OURS:
                remark_ours(kafka, rule, given);
                return 0;
        case LIMITS:
                if (given && strcmp(given, rule->value) == 0)
                        chappe_kafka_remark(kafka, "%s=%s is honoured: %s", rule->name, given, rule->why);
                return 0;
        case UNSAFE:
                if (given && strcmp(given, rule->value) == 0)
                        chappe_kafka_remark(kafka, "%s=%s is unsafe: %s", rule->name, given, rule->why);
                return 0;
        }
        return 0;
}

static int configure(rd_kafka_conf_t *conf, struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                     struct chappe_error *error)
{
        int status = apply_properties(conf, kafka, wanted, kafka->properties, kafka->property_count, error);

        if (status == 0)
                status = apply_properties(conf, kafka, wanted, wanted->properties, wanted->property_count, error);
        for (size_t i = 0; status == 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
                if (rule_applies(&rules[i], kafka, wanted))
                        status = apply_rule(conf, kafka, wanted, &rules[i], error);
        if (status == 0 && wanted->create_topics)
                status = chappe_kafka_set_property(conf, "allow.auto.create.topics", "true", error);
        if (status == 0 && wanted->detached)
                status = chappe_kafka_set_property(conf, "bootstrap.servers", NULL, error);
        if (status == 0 && wanted->role == CHAPPE_KAFKA_CONSUMER)
                status = chappe_kafka_prefetch_configure(conf, kafka, wanted, error);
        if (status == 0 && wanted->role == CHAPPE_KAFKA_CONSUMER)
                status = chappe_kafka_set_property(conf, "group.id", wanted->group ? wanted->group : "chappe-no-group",
                                                   error);
        return status;
}

static void log_nothing(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
        /* Errors come as events; librdkafka's own lines are shown only when its property "debug" asks for them. */
        (void)client, (void)level, (void)facility, (void)text;
}

static void attach(rd_kafka_conf_t *conf, const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted)
{
        rd_kafka_topic_conf_t *topics = rd_kafka_conf_get_default_topic_conf(conf);

        /* A record leads back to its consumer by the opaque of its topic. Taking up the default topic configuration
         * keeps what the properties said of topics. */
        topics = topics ? rd_kafka_topic_conf_dup(topics) : rd_kafka_topic_conf_new();
        rd_kafka_topic_conf_set_opaque(topics, wanted->opaque);
        rd_kafka_conf_set_default_topic_conf(conf, topics);
        rd_kafka_conf_set_opaque(conf, wanted->opaque);
        rd_kafka_conf_set_events(conf, wanted->events);
        if (wanted->delivered)
                rd_kafka_conf_set_dr_msg_cb(conf, wanted->delivered);
        if (!chappe_kafka_given(kafka, wanted, "debug"))
                rd_kafka_conf_set_log_cb(conf, log_nothing);
}

int chappe_kafka_client_new(struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                            rd_kafka_t **ret_client, struct chappe_error *error)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_type_t type = wanted->role == CHAPPE_KAFKA_CONSUMER ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
        char why[300];
        int status = chappe_kafka_check_process(kafka, error);

        if (status == 0)
                status = configure(conf, kafka, wanted, error);
        if (status < 0) {
                rd_kafka_conf_destroy(conf);
                return status;
        }
        attach(conf, kafka, wanted);
        *ret_client = rd_kafka_new(type, conf, why, sizeof(why));
        if (*ret_client)
                return 0;
        rd_kafka_conf_destroy(conf);
        return chappe_fail(error, CHAPPE_E_BROKER_PROPERTY, "the properties do not go together: %s", why);
}
