/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of input, and bytes in hex. */
#pragma once

#include <stdio.h>

#include <chappe/buffer.h>
#include <chappe/error.h>

#define LINE_LIMIT (64u << 20) /* bytes of one line of input */

/* The next line without its end; false at the end of the input. *ret_long: it was over the limit and is cut off. */
bool line_read(FILE *file, struct chappe_buffer *line, bool *ret_long);

/* The line's number in its file for what is wrong with it, where the text says "line 1:7" of the line alone. */
void line_blame(struct chappe_error *error, const char *file, size_t number);

/* Appends the bytes; false when the text is no hex. White space is skipped. */
bool hex_read(struct chappe_text text, struct chappe_buffer *bytes);
void hex_print(FILE *file, const void *bytes, size_t length);
