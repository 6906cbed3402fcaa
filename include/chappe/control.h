/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running service's consumption, held and moved: by topic, as the operations table names it (without prefix). What is said of pausing and
 * seeking holds for this instance, whatever partitions it gains and gives up meanwhile, and until it stops; other instances of the service go
 * on. And a window of the log run once more, without touching any of that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Handlers that run may end; nothing of the topic begins, and nothing more is taken, until it is resumed. The instance keeps its partitions
 * and goes on committing. /readyz says so, and the gauge chappe_paused. Takes effect at once, is not waited for; twice is once. Any thread,
 * a handler's too. -CHAPPE_E_SERVICE_STATE unless the service runs, -CHAPPE_E_NOT_DECLARED when it consumes no such topic. */
int chappe_service_pause(struct chappe_service *service, const char *topic, struct chappe_error *error);
int chappe_service_resume(struct chappe_service *service, const char *topic, struct chappe_error *error);

/* Goes on, in every partition of the topic that this instance has, with the first record that is not older than time_ms (ms since the epoch):
 * back to do work again, or forward to leave some out, records that wait for another attempt too. Running handlers end first; what is in
 * hand beside them is let go of. Waits for that, and for the cluster's answers, at most timeout_ms: -CHAPPE_E_TIMEOUT, and it still takes
 * effect once the handlers have come back. A partition that is given up meanwhile stays where it was. With a store, events that took effect
 * before are passed over. The embedded broker cannot look up by time: -CHAPPE_E_BROKER_UNSUPPORTED, and nothing is moved. Any thread but a
 * handler's, and not while another one stops the service; one at a time (-CHAPPE_E_AGAIN). */
int chappe_service_seek(struct chappe_service *service, const char *topic, int64_t time_ms, int64_t timeout_ms,
                        struct chappe_error *error);

/*
 * A bounded window of the log, run once more. It is prepared from outside, `chappe group replay` or chappe_client_group_replay, and run by
 * a service that is made with the setting replay=NAME, in this or another process, beside the live one: by its own handlers, order,
 * retries and dead letters, but in a group of its own, which ends at the window's end. Killed and started again it goes on where it was;
 * several instances share it. The group's name in dead letters tells that they are a replay's. docs/consuming.md says what it means for
 * stores, events and calls.
 */
struct chappe_replayed {
        bool over;        /* every partition has come to the window's end */
        int64_t finished; /* records, by all instances and lives */
        int64_t failed;   /* of them, given up */
        int64_t left;     /* offsets between what is finished and the end; as of the latest look, of which the end is one */
};

/* Waits for the window's end at most timeout_ms (0: not at all); *ret_replayed is filled in even when this fails. -CHAPPE_E_TIMEOUT: not
 * yet. -CHAPPE_E_SERVICE_STATE: no replay, or not started; after a stop it tells how far it had come. Any thread but a handler's. */
int chappe_service_replayed(struct chappe_service *service, int64_t timeout_ms, struct chappe_replayed *ret_replayed,
                            struct chappe_error *error);

#ifdef __cplusplus
}
#endif
