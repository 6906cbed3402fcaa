/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the topics that are read is not there any more. */
#include "flow/missing.h"

#include <stdlib.h>

#include "flow/replay.h"

#define LOOK_US   5000000
#define ANSWER_MS 200

void chappe_missing_suspect(struct chappe_missing *missing)
{
        missing->suspected = true;
        missing->look_us = 0;
}

/* Negative: the brokers do not say. */
static int ask(const struct chappe_missing *missing, const struct chappe_channel *channel, bool *ret_there)
{
        struct chappe_broker *broker = missing->runtime->broker;
        const char *name = channel->name;
        struct chappe_topic_description *topics = NULL;
        size_t count = 0;
        int status = broker->operations->topics_describe(broker, &name, 1, ANSWER_MS, &topics, &count, NULL);
        *ret_there = status == 0 && count == 1 && topics[0].partition_count > 0;
        free(topics);
        return status;
}

const struct chappe_channel *chappe_missing_look(struct chappe_missing *missing, int64_t now_us)
{
        const struct chappe_channels *channels = missing->runtime->channels;
        if (!missing->suspected || now_us < missing->look_us)
                return missing->channel;
        missing->look_us = now_us + LOOK_US;
        for (size_t i = 0; i < channels->count; i++) {
                const struct chappe_channel *channel = &channels->at[i];
                bool there;
                if (!chappe_channel_reads(channel) || !chappe_replay_has_topic(missing->runtime->replay, channel->name))
                        continue;
                if (ask(missing, channel, &there) < 0)
                        return missing->channel;
                if (!there)
                        return missing->channel = channel;
        }
        missing->suspected = false;
        return missing->channel = NULL;
}
