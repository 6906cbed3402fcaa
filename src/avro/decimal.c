/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals of any length: between two's complement and digits, nine of them at a time. */
#include <chappe/logical.h>

#include <stdio.h>
#include <stdlib.h>

#include "avro/decimal_hex.h"

#define NINE_DIGITS   1000000000u
#define DIGITS_MOST   2467 /* of CHAPPE_DECIMAL_SIZE bytes */
#define WORDS_MOST    (CHAPPE_DECIMAL_SIZE / 4 + 1)
#define EXPONENT_MOST 20000 /* more than fits in any case */

/* The magnitude of a number: 32 bits a word, the lowest first. */
struct magnitude {
        size_t count;
        uint32_t words[WORDS_MOST];
};

static bool is_negative(struct chappe_bytes unscaled)
{
        return unscaled.length > 0 && (unscaled.at[0] & 0x80);
}

static void magnitude_of(struct chappe_bytes unscaled, struct magnitude *ret)
{
        uint8_t flip = is_negative(unscaled) ? 0xFF : 0;
        uint64_t carry = flip & 1;

        ret->count = (unscaled.length + 3) / 4;
        for (size_t i = 0; i < ret->count; i++) {
                uint32_t word = 0;

                for (size_t byte = 0; byte < 4 && 4 * i + byte < unscaled.length; byte++)
                        word |= (uint32_t)(uint8_t)(unscaled.at[unscaled.length - 1 - 4 * i - byte] ^ flip) << 8 * byte;
                carry += word;
                ret->words[i] = (uint32_t)carry;
                carry >>= 32;
        }
        while (ret->count > 0 && ret->words[ret->count - 1] == 0)
                ret->count--;
}

/* Divides by 10⁹; returns what is left over. */
static uint32_t magnitude_divide(struct magnitude *number)
{
        uint64_t rest = 0;

        for (size_t i = number->count; i-- > 0;) {
                rest = rest << 32 | number->words[i];
                number->words[i] = (uint32_t)(rest / NINE_DIGITS);
                rest %= NINE_DIGITS;
        }
        while (number->count > 0 && number->words[number->count - 1] == 0)
                number->count--;
        return (uint32_t)rest;
}

/* number × factor + added. False: it would be too long. */
static bool magnitude_multiply(struct magnitude *number, uint32_t factor, uint32_t added)
{
        uint64_t carry = added;

        for (size_t i = 0; i < number->count; i++) {
                carry += (uint64_t)number->words[i] * factor;
                number->words[i] = (uint32_t)carry;
                carry >>= 32;
        }
        if (carry == 0)
                return true;
        if (number->count == WORDS_MOST)
                return false;
        number->words[number->count++] = (uint32_t)carry;
        return true;
}

/* The digits end at the end of text; the first one comes back. No leading zeros: none for 0. */
static char *put_digits(struct magnitude *number, char *end)
{
        while (number->count > 0) {
                uint32_t nine = magnitude_divide(number);

                for (int i = 0; i < 9 && (nine > 0 || number->count > 0); i++, nine /= 10)
                        *--end = (char)('0' + nine % 10);
        }
        return end;
}

int chappe_decimal_print_hex(struct chappe_bytes unscaled, struct chappe_buffer *buffer)
{
        static const char digits[] = "0123456789abcdef";
        uint8_t *at =
                unscaled.length < SIZE_MAX / 2 - 2 ? chappe_buffer_reserve(buffer, 2 * unscaled.length + 2) : NULL;

        if (!at)
                return -CHAPPE_E_NO_MEMORY;
        *at++ = '0';
        *at++ = 'x';
        for (size_t i = 0; i < unscaled.length; i++) {
                *at++ = (uint8_t)digits[unscaled.at[i] >> 4];
                *at++ = (uint8_t)digits[unscaled.at[i] & 15];
        }
        buffer->length = (size_t)(at - buffer->at);
        return 0;
}

/* Zeros to fill a place of so many. */
static int print_zeros(struct chappe_buffer *buffer, size_t count)
{
        uint8_t *at = chappe_buffer_reserve(buffer, count);

        if (!at)
                return -CHAPPE_E_NO_MEMORY;
        memset(at, '0', count);
        buffer->length += count;
        return 0;
}

