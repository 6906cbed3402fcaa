/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema ids and schemas: a bounded cache over a source. An id never changes its schema, so what was found stays; what
 * was not found is asked for again after some seconds. Any strand.
 */
#pragma once

#include <chappe/schema.h>

#include "base/clock.h"
#include "base/executor.h"
#include "registry/source.h"

struct chappe_registry;

/* Zero members mean the defaults beside them. */
struct chappe_registry_config {
        const struct chappe_clock *clock;
        struct chappe_executor *executor;
        struct chappe_registry_source source;
        size_t capacity;     /* schemas, and pairs of subject and id, kept: 1,000 each; beyond, the oldest go */
        int32_t negative_ms; /* what was not found is believed that long: 5,000 */
        bool enrol;          /* register what is announced and not known */
        struct chappe_schema_limits limits; /* of the schemas it hands out */
};

int chappe_registry_new(const struct chappe_registry_config *config, struct chappe_registry **ret_registry,
                        struct chappe_error *error);
/* Does not close the source. Takes NULL; returns NULL. */
struct chappe_registry *chappe_registry_free(struct chappe_registry *registry);

/* The schema of an id, whatever its subject, and whether it belongs to a subject, for those whose subject depends on
 * the schema's name. Failures as below. */
int chappe_registry_get(struct chappe_registry *registry, uint32_t id, struct chappe_schema **ret_schema,
                        struct chappe_error *error);
int chappe_registry_check(struct chappe_registry *registry, const char *subject, uint32_t id,
                          struct chappe_error *error);
/* The schema of an id that belongs to the subject; a reference for the caller. -CHAPPE_E_SCHEMA_NOT_FOUND and
 * -CHAPPE_E_REGISTRY_UNREACHABLE may pass; -CHAPPE_E_SCHEMA_FOREIGN and the others stay. May wait for the source. */
int chappe_registry_schema(struct chappe_registry *registry, const char *subject, uint32_t id,
                           struct chappe_schema **ret_schema, struct chappe_error *error);
/* The id of the schema with this GUID. Failures as above; may wait for the source. */
int chappe_registry_guid(struct chappe_registry *registry, const uint8_t guid[16], uint32_t *ret_id,
                         struct chappe_error *error);
/* The id of a schema under the subject, registering it when the configuration says so. May wait for the source. */
int chappe_registry_id(struct chappe_registry *registry, const char *subject, struct chappe_schema *schema,
                       uint32_t *ret_id, struct chappe_error *error);
