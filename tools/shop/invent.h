/* SPDX-License-Identifier: Apache-2.0 */
/* Orders out of nothing but a seed, of the kind that real shops see. */
#pragma once

#include "shop/order.h"

/* The same seed, the same orders. Few products sell much, most little; some orders are large; one in twenty-five is a
 * return. */
void invent_orders(struct orders *orders, size_t count, uint64_t seed);
