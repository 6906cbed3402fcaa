/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts and operations for the tests of a service. */
#include "fixture.h"

#include <stddef.h>

static const struct chappe_layout string_layout = { .kind = CHAPPE_LAYOUT_STRING, .size = sizeof(struct chappe_text) };
static const struct chappe_layout long_layout = { .kind = CHAPPE_LAYOUT_LONG, .size = sizeof(int64_t) };

static const struct chappe_member ping_members[] = {
        { "id", offsetof(struct ping, id), &string_layout },
        { "number", offsetof(struct ping, number), &long_layout },
};
static const struct chappe_layout ping_layout = {
        .kind = CHAPPE_LAYOUT_RECORD, .size = sizeof(struct ping), .count = 2, .members = ping_members
};
static const struct chappe_member pong_members[] = { { "id", offsetof(struct pong, id), &string_layout } };
static const struct chappe_layout pong_layout = {
        .kind = CHAPPE_LAYOUT_RECORD, .size = sizeof(struct pong), .count = 1, .members = pong_members
};

const struct chappe_type ping_type = {
        .name = "test.Ping",
        .schema = "{\"type\":\"record\",\"name\":\"Ping\",\"namespace\":\"test\",\"fields\":["
                  "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"number\",\"type\":\"long\"}]}",
        .fingerprint = UINT64_C(0x951e2efe97538862),
        .layout = &ping_layout,
        .key = "id",
};
const struct chappe_type pong_type = {
        .name = "test.Pong",
        .schema = "{\"type\":\"record\",\"name\":\"Pong\",\"namespace\":\"test\",\"fields\":["
                  "{\"name\":\"id\",\"type\":\"string\"}]}",
        .fingerprint = UINT64_C(0xecfbe021cbc06e94),
        .layout = &pong_layout,
        .key = "id",
};

static const struct chappe_message_error square_errors[] = { { 1, &pong_type, 0 } };
const struct chappe_message square_message = {
        .protocol = "test.Squares",
        .name = "square",
        .request = &ping_type,
        .response = &pong_type,
        .reply_size = sizeof(struct pong),
        .errors = square_errors,
        .error_count = 1,
};

enum chappe_decision on_nothing(struct chappe_context *ctx, const void *event)
{
        (void)ctx;
        (void)event;
        return CHAPPE_DONE;
}

int answer_nothing(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        (void)ctx;
        (void)request;
        (void)ret_reply;
        return 0;
}
