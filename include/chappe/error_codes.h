/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error code of Chappe, once: symbol, number, summary, advice. `chappe explain` and docs/errors derive from this list.
 * A number is never reused. Hundreds by room: E10xx base, E11xx config, E20xx schemas, E21xx payloads, E22xx JSON, E30xx broker,
 * E31xx registry, E40xx consumer runtime, E41xx publishing, E50xx calls, E60xx store, E70xx service, E80xx command line.
 */
#pragma once

#define CHAPPE_ERROR_CODES(X)                                                                                          \
        /* base */                                                                                                     \
        X(NO_MEMORY, 1001, "out of memory", "Lower the configured budgets or give the process more memory.")           \
        X(STOPPED, 1002, "the process is stopping", "Nothing to do: work is handed back and continues after a start.") \
        X(TIMEOUT, 1003, "a wait ended by its deadline", "Look at what was waited for; raise the deadline if it is healthy.") \
        X(LIMIT, 1004, "a limit was reached", "The message names the limit and the setting that changes it.")          \
        X(IO, 1005, "the operating system refused an operation", "The message names the file and the reason.")         \
        X(USAGE, 1006, "a function or command was used wrongly", "The message says what was expected.")                \
        X(AGAIN, 1007, "no room at the moment", "Try again once earlier work is done; Chappe does so by itself.") \
        /* config */                                                                                                   \
        X(SETTING_UNKNOWN, 1101, "a setting that does not exist", "The message names the nearest known one; --help lists all.") \
        X(SETTING_VALUE, 1102, "a setting's value is not allowed", "The message says which values are.")               \
        X(CONFIG_FILE, 1103, "a configuration file cannot be read", "The message names file and line.")                \
        X(SECRET_EXPOSED, 1104, "a secret on a command line", "Command lines can be read by others: give '@/path/of/a/file', or use file or environment.") \
        /* schemas */ \
        X(SCHEMA_SYNTAX, 2001, "a schema is no JSON", "The message names line and column of the mistake.") \
        X(SCHEMA_INVALID, 2002, "a schema breaks the rules of Avro", "The message names line, column and JSON path; see the Avro specification.") \
        X(SCHEMA_LIMIT, 2003, "a schema is beyond the accepted size", "Raise the limit that the message names if the schema is honest, or split it.") \
        /* payloads */ \
        X(PAYLOAD_INVALID, 2101, "bytes are no value of their schema", "The writer used another schema, or the record is damaged.") \
        X(PAYLOAD_LIMIT, 2102, "a payload asks for more than the decode limits", "Raise the limit that the message names if the data is honest.") \
        X(SCHEMA_INCOMPATIBLE, 2103, "data of one schema cannot be read as the other", "Add a default or an alias in the reader, or deploy the reader first.") \
        X(VALUE_INVALID, 2104, "a value in memory does not fit its schema", "The message names the field and what is wrong with it.") \
        X(FRAME_INVALID, 2110, "bytes are not framed in the form of their topic", "Set the topic's framing to what its writers use; the message says what was found.") \
        X(HEADERS_LIMIT, 2111, "a record's headers are beyond the accepted size", "The writer sends more headers than any use needs; the message gives the limit.") \
        /* JSON */ \
        X(JSON_SYNTAX, 2201, "a text is no JSON", "The message names line and column of the mistake.") \
        X(JSON_MISMATCH, 2202, "JSON does not fit the schema", "The message names line, column, path and what was expected.") \
        /* broker */ \
        X(BROKER_UNREACHABLE, 3001, "no broker answered", "Check bootstrap.servers and that the broker runs there; `chappe dev` starts one for development.") \
        X(BROKER_PROPERTY, 3002, "a broker property was refused", "The message names the property; librdkafka's CONFIGURATION.md lists them all.") \
        X(TOPIC_MISSING, 3003, "a topic or partition that does not exist", "Create it: `chappe topic create`, or let the service create its topics.") \
        X(BROKER_REFUSED, 3004, "the broker refused a request", "The message gives the broker's reason.") \
        X(BROKER_DENIED, 3005, "the broker does not allow this", "Check credentials and access rules of this client's user.") \
        X(BROKER_FATAL, 3006, "a producer or consumer can go on no longer", "Open a new one; what was not acknowledged is sent again by its owner.") \
        X(COMMIT_REFUSED, 3007, "an offset commit was refused", "After a rebalance this is normal: the partition's new owner repeats what was not committed.") \
        X(RECORD_TOO_LARGE, 3008, "a record is larger than the broker accepts", "Raise message.max.bytes here and on the topic, or send less.") \
        X(BROKER_CLOSE, 3009, "a broker connection did not end in time", "The process ends anyway; records that were not released are read again.") \
        X(BROKER_FORKED, 3010, "a broker handle was used in a forked process", "Open the broker after fork; librdkafka's threads do not survive it.") \
        X(BROKER_UNSUPPORTED, 3011, "this broker cannot do that", "Use Apache Kafka; the embedded broker lacks administration and offsets by time.") \
        X(ASSIGNMENT_STATE, 3012, "an answer to no rebalance", "Accept answers gained, release answers revoked or lost, once each.") \
        X(GROUP_FOREIGN, 3014, "a consumer group has members of another kind", "All members of a group need the same group_protocol; a foreign consumer needs a group of its own. It is tried again.") \
        X(GROUP_BUSY, 3013, "a consumer group is in use", "Stop its members first, or they would commit over it. A static member (instance_static) stays in it until its session is over.") \
        /* registry */ \
        X(REGISTRY_URL, 3101, "the schema registry's address cannot be used", "Give http:// or https:// with host and path, without user, query or fragment; credentials need https.") \
        X(REGISTRY_UNREACHABLE, 3102, "the schema registry did not answer", "Check the setting registry and that it runs; the request is repeated.") \
        X(REGISTRY_ANSWER, 3103, "the schema registry's answer makes no sense", "Check that the setting registry names a registry of Confluent's kind, and its path.") \
        X(REGISTRY_REFUSED, 3104, "the schema registry refused a request", "The message gives its error code and reason.") \
        X(SCHEMA_NOT_FOUND, 3105, "the schema registry does not know this schema", "Register it with `chappe schema register`, or set schemas_register.") \
        X(SCHEMA_FOREIGN, 3106, "a payload names a schema of another subject", "The record does not belong on this topic, or its schema was registered elsewhere.") \
        /* service */                                                                                                  \
        X(OPERATION_INVALID, 7001, "an entry of the operations table is wrong", "The message names the entry and what is missing in it.") \
        X(SERVICE_STATE, 7002, "the service is not in a state for this", "Start it once, stop it once.")               \
        X(ADMIN, 7003, "the admin address cannot be served", "The port may be in use: admin_port = 0 takes a free one.") \
        X(UNFINISHED, 7004, "the service ended with work unfinished", "Nothing is lost: it runs again after the next start. Raise drain_timeout_ms if handlers need longer.") \
        X(CHECK, 7005, "a check before the start failed", "The line above names what failed and why.") \
        /* consumer runtime */ \
        X(TOPIC_PARTITIONS, 4002, "a topic does not fit the operations table", "Create it with the right number of partitions, or let the service create it.") \
        X(CONSUMPTION_STOPPED, 4004, "the service no longer consumes", "The message gives the broker's reason; restart the service.") \
        X(HANDLER_STUCK, 4009, "a handler has not come back for too long", "The log names its record; stuck_ms says how long is too long.") \
        X(PARTITION_STALLED, 4010, "a partition's records stand still", "The log names it; look at what its handlers wait for.") \
        X(PARK_FULL, 4011, "too many keys wait for another attempt", "Look at why their handlers fail; parked_keys is the limit.") \
        X(RECORD_OLD, 4012, "a record has been unfinished for too long", "The log names it; unfinished_age_ms says how long is too long.") \
        X(POLL_LATE, 4013, "the poll strand does not come round", "Something makes it wait: the machine, or the client library; its partitions are lost soon.") \
        X(PAUSED, 4019, "a topic is paused, on request", "chappe_service_resume lets it go on; a new start does too.") \
        X(OUTAGE, 4014, "so many keys of a topic fail that it is held", "Look at what its handlers depend on; one record tries every breaker_wait_ms. If the records themselves are bad: send a good one, or start with breaker_percent=0.") \
        X(DEAD_LETTER_HALTED, 4015, "a dead letter cannot be written, and its operation waits for it", "The log gives the reason: make the topic, or allow it.") \
        X(CRASH_LOOP, 4016, "a record killed the process again and again", "Look at what its handler does with it; crash_loop_tries says how often is too often.") \
        X(REPLAY_MISSING, 4020, "no window to run once more", "`chappe group replay` prepares one; the name is the one that was given there.") \
        X(REPLAY_THERE, 4021, "a replay of this name exists", "Give another name, or remove its group first: `chappe group delete`.") \
        X(SCHEMA_UNKNOWN, 4005, "the schema of a payload is not known", "Publish its schema to the schema topic, or register it; the record is tried again meanwhile.") \
        X(HANDLER_FAILED, 4007, "a handler asked for another attempt", "The reason is the handler's own.") \
        X(DEAD_LETTER, 4008, "a handler gave a record up", "The reason is the handler's own; see the dead letter topic.") \
        /* publishing */ \
        X(DELIVERY_FAILED, 4101, "a record was not delivered", "The record that published it runs again; look at the brokers.") \
        X(QUEUE_FULL, 4102, "the producer's queue stayed full", "The brokers take records too slowly; publish_timeout_ms says how long to wait.") \
        X(NOT_DECLARED, 4103, "an event that the operations table does not publish", "Add a PRODUCES row for this type and topic.") \
        /* calls */ \
        X(CALL_HEADER_INVALID, 5001, "a request's headers make no sense", "The message names the header; see the page on interoperation.") \
        X(CALL_REMOTE, 5002, "the service that was called failed", "Look into its log; the same call may succeed later.") \
        X(CALL_IN_TRANSACTION, 5003, "a call inside an open transaction", "Call first, then chappe_store: a reply can take longer than others can wait for the database.") \
        X(CALL_NOT_DECLARED, 5004, "a call that the operations table does not make", "Add a CALLS row for this message.") \
        X(CALL_METHOD_UNKNOWN, 5005, "a request that this service does not answer", "The caller sent it to the wrong topic, or is newer than the service.") \
        X(CALL_LIMIT, 5006, "too many calls are waiting for replies", "The service called is too slow for this load; calls_in_flight is the limit.") \
        X(CALL_REPLY_INVALID, 5007, "a reply that is neither the response nor a declared error", "The two services were built from different contracts.") \
        X(CALL_REPLY_TOPIC, 5008, "a reply topic that is not allowed", "reply_topics_allowed says where replies may go.") \
        X(CALL_EXPIRED, 5009, "a request whose deadline had passed", "Nobody waits for its answer any more; raise the caller's timeout if that is common.") \
        /* store */ \
        X(STORE_OPEN, 6001, "the database cannot be opened", "The message names the file and the reason.") \
        X(STORE_MIGRATION, 6002, "a migration failed or does not fit the database", "The message names the migration; nothing of it was applied.") \
        X(STORE_BUSY, 6003, "another process kept the database locked", "Work is tried again; look for a process that holds a transaction open.") \
        X(STORE_FULL, 6004, "the disk of the database is full", "Free space; work is tried again and nothing is lost.") \
        X(STORE_READONLY, 6005, "the database cannot be written", "Check permissions and mount options of its folder.") \
        X(STORE_CORRUPT, 6006, "the database is damaged", "Restore it from a copy; the events since then are read again from the log if the group is reset.") \
        X(STORE_FAILED, 6007, "the database refused an operation", "The message gives SQLite's reason.") \
        X(STORE_TRANSACTION, 6008, "a handler ended the runtime's transaction", "Handlers use neither BEGIN, COMMIT nor ROLLBACK: the runtime commits.") \
        /* command line */ \
        X(FLEET_MEMBER, 8001, "a service of the fleet does not start or stop as it should", "Its own lines in the merged log say why; start it alone to look closer.")
