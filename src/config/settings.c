/* SPDX-License-Identifier: Apache-2.0 */
/* Every setting of Chappe's own, once: help, checks, file, environment and command line derive from this table. */
#include "config/config.h"

#define TEXT(setting, value, text)                                                                                     \
        {                                                                                                              \
                .name = setting, .kind = CHAPPE_SETTING_TEXT, .default_value = value, .help = text                     \
        }
#define SECRET(setting, text)                                                                                          \
        {                                                                                                              \
                .name = setting, .kind = CHAPPE_SETTING_TEXT, .default_value = "", .secret = true, .help = text        \
        }
#define INTEGER(setting, value, least, most, text)                                                                     \
        {                                                                                                              \
                .name = setting, .kind = CHAPPE_SETTING_INTEGER, .default_value = value, .minimum = least,             \
                .maximum = most, .help = text                                                                          \
        }
#define BOOLEAN(setting, value, text)                                                                                  \
        {                                                                                                              \
                .name = setting, .kind = CHAPPE_SETTING_BOOLEAN, .default_value = value, .help = text                  \
        }
#define CHOICE(setting, value, all, text)                                                                              \
        {                                                                                                              \
                .name = setting, .kind = CHAPPE_SETTING_CHOICE, .default_value = value, .choices = all, .help = text   \
        }

#define HOUR_MS 3600000

