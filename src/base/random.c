/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded random numbers: xoshiro256** (Blackman, Vigna), seeded by splitmix64. */
#include "base/random.h"

#include <assert.h>
#include <endian.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static uint64_t splitmix_next(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

void chappe_random_init(struct chappe_random *random, uint64_t seed)
{
        for (size_t i = 0; i < 4; i++)
                random->state[i] = splitmix_next(&seed);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
        return (x << bits) | (x >> (64 - bits));
}

uint64_t chappe_random_next(struct chappe_random *random)
{
        uint64_t *s = random->state;
        uint64_t result = rotate_left(s[1] * 5, 7) * 9;
        uint64_t t = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate_left(s[3], 45);
        return result;
}

/* Values in the incomplete last stretch of 2^64 are drawn again, so that every result is as likely as any other. */
uint64_t chappe_random_below(struct chappe_random *random, uint64_t bound)
{
        uint64_t threshold, value;

        assert(bound > 0);
        threshold = -bound % bound;
        do
                value = chappe_random_next(random);
        while (value < threshold);
        return value % bound;
}

bool chappe_random_chance(struct chappe_random *random, uint32_t parts_per_million)
{
        return chappe_random_below(random, 1000000) < parts_per_million;
}

/* Little-endian whatever the machine, so that a seed means the same everywhere. */
void chappe_random_bytes(struct chappe_random *random, void *bytes, size_t length)
{
        uint8_t *at = bytes;
        uint64_t value;

        for (; length >= sizeof(value); at += sizeof(value), length -= sizeof(value)) {
                value = htole64(chappe_random_next(random));
                memcpy(at, &value, sizeof(value));
        }
        if (length == 0)
                return;
        value = htole64(chappe_random_next(random));
        memcpy(at, &value, length);
}

uint64_t chappe_random_system_seed(void)
{
        struct timespec now;
        uint64_t seed;

        if (getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed))
                return seed;
        /* A kernel or sandbox without getrandom: unlike between processes is all that is needed. */
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec ^ (uint64_t)now.tv_nsec << 32 ^ (uint64_t)getpid() << 16;
        return splitmix_next(&seed);
}
