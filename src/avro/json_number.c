/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Java prints them, so that its output and ours are the same text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "avro/json_print.h"

/* The decimal digits of a number without sign and point, and where the point belongs: 0.DIGITS × 10^exponent. */
struct digits {
        char at[20];
        int count;
        int exponent;
};

/* Digits of the number in scientific form with so many of them. The locale's point is skipped, whatever it is. */
static void take_digits(double number, int precision, char text[40], struct digits *digits)
{
        const char *at = text;

        snprintf(text, 40, "%.*e", precision - 1, number);
        digits->count = 0;
        for (; *at && *at != 'e'; at++) {
                if (*at >= '0' && *at <= '9')
                        digits->at[digits->count++] = *at;
        }
        digits->exponent = *at ? atoi(at + 1) + 1 : 0;
        while (digits->count > 1 && digits->at[digits->count - 1] == '0')
                digits->count--;
}

/* The shortest digits that read back as the same number. 15 are enough for most; numbers near zero have fewer that
 * count. */
static void find_digits(double number, struct digits *digits)
{
        char text[40];
        int precision = number < 1e-300 ? 2 : 15;

        do {
                take_digits(number, precision, text, digits);
        } while (precision++ < 17 && strtod(text, NULL) != number);
}

/* 123.45 */
static int put_plain(struct chappe_buffer *buffer, const struct digits *digits)
{
        char text[40];
        int n = 0;

        if (digits->exponent <= 0)
                text[n++] = '0';
        for (int i = 0; i < digits->exponent; i++)
                text[n++] = i < digits->count ? digits->at[i] : '0';
        text[n++] = '.';
        for (int i = digits->exponent; i < 0; i++)
                text[n++] = '0';
        for (int i = digits->exponent > 0 ? digits->exponent : 0; i < digits->count; i++)
                text[n++] = digits->at[i];
        if (text[n - 1] == '.')
                text[n++] = '0';
        return chappe_buffer_append(buffer, text, (size_t)n);
}

/* 1.2345E67 */
static int put_scientific(struct chappe_buffer *buffer, const struct digits *digits)
{
        return chappe_buffer_printf(buffer, "%c.%.*sE%d", digits->at[0], digits->count > 1 ? digits->count - 1 : 1,
                                    digits->count > 1 ? digits->at + 1 : "0", digits->exponent - 1);
}

int chappe_json_put_double(struct chappe_buffer *buffer, double number)
{
        struct digits digits;

        if (isnan(number))
                return chappe_buffer_append(buffer, "\"NaN\"", 5);
        if (isinf(number))
                return chappe_buffer_printf(buffer, "\"%sInfinity\"", number < 0 ? "-" : "");
        if (signbit(number) && chappe_buffer_append(buffer, "-", 1) < 0)
                return -CHAPPE_E_NO_MEMORY;
        number = fabs(number);
        if (number < 1e7 && number == (double)(int64_t)number)
                return chappe_buffer_printf(buffer, "%lld.0", (long long)number);
        find_digits(number, &digits);
        return number >= 1e-3 && number < 1e7 ? put_plain(buffer, &digits) : put_scientific(buffer, &digits);
}
