/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers as one blob of the database. */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>

#include "wire/header.h"

/* Appends the blob. -CHAPPE_E_NO_MEMORY, -CHAPPE_E_HEADERS_LIMIT. */
int chappe_headers_pack(const struct chappe_header *headers, size_t count, struct chappe_buffer *buffer,
                        struct chappe_error *error);
/* The headers of a blob, which must stay as long as they; the table comes from the arena. -CHAPPE_E_STORE_CORRUPT. */
int chappe_headers_unpack(struct chappe_bytes packed, struct chappe_arena *arena,
                          const struct chappe_header **ret_headers, size_t *ret_count, struct chappe_error *error);