const struct chappe_setting_rule chappe_settings[] = {
        /* where */
        TEXT("brokers", "localhost:9092", "Kafka brokers, HOST:PORT,…: librdkafka's bootstrap.servers"),
        TEXT("topic_prefix", "", "in front of every topic and group name"),
        TEXT("group", "", "consumer group; the service's name when empty"),
        TEXT("replay", "",
             "run once more what `chappe group replay` prepared under this name, in a group of its own, and end"),
        TEXT("instance", "",
             "name of this instance, unique among the service's; made from host and process when empty"),
        BOOLEAN("instance_static", "false", "the instance keeps its partitions over a restart (static membership)"),
        CHOICE("group_protocol", "auto", "auto,eager,cooperative,consumer",
               "how partitions change hands; auto: the best that is safe with this librdkafka and these brokers"),

        /* consuming */
        CHOICE("start_from", "earliest", "earliest,latest", "where a group without a committed offset starts"),
        INTEGER("workers", "8", 1, 1000, "handlers that run at a time"),
        INTEGER("in_flight_records", "10000", 1, 10000000,
                "records taken and not finished, at most; about as many are fetched ahead"),
        INTEGER("in_flight_bytes", "67108864", 65536, INT64_C(1) << 40,
                "bytes of memory for records, from the fetch to the end of their handler, at most"),
        INTEGER("batch_records", "100", 1, 1000, "records of one lane that a handler of batches is given, at most"),
        INTEGER("batch_wait_ms", "10", 0, 10000, "how long the first of them waits for more"),
        INTEGER("parked_keys", "1000", 1, 1000000,
                "keys whose record has failed and waits for another attempt, at most; then nothing more is taken"),
        INTEGER("parked_bytes", "16777216", 65536, INT64_C(1) << 40,
                "bytes of their records, at most, and of in_flight_bytes a quarter; then the same"),
        INTEGER("breaker_percent", "50", 0, 100,
                "of a topic's keys must fail lately for its breaker to open: nothing of it runs but a probe; 0: never"),
        INTEGER("breaker_keys", "5", 2, 64, "and at least so many keys"),
        INTEGER("breaker_wait_ms", "5000", 10, HOUR_MS, "how long an open breaker waits before one record probes"),
        INTEGER("breaker_doubt_ms", "120000", 0, 24 * HOUR_MS,
                "how long records without attempts left are kept while fewer keys fail and none gets through"),
        INTEGER("crash_loop_tries", "0", 0, 100,
                "a record with which the process died so often in a row is a dead letter; 0: never"),
        INTEGER("crash_loop_calm_ms", "60000", 1000, HOUR_MS, "a process that has run for so long is in no crash loop"),
        INTEGER("commit_interval_ms", "1000", 10, HOUR_MS, "how often finished offsets are committed"),
        TEXT("dead_letter_topic", "*-dlt",
             "what a dead letter topic is called; * stands for the topic, prefix included"),

        /* publishing */
        INTEGER("linger_ms", "5", 0, 60000, "how long an event waits for company; requests and replies never do"),
        INTEGER("publish_timeout_ms", "30000", 100, HOUR_MS, "how long a full queue makes publishing wait"),

        /* schemas */
        TEXT("registry", "", "URL of a schema registry; without one, schemas are shared through schema_topic"),
        TEXT("registry_user", "", "user name for the registry"),
        SECRET("registry_password", "password for the registry"),
        BOOLEAN("schemas_register", "false", "register schemas that the registry does not know"),
        CHOICE("framing", "auto", "auto,confluent,single-object",
               "what stands before a payload: with a registry its schema id, else the schema's fingerprint"),
        TEXT("header_topics", "",
             "topics whose records may name their schema in the header __value_schema_id instead of a frame: shell "
             "patterns, "
             "divided by commas"),
        TEXT("bare_topics", "",
             "topics whose payloads are bare Avro of the operation's own schema, without a frame: shell patterns, "
             "divided "
             "by commas"),
        CHOICE("subjects", "topic", "topic,record,topic-record",
               "registry subject of an event: <topic>-value, <record name>, <topic>-<record name>"),
        TEXT("schema_topic", "_chappe-schemas", "compacted topic that shares schemas where there is no registry"),
        INTEGER("schema_wait_ms", "30000", 0, HOUR_MS, "how long a record with an unknown schema is tried again"),

        /* bounds on what strangers send */
        INTEGER("decode_depth", "64", 1, 1024, "arrays, maps and records within each other in one value, at most"),
        INTEGER("decode_zero_byte_items", "10000", 1, INT64_C(1) << 32, "items of a value that take no bytes, at most"),
        INTEGER("decode_memory_factor", "16", 1, 4096,
                "memory for a value, at most: this many times the payload, and decode_memory_constant"),
        INTEGER("decode_memory_constant", "1048576", 1, INT64_C(1) << 32, "bytes of it for a payload of any size"),
        INTEGER("schema_text", "262144", 64, 16777216, "bytes of a schema that is sent to us, at most"),
        INTEGER("schema_depth", "64", 1, 128, "types within types in such a schema, at most"),
        INTEGER("schema_fixed", "1048576", 1, 8388608, "bytes of a fixed in it, at most"),
        INTEGER("schema_branches", "256", 1, 4096, "branches of a union in it, at most"),

        /* topics */
        CHOICE("topics_create", "yes", "yes,no,dry-run", "create the topics of the operations table that are missing"),
        INTEGER("topics_replication", "-1", -1, 32, "copies of a created topic; -1: the cluster's default"),

        /* calls */
        TEXT("reply_topic", "", "where replies to this service arrive; <prefix><service>.replies when empty"),
        TEXT("reply_topics_allowed", "*", "where replies may go: shell patterns, divided by commas"),
        INTEGER("calls_in_flight", "1024", 1, 1000000, "calls that wait for a reply at a time, at most"),

        /* store */
        TEXT("database", "", "SQLite file; <service>.db when empty"),
        CHOICE("synchronous", "full", "full,normal",
               "full: a power cut loses nothing; normal: it may lose the last commits"),
        INTEGER("database_wait_ms", "10000", 10, HOUR_MS, "how long a handler waits for its turn at the database"),
        INTEGER("inbox_days", "7", 1, 3650, "how long an event is remembered, so that it takes effect once"),
        INTEGER("relay_poll_ms", "1000", 10, 60000, "how often the outbox is looked at without being told of new rows"),

        /* budgets */
        INTEGER("start_timeout_ms", "30000", 100, HOUR_MS, "the start must be over by then"),
        INTEGER("broker_timeout_ms", "10000", 100, HOUR_MS, "one question to the brokers"),
        INTEGER("drain_timeout_ms", "10000", 0, HOUR_MS, "how long a stop or a revoke waits for running handlers"),
        INTEGER("stop_timeout_ms", "20000", 100, HOUR_MS,
                "the stop must be over by then; the process ends anyway shortly after"),

        /* watching */
        INTEGER("stuck_ms", "600000", 0, 24 * HOUR_MS,
                "a handler that takes longer, or a partition that stands still for longer, is told as stuck; 0: never"),
        INTEGER("unfinished_age_ms", "900000", 0, INT64_C(1) << 40,
                "a record that is unfinished for longer, retries included, is told; 0: never"),
        BOOLEAN("admin", "true", "serve /healthz, /readyz, /startupz and /metrics"),
        INTEGER("admin_port", "0", 0, 65535, "their port; 0: the kernel's choice"),
        CHOICE("admin_bind", "127.0.0.1", "127.0.0.1,::1", "their address, always loopback"),
        CHOICE("log_level", "info", "error,warning,info,debug", "least important line that is logged"),
        CHOICE("log_format", "auto", "auto,pretty,json", "auto: pretty on a terminal, JSON lines elsewhere"),
        TEXT("run_file", "", "file that gets pid, admin port and instance as JSON once the service is ready"),
        { 0 },
};
