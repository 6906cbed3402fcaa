/* SPDX-License-Identifier: Apache-2.0 */
/* A small service program: answers every ping with a pong; a negative number never succeeds, with 60 the handler never
 * returns. */
#include <unistd.h>

#include "fixture.h"

static enum chappe_decision on_ping(struct chappe_context *ctx, const void *event)
{
        const struct ping *ping = event;

        if (ping->number < 0)
                return chappe_retry(ctx, "a number below zero");
        int published = chappe_publish(ctx, &pong_type, &(struct pong){ .id = ping->id });
        while (ping->number == 60)
                pause();
        return published < 0 ? CHAPPE_RETRY : CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "test.pings", .type = &ping_type, .on_event = on_ping },
        { .kind = CHAPPE_PRODUCES, .topic = "test.pongs", .type = &pong_type },
        { 0 },
};
static const struct chappe_setting settings[] = {
        { "currency", "GBP", "of the shop", false, false },
        { "api_key", "", "of the bank", false, true },
        { 0 },
};

int main(int argc, char **argv)
{
        return chappe_main(argc, argv,
                           &(struct chappe_service_config){ .name = "player",
                                                            .version = "1.2.3",
                                                            .description = "answers pings",
                                                            .operations = operations,
                                                            .settings = settings });
}
