/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers: looked up among those of a record, gathered for one that is sent. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chappe/error.h>
#include <chappe/header.h>
#include <chappe/text.h>

/* What is accepted from others; a record beyond is refused, not cut. */
#define CHAPPE_HEADERS_MAXIMUM       64
#define CHAPPE_HEADERS_BYTES_MAXIMUM 65536

/* -CHAPPE_E_HEADERS_LIMIT when these are more, or longer, than accepted. count may exceed what was stored at headers,
 * but is then refused before any is read. */
int chappe_headers_check(const struct chappe_header *headers, size_t count, struct chappe_error *error);
/* The last header of this name, or NULL. */
const struct chappe_header *chappe_header_find(const struct chappe_header *headers, size_t count, const char *name);
/* Its value; at NULL for NULL. */
struct chappe_bytes chappe_header_bytes(const struct chappe_header *header);
struct chappe_text chappe_header_text(const struct chappe_header *header);

/* Big-endian of exactly 4 or 8 bytes; false otherwise. */
bool chappe_header_int32(struct chappe_bytes value, int32_t *ret_number);
bool chappe_header_int64(struct chappe_bytes value, int64_t *ret_number);
/* 1 to 19 ASCII digits, within int64; false otherwise. */
bool chappe_header_decimal(struct chappe_bytes value, int64_t *ret_number);

/* Ours on top of all that a record may bring along. */
#define CHAPPE_HEADER_LIST_MAXIMUM (CHAPPE_HEADERS_MAXIMUM + 24)

/* Headers of one record that is about to be sent. Names and values are borrowed; numbers are kept in scratch, so that
 * the list must stay where it is. Initialise with chappe_header_list_init; nothing to free but what was reserved. */
struct chappe_header_list {
        size_t count;
        size_t used;
        size_t capacity;
        struct chappe_header *headers; /* usual, or of the heap */
        struct chappe_header usual[CHAPPE_HEADER_LIST_MAXIMUM];
        uint8_t scratch[640];
};

static inline void chappe_header_list_init(struct chappe_header_list *list)
{
        list->count = 0;
        list->used = 0;
        list->capacity = CHAPPE_HEADER_LIST_MAXIMUM;
        list->headers = list->usual;
}

/* An empty list gets room for so many headers of a record, beside ours; -CHAPPE_E_NO_MEMORY.
 * chappe_header_list_deinit when done. */
int chappe_header_list_reserve(struct chappe_header_list *list, size_t count);
void chappe_header_list_deinit(struct chappe_header_list *list);

/* More than the list holds is a broken program: check what comes from outside first. */
void chappe_header_list_bytes(struct chappe_header_list *list, const char *name, struct chappe_bytes value);
void chappe_header_list_text(struct chappe_header_list *list, const char *name, struct chappe_text value);
void chappe_header_list_int32(struct chappe_header_list *list, const char *name, int32_t value);
void chappe_header_list_int64(struct chappe_header_list *list, const char *name, int64_t value);
void chappe_header_list_decimal(struct chappe_header_list *list, const char *name, int64_t value);
/* A value of length bytes in scratch, to be filled in by the caller. */
uint8_t *chappe_header_list_room(struct chappe_header_list *list, const char *name, size_t length);
