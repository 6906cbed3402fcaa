/* SPDX-License-Identifier: Apache-2.0 */
/* Which order a record stands in. Of its bytes, whenever somebody asks: of most records nobody does. */
#pragma once

#include "flow/handover.h"
#include "flow/key_hash.h"

/* A hash of its key; a record without one is a key of its own. */
static inline uint64_t chappe_job_key(const struct chappe_job *job)
{
        const struct chappe_bytes *key = &job->record.key;
        return key->at ? chappe_key_hash(key->at, key->length) : chappe_key_mix((uint64_t)job->record.offset);
}

/* Records that have to stay in order share an identity; a shared identity by chance costs concurrency, never order. */
static inline uint64_t chappe_job_identity(const struct chappe_job *job)
{
        if (job->channel->order == CHAPPE_ORDER_PARTITION)
                return 0;
        uint64_t own = job->channel->order == CHAPPE_ORDER_NONE ? chappe_key_mix((uint64_t)job->record.offset)
                                                                : chappe_job_key(job);
        return own == CHAPPE_COMMON_IDENTITY ? own + 1 : own;
}
