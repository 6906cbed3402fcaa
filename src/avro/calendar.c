/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and timestamps in the calendar of ISO 8601, between numbers and text. */
#include <chappe/logical.h>

#define DAY_SECONDS 86400
#define ERA_DAYS    146097 /* 400 years */

/* Years are counted from March, so that the odd day is the last one of a year. */
static void date_of_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
        int64_t since = days + 719468; /* 0000-03-01 */
        int64_t era = (since >= 0 ? since : since - (ERA_DAYS - 1)) / ERA_DAYS, of_era = since - era * ERA_DAYS;
        int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

        *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
        *ret_month = (int)(month < 10 ? month + 3 : month - 9);
        *ret_year = year + 400 * era + (*ret_month <= 2);
}

static int64_t days_of_date(int64_t year, int month, int day)
{
        int64_t from_march = year - (month <= 2);
        int64_t era = (from_march >= 0 ? from_march : from_march - 399) / 400, of_era = from_march - 400 * era;
        int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

        return era * ERA_DAYS + 365 * of_era + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_date(int64_t year, int month, int day)
{
        static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        return month >= 1 && month <= 12 && day >= 1 && day <= lengths[month - 1] + (leap && month == 2);
}

struct chappe_date chappe_date_of_days(int32_t days)
{
        int64_t year;
        int month, day;

        date_of_days(days, &year, &month, &day);
        return (struct chappe_date){ (int32_t)year, (uint8_t)month, (uint8_t)day };
}

bool chappe_date_to_days(struct chappe_date date, int32_t *ret_days)
{
        int64_t days =
                is_date(date.year, date.month, date.day) ? days_of_date(date.year, date.month, date.day) : INT64_MAX;

        if (days < INT32_MIN || days > INT32_MAX)
                return false;
        *ret_days = (int32_t)days;
        return true;
}

/* number with width digits or more. */
static char *put_number(char *at, uint64_t number, int width)
{
        char digits[20];
        int count = 0;

        for (; number > 0 || count < width; number /= 10)
                digits[count++] = (char)('0' + number % 10);
        while (count > 0)
                *at++ = digits[--count];
        return at;
}

static char *put_date(char *at, int64_t days)
{
        int64_t year;
        int month, day;

        date_of_days(days, &year, &month, &day);
        if (year < 0 || year > 9999)
                *at++ = year < 0 ? '-' : '+';
        at = put_number(at, (uint64_t)(year < 0 ? -year : year), 4);
        *at++ = '-';
        at = put_number(at, (uint64_t)month, 2);
        *at++ = '-';
        return put_number(at, (uint64_t)day, 2);
}

static int64_t unit_second(enum chappe_time_unit unit)
{
        return unit == CHAPPE_MILLIS ? 1000 : unit == CHAPPE_MICROS ? 1000000 : 1000000000;
}

/* count: from midnight, below a day. */
static char *put_time(char *at, uint64_t count, enum chappe_time_unit unit)
{
        uint64_t second = (uint64_t)unit_second(unit), seconds = count / second;

        at = put_number(at, seconds / 3600, 2);
        *at++ = ':';
        at = put_number(at, seconds / 60 % 60, 2);
        *at++ = ':';
        at = put_number(at, seconds % 60, 2);
        *at++ = '.';
        return put_number(at, count % second, (int)unit);
}

int chappe_date_print(int32_t days, struct chappe_buffer *buffer)
{
        char text[32];

        return chappe_buffer_append(buffer, text, (size_t)(put_date(text, days) - text));
}

int chappe_time_print(int64_t count, enum chappe_time_unit unit, struct chappe_buffer *buffer)
{
        char text[32];

        if (count < 0 || count >= DAY_SECONDS * unit_second(unit))
                return chappe_buffer_printf(buffer, "%lld", (long long)count);
        return chappe_buffer_append(buffer, text, (size_t)(put_time(text, (uint64_t)count, unit) - text));
}

int chappe_timestamp_print(int64_t count, enum chappe_time_unit unit, bool local, struct chappe_buffer *buffer)
{
        int64_t day = DAY_SECONDS * unit_second(unit), days = count / day, of_day = count % day;
        char text[64], *at;

        if (of_day < 0) {
                days--;
                of_day += day;
        }
        at = put_date(text, days);
        *at++ = 'T';
        at = put_time(at, (uint64_t)of_day, unit);
        if (!local)
                *at++ = 'Z';
        return chappe_buffer_append(buffer, text, (size_t)(at - text));
}

/* What is left to read. */
struct scan {
        const char *at, *end;
};

static struct scan scan_of(struct chappe_text text)
{
        const char *at = text.at ? text.at : "";

        return (struct scan){ at, at + text.length };
}

static bool scan_char(struct scan *scan, char c)
{
        bool there = scan->at < scan->end && *scan->at == c;

        scan->at += there;
        return there;
}

/* least to most digits. */
static bool scan_number(struct scan *scan, int least, int most, int64_t *ret)
{
        int count = 0;

        for (*ret = 0; count < most && scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; count++)
                *ret = 10 * *ret + (*scan->at++ - '0');
        return count >= least;
}

static bool scan_date(struct scan *scan, int64_t *ret_days)
{
        bool negative = scan_char(scan, '-'), longer = negative || scan_char(scan, '+');
        int64_t year, month, day;

        if (!scan_number(scan, 4, longer ? 9 : 4, &year) || !scan_char(scan, '-') || !scan_number(scan, 2, 2, &month) ||
            !scan_char(scan, '-') || !scan_number(scan, 2, 2, &day))
                return false;
        year = negative ? -year : year;
        if (!is_date(year, (int)month, (int)day))
                return false;
        *ret_days = days_of_date(year, (int)month, (int)day);
        return true;
}

/* The digits behind the point; all that the unit has no room for must be zeros. */
static bool scan_fraction(struct scan *scan, enum chappe_time_unit unit, int64_t *ret)
{
        const char *start = scan->at;
        int64_t place = unit_second(unit);

        *ret = 0;
        for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++) {
                place /= 10;
                if (place == 0 && *scan->at != '0')
                        return false;
                *ret += place * (*scan->at - '0');
        }
        return scan->at > start;
}

