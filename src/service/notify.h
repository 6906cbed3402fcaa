/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the supervisor: systemd's notification socket, and the run file. */
#pragma once

#include "service/service.h"

/* Sends "READY=1" and the like when NOTIFY_SOCKET is set; what cannot be sent is not sent. */
void chappe_notify(const char *state);
/* Half of WATCHDOG_USEC in ms, or 0 where no watchdog is wanted. */
int64_t chappe_notify_watchdog_ms(void);

/* Could it be written? It is, only once the service is ready; until then a start would seem to go well. */
int chappe_run_file_check(const struct chappe_service *service, struct chappe_error *error);
/* Writes the setting run_file, whole or not at all: {"service", "instance", "version", "pid", "admin_port"}. */
int chappe_run_file_write(struct chappe_service *service, struct chappe_error *error);
void chappe_run_file_remove(struct chappe_service *service);
