/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents 1.0 in binary mode: ce_id on every event, the full set of attributes where a topic wants them. Pure. */
#pragma once

#include <chappe/text.h>

#include "wire/header.h"

#define CHAPPE_HEADER_EVENT_ID          "ce_id"
#define CHAPPE_HEADER_EVENT_SOURCE      "ce_source"
#define CHAPPE_HEADER_EVENT_TYPE        "ce_type"
#define CHAPPE_HEADER_EVENT_SPECVERSION "ce_specversion"
#define CHAPPE_HEADER_EVENT_TIME        "ce_time"
#define CHAPPE_HEADER_CONTENT_TYPE      "content-type"

/* Longest id accepted from others. */
#define CHAPPE_EVENT_ID_MAXIMUM 512

struct chappe_cloudevent {
        struct chappe_text id;
        struct chappe_text source; /* "/orders" */
        struct chappe_text type;   /* the record's full name */
        int64_t time_ms;           /* since the epoch */
};

/* Appends ce_id, and with full all attributes; borrows the texts. */
void chappe_cloudevent_write(const struct chappe_cloudevent *event, bool full, struct chappe_header_list *list);
/* The id by which an event is recognised: empty when there is none, or one longer than accepted. */
struct chappe_text chappe_cloudevent_id(const struct chappe_header *headers, size_t count);

#define CHAPPE_TIME_SIZE 32
/* RFC 3339 in UTC with milliseconds: "2026-01-01T00:00:00.000Z". Years 1970 to 9999; beyond them the nearest. */
size_t chappe_time_format(int64_t time_ms, char ret_time[CHAPPE_TIME_SIZE]);
