/* SPDX-License-Identifier: Apache-2.0 */
/* A client: opened, connected, started, closed. */
#include "service/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/patterns.h"

CHAPPE_CLEANUP_DEFINE(client, struct chappe_client *, (void)chappe_client_close)

/* What a tool wants otherwise than a service; whoever opens the client has the last word. */
static const char *const manners[] = { "admin=false", "log_level=error" };

#define MANNERS (sizeof(manners) / sizeof(*manners))

static int make_service(struct chappe_client *client, const struct chappe_client_options *options,
                        struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        size_t count = 0;
        int status;

        while (options->settings && options->settings[count])
                count++;
        const char **settings = memory = calloc(MANNERS + count + 1, sizeof(*settings));
        if (!settings)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings");
        memcpy(settings, manners, sizeof(manners));
        for (size_t i = 0; i < count; i++)
                settings[MANNERS + i] = options->settings[i];
        client->config = (struct chappe_service_config){
                .name = "chappe",
                .version = chappe_version(),
                .operations = options->operations,
        };
        struct chappe_service_options service = { options->config_file, settings, options->world };
        status = chappe_service_new(&client->config, &service, &client->service, error);
        return status;
}

int chappe_client_open(const struct chappe_client_options *options, struct chappe_client **ret_client,
                       struct chappe_error *error)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = calloc(1, sizeof(*client));
        int status;

        if (client)
                client->arena = chappe_arena_new(0);
        if (!client || !client->arena)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the client");
        client->create = options->create;
        status = make_service(client, options, error);
        if (status < 0)
                return status;
        client->headed = chappe_patterns_split(chappe_config_text(client->service->runtime.config, "header_topics"));
        if (!client->headed)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the client");
        *ret_client = CHAPPE_TAKE(client);
        return 0;
}

static void disconnect(struct chappe_client *client)
{
        struct chappe_runtime *runtime = &client->service->runtime;

        if (!client->connected)
                return;
        runtime->broker->operations->close(runtime->broker);
        runtime->broker = NULL;
        client->connected = false;
}

struct chappe_client *chappe_client_close(struct chappe_client *client)
{
        if (!client)
                return NULL;
        chappe_client_decoders_free(client);
        if (client->service)
                disconnect(client);
        chappe_service_free(client->service);
        chappe_arena_free(client->arena);
        free(client->headed);
        free(client);
        return NULL;
}

void chappe_client_interrupt(struct chappe_client *client)
{
        atomic_store(&client->interrupted, true);
}

int64_t chappe_client_timeout_ms(const struct chappe_client *client)
{
        return chappe_config_integer(client->service->runtime.config, "broker_timeout_ms");
}

int chappe_client_broker(struct chappe_client *client, struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct chappe_runtime *runtime = &client->service->runtime;

        if (!runtime->broker) {
                int status = chappe_service_open_broker(client->service, error);

                if (status < 0)
                        return status;
                client->connected = true;
        }
        *ret_broker = runtime->broker;
        return 0;
}

/* A topic whose name was mistyped must not come into being: what a tool writes to is there, or is asked for. */
static int check_topics(struct chappe_client *client, struct chappe_error *error)
{
        const struct chappe_runtime *runtime = &client->service->runtime;
        const struct chappe_operation *operation = runtime->operations;
        int status = 0;

        for (; operation->kind != CHAPPE_END && !client->create && status >= 0; operation++) {
                CHAPPE_CLEANUP(string) char *name = chappe_flow_topic(runtime, operation->topic);
                CHAPPE_CLEANUP(memory) void *list = NULL;
                const char *names[] = { name };
                struct chappe_topic_description *topics;
                struct chappe_broker *broker;
                size_t count;

                if (!name)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a topic's name");
                status = chappe_client_broker(client, &broker, error);
                if (status >= 0)
                        status = broker->operations->topics_describe(broker, names, 1, chappe_client_timeout_ms(client),
                                                                     &topics, &count, error);
                if (status < 0)
                        return status;
                list = topics;
                if (count == 0 || topics[0].partition_count == 0)
                        status = chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", name);
        }
        return status;
}

int chappe_client_start(struct chappe_client *client, struct chappe_service **ret_service, struct chappe_error *error)
{
        if (!client->started) {
                int status = check_topics(client, error);

                disconnect(client);
                if (status >= 0)
                        status = chappe_service_start(client->service, error);
                if (status < 0)
                        return status;
                client->started = true;
        }
        if (ret_service)
                *ret_service = client->service;
        return 0;
}