int chappe_decimal_print(struct chappe_bytes unscaled, int scale, struct chappe_buffer *buffer)
{
        char text[DIGITS_MOST + 9], *end = text + sizeof(text), *at;
        struct magnitude number;
        size_t behind = scale > 0 ? (size_t)scale : 0, count, before;
        int r = 0;

        if (unscaled.length > CHAPPE_DECIMAL_SIZE)
                return chappe_decimal_print_hex(unscaled, buffer);
        magnitude_of(unscaled, &number);
        at = put_digits(&number, end);
        count = (size_t)(end - at);
        before = count > behind ? count - behind : 0;
        if (is_negative(unscaled))
                r = chappe_buffer_append(buffer, "-", 1);
        if (r >= 0)
                r = before ? chappe_buffer_append(buffer, at, before) : chappe_buffer_append(buffer, "0", 1);
        if (r < 0 || behind == 0)
                return r;
        r = chappe_buffer_append(buffer, ".", 1);
        if (r >= 0 && count < behind)
                r = print_zeros(buffer, behind - count);
        return r >= 0 ? chappe_buffer_append(buffer, at + before, count - before) : r;
}

static int misfit(struct chappe_text text, const char *reason, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_VALUE_INVALID, "'%.*s' is no decimal%s",
                           (int)(text.length < 60 ? text.length : 60), text.at, reason);
}

/* What is written: ±DIGITS × 10^-behind. */
struct written {
        bool negative;
        const char *at; /* digits, one point among them perhaps */
        const char *end;
        int64_t behind;
};

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool split_exponent(const char *at, const char *end, int64_t *ret)
{
        bool negative = at < end && *at == '-';
        int64_t exponent = 0;

        at += at < end && (*at == '-' || *at == '+');
        if (at == end)
                return false;
        for (; at < end; at++) {
                if (!is_digit(*at))
                        return false;
                if (exponent <= EXPONENT_MOST)
                        exponent = 10 * exponent + (*at - '0');
        }
        *ret = negative ? -exponent : exponent;
        return true;
}

static bool split(struct chappe_text text, struct written *ret)
{
        const char *at = text.at, *end = text.at + text.length, *point = NULL;
        int64_t exponent = 0;
        size_t digits = 0;

        ret->negative = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        ret->at = at;
        for (; at < end && (is_digit(*at) || (*at == '.' && !point)); at++) {
                if (*at == '.')
                        point = at;
                else
                        digits++;
        }
        ret->end = at;
        if (digits == 0 || (point && point + 1 == at))
                return false;
        if (at < end && ((*at != 'e' && *at != 'E') || !split_exponent(at + 1, end, &exponent)))
                return false;
        ret->behind = (point ? at - point - 1 : 0) - exponent;
        return true;
}

static bool is_zero(const struct written *written)
{
        for (const char *at = written->at; at < written->end; at++) {
                if (*at != '0' && *at != '.')
                        return false;
        }
        return true;
}

/* Zeros at the end that say nothing are dropped. */
static void drop_zeros(struct written *written, int scale)
{
        while (written->behind > scale && written->end > written->at && written->end[-1] == '0') {
                written->behind--;
                written->end -= written->end - written->at >= 2 && written->end[-2] == '.' ? 2 : 1;
        }
}

/* Adds the digits to number so that exactly scale of them stand behind the point. Returns what is wrong with them. */
static const char *gather(struct written *written, int precision, int scale, struct magnitude *number)
{
        static const char too_many[] = ": it has more digits than its precision";
        int64_t digits = 0;

        if (is_zero(written))
                return NULL;
        drop_zeros(written, scale);
        if (written->behind > scale)
                return ": it has more digits behind the point than its scale";
        for (const char *at = written->at; at < written->end; at++) {
                if (*at == '.')
                        continue;
                digits += digits > 0 || *at != '0';
                if (digits > precision || !magnitude_multiply(number, 10, (uint32_t)(*at - '0')))
                        return too_many;
        }
        for (; written->behind < scale; written->behind++) {
                if (++digits > precision || !magnitude_multiply(number, 10, 0))
                        return too_many;
        }
        return NULL;
}

/* Bytes that the number takes with its sign bit, at least one. */
static size_t magnitude_size(const struct magnitude *number, bool negative)
{
        size_t bits = 32 * number->count;
        bool power = number->count > 0;

        if (number->count > 0)
                bits -= (size_t)__builtin_clz(number->words[number->count - 1]);
        for (size_t i = 0; i + 1 < number->count; i++)
                power = power && number->words[i] == 0;
        if (power && negative && __builtin_popcount(number->words[number->count - 1]) == 1)
                bits--; /* −128 is one byte, 128 two */
        return bits / 8 + 1;
}

