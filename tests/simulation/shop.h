/* SPDX-License-Identifier: Apache-2.0 */
/* The shop in a kit: its services, seeded orders, and its books read back from the topics. */
#pragma once

#include <chappe/testkit.h>

#define SHOP_ORDERS 24

/* Two instances of orders, one of every other service; little stock, so that some orders are refused. */
void shop_prepare(struct chappe_testkit *kit);
/* The n-th of the seed's orders goes to its topic, now and then twice. 0, or negative with the reason printed. */
int shop_place(struct chappe_testkit *kit, int n);
/* Every order has its one final state; stock and payments add up; what was published under one id says the same each
 * time. */
int shop_check(struct chappe_testkit *kit, int orders, struct chappe_error *error);
