/* SPDX-License-Identifier: Apache-2.0 */
/* Planted mistakes: what a broken runtime would do, to see that it is found. */
#include <stdio.h>

#include "broker/sim/sim_private.h"

#define CALLS    (sizeof(((struct chappe_sim *)0)->calls) / sizeof(struct planted_call))
#define SWAP_PPM 100000

void chappe_sim_plant(struct chappe_sim *sim, enum chappe_sim_planted planted)
{
        sim->planted = planted;
}

static struct chappe_header *header(struct sim_record *record, const char *name)
{
        for (size_t i = 0; i < record->header_count; i++)
                if (strcmp(record->headers[i].name, name) == 0)
                        return &record->headers[i];
        return NULL;
}

static void remember(struct chappe_sim *sim, const struct chappe_header *correlation,
                     const struct chappe_header *reply_topic)
{
        struct planted_call *call = &sim->calls[sim->call_count++ % CALLS];

        memcpy(call->correlation, correlation->value, sizeof(call->correlation));
        snprintf(call->reply_topic, sizeof(call->reply_topic), "%.*s", (int)reply_topic->length,
                 (const char *)reply_topic->value);
}

/* A request has a reply topic, its reply has none. */
void chappe_sim_planted_record(struct chappe_sim *sim, const struct sim_topic *topic, struct sim_record *record)
{
        struct chappe_header *correlation = header(record, "kafka_correlationId");
        struct chappe_header *reply_topic = header(record, "kafka_replyTopic");
        const struct planted_call *other;

        if (!correlation || correlation->length != sizeof(other->correlation))
                return;
        if (reply_topic) {
                remember(sim, correlation, reply_topic);
                return;
        }
        other = &sim->calls[chappe_random_below(sim->random, CALLS)];
        if (strcmp(other->reply_topic, topic->name) == 0 && chappe_random_chance(sim->random, SWAP_PPM))
                memcpy((void *)correlation->value, other->correlation, sizeof(other->correlation));
}
