/* SPDX-License-Identifier: Apache-2.0 */
/* Java's default partitioner for keys (org.apache.kafka.common.utils.Utils.murmur2). */
#include "broker/sim/sim.h"

static uint32_t murmur2(const uint8_t *at, size_t length)
{
        const uint32_t m = 0x5bd1e995;
        uint32_t h = 0x9747b28c ^ (uint32_t)length;

        for (; length >= 4; at += 4, length -= 4) {
                uint32_t k = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;

                k *= m;
                k ^= k >> 24;
                h = (h * m) ^ (k * m);
        }
        if (length >= 3)
                h ^= (uint32_t)at[2] << 16;
        if (length >= 2)
                h ^= (uint32_t)at[1] << 8;
        if (length >= 1)
                h = (h ^ at[0]) * m;
        h = (h ^ (h >> 13)) * m;
        return h ^ (h >> 15);
}

int32_t chappe_sim_partition_of(struct chappe_bytes key, int32_t partition_count)
{
        return (int32_t)((murmur2(key.at, key.length) & 0x7fffffff) % (uint32_t)partition_count);
}
