/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and text for a program that runs once: when memory is short it ends, and nothing is written. */
#pragma once

#include <stdio.h>

#include <chappe/arena.h>
#include <chappe/buffer.h>

void *gen_alloc(struct chappe_arena *arena, size_t size);
const char *gen_printf(struct chappe_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

void emit(struct chappe_buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of code, depth blocks deep. */
void emit_line(struct chappe_buffer *out, int depth, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A comment line of its own; text may be NULL and may hold anything. */
void emit_doc(struct chappe_buffer *out, const char *indent, const char *text);
/* A file's name without its folder, fit for a comment. */
const char *emit_base_name(struct chappe_arena *arena, const char *path);
/* A C string literal, broken into lines of moderate length. */
void emit_string(struct chappe_buffer *out, struct chappe_text text);

/* Puts the bytes into the file at once, or leaves it as it was. */
int emit_file(const char *path, const struct chappe_buffer *content, struct chappe_error *error);
