/* SPDX-License-Identifier: Apache-2.0 */
/* Every log event, once: symbol, stable id, level, what it says. Ids follow the error codes' hundreds by room and are
 * never reused. */
#pragma once

#define CHAPPE_LOG_EVENTS(X)                                                                                           \
        X(HANDLER, 100, INFO, "a line that a handler wrote")                                                           \
        X(HANDLER_WARNING, 101, WARNING, "a warning that a handler wrote")                                             \
        X(HANDLER_ERROR, 102, ERROR, "an error that a handler wrote")                                                  \
        X(HANDLER_DEBUG, 103, DEBUG, "a debugging line that a handler wrote")                                          \
        X(LINES_DROPPED, 110, WARNING, "lines were dropped because the log could not be written")                      \
        /* service */                                                                                                  \
        X(SERVICE_STARTING, 7001, INFO, "the service starts")                                                          \
        X(SERVICE_STARTED, 7002, INFO, "the service is connected and consumes")                                        \
        X(SERVICE_READY, 7003, INFO, "the service has its share of the partitions")                                    \
        X(SERVICE_STOPPING, 7004, INFO, "the service stops taking records and finishes what it has")                   \
        X(SERVICE_STOPPED, 7005, INFO, "the service has stopped with nothing in flight")                               \
        X(SERVICE_UNFINISHED, 7006, ERROR, "the service ended with work unfinished")                                   \
        X(SERVICE_FAILED, 7007, ERROR, "the service cannot start or go on")                                            \
        X(ADMIN_LISTENS, 7008, INFO, "health and metrics are served")                                                  \
        X(BROKER_REMARK, 7009, INFO, "a property that was left out, or a trap of this version of the client library")  \
        X(DELIVERY_FAILED, 4101, WARNING, "a record was not delivered")                                                \
        X(RECORD_RETRY, 4001, WARNING, "a record failed and is tried again; told after attempts 1, 2, 4, 8, …")        \
        X(RECORD_DEAD, 4002, ERROR, "a record was given up")                                                           \
        X(DEAD_LETTER_STUCK, 4003, ERROR, "a dead letter cannot be written; its record stays unfinished")              \
        X(RECORD_IGNORED, 4004, WARNING, "records that no operation handles are passed over")                          \
        X(BATCH_SPLIT, 4006, WARNING, "the handler of several records failed; each of them runs by itself")            \
        X(SCHEMA_MISSING, 4005, WARNING, "a record's schema is not known yet")                                         \
        X(PARTITIONS_GAINED, 4010, INFO, "partitions were gained")                                                     \
        X(PARTITIONS_REVOKED, 4011, INFO, "partitions are given up")                                                   \
        X(PARTITIONS_LOST, 4012, WARNING, "partitions were lost")                                                      \
        X(DRAIN_OVER, 4013, WARNING, "the time to drain was over before everything had finished")                      \
        X(COMMIT_FAILED, 4014, WARNING, "offsets could not be committed")                                              \
        X(METADATA_FOREIGN, 4017, INFO, "what was committed beside an offset is not understood")                       \
        X(HANDLER_STUCK, 4030, ERROR, "a handler has not come back for too long")                                      \
        X(PARTITION_STALLED, 4031, ERROR, "a partition's records stand still")                                         \
        X(COMMITS_FAIL, 4032, ERROR, "no commit has gone through for a while")                                         \
        X(PARK_FULL, 4034, WARNING, "so many keys wait for another attempt that nothing more is taken")                \
        X(RECORD_OLD, 4035, WARNING, "a record has been unfinished for too long")                                      \
        X(POLL_LATE, 4036, ERROR, "the poll strand does not come round")                                               \
        X(BUDGET_SMALL, 4037, WARNING, "the budget of memory is little for so many partitions")                        \
        X(HALTED, 4042, ERROR, "a dead letter cannot be written, and its operation waits for it")                      \
        X(CRASH_LOOP, 4043, WARNING, "a partition's owners died again and again; its records run one by one")          \
        X(BREAKER_OPEN, 4040, ERROR, "so many keys of a topic fail that nothing of it runs but a probe now and then")  \
        X(BREAKER_CLOSED, 4041, INFO, "a topic whose breaker was open goes on")                                        \
        X(RECORD_DOUBTED, 4044, WARNING, "a record without attempts left is kept: it may be an outage")                \
        X(PAUSED, 4050, INFO, "a topic is paused, on request")                                                         \
        X(RESUMED, 4051, INFO, "a topic that was paused goes on, on request")                                          \
        X(MOVED, 4052, INFO, "a partition goes on at another offset, on request")                                      \
        X(REPLAY_BEGINS, 4053, INFO, "a window of the log is run once more")                                           \
        X(REPLAY_OVER, 4054, INFO, "a window of the log has run once more")                                            \
        X(REPLAY_LEFT, 4055, WARNING, "a replay was left before its end; it goes on from there")                       \
        X(STUCK_NO_MORE, 4033, INFO, "what stood still goes on")                                                       \
        X(RECORDS_GONE, 4018, ERROR, "records were deleted before they were read")                                     \
        X(PARTITION_ADDED, 4019, INFO, "a partition was added to a topic")                                             \
        X(CONSUMER_ERROR, 4015, WARNING, "the broker complains")                                                       \
        X(CONSUMER_DEAD, 4016, ERROR, "consumption has stopped")                                                       \
        X(TOPIC_CREATED, 4020, INFO, "a topic was created")                                                            \
        X(TOPIC_MISSING, 4021, WARNING, "a topic is missing")                                                          \
        X(SCHEMA_ANNOUNCED, 4022, INFO, "a schema was announced")                                                      \
        X(SCHEMA_PASSED_OVER, 4023, WARNING, "a schema that was shared is not taken; records of it cannot be read")    \
        X(CALL_LATE, 5001, INFO, "a reply came when nobody waited for it any more")                                    \
        X(CALL_EXPIRED, 5002, INFO, "a request was dropped because its deadline had passed")                           \
        X(CALL_UNANSWERABLE, 5003, WARNING, "a request cannot be answered")                                            \
        X(REPLY_TOPIC, 5004, INFO, "replies are read from this partition")                                             \
        X(STORE_OPENED, 6001, INFO, "the database is open")                                                            \
        X(MIGRATION_APPLIED, 6002, INFO, "a migration was applied")                                                    \
        X(RELAY_FAILED, 6003, WARNING, "the outbox could not be published; it is tried again")                         \
        X(INBOX_PRUNED, 6004, DEBUG, "events that were remembered long enough were forgotten")
