/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request at a time per call, with the rules for talking to a registry. The one file pair that knows libcurl.
 */
#pragma once

#include <chappe/buffer.h>
#include <chappe/error.h>
#include <chappe/text.h>

#include "registry/rest.h"

#define CHAPPE_HTTP_ANSWER_LIMIT (1u << 20)

struct chappe_http;

int chappe_http_open(const struct chappe_rest_config *config, struct chappe_http **ret_http,
                     struct chappe_error *error);
/* Without a slash at the end. */
const char *chappe_http_url(const struct chappe_http *http);
/* GET of path, or POST when body.at is not NULL. The path comes behind the URL and is encoded already. Appends at most
 * CHAPPE_HTTP_ANSWER_LIMIT bytes of answer; *ret_status: the HTTP status, never a redirect. Any strand. */
int chappe_http_request(struct chappe_http *http, const char *path, struct chappe_text body, long *ret_status,
                        struct chappe_buffer *answer, struct chappe_error *error);
/* Appends a path segment, percent-encoded but for unreserved characters (RFC 3986). */
int chappe_http_append_segment(struct chappe_buffer *path, const char *segment);
struct chappe_http *chappe_http_close(struct chappe_http *http);
