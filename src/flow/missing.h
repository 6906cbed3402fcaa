/* SPDX-License-Identifier: Apache-2.0 */
/* A topic that this service reads, and that is not there any more: nothing comes, and nothing else would tell. Of the
 * poll strand. */
#pragma once

#include "flow/channels.h"

/* Zero-initialise, but for runtime. */
struct chappe_missing {
        const struct chappe_runtime *runtime;
        bool suspected; /* the client said that a topic is missing; it may have been made since */
        int64_t look_us;
        const struct chappe_channel *channel; /* the first that was missing at the last look; NULL: none */
};

void chappe_missing_suspect(struct chappe_missing *missing);
/* Asks the brokers for one topic after the other, at most every few seconds and only while one is suspected; ends with
 * the first that is missing, or for which no answer comes within 200 ms. The missing one, or NULL. */
const struct chappe_channel *chappe_missing_look(struct chappe_missing *missing, int64_t now_us);
