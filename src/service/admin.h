/* SPDX-License-Identifier: Apache-2.0 */
/* The admin HTTP server: health and metrics, on loopback, GET only. */
#pragma once

#include "service/service.h"

/* Listens at admin_bind:admin_port. The service must outlive it. */
int chappe_admin_start(struct chappe_service *service, struct chappe_admin **ret_admin, struct chappe_error *error);
/* Closes its connections; takes NULL; returns NULL. */
struct chappe_admin *chappe_admin_stop(struct chappe_admin *admin);
/* The port it listens at; 0 for NULL. */
int chappe_admin_port(const struct chappe_admin *admin);
