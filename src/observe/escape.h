/* SPDX-License-Identifier: Apache-2.0 */
/* Making any bytes safe to show: what is not printable is escaped, what is not UTF-8 is shown byte by byte. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <chappe/text.h>

enum chappe_escape_form {
        CHAPPE_ESCAPE_PLAIN, /* for eyes: \n, \x1b, \u202e */
        CHAPPE_ESCAPE_JSON,  /* the inside of a JSON string (RFC 8259) */
};

/* Writes the escaped text, not terminated, never splitting a character; returns the bytes written. *ret_cut (may be
 * NULL) says whether something did not fit. */
size_t chappe_escape(enum chappe_escape_form form, struct chappe_text text, char *ret, size_t size, bool *ret_cut);
