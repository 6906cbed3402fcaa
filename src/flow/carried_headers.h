/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of a record that is passed on as it is: to its dead letter, back from there, through the park. More of
 * them than what a handler or a call accepts, which reads them.
 */
#pragma once

#include "broker/broker.h"

#define CHAPPE_CARRIED_HEADERS 4096                         /* at most, and so many bytes of names and values: */
#define CHAPPE_CARRIED_BYTES   CHAPPE_HEADERS_BYTES_MAXIMUM /* a parked record keeps them in memory */

struct chappe_carried_headers {
        const struct chappe_header *headers; /* borrowed from the record, but for the array */
        size_t count;
        size_t left_out; /* for their number or length, or because memory was short */
        struct chappe_header few[CHAPPE_HEADERS_MAXIMUM];
        struct chappe_header *many; /* NULL: there are few */
};

/* Of the record's headers the first, as many as stay within both limits. Stays where it is;
 * chappe_carried_headers_deinit when done. */
void chappe_carried_headers_read(struct chappe_carried_headers *carried, const struct chappe_record *record,
                                 size_t maximum, size_t bytes_maximum);
void chappe_carried_headers_deinit(struct chappe_carried_headers *carried);
