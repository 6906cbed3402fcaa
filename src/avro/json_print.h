/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of JSON, appended to a buffer; negative when memory is short. */
#pragma once

#include <chappe/buffer.h>

/* As Java's Double.toString; infinities and NaN as strings, as Jackson does. */
int chappe_json_put_double(struct chappe_buffer *buffer, double number);
/* In the same form, with the digits that a float needs: 0.1. */
int chappe_json_put_float(struct chappe_buffer *buffer, float number);
int chappe_json_put_integer(struct chappe_buffer *buffer, int64_t number);
/* In quotes, escaped as Jackson does: what JSON demands and, with pairs, characters above U+FFFF. The text must be
 * UTF-8. */
int chappe_json_put_string(struct chappe_buffer *buffer, struct chappe_text text, bool pairs);
/* Bytes as the characters U+0000 to U+00FF. */
int chappe_json_put_bytes(struct chappe_buffer *buffer, const uint8_t *bytes, size_t length);
