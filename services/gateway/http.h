/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front: POST /orders, GET /orders/{id}. The service's state is the running server. */
#pragma once

#include <chappe/service.h>

void *gateway_http_new(struct chappe_service *service, struct chappe_error *error);
void gateway_http_free(void *state);
int gateway_http_started(struct chappe_service *service, void *state, struct chappe_error *error);
void gateway_http_stopping(struct chappe_service *service, void *state);
