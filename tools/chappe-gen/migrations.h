/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of numbered SQL files as a table in C. */
#pragma once

#include <chappe/buffer.h>
#include <chappe/error.h>

/* Appends a header with `static const struct chappe_migration NAME_migrations[]`. name NULL: the folder's, or its
 * parent's when it is called "migrations". The files are 001-name.sql, numbered without gaps. */
int migrations_write(const char *folder, const char *name, struct chappe_buffer *out, struct chappe_error *error);
