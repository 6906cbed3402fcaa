/* SPDX-License-Identifier: Apache-2.0 */
/* What the wire tests share: cmocka, literal bytes, one header of a list. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "wire/header.h"

/* A string literal's bytes, zeros included. */
#define BYTES(literal) ((struct chappe_bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })
#define TEXT(literal)  ((struct chappe_text){ (literal), sizeof(literal) - 1 })
#define HEADER(name_, literal)                                                                                         \
        {                                                                                                              \
                .name = (name_), .value = (literal), .length = sizeof(literal) - 1                                     \
        }
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define assert_bytes(bytes, literal)                                                                                   \
        do {                                                                                                           \
                assert_int_equal((bytes).length, sizeof(literal) - 1);                                                 \
                assert_memory_equal((bytes).at, literal, sizeof(literal) - 1);                                         \
        } while (0)

/* The n-th header of the list has this name and these bytes. */
#define assert_header(list, n, name_, literal)                                                                         \
        do {                                                                                                           \
                assert_true((n) < (list)->count);                                                                      \
                assert_string_equal((list)->headers[n].name, name_);                                                   \
                assert_bytes(chappe_header_bytes(&(list)->headers[n]), literal);                                       \
        } while (0)
