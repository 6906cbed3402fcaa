/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical types as people write them (Apache Avro 1.12 specification, "Logical Types"): each to text and back. Printing
 * appends to a buffer and fails only with CHAPPE_E_NO_MEMORY; parsing takes the whole text, writes *ret only on success and
 * fails with CHAPPE_E_VALUE_INVALID and the reason. No locale, no time zone data, no state: any thread.
 */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>
#include <chappe/error.h>
#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAPPE_DECIMAL_SIZE  1024 /* bytes of the longest decimal that is written in digits, 2,466 of them */
#define CHAPPE_UUID_SIZE     16
#define CHAPPE_DURATION_SIZE 12

/* What a time or timestamp counts; the value is the number of digits behind the second. */
enum chappe_time_unit {
        CHAPPE_MILLIS = 3,
        CHAPPE_MICROS = 6,
        CHAPPE_NANOS = 9,
};

/* decimal: the bytes are a whole number, two's complement, highest byte first; scale digits of it stand behind the point.
 * "-12.50". More than CHAPPE_DECIMAL_SIZE bytes are written in hex: "0x…". */
int chappe_decimal_print(struct chappe_bytes unscaled, int scale, struct chappe_buffer *buffer);
/* The fewest bytes, from the arena. Never rounds: more digits than scale or precision allow are an error. Takes "1.5", "15e-1" and
 * "0x0f". */
int chappe_decimal_parse(struct chappe_text text, int precision, int scale, struct chappe_arena *arena,
                         struct chappe_bytes *ret_unscaled, struct chappe_error *error);
/* The same for a fixed: size bytes at ret_unscaled. */
int chappe_decimal_parse_fixed(struct chappe_text text, int precision, int scale, uint8_t *ret_unscaled, size_t size,
                               struct chappe_error *error);
/* The unscaled number: 1250 for 12.50 with scale 2. False: it needs more than 64 bits. */
bool chappe_decimal_to_long(struct chappe_bytes unscaled, int64_t *ret_number);
/* size bytes at ret_unscaled; 8 hold every number. False: it needs more. */
bool chappe_decimal_from_long(int64_t number, uint8_t *ret_unscaled, size_t size);

/* big-decimal: bytes that hold a whole number and its scale, each in Avro's encoding (Conversions.BigDecimalConversion of Apache Avro
 * for Java 1.12). As java.math.BigDecimal writes it, scale kept: "12.50", "1E+3". What is none, or has more than
 * CHAPPE_DECIMAL_SIZE bytes of digits, is written in hex as it is: "0x…". */
int chappe_big_decimal_print(struct chappe_bytes value, struct chappe_buffer *buffer);
int chappe_big_decimal_parse(struct chappe_text text, struct chappe_arena *arena, struct chappe_bytes *ret_value,
                             struct chappe_error *error);

/* uuid in a fixed of 16: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" (RFC 9562). */
int chappe_uuid_print(const uint8_t uuid[CHAPPE_UUID_SIZE], struct chappe_buffer *buffer);
int chappe_uuid_parse(struct chappe_text text, uint8_t ret_uuid[CHAPPE_UUID_SIZE], struct chappe_error *error);

/* date: days since 1970-01-01 in the calendar of ISO 8601, without end in either direction. */
struct chappe_date {
        int32_t year; /* 0 is 1 BC */
        uint8_t month, day;
};

struct chappe_date chappe_date_of_days(int32_t days);
/* False: there is no such day, or it is beyond 32 bits. */
bool chappe_date_to_days(struct chappe_date date, int32_t *ret_days);
/* "2026-11-28"; years beyond four digits with their sign, as in Java: "+12026-11-28". */
int chappe_date_print(int32_t days, struct chappe_buffer *buffer);
int chappe_date_parse(struct chappe_text text, int32_t *ret_days, struct chappe_error *error);

/* time-millis, time-micros: since midnight. "10:15:30.250", with the unit's digits; what is beyond a day as a number. */
int chappe_time_print(int64_t count, enum chappe_time_unit unit, struct chappe_buffer *buffer);
/* Seconds and fraction may be left out; more digits than the unit has are an error. */
int chappe_time_parse(struct chappe_text text, enum chappe_time_unit unit, int64_t *ret_count, struct chappe_error *error);

/* timestamp-…: since 1970-01-01T00:00:00Z. "2026-11-28T10:15:30.250Z" (RFC 3339). local: local-timestamp-…, which belongs
 * to no zone, and has none in its text. */
int chappe_timestamp_print(int64_t count, enum chappe_time_unit unit, bool local, struct chappe_buffer *buffer);
/* "Z" or an offset "+01:00" must stand there, and must not when local; a space may stand for the T. */
int chappe_timestamp_parse(struct chappe_text text, enum chappe_time_unit unit, bool local, int64_t *ret_count,
                           struct chappe_error *error);

/* duration in a fixed of 12: three numbers that do not convert into each other, lowest byte first. */
struct chappe_duration {
        uint32_t months, days, millis;
};

struct chappe_duration chappe_duration_of(const uint8_t bytes[CHAPPE_DURATION_SIZE]);
void chappe_duration_put(struct chappe_duration duration, uint8_t ret_bytes[CHAPPE_DURATION_SIZE]);
/* ISO 8601: "P14M3DT4.005S"; "PT0S" when all are 0. */
int chappe_duration_print(struct chappe_duration duration, struct chappe_buffer *buffer);
/* Years count 12 months, weeks 7 days, hours and minutes as usual: "P1Y2M3DT4H5M6.007S". */
int chappe_duration_parse(struct chappe_text text, struct chappe_duration *ret_duration, struct chappe_error *error);

#ifdef __cplusplus
}
#endif
