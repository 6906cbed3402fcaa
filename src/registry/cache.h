/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a registry: schemas by id, and which id belongs to which subject. Bounded, the oldest go first.
 * Pure: time is given, nothing waits, nothing locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/schema.h>

struct chappe_registry_cache;

enum chappe_registry_known {
        CHAPPE_REGISTRY_UNASKED, /* not known: ask */
        CHAPPE_REGISTRY_PRESENT,
        CHAPPE_REGISTRY_ABSENT, /* asked a moment ago: not there */
};

struct chappe_registry_cache *chappe_registry_cache_new(size_t capacity, int64_t negative_us);
struct chappe_registry_cache *chappe_registry_cache_free(struct chappe_registry_cache *cache);

/* *ret_schema is borrowed. */
enum chappe_registry_known chappe_registry_cache_schema(struct chappe_registry_cache *cache, uint32_t id,
                                                        int64_t now_us, struct chappe_schema **ret_schema);
/* schema NULL: there is none at present. Takes a reference of its own. */
int chappe_registry_cache_put_schema(struct chappe_registry_cache *cache, uint32_t id, struct chappe_schema *schema,
                                     int64_t now_us);

enum chappe_registry_known chappe_registry_cache_belongs(struct chappe_registry_cache *cache, const char *subject,
                                                         uint32_t id, int64_t now_us);
int chappe_registry_cache_put_belongs(struct chappe_registry_cache *cache, const char *subject, uint32_t id,
                                      bool belongs, int64_t now_us);

/* The id of the schema with this GUID; present false: there is none at present. */
enum chappe_registry_known chappe_registry_cache_guid(struct chappe_registry_cache *cache, const uint8_t guid[16],
                                                      int64_t now_us, uint32_t *ret_id);
int chappe_registry_cache_put_guid(struct chappe_registry_cache *cache, const uint8_t guid[16], bool present,
                                   uint32_t id, int64_t now_us);

/* The id of this text under the subject. */
enum chappe_registry_known chappe_registry_cache_id(struct chappe_registry_cache *cache, const char *subject,
                                                    struct chappe_text text, int64_t now_us, uint32_t *ret_id);
/* present false: it is not registered at present. */
int chappe_registry_cache_put_id(struct chappe_registry_cache *cache, const char *subject, struct chappe_text text,
                                 bool present, uint32_t id, int64_t now_us);
