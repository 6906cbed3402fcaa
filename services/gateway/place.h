/* SPDX-License-Identifier: Apache-2.0 */
/* Placing and finding an order, whoever asks: the HTTP front or a test. */
#pragma once

#include "gateway/gateway.h"
#include "gateway/projection.h"

enum gateway_placed { GATEWAY_TAKEN, GATEWAY_CONFLICT };

/* Reads an order as posted, stores it and its event in one transaction, and returns once that is durable. Posting the
 * same again changes nothing and is taken again; other content under the same id is a CONFLICT. -CHAPPE_E_USAGE: the
 * order is wrong, the text says where; else negative: try again. order_id: at least 81 bytes, filled in when the order
 * could be read. */
int gateway_place(struct chappe_service *service, struct chappe_text body, char *ret_order_id,
                  struct chappe_error *error);

/* 1 with the row, its detail copied by malloc; 0 for an unknown order; negative: try again. */
int gateway_find(struct chappe_service *service, const char *order_id, enum gateway_state *ret_state, char **ret_detail,
                 int64_t *ret_changed_at_ms, struct chappe_error *error);
