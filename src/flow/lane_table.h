/* SPDX-License-Identifier: Apache-2.0 */
/* The lanes that exist at the moment, found by share and identity. A lane lives as long as it has tasks. */
#pragma once

#include "flow/lanes.h"

/* Zero-initialise; chappe_lane_table_deinit when done. */
struct chappe_lane_table {
        struct chappe_lane **buckets;
        size_t bucket_count; /* a power of two, or 0 */
        size_t count;
        struct chappe_lane *spare;   /* as many as there have been at a time */
        struct chappe_arena *memory; /* of all lanes; NULL: there are none */
};

/* The lane of this identity in the share, made if need be; NULL when memory is short. */
struct chappe_lane *chappe_lane_table_get(struct chappe_lane_table *table, struct chappe_share *share,
                                          uint64_t identity);
/* An empty lane goes, and is kept for reuse. */
void chappe_lane_table_remove(struct chappe_lane_table *table, struct chappe_lane *lane);
/* Calls visit for each lane of a share; visit may remove that lane. */
void chappe_lane_table_each(struct chappe_lane_table *table, const struct chappe_share *share,
                            void (*visit)(struct chappe_lane *lane, void *context), void *context);
/* Without lanes, what is kept goes back to the heap. */
void chappe_lane_table_rest(struct chappe_lane_table *table);
void chappe_lane_table_deinit(struct chappe_lane_table *table);
