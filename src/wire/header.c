/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers: looked up among those of a record, gathered for one that is sent. */
#include "wire/header.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int chappe_headers_check(const struct chappe_header *headers, size_t count, struct chappe_error *error)
{
        size_t bytes = 0;

        if (count > CHAPPE_HEADERS_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_HEADERS_LIMIT, "%zu headers; at most %d are accepted", count,
                                   CHAPPE_HEADERS_MAXIMUM);
        for (size_t i = 0; i < count; i++) {
                bytes += strlen(headers[i].name) + headers[i].length;
                if (bytes > CHAPPE_HEADERS_BYTES_MAXIMUM)
                        return chappe_fail(error, CHAPPE_E_HEADERS_LIMIT,
                                           "headers longer than the accepted %d bytes together",
                                           CHAPPE_HEADERS_BYTES_MAXIMUM);
        }
        return 0;
}

const struct chappe_header *chappe_header_find(const struct chappe_header *headers, size_t count, const char *name)
{
        for (size_t i = count; i > 0; i--)
                if (strcmp(headers[i - 1].name, name) == 0)
                        return &headers[i - 1];
        return NULL;
}

struct chappe_bytes chappe_header_bytes(const struct chappe_header *header)
{
        return header ? (struct chappe_bytes){ header->value, header->length } : (struct chappe_bytes){ NULL, 0 };
}

struct chappe_text chappe_header_text(const struct chappe_header *header)
{
        return header ? (struct chappe_text){ header->value, header->length } : (struct chappe_text){ NULL, 0 };
}

static uint64_t big_endian(struct chappe_bytes value)
{
        uint64_t number = 0;

        for (size_t i = 0; i < value.length; i++)
                number = number << 8 | value.at[i];
        return number;
}

bool chappe_header_int32(struct chappe_bytes value, int32_t *ret_number)
{
        if (value.length != sizeof(*ret_number))
                return false;
        *ret_number = (int32_t)big_endian(value);
        return true;
}

bool chappe_header_int64(struct chappe_bytes value, int64_t *ret_number)
{
        if (value.length != sizeof(*ret_number))
                return false;
        *ret_number = (int64_t)big_endian(value);
        return true;
}

bool chappe_header_decimal(struct chappe_bytes value, int64_t *ret_number)
{
        uint64_t number = 0;

        if (value.length < 1 || value.length > 19)
                return false;
        for (size_t i = 0; i < value.length; i++) {
                if (value.at[i] < '0' || value.at[i] > '9')
                        return false;
                number = number * 10 + (uint64_t)(value.at[i] - '0'); /* 19 digits fit */
        }
        if (number > INT64_MAX)
                return false;
        *ret_number = (int64_t)number;
        return true;
}

int chappe_header_list_reserve(struct chappe_header_list *list, size_t count)
{
        assert(list->count == 0 && list->headers == list->usual);
        if (count <= CHAPPE_HEADERS_MAXIMUM)
                return 0;
        size_t capacity = count + CHAPPE_HEADER_LIST_MAXIMUM - CHAPPE_HEADERS_MAXIMUM;
        struct chappe_header *headers = malloc(capacity * sizeof(*headers));

        if (!headers)
                return -CHAPPE_E_NO_MEMORY;
        list->headers = headers;
        list->capacity = capacity;
        return 0;
}

void chappe_header_list_deinit(struct chappe_header_list *list)
{
        if (list->headers != list->usual)
                free(list->headers);
        chappe_header_list_init(list);
}

void chappe_header_list_bytes(struct chappe_header_list *list, const char *name, struct chappe_bytes value)
{
        assert(list->count < list->capacity);
        list->headers[list->count++] = (struct chappe_header){ name, value.at, value.length };
}

void chappe_header_list_text(struct chappe_header_list *list, const char *name, struct chappe_text value)
{
        chappe_header_list_bytes(list, name, (struct chappe_bytes){ (const uint8_t *)value.at, value.length });
}

uint8_t *chappe_header_list_room(struct chappe_header_list *list, const char *name, size_t length)
{
        uint8_t *room = list->scratch + list->used;

        assert(length <= sizeof(list->scratch) - list->used);
        list->used += length;
        chappe_header_list_bytes(list, name, (struct chappe_bytes){ room, length });
        return room;
}

static void put_big_endian(uint8_t *at, size_t size, uint64_t number)
{
        for (size_t i = size; i > 0; i--, number >>= 8)
                at[i - 1] = (uint8_t)number;
}

void chappe_header_list_int32(struct chappe_header_list *list, const char *name, int32_t value)
{
        put_big_endian(chappe_header_list_room(list, name, 4), 4, (uint32_t)value);
}

void chappe_header_list_int64(struct chappe_header_list *list, const char *name, int64_t value)
{
        put_big_endian(chappe_header_list_room(list, name, 8), 8, (uint64_t)value);
}

void chappe_header_list_decimal(struct chappe_header_list *list, const char *name, int64_t value)
{
        char digits[24];
        int length = snprintf(digits, sizeof(digits), "%" PRId64, value);

        memcpy(chappe_header_list_room(list, name, (size_t)length), digits, (size_t)length);
}
