/* SPDX-License-Identifier: Apache-2.0 */
/* Running a service as a program of its own: signals, supervisor, exit code. */
#pragma once

#include "service/service.h"

/* Starts the service, runs it until SIGTERM, SIGINT or SIGHUP, stops it. A second signal, or a stop that does not end,
 * ends the process at once. Returns the exit code. Called on the main thread, before others are started. */
int chappe_run(struct chappe_service *service);
