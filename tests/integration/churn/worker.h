/* SPDX-License-Identifier: Apache-2.0 */
/* The service that is hurt, whether it takes items one by one or several at a time. */
#pragma once

#include <chappe/chappe.h>

#include "churn/effect.h"
#include "churn/item.h"

/* Every item becomes one effect; some items fail a few times first. */
enum chappe_decision churn_take(struct chappe_context *ctx, const struct churn_item *item);
int churn_main(int argc, char **argv, const struct chappe_operation *operations);
