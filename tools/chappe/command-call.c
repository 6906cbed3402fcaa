/* SPDX-License-Identifier: Apache-2.0 */
/* chappe call: one request to a service, and its reply. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/client.h>

#include "cluster.h"
#include "contract.h"

struct calling {
        struct contract contract;
        struct chappe_service *service;
        const char *json;
        int64_t timeout_ms;
};

static int print_part(struct chappe_schema *schema, const struct chappe_type *type, const void *value)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        struct chappe_error error;

        if (chappe_json_print_plain(schema, type->layout, value, &text, &error) < 0)
                return command_fail(&error);
        printf("%.*s\n", (int)text.length, (char *)text.at);
        return EXIT_DONE;
}

static int print_reply(struct calling *calling, int outcome, const char *reply)
{
        const struct contract *contract = &calling->contract;

        if (outcome == 0)
                return print_part(contract->response, contract->message.response,
                                  reply + contract->message.response_offset);
        for (size_t i = 0; i < contract->message.error_count; i++) {
                if (contract->errors[i].outcome != outcome)
                        continue;
                command_say("refused: %s", contract->errors[i].type->name);
                print_part(contract->refusals[i], contract->errors[i].type, reply + contract->errors[i].offset);
        }
        return EXIT_FAILED;
}

static int call_in(struct calling *calling, struct chappe_context *ctx)
{
        const struct chappe_message *message = &calling->contract.message;
        CHAPPE_CLEANUP(memory) void *request = calloc(1, message->request->layout->size + 1);
        CHAPPE_CLEANUP(memory) void *reply = calloc(1, message->reply_size + 1);
        struct chappe_error error;
        int outcome;

        if (!request || !reply)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        if (chappe_json_read_plain(calling->contract.request, message->request->layout, chappe_text(calling->json),
                                   chappe_context_arena(ctx), request, &error) < 0)
                return command_fail(&error);
        if (message->one_way) {
                if (chappe_send(ctx, message, request) < 0)
                        return command_fail(chappe_context_error(ctx));
                if (chappe_context_finish(ctx, &error) < 0)
                        return command_fail(&error);
                command_say("delivered: nobody answers a one-way message");
                return EXIT_DONE;
        }
        outcome = chappe_call(ctx, message, request, reply);
        return outcome < 0 ? command_fail(chappe_context_error(ctx)) : print_reply(calling, outcome, reply);
}

static int call_through(struct calling *calling, const struct command_line *line)
{
        struct chappe_operation operations[] = {
                {
                        .kind = CHAPPE_CALLS,
                        .topic = command_argument(line, 0),
                        .message = &calling->contract.message,
                        .timeout_ms = (int32_t)calling->timeout_ms,
                        .key = command_value(line, "key-field"),
                },
                { 0 },
        };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct chappe_context *ctx;
        struct chappe_error error;
        int status = cluster_open(line, operations, false, NULL, &client);

        if (status != EXIT_DONE)
                return status;
        if (chappe_client_start(client, &calling->service, &error) < 0)
                return command_fail(&error);
        ctx = chappe_context_open(calling->service, NULL, calling->timeout_ms);
        if (!ctx)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        status = call_in(calling, ctx);
        chappe_context_close(ctx);
        return status;
}

static int call(const struct command_line *line)
{
        const char *json = command_value(line, "json");
        struct calling calling = { .json = json ? json : command_argument(line, 2), .timeout_ms = 2000 };
        int status;

        if (!calling.json)
                return command_misuse("the request is missing: as an argument, or with --json");
        if (!command_duration(line, "timeout", &calling.timeout_ms))
                return EXIT_USAGE;
        if (calling.timeout_ms < 1 || calling.timeout_ms > INT32_MAX)
                return command_misuse("--timeout is between 1ms and 24d");
        status = contract_open(line, command_argument(line, 0), command_argument(line, 1), &calling.contract);
        if (status == EXIT_DONE)
                status = call_through(&calling, line);
        contract_close(&calling.contract);
        return status;
}

static const struct command_option options[] = {
        { "protocol", 'p', "FILE",
          "the contract (shop/inventory.avpr in the include folders, for the topic shop.inventory)", NULL },
        { "json", 'j', "JSON", "the request", NULL },
        { "timeout", 't', "TIME", "how long to wait for the reply: 2s", NULL },
        { "key-field", 'k', "FIELD", "the request's field that is the record key (the contract's chappe.key)", NULL },
        SCHEMA_INCLUDE_OPTION,
        { 0 },
};

const struct command command_call = {
        .name = "call",
        .arguments = "TOPIC MESSAGE [JSON]",
        .summary = "send a request to a service and print its reply",
        .details = "Exit code 0 with the response, 1 with an error that the contract declares (printed too), 3 without "
                   "an answer in time. A one-way message is delivered, and not waited for.",
        .options = options,
        .least = 2,
        .most = 3,
        .cluster = true,
        .run = call,
};
