/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a registry: one table per kind of question, each in order of arrival. */
#include "registry/cache.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/cleanup.h"

/* One answer. Key: the question's bytes. */
struct entry {
        UT_hash_handle hh;
        struct chappe_schema *schema; /* of questions by id */
        uint32_t id;                  /* of questions by text or GUID */
        bool present;
        int64_t expiry_us; /* of what is absent */
        size_t key_length;
        uint8_t key[];
};

struct chappe_registry_cache {
        size_t capacity;
        int64_t negative_us;
        struct entry *schemas, *pairs, *ids, *guids;
};

struct chappe_registry_cache *chappe_registry_cache_new(size_t capacity, int64_t negative_us)
{
        struct chappe_registry_cache *cache = calloc(1, sizeof(*cache));

        if (!cache)
                return NULL;
        cache->capacity = capacity;
        cache->negative_us = negative_us;
        return cache;
}

static void drop(struct entry **table, struct entry *entry)
{
        HASH_DEL(*table, entry);
        chappe_schema_unref(entry->schema);
        free(entry);
}

static void clear(struct entry **table)
{
        while (*table)
                drop(table, *table);
}

struct chappe_registry_cache *chappe_registry_cache_free(struct chappe_registry_cache *cache)
{
        if (!cache)
                return NULL;
        clear(&cache->schemas);
        clear(&cache->pairs);
        clear(&cache->ids);
        clear(&cache->guids);
        free(cache);
        return NULL;
}

static struct entry *find(struct entry **table, const void *key, size_t length, int64_t now_us)
{
        struct entry *entry = NULL;

        HASH_FIND(hh, *table, key, (unsigned)length, entry);
        if (entry && !entry->present && entry->expiry_us <= now_us) {
                drop(table, entry);
                return NULL;
        }
        return entry;
}

/* Replaces what was known; over capacity, what came first goes. */
static struct entry *put(struct chappe_registry_cache *cache, struct entry **table, const void *key, size_t length,
                         bool present, int64_t now_us)
{
        struct entry *old = NULL;
        struct entry *entry = calloc(1, sizeof(*entry) + length);

        if (!entry)
                return NULL;
        HASH_FIND(hh, *table, key, (unsigned)length, old);
        if (old)
                drop(table, old);
        else if (HASH_COUNT(*table) >= cache->capacity)
                drop(table, *table);
        entry->present = present;
        entry->expiry_us = present ? 0 : now_us + cache->negative_us;
        entry->key_length = length;
        memcpy(entry->key, key, length);
        HASH_ADD(hh, *table, key, (unsigned)length, entry);
        return entry;
}

static enum chappe_registry_known known(const struct entry *entry)
{
        if (!entry)
                return CHAPPE_REGISTRY_UNASKED;
        return entry->present ? CHAPPE_REGISTRY_PRESENT : CHAPPE_REGISTRY_ABSENT;
}

enum chappe_registry_known chappe_registry_cache_schema(struct chappe_registry_cache *cache, uint32_t id,
                                                        int64_t now_us, struct chappe_schema **ret_schema)
{
        struct entry *entry = find(&cache->schemas, &id, sizeof(id), now_us);

        *ret_schema = entry ? entry->schema : NULL;
        return known(entry);
}

int chappe_registry_cache_put_schema(struct chappe_registry_cache *cache, uint32_t id, struct chappe_schema *schema,
                                     int64_t now_us)
{
        struct entry *entry = put(cache, &cache->schemas, &id, sizeof(id), schema != NULL, now_us);

        if (!entry)
                return -CHAPPE_E_NO_MEMORY;
        entry->schema = schema ? chappe_schema_ref(schema) : NULL;
        return 0;
}

/* Subject, its terminator, and what is asked of it: no two questions are the same bytes. */
static int question(struct chappe_buffer *key, const char *subject, const void *rest, size_t length)
{
        int status = chappe_buffer_append(key, subject, strlen(subject) + 1);

        return status < 0 ? status : chappe_buffer_append(key, rest, length);
}

enum chappe_registry_known chappe_registry_cache_belongs(struct chappe_registry_cache *cache, const char *subject,
                                                         uint32_t id, int64_t now_us)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer key = { 0 };

        if (question(&key, subject, &id, sizeof(id)) < 0)
                return CHAPPE_REGISTRY_UNASKED;
        return known(find(&cache->pairs, key.at, key.length, now_us));
}

int chappe_registry_cache_put_belongs(struct chappe_registry_cache *cache, const char *subject, uint32_t id,
                                      bool belongs, int64_t now_us)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer key = { 0 };

        if (question(&key, subject, &id, sizeof(id)) < 0 ||
            !put(cache, &cache->pairs, key.at, key.length, belongs, now_us))
                return -CHAPPE_E_NO_MEMORY;
        return 0;
}

enum chappe_registry_known chappe_registry_cache_guid(struct chappe_registry_cache *cache, const uint8_t guid[16],
                                                      int64_t now_us, uint32_t *ret_id)
{
        struct entry *entry = find(&cache->guids, guid, 16, now_us);

        if (entry)
                *ret_id = entry->id;
        return known(entry);
}

int chappe_registry_cache_put_guid(struct chappe_registry_cache *cache, const uint8_t guid[16], bool present,
                                   uint32_t id, int64_t now_us)
{
        struct entry *entry = put(cache, &cache->guids, guid, 16, present, now_us);

        if (!entry)
                return -CHAPPE_E_NO_MEMORY;
        entry->id = id;
        return 0;
}

enum chappe_registry_known chappe_registry_cache_id(struct chappe_registry_cache *cache, const char *subject,
                                                    struct chappe_text text, int64_t now_us, uint32_t *ret_id)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer key = { 0 };
        struct entry *entry;

        if (question(&key, subject, text.at, text.length) < 0)
                return CHAPPE_REGISTRY_UNASKED;
        entry = find(&cache->ids, key.at, key.length, now_us);
        if (entry)
                *ret_id = entry->id;
        return known(entry);
}

int chappe_registry_cache_put_id(struct chappe_registry_cache *cache, const char *subject, struct chappe_text text,
                                 bool present, uint32_t id, int64_t now_us)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer key = { 0 };
        struct entry *entry = NULL;

        if (question(&key, subject, text.at, text.length) == 0)
                entry = put(cache, &cache->ids, key.at, key.length, present, now_us);
        if (!entry)
                return -CHAPPE_E_NO_MEMORY;
        entry->id = id;
        return 0;
}
