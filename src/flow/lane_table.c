/* SPDX-License-Identifier: Apache-2.0 */
/* A chained hash table of lanes; spare lanes are kept, so that a warm table does not allocate. */
#include "flow/lane_table.h"

#include <assert.h>
#include <stdlib.h>

#include <chappe/arena.h>

#include "flow/assignment.h"

#define FIRST_BUCKETS 256

static inline size_t bucket_of(const struct chappe_share *share, uint64_t identity, size_t bucket_count)
{
        uint64_t mixed = (identity ^ share->epoch) * 0x9e3779b97f4a7c15u;
        return (size_t)(mixed >> 32) & (bucket_count - 1);
}

/* Apart, so that the usual way needs no stack. */
static __attribute__((noinline)) int grow(struct chappe_lane_table *table)
{
        size_t bucket_count = table->bucket_count ? 2 * table->bucket_count : FIRST_BUCKETS;
        struct chappe_lane **buckets = calloc(bucket_count, sizeof(struct chappe_lane *));
        if (!buckets)
                return -1;
        for (size_t i = 0; i < table->bucket_count; i++) {
                struct chappe_lane *following;
                for (struct chappe_lane *lane = table->buckets[i]; lane; lane = following) {
                        following = lane->chain;
                        struct chappe_lane **bucket = &buckets[bucket_of(lane->share, lane->identity, bucket_count)];
                        lane->chain = *bucket;
                        *bucket = lane;
                }
        }
        free(table->buckets);
        table->buckets = buckets;
        table->bucket_count = bucket_count;
        return 0;
}

static struct chappe_lane *make(struct chappe_lane_table *table)
{
        struct chappe_lane *lane = table->spare;
        if (lane) {
                table->spare = lane->chain;
                return lane;
        }
        if (!table->memory)
                table->memory = chappe_arena_new(0);
        return table->memory ? chappe_arena_zalloc(table->memory, sizeof(*lane)) : NULL;
}

struct chappe_lane *chappe_lane_table_get(struct chappe_lane_table *table, struct chappe_share *share,
                                          uint64_t identity)
{
        if (table->count >= table->bucket_count && grow(table) < 0 && table->bucket_count == 0)
                return NULL;
        struct chappe_lane **bucket = &table->buckets[bucket_of(share, identity, table->bucket_count)];
        for (struct chappe_lane *lane = *bucket; lane; lane = lane->chain) {
                if (lane->identity == identity && lane->share == share)
                        return lane;
        }
        struct chappe_lane *lane = make(table);
        if (!lane)
                return NULL;
        lane->share = share;
        lane->identity = identity;
        lane->chain = *bucket;
        *bucket = lane;
        table->count++;
        share->lanes++;
        return lane;
}

void chappe_lane_table_remove(struct chappe_lane_table *table, struct chappe_lane *lane)
{
        /* It is as a new one, for whoever is next. */
        assert(!lane->head && lane->state == CHAPPE_LANE_IDLE && !(lane->troubled | lane->listed | lane->loose));
        assert((lane->queued | lane->running | lane->returned | lane->failed | lane->bytes | lane->due.index) == 0);
        struct chappe_lane **link = &table->buckets[bucket_of(lane->share, lane->identity, table->bucket_count)];
        while (*link != lane)
                link = &(*link)->chain;
        *link = lane->chain;
        table->count--;
        lane->share->lanes--;
        lane->chain = table->spare;
        table->spare = lane;
}

void chappe_lane_table_each(struct chappe_lane_table *table, const struct chappe_share *share,
                            void (*visit)(struct chappe_lane *lane, void *context), void *context)
{
        for (size_t i = 0; i < table->bucket_count; i++) {
                struct chappe_lane *following;
                for (struct chappe_lane *lane = table->buckets[i]; lane; lane = following) {
                        following = lane->chain;
                        if (lane->share == share)
                                visit(lane, context);
                }
        }
}

void chappe_lane_table_rest(struct chappe_lane_table *table)
{
        if (table->count == 0)
                chappe_lane_table_deinit(table);
}

void chappe_lane_table_deinit(struct chappe_lane_table *table)
{
        chappe_arena_free(table->memory);
        free(table->buckets);
        *table = (struct chappe_lane_table){ 0 };
}
