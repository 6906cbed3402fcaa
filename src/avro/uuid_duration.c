/* SPDX-License-Identifier: Apache-2.0 */
/* The logical types of fixed bytes: uuid and duration. */
#include <chappe/logical.h>

#define UUID_LENGTH 36

static bool is_dash(size_t i)
{
        return i == 8 || i == 13 || i == 18 || i == 23;
}

int chappe_uuid_print(const uint8_t uuid[CHAPPE_UUID_SIZE], struct chappe_buffer *buffer)
{
        static const char digits[] = "0123456789abcdef";
        uint8_t *at = chappe_buffer_reserve(buffer, UUID_LENGTH);

        if (!at)
                return -CHAPPE_E_NO_MEMORY;
        for (size_t i = 0, nibble = 0; i < UUID_LENGTH; i++) {
                if (is_dash(i)) {
                        at[i] = '-';
                        continue;
                }
                at[i] = (uint8_t)digits[nibble % 2 ? uuid[nibble / 2] & 15 : uuid[nibble / 2] >> 4];
                nibble++;
        }
        buffer->length += UUID_LENGTH;
        return 0;
}

static int misfit(struct chappe_text text, const char *what, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_VALUE_INVALID, "'%.*s' is no %s", (int)(text.length < 60 ? text.length : 60),
                           text.at, what);
}

int chappe_uuid_parse(struct chappe_text text, uint8_t ret_uuid[CHAPPE_UUID_SIZE], struct chappe_error *error)
{
        uint8_t uuid[CHAPPE_UUID_SIZE] = { 0 };
        bool good = text.length == UUID_LENGTH;

        for (size_t i = 0, nibble = 0; good && i < UUID_LENGTH; i++) {
                char c = text.at[i] >= 'A' && text.at[i] <= 'F' ? (char)(text.at[i] + ('a' - 'A')) : text.at[i];

                if (is_dash(i)) {
                        good = c == '-';
                        continue;
                }
                good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                uuid[nibble / 2] |= (uint8_t)((c <= '9' ? c - '0' : c - 'a' + 10) << (nibble % 2 ? 0 : 4));
                nibble++;
        }
        if (!good)
                return misfit(text, "UUID such as f81d4fae-7dec-11d0-a765-00a0c91e6bf6", error);
        memcpy(ret_uuid, uuid, sizeof(uuid));
        return 0;
}

static uint32_t take_word(const uint8_t *at)
{
        return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_word(uint32_t word, uint8_t *at)
{
        for (int i = 0; i < 4; i++)
                at[i] = (uint8_t)(word >> 8 * i);
}

struct chappe_duration chappe_duration_of(const uint8_t bytes[CHAPPE_DURATION_SIZE])
{
        return (struct chappe_duration){ take_word(bytes), take_word(bytes + 4), take_word(bytes + 8) };
}

void chappe_duration_put(struct chappe_duration duration, uint8_t ret_bytes[CHAPPE_DURATION_SIZE])
{
        put_word(duration.months, ret_bytes);
        put_word(duration.days, ret_bytes + 4);
        put_word(duration.millis, ret_bytes + 8);
}

/* A part, left out when it is 0. */
static int print_part(struct chappe_buffer *buffer, uint32_t number, char letter)
{
        return number ? chappe_buffer_printf(buffer, "%u%c", number, letter) : 0;
}

static int print_time(struct chappe_buffer *buffer, uint32_t all_millis)
{
        uint32_t seconds = all_millis / 1000, millis = all_millis % 1000;
        int r = chappe_buffer_append(buffer, "T", 1);

        if (r >= 0)
                r = print_part(buffer, seconds / 3600, 'H');
        if (r >= 0)
                r = print_part(buffer, seconds / 60 % 60, 'M');
        if (r < 0 || (seconds > 0 && seconds % 60 == 0 && millis == 0))
                return r;
        return millis ? chappe_buffer_printf(buffer, "%u.%03uS", seconds % 60, millis)
                      : chappe_buffer_printf(buffer, "%uS", seconds % 60);
}

int chappe_duration_print(struct chappe_duration duration, struct chappe_buffer *buffer)
{
        int r = chappe_buffer_append(buffer, "P", 1);

        if (r >= 0)
                r = print_part(buffer, duration.months, 'M');
        if (r >= 0)
                r = print_part(buffer, duration.days, 'D');
        return r >= 0 && (duration.millis || (!duration.months && !duration.days)) ? print_time(buffer, duration.millis)
                                                                                   : r;
}

/* Digits behind a point: thousandths; what is finer must be zeros. */
static bool take_millis(const char **at, const char *end, uint64_t *ret_millis)
{
        const char *start = *at;
        uint64_t place = 1000;

        for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
                place /= 10;
                if (place == 0 && **at != '0')
                        return false;
                *ret_millis += place * (uint64_t)(**at - '0');
        }
        return *at > start;
}

/* A number and its letter, which must be one of *letters; those up to it may not come any more. Only seconds have a
 * point. */
static bool take_part(const char **at, const char *end, const char **letters, uint64_t *ret_number,
                      uint64_t *ret_millis)
{
        const char *start = *at, *found;
        bool point = false;

        for (*ret_number = 0; *at < end && **at >= '0' && **at <= '9' && *ret_number <= UINT32_MAX; (*at)++)
                *ret_number = 10 * *ret_number + (uint64_t)(**at - '0');
        if (*at == start || *at == end)
                return false;
        if (**at == '.') {
                point = true;
                (*at)++;
                if (!take_millis(at, end, ret_millis) || *at == end)
                        return false;
        }
        found = **at ? strchr(*letters, **at) : NULL;
        if (!found || (point && *found != 'S'))
                return false;
        *letters = found + 1;
        (*at)++;
        return true;
}

/* Y M W D, then behind a T: H M S; each once at most, in this order, and at least one on either side. */
static bool parse_parts(const char *at, const char *end, uint64_t *ret_months, uint64_t *ret_days, uint64_t *ret_millis)
{
        const char *letters = "YMWD";
        bool time = false, any = false;

        while (at < end) {
                uint64_t number;

                if (*at == 'T' && !time) {
                        time = true;
                        letters = "HMS";
                        any = false;
                        at++;
                        continue;
                }
                if (!take_part(&at, end, &letters, &number, ret_millis))
                        return false;
                any = true;
                switch (letters[-1]) {
                case 'Y':
                        *ret_months += 12 * number;
                        break;
                case 'W':
                        *ret_days += 7 * number;
                        break;
                case 'D':
                        *ret_days += number;
                        break;
                case 'H':
                        *ret_millis += 3600000 * number;
                        break;
                case 'S':
                        *ret_millis += 1000 * number;
                        break;
                default:
                        *(time ? ret_millis : ret_months) += (time ? 60000 : 1) * number;
                }
        }
        return any;
}

int chappe_duration_parse(struct chappe_text text, struct chappe_duration *ret_duration, struct chappe_error *error)
{
        uint64_t months = 0, days = 0, millis = 0;

        if (text.length < 3 || text.at[0] != 'P' ||
            !parse_parts(text.at + 1, text.at + text.length, &months, &days, &millis))
                return misfit(text, "duration such as P1Y2M3DT4H5M6.007S", error);
        if (months > UINT32_MAX || days > UINT32_MAX || millis > UINT32_MAX)
                return misfit(text, "duration that 32 bits a part can hold", error);
        *ret_duration = (struct chappe_duration){ (uint32_t)months, (uint32_t)days, (uint32_t)millis };
        return 0;
}
