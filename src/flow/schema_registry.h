/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas by the ids of a registry. A payload's id counts only when it was registered under the subject that belongs to
 * its topic:
 *
 *   events              as the setting `subjects` says: <topic>-value, the record's full name, or <topic>-<name>
 *   requests, replies   the record's full name: their topics carry a record for every method, and a reply goes to
 *                       whoever asks
 *   topics outside of the operations table, which only tools read: either
 */
#pragma once

#include "flow/channels.h"
#include "flow/schema_backend.h"
#include "registry/source.h"

struct chappe_schema_registry;

/* Asks the registry that the settings name. deadline_us: until then announcing outlasts a registry that does not
 * answer. others: who finds schemas by fingerprint, and is told of what is written when `framing` is single-object;
 * NULL: nobody. Borrowed. */
int chappe_schema_registry_open(struct chappe_runtime *runtime, const struct chappe_schema_backend *others,
                                int64_t deadline_us, struct chappe_schema_registry **ret_registry,
                                struct chappe_error *error);
/* The same with answers from elsewhere. */
int chappe_schema_registry_new(struct chappe_runtime *runtime, const struct chappe_registry_source *source,
                               const struct chappe_schema_backend *others, int64_t deadline_us,
                               struct chappe_schema_registry **ret_registry, struct chappe_error *error);
struct chappe_schema_backend chappe_schema_registry_backend(struct chappe_schema_registry *registry);
/* Takes NULL; returns NULL. */
struct chappe_schema_registry *chappe_schema_registry_free(struct chappe_schema_registry *registry);

/* Which of the two the settings ask for. */
struct chappe_schema_sharing {
        bool registry; /* one is configured: ids are looked up there */
        bool topic;    /* what is written names fingerprints: the schema topic tells them */
};
/* -CHAPPE_E_SETTING_VALUE: the settings contradict each other. */
int chappe_schema_sharing(const struct chappe_runtime *runtime, struct chappe_schema_sharing *ret_sharing,
                          struct chappe_error *error);
