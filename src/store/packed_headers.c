/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers as one blob: count, then of each name length, name and its terminator, value length (-1: null), value.
 */
#include "store/packed_headers.h"

static int put_number(struct chappe_buffer *buffer, int32_t number)
{
        return chappe_buffer_append(buffer, &number, sizeof(number));
}

static int put_header(struct chappe_buffer *buffer, const struct chappe_header *header)
{
        size_t name_size = strlen(header->name) + 1;
        int status = put_number(buffer, (int32_t)name_size);

        if (status == 0)
                status = chappe_buffer_append(buffer, header->name, name_size);
        if (status == 0)
                status = put_number(buffer, header->value ? (int32_t)header->length : -1);
        if (status == 0 && header->value)
                status = chappe_buffer_append(buffer, header->value, header->length);
        return status;
}

int chappe_headers_pack(const struct chappe_header *headers, size_t count, struct chappe_buffer *buffer,
                        struct chappe_error *error)
{
        int status = chappe_headers_check(headers, count, error);

        if (status < 0)
                return status;
        status = put_number(buffer, (int32_t)count);
        for (size_t i = 0; i < count && status == 0; i++)
                status = put_header(buffer, &headers[i]);
        return status < 0 ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a record's headers") : 0;
}

/* size bytes of what is left, or NULL. */
static const uint8_t *take(struct chappe_bytes *left, size_t size)
{
        const uint8_t *at = left->at;

        if (size > left->length)
                return NULL;
        left->at += size;
        left->length -= size;
        return at;
}

static bool take_number(struct chappe_bytes *left, int32_t *ret_number)
{
        const uint8_t *at = take(left, sizeof(*ret_number));

        if (at)
                memcpy(ret_number, at, sizeof(*ret_number));
        return at;
}

static bool take_header(struct chappe_bytes *left, struct chappe_header *ret_header)
{
        int32_t name_size, value_size;

        if (!take_number(left, &name_size) || name_size < 1)
                return false;
        ret_header->name = (const char *)take(left, (size_t)name_size);
        if (!ret_header->name || ret_header->name[name_size - 1] != '\0' || !take_number(left, &value_size))
                return false;
        ret_header->length = value_size < 0 ? 0 : (size_t)value_size;
        ret_header->value = value_size < 0 ? NULL : take(left, ret_header->length);
        return value_size < 0 || ret_header->value;
}

int chappe_headers_unpack(struct chappe_bytes packed, struct chappe_arena *arena,
                          const struct chappe_header **ret_headers, size_t *ret_count, struct chappe_error *error)
{
        struct chappe_header *headers;
        int32_t count;

        if (!take_number(&packed, &count) || count < 0 || count > CHAPPE_HEADERS_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_STORE_CORRUPT, "stored headers are damaged");
        headers = chappe_arena_alloc(arena, sizeof(*headers) * (size_t)(count + 1));
        if (!headers)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for stored headers");
        for (int32_t i = 0; i < count; i++)
                if (!take_header(&packed, &headers[i]))
                        return chappe_fail(error, CHAPPE_E_STORE_CORRUPT, "stored headers are damaged");
        *ret_headers = headers;
        *ret_count = (size_t)count;
        return 0;
}