static void magnitude_put(const struct magnitude *number, bool negative, uint8_t *to, size_t size)
{
        uint8_t flip = negative ? 0xFF : 0;
        unsigned carry = negative;

        for (size_t i = 0; i < size; i++) {
                uint8_t byte = i / 4 < number->count ? (uint8_t)(number->words[i / 4] >> 8 * (i % 4)) : 0;

                carry += (uint8_t)(byte ^ flip);
                to[size - 1 - i] = (uint8_t)carry;
                carry >>= 8;
        }
}

static int hex_digit(char c)
{
        return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_hex(struct chappe_text text)
{
        return text.length >= 2 && text.at[0] == '0' && text.at[1] == 'x';
}

static bool read_hex(struct chappe_text text, uint8_t *to)
{
        for (size_t i = 2; i + 1 < text.length; i += 2) {
                int high = hex_digit(text.at[i]), low = hex_digit(text.at[i + 1]);

                if (high < 0 || low < 0)
                        return false;
                to[i / 2 - 1] = (uint8_t)(high << 4 | low);
        }
        return text.length % 2 == 0;
}

static int read(struct chappe_text text, int precision, int scale, struct written *written, struct magnitude *number,
                struct chappe_error *error)
{
        const char *reason;

        number->count = 0;
        if (text.length == 0 || !split(text, written))
                return misfit(text, "", error);
        reason = gather(written, precision, scale, number);
        if (reason)
                return misfit(text, reason, error);
        written->negative = written->negative && number->count > 0;
        return 0;
}

int chappe_decimal_parse(struct chappe_text text, int precision, int scale, struct chappe_arena *arena,
                         struct chappe_bytes *ret_unscaled, struct chappe_error *error)
{
        struct written written = { 0 };
        struct magnitude number;
        bool hex = is_hex(text);
        size_t size = hex ? text.length / 2 - 1 : 0;
        uint8_t *at;
        int r = hex ? 0 : read(text, precision, scale, &written, &number, error);

        if (r < 0)
                return r;
        if (!hex)
                size = magnitude_size(&number, written.negative);
        at = chappe_arena_alloc(arena, size);
        if (!at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a decimal");
        if (!hex)
                magnitude_put(&number, written.negative, at, size);
        else if (!read_hex(text, at))
                return misfit(text, ": hex digits come in pairs", error);
        *ret_unscaled = (struct chappe_bytes){ at, size };
        return 0;
}

int chappe_decimal_parse_fixed(struct chappe_text text, int precision, int scale, uint8_t *ret_unscaled, size_t size,
                               struct chappe_error *error)
{
        struct written written = { 0 };
        struct magnitude number;
        int r;

        if (is_hex(text))
                return text.length == 2 * size + 2 && read_hex(text, ret_unscaled)
                               ? 0
                               : misfit(text, ": hex digits for each byte of the fixed are expected", error);
        r = read(text, precision, scale, &written, &number, error);
        if (r < 0)
                return r;
        if (magnitude_size(&number, written.negative) > size)
                return misfit(text, " that its fixed can hold", error);
        magnitude_put(&number, written.negative, ret_unscaled, size);
        return 0;
}

bool chappe_decimal_to_long(struct chappe_bytes unscaled, int64_t *ret_number)
{
        uint8_t sign = is_negative(unscaled) ? 0xFF : 0;
        uint64_t number = sign ? UINT64_MAX : 0;

        for (; unscaled.length > 8; unscaled.at++, unscaled.length--) {
                if (unscaled.at[0] != sign || (unscaled.at[1] & 0x80) != (sign & 0x80))
                        return false;
        }
        for (size_t i = 0; i < unscaled.length; i++)
                number = number << 8 | unscaled.at[i];
        *ret_number = (int64_t)number;
        return true;
}

bool chappe_decimal_from_long(int64_t number, uint8_t *ret_unscaled, size_t size)
{
        int64_t left = number;

        if (size == 0 || (size < 8 && (number >> (8 * size - 1)) != (number < 0 ? -1 : 0)))
                return false;
        for (size_t i = size; i-- > 0; left >>= 8)
                ret_unscaled[i] = (uint8_t)left;
        return true;
}
