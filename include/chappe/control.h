/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running service's consumption, held and moved: by topic, as the operations table names it (without prefix). What is said here holds for
 * this instance, whatever partitions it gains and gives up meanwhile, and until it stops; other instances of the service go on.
 */
#pragma once

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
 * before are passed over. Any thread but a handler's, and not while another one stops the service; one at a time (-CHAPPE_E_AGAIN). */
int chappe_service_seek(struct chappe_service *service, const char *topic, int64_t time_ms, int64_t timeout_ms,
                        struct chappe_error *error);

#ifdef __cplusplus
}
#endif
