/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded random numbers, handed down from the top. Not for secrets. Not thread-safe: one generator per owner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chappe_random {
        uint64_t state[4];
};

/* The same seed gives the same numbers on every machine. (xoshiro256**, seeded by splitmix64) */
void chappe_random_init(struct chappe_random *random, uint64_t seed);
uint64_t chappe_random_next(struct chappe_random *random);
/* 0 ≤ result < bound, without bias; bound > 0. */
uint64_t chappe_random_below(struct chappe_random *random, uint64_t bound);
/* True with a probability of parts in a million. */
bool chappe_random_chance(struct chappe_random *random, uint32_t parts_per_million);
void chappe_random_bytes(struct chappe_random *random, void *bytes, size_t length);
/* A seed from the operating system, for production. */
uint64_t chappe_random_system_seed(void);
