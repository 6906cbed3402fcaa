/* SPDX-License-Identifier: Apache-2.0 */
/* A service for the kit's own tests: numbers the parcels that were shipped, in its store, and tells each one's number.
 */
#pragma once

#include <chappe/chappe.h>

#include "shop/customer_notified.h"
#include "shop/order_shipped.h"

#define COUNTER_IN  "parcels"
#define COUNTER_OUT "numbers"

extern const struct chappe_service_config counter_service;
/* The same with a mistake: once it knows how many there are, it publishes the next number before it begins the
 * transaction that makes it true. Right as long as nothing goes wrong, with one worker. */
extern const struct chappe_service_config hasty_counter_service;
