/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that are carried: few without an allocation. */
#include "flow/carried_headers.h"

#include <stdlib.h>

/* Those that were filled in, within the limits. */
static size_t count_fitting(const struct chappe_header *headers, size_t filled, size_t bytes_maximum)
{
        size_t count = 0, bytes = 0;
        while (count < filled && headers[count].name) {
                size_t size = strlen(headers[count].name) + headers[count].length;
                if (size > bytes_maximum - bytes)
                        break;
                bytes += size;
                count++;
        }
        return count;
}

void chappe_carried_headers_read(struct chappe_carried_headers *carried, const struct chappe_record *record,
                                 size_t maximum, size_t bytes_maximum)
{
        size_t room = CHAPPE_HEADERS_MAXIMUM;
        /* Cleared, all of them: a kept record may have fewer than it says. */
        memset(carried->few, 0, sizeof(carried->few));
        size_t all = chappe_record_headers(record, carried->few, room);
        carried->headers = carried->few;
        carried->many = NULL;
        if (all > room) {
                size_t wanted = all < maximum ? all : maximum;
                carried->many = calloc(wanted, sizeof(*carried->many));
                if (carried->many) {
                        (void)chappe_record_headers(record, carried->many, wanted);
                        carried->headers = carried->many;
                        room = wanted;
                }
        }
        carried->count = count_fitting(carried->headers, all < room ? all : room, bytes_maximum);
        carried->left_out = all - carried->count;
}

void chappe_carried_headers_deinit(struct chappe_carried_headers *carried)
{
        free(carried->many);
        carried->many = NULL;
}
