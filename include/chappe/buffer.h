/* SPDX-License-Identifier: Apache-2.0 */
/* A growing buffer of bytes. Not thread-safe. */
#pragma once

#include <chappe/error.h>
#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialise; chappe_buffer_deinit when done. */
struct chappe_buffer {
        uint8_t *at;
        size_t length;
        size_t capacity;
};

/* Room for size more bytes behind length; NULL when memory is short. Does not change length. */
uint8_t *chappe_buffer_reserve(struct chappe_buffer *buffer, size_t size);
int chappe_buffer_append(struct chappe_buffer *buffer, const void *bytes, size_t size);
void chappe_buffer_deinit(struct chappe_buffer *buffer);

int chappe_buffer_printf(struct chappe_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
