/* SPDX-License-Identifier: Apache-2.0 */
/* The registry as others use it: the cache under a lock, the source asked without one. */
#include "registry/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "registry/cache.h"

#define CAPACITY    1000
#define NEGATIVE_MS 5000

struct chappe_registry {
        /* constant after opening */
        struct chappe_registry_config config;
        struct chappe_mutex *mutex;
        /* under mutex */
        struct chappe_registry_cache *cache;
};

int chappe_registry_new(const struct chappe_registry_config *config, struct chappe_registry **ret_registry,
                        struct chappe_error *error)
{
        struct chappe_registry *registry = calloc(1, sizeof(*registry));
        int64_t negative_ms = config->negative_ms ? config->negative_ms : NEGATIVE_MS;

        if (registry) {
                registry->config = *config;
                registry->mutex = chappe_mutex_new(config->executor);
                registry->cache =
                        chappe_registry_cache_new(config->capacity ? config->capacity : CAPACITY, negative_ms * 1000);
        }
        if (!registry || !registry->mutex || !registry->cache) {
                chappe_registry_free(registry);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening the registry");
        }
        *ret_registry = registry;
        return 0;
}

struct chappe_registry *chappe_registry_free(struct chappe_registry *registry)
{
        if (!registry)
                return NULL;
        chappe_registry_cache_free(registry->cache);
        chappe_mutex_free(registry->config.executor, registry->mutex);
        free(registry);
        return NULL;
}

static int64_t lock(struct chappe_registry *registry)
{
        chappe_mutex_lock(registry->config.executor, registry->mutex);
        return chappe_clock_monotonic_us(registry->config.clock);
}

static void unlock(struct chappe_registry *registry)
{
        chappe_mutex_unlock(registry->config.executor, registry->mutex);
}

static int fetch_schema(struct chappe_registry *registry, uint32_t id, struct chappe_schema **ret_schema,
                        struct chappe_error *error)
{
        const struct chappe_registry_source *source = &registry->config.source;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        char name[40];
        int status = source->schema(source->context, id, &text, error);
        int64_t now_us;

        snprintf(name, sizeof(name), "registry schema %" PRIu32, id);
        if (status == 0)
                status = chappe_schema_parse_within(name, (struct chappe_text){ (const char *)text.at, text.length },
                                                    &registry->config.limits, ret_schema, error);
        if (status < 0 && status != -CHAPPE_E_SCHEMA_NOT_FOUND)
                return status;
        now_us = lock(registry);
        /* A full memory costs a question more next time, nothing else. */
        (void)chappe_registry_cache_put_schema(registry->cache, id, status == 0 ? *ret_schema : NULL, now_us);
        unlock(registry);
        return status;
}

int chappe_registry_get(struct chappe_registry *registry, uint32_t id, struct chappe_schema **ret_schema,
                        struct chappe_error *error)
{
        struct chappe_schema *schema;
        enum chappe_registry_known known;
        int64_t now_us = lock(registry);

        known = chappe_registry_cache_schema(registry->cache, id, now_us, &schema);
        if (known == CHAPPE_REGISTRY_PRESENT)
                *ret_schema = chappe_schema_ref(schema);
        unlock(registry);
        if (known == CHAPPE_REGISTRY_UNASKED)
                return fetch_schema(registry, id, ret_schema, error);
        if (known == CHAPPE_REGISTRY_ABSENT)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "the registry has no schema %" PRIu32, id);
        return 0;
}

int chappe_registry_check(struct chappe_registry *registry, const char *subject, uint32_t id,
                          struct chappe_error *error)
{
        const struct chappe_registry_source *source = &registry->config.source;
        enum chappe_registry_known known;
        int64_t now_us = lock(registry);
        int belongs;

        known = chappe_registry_cache_belongs(registry->cache, subject, id, now_us);
        unlock(registry);
        if (known == CHAPPE_REGISTRY_UNASKED) {
                belongs = source->belongs(source->context, id, subject, error);
                if (belongs < 0)
                        return belongs;
                now_us = lock(registry);
                (void)chappe_registry_cache_put_belongs(registry->cache, subject, id, belongs, now_us);
                unlock(registry);
                known = belongs ? CHAPPE_REGISTRY_PRESENT : CHAPPE_REGISTRY_ABSENT;
        }
        if (known == CHAPPE_REGISTRY_PRESENT)
                return 0;
        return chappe_fail(error, CHAPPE_E_SCHEMA_FOREIGN, "schema %" PRIu32 " is not registered under subject %s", id,
                           subject);
}

int chappe_registry_schema(struct chappe_registry *registry, const char *subject, uint32_t id,
                           struct chappe_schema **ret_schema, struct chappe_error *error)
{
        struct chappe_schema *schema;
        int status = chappe_registry_get(registry, id, &schema, error);

        if (status < 0)
                return status;
        status = chappe_registry_check(registry, subject, id, error);
        if (status < 0)
                chappe_schema_unref(schema);
        else
                *ret_schema = schema;
        return status;
}

static int fetch_id(struct chappe_registry *registry, const char *subject, struct chappe_text text, uint32_t *ret_id,
                    struct chappe_error *error)
{
        const struct chappe_registry_source *source = &registry->config.source;
        int status = source->find(source->context, subject, text, ret_id, error);
        int64_t now_us;

        if (status == -CHAPPE_E_SCHEMA_NOT_FOUND && registry->config.enrol)
                status = source->enrol(source->context, subject, text, ret_id, error);
        if (status < 0 && status != -CHAPPE_E_SCHEMA_NOT_FOUND)
                return status;
        now_us = lock(registry);
        (void)chappe_registry_cache_put_id(registry->cache, subject, text, status == 0, *ret_id, now_us);
        unlock(registry);
        return status;
}

int chappe_registry_id(struct chappe_registry *registry, const char *subject, struct chappe_schema *schema,
                       uint32_t *ret_id, struct chappe_error *error)
{
        struct chappe_text text = chappe_schema_text(schema);
        enum chappe_registry_known known;
        uint32_t id = 0;
        int64_t now_us = lock(registry);
        int status = 0;

        known = chappe_registry_cache_id(registry->cache, subject, text, now_us, &id);
        unlock(registry);
        if (known == CHAPPE_REGISTRY_UNASKED)
                status = fetch_id(registry, subject, text, &id, error);
        else if (known == CHAPPE_REGISTRY_ABSENT)
                status = chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "%s is not registered under subject %s",
                                     chappe_schema_name(schema), subject);
        if (status == 0)
                *ret_id = id;
        return status;
}

int chappe_registry_guid(struct chappe_registry *registry, const uint8_t guid[16], uint32_t *ret_id,
                         struct chappe_error *error)
{
        const struct chappe_registry_source *source = &registry->config.source;
        enum chappe_registry_known known;
        uint32_t id = 0;
        int64_t now_us = lock(registry);
        int status = 0;

        known = chappe_registry_cache_guid(registry->cache, guid, now_us, &id);
        unlock(registry);
        if (known == CHAPPE_REGISTRY_ABSENT)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "the registry has no schema of this GUID");
        if (known == CHAPPE_REGISTRY_UNASKED) {
                status = source->identify(source->context, guid, &id, error);
                if (status < 0 && status != -CHAPPE_E_SCHEMA_NOT_FOUND)
                        return status;
                now_us = lock(registry);
                (void)chappe_registry_cache_put_guid(registry->cache, guid, status == 0, id, now_us);
                unlock(registry);
        }
        if (status == 0)
                *ret_id = id;
        return status;
}
