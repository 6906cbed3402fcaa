/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer: doubles, so that appending costs the same however long it gets. */
#include <chappe/buffer.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64

uint8_t *chappe_buffer_reserve(struct chappe_buffer *buffer, size_t size)
{
        size_t needed, capacity = buffer->capacity ? buffer->capacity : CAPACITY_FIRST;
        uint8_t *at;

        if (__builtin_add_overflow(buffer->length, size, &needed) || needed > SIZE_MAX / 2)
                return NULL;
        if (buffer->at && needed <= buffer->capacity)
                return buffer->at + buffer->length;
        while (capacity < needed)
                capacity *= 2;
        at = realloc(buffer->at, capacity);
        if (!at)
                return NULL;
        buffer->at = at;
        buffer->capacity = capacity;
        return at + buffer->length;
}

int chappe_buffer_append(struct chappe_buffer *buffer, const void *bytes, size_t size)
{
        uint8_t *at = chappe_buffer_reserve(buffer, size);

        if (!at)
                return -CHAPPE_E_NO_MEMORY;
        if (size)
                memcpy(at, bytes, size);
        buffer->length += size;
        return 0;
}

void chappe_buffer_deinit(struct chappe_buffer *buffer)
{
        free(buffer->at);
        *buffer = (struct chappe_buffer){ 0 };
}

int chappe_buffer_printf(struct chappe_buffer *buffer, const char *format, ...)
{
        va_list arguments, again;
        uint8_t *at = NULL;
        int length;

        va_start(arguments, format);
        va_copy(again, arguments);
        length = vsnprintf(NULL, 0, format, arguments);
        if (length >= 0)
                at = chappe_buffer_reserve(buffer, (size_t)length + 1);
        if (at) {
                vsnprintf((char *)at, (size_t)length + 1, format, again);
                buffer->length += (size_t)length;
        }
        va_end(again);
        va_end(arguments);
        return at ? 0 : -CHAPPE_E_NO_MEMORY;
}
