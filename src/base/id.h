/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: UUIDs as text, random and derived. */
#pragma once

#include <stdint.h>

#include <chappe/text.h>

#include "base/random.h"

#define CHAPPE_ID_SIZE 37 /* 36 characters and the terminator */

/* A random UUID (RFC 9562, version 4). */
void chappe_id_random(struct chappe_random *random, char ret_id[CHAPPE_ID_SIZE]);
/* The id of the n-th event that an operation publishes while it handles an event: the same inputs give the same id, so
 * that a repeated run repeats its ids. (UUID version 8 over XXH3-128) */
void chappe_id_derive(struct chappe_text event_id, struct chappe_text operation, uint32_t n,
                      char ret_id[CHAPPE_ID_SIZE]);

/* The same in two steps, for many ids of one event and operation. */
struct chappe_id_root {
        uint8_t hashes[32];
};

void chappe_id_root_init(struct chappe_id_root *root, struct chappe_text event_id, struct chappe_text operation);
void chappe_id_derive_nth(const struct chappe_id_root *root, uint32_t n, char ret_id[CHAPPE_ID_SIZE]);
