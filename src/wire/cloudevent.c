/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents 1.0 in binary mode. */
#include "wire/cloudevent.h"

#include <stdio.h>
#include <time.h>

#define LAST_SECOND_OF_9999 INT64_C(253402300799)

size_t chappe_time_format(int64_t time_ms, char ret_time[CHAPPE_TIME_SIZE])
{
        int64_t seconds = time_ms < 0 ? 0 : time_ms / 1000;
        time_t when = (time_t)(seconds > LAST_SECOND_OF_9999 ? LAST_SECOND_OF_9999 : seconds);
        struct tm parts;
        size_t length;

        gmtime_r(&when, &parts);
        length = strftime(ret_time, CHAPPE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
        return length + (size_t)snprintf(ret_time + length, CHAPPE_TIME_SIZE - length, ".%03dZ",
                                         time_ms < 0 ? 0 : (int)(time_ms % 1000));
}

static void write_time(int64_t time_ms, struct chappe_header_list *list)
{
        char time[CHAPPE_TIME_SIZE];
        size_t length = chappe_time_format(time_ms, time);

        memcpy(chappe_header_list_room(list, CHAPPE_HEADER_EVENT_TIME, length), time, length);
}

void chappe_cloudevent_write(const struct chappe_cloudevent *event, bool full, struct chappe_header_list *list)
{
        chappe_header_list_text(list, CHAPPE_HEADER_EVENT_ID, event->id);
        if (!full)
                return;
        chappe_header_list_text(list, CHAPPE_HEADER_EVENT_SOURCE, event->source);
        chappe_header_list_text(list, CHAPPE_HEADER_EVENT_TYPE, event->type);
        chappe_header_list_text(list, CHAPPE_HEADER_EVENT_SPECVERSION, chappe_text("1.0"));
        write_time(event->time_ms, list);
        chappe_header_list_text(list, CHAPPE_HEADER_CONTENT_TYPE, chappe_text("application/avro"));
}

struct chappe_text chappe_cloudevent_id(const struct chappe_header *headers, size_t count)
{
        struct chappe_text id = chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_EVENT_ID));

        return id.length <= CHAPPE_EVENT_ID_MAXIMUM ? id : (struct chappe_text){ NULL, 0 };
}
