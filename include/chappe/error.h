/* SPDX-License-Identifier: Apache-2.0 */
/* How failure is told: a negative status and a filled-in error with a stable code. */
#pragma once

#include <stddef.h>

#include <chappe/error_codes.h>

#ifdef __cplusplus
extern "C" {
#endif

enum chappe_error_code {
#define CHAPPE_ERROR_CODE(symbol, number, summary, advice) CHAPPE_E_##symbol = number,
        CHAPPE_ERROR_CODES(CHAPPE_ERROR_CODE)
#undef CHAPPE_ERROR_CODE
};

/* Filled in by the function that fails; left alone on success. The text is one line, without the code. */
struct chappe_error {
        int code;
        char text[500];
};

/* Fills in the error (which may be NULL) and returns -code, so that a function can end with it. */
int chappe_fail(struct chappe_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "where: " in front of the text of an error that is being handed on. Returns -code. */
int chappe_error_prefix(struct chappe_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What one code means and what to do about it, or NULL for a number that is no code. Static strings. */
const char *chappe_error_summary(int code);
const char *chappe_error_advice(int code);

/* The codes in ascending order, for listings: the n-th, or 0 past the last. */
int chappe_error_code_at(size_t n);

#ifdef __cplusplus
}
#endif
