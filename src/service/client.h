/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a client: a service without handlers, and the decoders of what was read. */
#pragma once

#include <stdatomic.h>

#include <chappe/client.h>

#include "flow/payload.h"
#include "service/service.h"

struct chappe_client_decoder;

struct chappe_client {
        struct chappe_service *service;
        struct chappe_service_config config;
        bool connected; /* the broker was opened for administration only */
        bool started;
        bool create;
        atomic_bool interrupted;
        struct chappe_client_decoder *decoders; /* one a writer */
        char *headed;                           /* patterns of the topics where a header may name the schema */
        struct chappe_writer bare;              /* of the values being read; schema NULL: each names its own */
        struct chappe_arena *arena;             /* of the record being called back for */
};

/* The broker, connected if need be. */
int chappe_client_broker(struct chappe_client *client, struct chappe_broker **ret_broker, struct chappe_error *error);
/* client_topics.c: every topic of the cluster; one allocation, for free(). */
int chappe_client_describe_topics(struct chappe_client *client, struct chappe_topic_description **ret_topics,
                                  size_t *ret_count, struct chappe_error *error);
int64_t chappe_client_timeout_ms(const struct chappe_client *client);

/* client_decode.c: fills in schema, layout and value, or error. The arena is reset. */
void chappe_client_decode(struct chappe_client *client, const struct chappe_record *taken,
                          struct chappe_client_record *record, struct chappe_error *error);
void chappe_client_decoders_free(struct chappe_client *client);
