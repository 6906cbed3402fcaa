/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema register: a schema is made known before the first event that needs it. */
#include <inttypes.h>

#include <chappe/client.h>

#include "cluster.h"
#include "schemas.h"

/* Opening a client that will write the type to the topic makes it known, as a service's start does. */
static int announce(const struct command_line *line, const struct chappe_type *type)
{
        const char *topic = command_argument(line, 0);
        struct chappe_operation operations[] = { { .kind = CHAPPE_PRODUCES, .topic = topic, .type = type }, { 0 } };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct chappe_service *service;
        struct chappe_error error;
        int status = cluster_open(line, operations, command_given(line, "create"), "schemas_register=true", &client);

        if (status != EXIT_DONE)
                return status;
        if (chappe_client_start(client, &service, &error) < 0)
                return command_fail(&error);
        command_say("%s, fingerprint %016" PRIx64 ", is known for %s", type->name, __builtin_bswap64(type->fingerprint),
                    topic);
        return EXIT_DONE;
}

static int register_schema(const struct command_line *line)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        const struct chappe_type *type;
        struct chappe_error error;
        int status = schema_open(line, command_argument(line, 1), &schema);

        if (status != EXIT_DONE)
                return status;
        if (!arena)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        if (chappe_client_type(schema, arena, &type, &error) < 0)
                return command_fail(&error);
        return announce(line, type);
}

static const struct command_option options[] = {
        { "create", 0, NULL, "create the topic if it is missing", NULL },
        SCHEMA_INCLUDE_OPTION,
        { 0 },
};

const struct command command_schema_register = {
        .name = "schema register",
        .arguments = "TOPIC FILE",
        .summary = "make a schema known for a topic: in the registry, or in the schema topic where there is none",
        .details = "With a registry (--set registry=URL, or CHAPPE_REGISTRY) it is registered under the subject "
                   "TOPIC-value; otherwise it is\n"
                   "put into the schema topic.",
        .options = options,
        .least = 2,
        .most = 2,
        .cluster = true,
        .run = register_schema,
};