static bool scan_time(struct scan *scan, enum chappe_time_unit unit, int64_t *ret_count)
{
        int64_t hour, minute, second = 0, fraction = 0;

        if (!scan_number(scan, 2, 2, &hour) || !scan_char(scan, ':') || !scan_number(scan, 2, 2, &minute))
                return false;
        if (scan_char(scan, ':')) {
                if (!scan_number(scan, 2, 2, &second))
                        return false;
                if (scan_char(scan, '.') && !scan_fraction(scan, unit, &fraction))
                        return false;
        }
        if (hour > 23 || minute > 59 || second > 59)
                return false;
        *ret_count = ((hour * 60 + minute) * 60 + second) * unit_second(unit) + fraction;
        return true;
}

/* "Z", "+01:00": seconds ahead of UTC. */
static bool scan_zone(struct scan *scan, int64_t *ret_seconds)
{
        int64_t hour, minute;
        bool negative;

        *ret_seconds = 0;
        if (scan_char(scan, 'Z') || scan_char(scan, 'z'))
                return true;
        negative = scan_char(scan, '-');
        if ((!negative && !scan_char(scan, '+')) || !scan_number(scan, 2, 2, &hour) || !scan_char(scan, ':') ||
            !scan_number(scan, 2, 2, &minute) || hour > 23 || minute > 59)
                return false;
        *ret_seconds = (negative ? -60 : 60) * (60 * hour + minute);
        return true;
}

static int misfit(struct chappe_text text, const char *what, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_VALUE_INVALID, "'%.*s' is no %s", (int)(text.length < 60 ? text.length : 60),
                           text.at, what);
}

int chappe_date_parse(struct chappe_text text, int32_t *ret_days, struct chappe_error *error)
{
        struct scan scan = scan_of(text);
        int64_t days;

        if (!scan_date(&scan, &days) || scan.at != scan.end || days < INT32_MIN || days > INT32_MAX)
                return misfit(text, "date such as 2026-11-28", error);
        *ret_days = (int32_t)days;
        return 0;
}

int chappe_time_parse(struct chappe_text text, enum chappe_time_unit unit, int64_t *ret_count,
                      struct chappe_error *error)
{
        struct scan scan = scan_of(text);
        int64_t count;

        if (!scan_time(&scan, unit, &count) || scan.at != scan.end)
                return misfit(text,
                              unit == CHAPPE_MILLIS ? "time such as 10:15:30.250" : "time such as 10:15:30.250000",
                              error);
        *ret_count = count;
        return 0;
}

int chappe_timestamp_parse(struct chappe_text text, enum chappe_time_unit unit, bool local, int64_t *ret_count,
                           struct chappe_error *error)
{
        struct scan scan = scan_of(text);
        int64_t days, of_day, ahead = 0, second = unit_second(unit), seconds, count;

        if (!scan_date(&scan, &days) || (!scan_char(&scan, 'T') && !scan_char(&scan, 't') && !scan_char(&scan, ' ')) ||
            !scan_time(&scan, unit, &of_day) || (!local && !scan_zone(&scan, &ahead)) || scan.at != scan.end)
                return misfit(text,
                              local ? "local timestamp such as 2026-11-28T10:15:30.250, without a zone"
                                    : "timestamp such as 2026-11-28T10:15:30.250Z, with Z or an offset such as +01:00",
                              error);
        /* The second counts up from the one before the value, so that the smallest number is reached without overflow.
         */
        seconds = days * DAY_SECONDS + of_day / second - ahead;
        of_day %= second;
        if (seconds < 0 && of_day > 0) {
                seconds++;
                of_day -= second;
        }
        if (__builtin_mul_overflow(seconds, second, &count) || __builtin_add_overflow(count, of_day, &count))
                return misfit(text, "timestamp that 64 bits can hold", error);
        *ret_count = count;
        return 0;
}
