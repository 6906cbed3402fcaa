/* SPDX-License-Identifier: Apache-2.0 */
/* Confluent's registry API over HTTP, spoken by Confluent, Apicurio (/apis/ccompat/v7), Karapace and others. */
#pragma once

#include "registry/source.h"

struct chappe_rest;

struct chappe_rest_config {
        const char *url;      /* http or https, host, port, path; neither user nor query */
        const char *user;     /* NULL or "": none. Needs https */
        const char *password; /* or NULL */
        int32_t timeout_ms;   /* of one request: 5,000 */
};

/* libcurl is set up here, so that a process without a registry never does. */
int chappe_rest_open(const struct chappe_rest_config *config, struct chappe_rest **ret_rest,
                     struct chappe_error *error);
struct chappe_registry_source chappe_rest_source(struct chappe_rest *rest);
/* Is data of what is registered as version ("latest", "3") of the subject readable by this text? 1 yes, 0 no. */
int chappe_rest_compatible(struct chappe_rest *rest, const char *subject, const char *version, struct chappe_text text,
                           struct chappe_error *error);
/* Appends the text of one version of a subject. */
int chappe_rest_version(struct chappe_rest *rest, const char *subject, const char *version, struct chappe_buffer *text,
                        uint32_t *ret_id, struct chappe_error *error);
/* Takes NULL; returns NULL. */
struct chappe_rest *chappe_rest_close(struct chappe_rest *rest);
