/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions as people read them: "shop.orders.placed[0-3] shop.orders.paid[0,2]". Pure. */
#pragma once

#include <stddef.h>

#include "broker/broker.h"

/* Writes them into text, which ends with a NUL: neighbours of one topic together, runs of numbers as ranges, "none" for
 * none. What does not fit is told as a number: "… and 12 more". size: at least 64. */
void chappe_positions_format(const struct chappe_position *positions, size_t count, char *text, size_t size);
