/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimals that bring their own scale. The bytes hold two values in Avro's encoding: bytes with the unscaled number,
 * and an int with the scale. Written as Java's BigDecimal writes them, which keeps the scale: digits with a point, and
 * an exponent where the scale is negative or more than six zeros would stand behind the point.
 */
#include <chappe/logical.h>

#include <inttypes.h>
#include <stdio.h>

#include <chappe/straight.h>

#include "base/cleanup.h"

#include "avro/decimal_hex.h"

#define ZEROS_MOST   6 /* between the point and the first digit */
#define SCALE_SIZE   5
#define NUMBER_LIMIT INT64_C(100000000000) /* more than any scale */

static bool take_apart(struct chappe_bytes value, struct chappe_bytes *ret_unscaled, int32_t *ret_scale)
{
        const uint8_t *end = value.at + value.length, *at;

        if (value.length == 0)
                return false;
        at = chappe_take_bytes(value.at, end, ret_unscaled);
        at = at ? chappe_take_any_int(at, end, ret_scale) : NULL;
        return at == end && ret_unscaled->length > 0 && ret_unscaled->length <= CHAPPE_DECIMAL_SIZE;
}

/* ±d.ddE±n */
static int print_exponent(struct chappe_text digits, int64_t exponent, struct chappe_buffer *buffer)
{
        return chappe_buffer_printf(buffer, "%c%s%.*sE%+" PRId64, digits.at[0], digits.length > 1 ? "." : "",
                                    (int)digits.length - 1, digits.at + 1, exponent);
}

int chappe_big_decimal_print(struct chappe_bytes value, struct chappe_buffer *buffer)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer whole = { 0 };
        struct chappe_bytes unscaled;
        struct chappe_text digits;
        int64_t exponent;
        int32_t scale;
        int r;

        if (!take_apart(value, &unscaled, &scale))
                return chappe_decimal_print_hex(value, buffer);
        r = chappe_decimal_print(unscaled, 0, &whole);
        if (r < 0)
                return r;
        digits = (struct chappe_text){ (const char *)whole.at, whole.length };
        if (digits.at[0] == '-') {
                digits.at++;
                digits.length--;
        }
        exponent = (int64_t)digits.length - 1 - scale;
        if (scale >= 0 && exponent >= -ZEROS_MOST)
                return chappe_decimal_print(unscaled, scale, buffer);
        if (digits.length < whole.length)
                r = chappe_buffer_append(buffer, "-", 1);
        return r < 0 ? r : print_exponent(digits, exponent, buffer);
}

static int misfit(struct chappe_text text, const char *reason, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_VALUE_INVALID, "'%.*s' is no decimal%s",
                           (int)(text.length < 60 ? text.length : 60), text.at, reason);
}

/* The exponent behind the digits, if there is one. */
static bool read_exponent(const char *at, const char *end, int64_t *ret)
{
        bool negative;

        *ret = 0;
        if (at == end)
                return true;
        if (*at != 'e' && *at != 'E')
                return false;
        at++;
        negative = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        if (at == end)
                return false;
        for (; at < end; at++) {
                if (*at < '0' || *at > '9')
                        return false;
                *ret = *ret < NUMBER_LIMIT ? *ret * 10 + (*at - '0') : *ret;
        }
        *ret = negative ? -*ret : *ret;
        return true;
}

/* ±digits without their point, and how many of them stood behind it, less the exponent. */
static int take_digits(struct chappe_text text, struct chappe_buffer *digits, int64_t *ret_scale,
                       struct chappe_error *error)
{
        const char *at = text.at, *end = text.at + text.length, *point = NULL;
        int64_t exponent;
        int r = 0;

        for (; at < end && *at != 'e' && *at != 'E'; at++) {
                if (*at == '.' && point)
                        return misfit(text, "", error);
                if (*at == '.')
                        point = at;
                else
                        r = r < 0 ? r : chappe_buffer_append(digits, at, 1);
        }
        if (r < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a decimal");
        if ((point && point + 1 == at) || !read_exponent(at, end, &exponent))
                return misfit(text, "", error);
        *ret_scale = (point ? at - point - 1 : 0) - exponent;
        return 0;
}

static int put_together(struct chappe_bytes unscaled, int32_t scale, struct chappe_arena *arena,
                        struct chappe_bytes *ret_value, struct chappe_error *error)
{
        uint8_t *start = chappe_arena_alloc(arena, CHAPPE_NUMBER_SIZE + unscaled.length + SCALE_SIZE), *at = start;

        if (!start)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a decimal");
        at = chappe_put_number(at, (uint64_t)unscaled.length << 1);
        memcpy(at, unscaled.at, unscaled.length);
        at = chappe_put_int(at + unscaled.length, scale);
        *ret_value = (struct chappe_bytes){ start, (size_t)(at - start) };
        return 0;
}

int chappe_big_decimal_parse(struct chappe_text text, struct chappe_arena *arena, struct chappe_bytes *ret_value,
                             struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer digits = { 0 };
        struct chappe_bytes unscaled;
        int64_t scale = 0;
        int r;

        if (text.length >= 2 && text.at[0] == '0' && text.at[1] == 'x') /* all of the bytes, as they are */
                return chappe_decimal_parse(text, 1, 0, arena, ret_value, error);
        r = take_digits(text, &digits, &scale, error);
        if (r < 0)
                return r;
        if (scale < INT32_MIN || scale > INT32_MAX)
                return misfit(text, ": its scale is beyond 32 bits", error);
        r = chappe_decimal_parse((struct chappe_text){ (const char *)digits.at, digits.length }, INT32_MAX, 0, arena,
                                 &unscaled, NULL);
        if (r == -CHAPPE_E_NO_MEMORY)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a decimal");
        if (r < 0 || unscaled.length > CHAPPE_DECIMAL_SIZE)
                return misfit(text, digits.length > 2 * CHAPPE_DECIMAL_SIZE ? ": it has too many digits" : "", error);
        return put_together(unscaled, (int32_t)scale, arena, ret_value, error);
}
