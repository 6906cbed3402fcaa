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

static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

/* The digits of a whole number, not 0, that stands for number × 10^-behind. */
static void split_digits(uint64_t number, int behind, struct digits *digits)
{
        char text[20];
        int count = 0;

        for (; number % 10 == 0; number /= 10)
                behind--;
        for (; number > 0; number /= 10)
                text[count++] = (char)('0' + number % 10);
        for (digits->count = 0; digits->count < count; digits->count++)
                digits->at[digits->count] = text[count - 1 - digits->count];
        digits->exponent = count - behind;
}

/* What people write has few digits: number × 10^behind is then a whole number below 10^15, and dividing it by the
 * power, which is exact too, is rounded only once, so that it finds out whether these digits read back as the same
 * number. */
static bool find_short_digits(double number, struct digits *digits)
{
        for (int behind = 0; behind < 16 && number * powers[behind] < 1e15; behind++) {
                double whole = (double)(uint64_t)(number * powers[behind] + 0.5);

                if (whole >= 1 && whole / powers[behind] == number) {
                        split_digits((uint64_t)whole, behind, digits);
                        return true;
                }
        }
        return false;
}

/* The shortest digits that read back as the same number. 15 are enough for most; numbers near zero have fewer that
 * count. */
static void find_digits(double number, struct digits *digits)
{
        char text[40];
        int precision = number < 1e-300 ? 2 : 15;

        if (number >= 1e-3 && find_short_digits(number, digits))
                return;
        do {
                take_digits(number, precision, text, digits);
        } while (precision++ < 17 && strtod(text, NULL) != number);
}

/* The same for floats; what holds for 15 digits of a double holds for 7 of a float and powers to 10^10. */
static void find_float_digits(float number, struct digits *digits)
{
        char text[40];
        int precision = number < 1e-35f ? 2 : 1;

        for (int behind = 0; number >= 1e-3f && behind <= 10 && (double)number * powers[behind] < 1e7; behind++) {
                float whole = (float)(uint32_t)((double)number * powers[behind] + 0.5);

                if (whole >= 1 && whole / (float)powers[behind] == number) {
                        split_digits((uint32_t)whole, behind, digits);
                        return;
                }
        }
        do {
                take_digits(number, precision, text, digits);
        } while (precision++ < 9 && strtof(text, NULL) != number);
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

/* What has no digits, the sign, and whole numbers that need no search. 1: there is more to print, of the magnitude. */
static int put_simple(struct chappe_buffer *buffer, double number)
{
        int r;

        if (isnan(number))
                return chappe_buffer_append(buffer, "\"NaN\"", 5);
        if (isinf(number))
                return chappe_buffer_printf(buffer, "\"%sInfinity\"", number < 0 ? "-" : "");
        if (signbit(number) && chappe_buffer_append(buffer, "-", 1) < 0)
                return -CHAPPE_E_NO_MEMORY;
        number = fabs(number);
        if (!(number < 1e7 && number == (double)(int64_t)number))
                return 1;
        r = chappe_json_put_integer(buffer, (int64_t)number);
        return r >= 0 ? chappe_buffer_append(buffer, ".0", 2) : r;
}

static int put_digits(struct chappe_buffer *buffer, double number, const struct digits *digits)
{
        return number >= 1e-3 && number < 1e7 ? put_plain(buffer, digits) : put_scientific(buffer, digits);
}

int chappe_json_put_double(struct chappe_buffer *buffer, double number)
{
        struct digits digits;
        int r = put_simple(buffer, number);

        if (r <= 0)
                return r;
        find_digits(fabs(number), &digits);
        return put_digits(buffer, fabs(number), &digits);
}

int chappe_json_put_float(struct chappe_buffer *buffer, float number)
{
        struct digits digits;
        int r = put_simple(buffer, number);

        if (r <= 0)
                return r;
        find_float_digits(fabsf(number), &digits);
        return put_digits(buffer, fabs((double)number), &digits);
}

int chappe_json_put_integer(struct chappe_buffer *buffer, int64_t number)
{
        uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
        char text[20], *at = text + sizeof(text);

        do {
                *--at = (char)('0' + left % 10);
                left /= 10;
        } while (left > 0);
        if (number < 0)
                *--at = '-';
        return chappe_buffer_append(buffer, at, (size_t)(text + sizeof(text) - at));
}
