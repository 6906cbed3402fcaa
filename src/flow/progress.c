/* SPDX-License-Identifier: Apache-2.0 */
/* Progress as text: run lengths or a bitmap, whichever is shorter. */
#include "flow/progress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/error.h>

#define PREFIX        "chappe1:"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define BODY_MAXIMUM  ((CHAPPE_PROGRESS_SIZE - 1 - PREFIX_LENGTH) * 3 / 4)
#define CHECKSUM_SIZE 4
#define VARINT_SIZE   10

enum form {
        FORM_RUNS,
        FORM_BITMAP,
        FORM_MARKED, /* beside either; and so are the next ones */
        FORM_SUSPECTS = 4,
        FORM_WINDOW = 8,
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void chappe_progress_reset(struct chappe_progress *progress, int64_t watermark)
{
        progress->watermark = watermark;
        progress->run_count = 0;
        progress->failure_count = 0;
        progress->mark = (struct chappe_crash_mark){ 0 };
        progress->window = (struct chappe_window){ 0 };
}

void chappe_progress_deinit(struct chappe_progress *progress)
{
        free(progress->runs);
        *progress = (struct chappe_progress){ 0 };
}

int chappe_progress_add(struct chappe_progress *progress, struct chappe_offset_run run)
{
        struct chappe_offset_run *last = progress->run_count > 0 ? &progress->runs[progress->run_count - 1] : NULL;
        assert(run.to >= run.from && run.from > (last ? last->to : progress->watermark));
        if (last && run.from == last->to + 1) {
                last->to = run.to;
                return 0;
        }
        if (progress->run_count == progress->run_capacity) {
                size_t capacity = progress->run_capacity ? 2 * progress->run_capacity : 16;
                struct chappe_offset_run *runs = realloc(progress->runs, capacity * sizeof(*runs));
                if (!runs)
                        return -CHAPPE_E_NO_MEMORY;
                progress->runs = runs;
                progress->run_capacity = capacity;
        }
        progress->runs[progress->run_count++] = run;
        return 0;
}

void chappe_progress_fail(struct chappe_progress *progress, struct chappe_failures failures)
{
        size_t at = progress->failure_count;
        while (at > 0 && progress->failures[at - 1].offset > failures.offset)
                at--;
        if (at > 0 && progress->failures[at - 1].offset == failures.offset) {
                progress->failures[at - 1] = failures;
                return;
        }
        if (at == CHAPPE_PROGRESS_FAILURES)
                return;
        if (progress->failure_count < CHAPPE_PROGRESS_FAILURES)
                progress->failure_count++;
        memmove(&progress->failures[at + 1], &progress->failures[at],
                (progress->failure_count - at - 1) * sizeof(progress->failures[0]));
        progress->failures[at] = failures;
}

static size_t put_varint(uint8_t *at, uint64_t value)
{
        size_t used = 0;
        for (; value > 0x7f; value >>= 7)
                at[used++] = (uint8_t)(value | 0x80);
        at[used++] = (uint8_t)value;
        return used;
}

static uint32_t checksum(const uint8_t *at, size_t length)
{
        uint32_t sum = 2166136261u;
        for (size_t i = 0; i < length; i++)
                sum = (sum ^ at[i]) * 16777619u;
        return sum;
}

static size_t put_failures(const struct chappe_progress *progress, uint8_t *at)
{
        int64_t before = progress->watermark;
        size_t used = put_varint(at, progress->failure_count);
        for (size_t i = 0; i < progress->failure_count; i++) {
                const struct chappe_failures *failures = &progress->failures[i];
                used += put_varint(at + used, (uint64_t)(failures->offset - before));
                used += put_varint(at + used, (uint64_t)failures->times);
                used += put_varint(at + used, (uint64_t)failures->age_s);
                before = failures->offset;
        }
        return used;
}

/* One form of the runs, as far as there is room. */
struct form_written {
        size_t length;
        size_t runs; /* that it tells, wholly or in part */
};

static struct form_written put_runs(const struct chappe_progress *progress, uint8_t *at, size_t room)
{
        struct form_written written = { 0 };
        int64_t next = progress->watermark;
        for (size_t i = 0; i < progress->run_count; i++) {
                const struct chappe_offset_run *run = &progress->runs[i];
                uint8_t pair[2 * VARINT_SIZE];
                size_t size = put_varint(pair, (uint64_t)(run->from - next));
                size += put_varint(pair + size, (uint64_t)(run->to - run->from + 1));
                if (size > room - written.length)
                        break;
                memcpy(at + written.length, pair, size);
                written.length += size;
                written.runs++;
                next = run->to + 1;
        }
        return written;
}

static struct form_written put_bitmap(const struct chappe_progress *progress, uint8_t *at, size_t room)
{
        struct form_written written = { 0 };
        uint64_t bits = 8 * (uint64_t)room;
        memset(at, 0, room);
        for (size_t i = 0; i < progress->run_count; i++) {
                uint64_t from = (uint64_t)(progress->runs[i].from - progress->watermark - 1);
                uint64_t to = (uint64_t)(progress->runs[i].to - progress->watermark - 1);
                if (from >= bits)
                        break;
                for (uint64_t bit = from; bit <= to && bit < bits; bit++) {
                        at[bit / 8] |= (uint8_t)(1u << bit % 8);
                        written.length = bit / 8 + 1;
                }
                written.runs++;
        }
        return written;
}

/* Behind the byte that says the form; 0 when there is none. */
static size_t put_mark(const struct chappe_progress *progress, uint8_t *at)
{
        const struct chappe_crash_mark *mark = &progress->mark;
        if (mark->crashes == 0)
                return 0;
        /* It may have finished meanwhile. */
        bool named = mark->kills > 0 && mark->offset >= progress->watermark;
        size_t used = put_varint(at, (uint64_t)mark->crashes);
        used += put_varint(at + used, named ? (uint64_t)mark->kills : 0);
        return named ? used + put_varint(at + used, (uint64_t)(mark->offset - progress->watermark)) : used;
}

/* Behind the mark; 0 when there is nothing to say. */
static size_t put_suspects(const struct chappe_progress *progress, uint8_t *at)
{
        size_t used = 0;
        for (size_t i = 0; i < progress->failure_count; i++) {
                const struct chappe_failures *failures = &progress->failures[i];
                if (failures->print < 0)
                        return 0; /* told by somebody who did not know that yet */
                at[used++] = (uint8_t)failures->print;
                used += put_varint(at + used, 2 * (uint64_t)failures->doubted_s + failures->witnessed);
        }
        return used;
}

/* Behind those; 0 when it is no replay's. */
static size_t put_window(const struct chappe_progress *progress, uint8_t *at)
{
        const struct chappe_window *window = &progress->window;
        if (window->until == 0)
                return 0;
        size_t used = put_varint(
                at, window->until > progress->watermark ? (uint64_t)(window->until - progress->watermark) : 0);
        used += put_varint(at + used, (uint64_t)window->finished);
        used += put_varint(at + used, (uint64_t)window->failed);
        return used + put_varint(at + used, (uint64_t)window->id);
}

/* The form that tells more; of two that tell the same, the shorter. */
static size_t put_finished(const struct chappe_progress *progress, uint8_t *at, size_t room)
{
        size_t marked = put_mark(progress, at + 1);
        size_t suspects = put_suspects(progress, at + 1 + marked);
        size_t windowed = put_window(progress, at + 1 + marked + suspects);
        size_t used = 1 + marked + suspects + windowed;
        uint8_t bitmap[BODY_MAXIMUM];
        struct form_written by_runs = put_runs(progress, at + used, room - used);
        struct form_written by_bits = put_bitmap(progress, bitmap, room - used);
        bool bits = by_bits.runs > by_runs.runs || (by_bits.runs == by_runs.runs && by_bits.length < by_runs.length);
        at[0] = (bits ? FORM_BITMAP : FORM_RUNS) | (marked > 0 ? FORM_MARKED : 0) | (suspects > 0 ? FORM_SUSPECTS : 0) |
                (windowed > 0 ? FORM_WINDOW : 0);
        if (bits)
                memcpy(at + used, bitmap, by_bits.length);
        return used + (bits ? by_bits.length : by_runs.length);
}

static size_t print_base64(const uint8_t *at, size_t length, char *ret_text)
{
        size_t used = 0;
        for (size_t i = 0; i < length; i += 3) {
                size_t count = length - i < 3 ? length - i : 3;
                uint32_t group = (uint32_t)at[i] << 16 | (count > 1 ? (uint32_t)at[i + 1] << 8 : 0) |
                                 (count > 2 ? at[i + 2] : 0u);
                for (size_t n = 0; n <= count; n++)
                        ret_text[used++] = digits[group >> (18 - 6 * n) & 63];
        }
        ret_text[used] = '\0';
        return used;
}

size_t chappe_progress_print(const struct chappe_progress *progress, char ret_text[CHAPPE_PROGRESS_SIZE])
{
        uint8_t body[BODY_MAXIMUM];
        ret_text[0] = '\0';
        if (progress->run_count == 0 && progress->failure_count == 0 && progress->mark.crashes == 0 &&
            progress->window.until == 0)
                return 0;
        size_t used = CHECKSUM_SIZE;
        used += put_varint(body + used, (uint64_t)progress->watermark);
        used += put_failures(progress, body + used);
        used += put_finished(progress, body + used, sizeof(body) - used);
        uint32_t sum = checksum(body + CHECKSUM_SIZE, used - CHECKSUM_SIZE);
        for (int i = 0; i < CHECKSUM_SIZE; i++)
                body[i] = (uint8_t)(sum >> 8 * i);
        memcpy(ret_text, PREFIX, PREFIX_LENGTH);
        return PREFIX_LENGTH + print_base64(body, used, ret_text + PREFIX_LENGTH);
}

/* Bytes that somebody else may have written. */
struct reading {
        const uint8_t *at;
        const uint8_t *end;
};

static bool get_varint(struct reading *reading, uint64_t maximum, uint64_t *ret_value)
{
        uint64_t value = 0;
        for (unsigned shift = 0; reading->at < reading->end && shift < 63; shift += 7) {
                uint8_t byte = *reading->at++;
                value |= (uint64_t)(byte & 0x7f) << shift;
                if (byte & 0x80)
                        continue;
                *ret_value = value;
                return value <= maximum;
        }
        return false;
}

static bool get_failures(struct reading *reading, struct chappe_progress *progress)
{
        uint64_t count, distance, times, age_s;
        int64_t before = progress->watermark;
        if (!get_varint(reading, CHAPPE_PROGRESS_FAILURES, &count))
                return false;
        for (uint64_t i = 0; i < count; i++) {
                if (!get_varint(reading, (uint64_t)(INT64_MAX - before), &distance) ||
                    !get_varint(reading, INT32_MAX, &times) || !get_varint(reading, INT32_MAX, &age_s) ||
                    (i > 0 && distance == 0))
                        return false;
                before += (int64_t)distance;
                chappe_progress_fail(progress, (struct chappe_failures){ .offset = before,
                                                                         .times = (int32_t)times,
                                                                         .age_s = (int32_t)age_s,
                                                                         .print = -1 });
        }
        return true;
}

static bool get_runs(struct reading *reading, struct chappe_progress *progress)
{
        int64_t next = progress->watermark;
        while (reading->at < reading->end) {
                uint64_t gap, length;
                if (!get_varint(reading, (uint64_t)(INT64_MAX - next), &gap) || gap == 0)
                        return false;
                next += (int64_t)gap;
                if (!get_varint(reading, (uint64_t)(INT64_MAX - next), &length) || length == 0)
                        return false;
                next += (int64_t)length;
                if (chappe_progress_add(progress, (struct chappe_offset_run){ next - (int64_t)length, next - 1 }) < 0)
                        return false;
        }
        return true;
}

static bool get_bitmap(struct reading *reading, struct chappe_progress *progress)
{
        if (progress->watermark > INT64_MAX - 8 * (int64_t)BODY_MAXIMUM - 1)
                return false;
        int64_t offset = progress->watermark + 1;
        for (; reading->at < reading->end; reading->at++) {
                for (int bit = 0; bit < 8; bit++, offset++) {
                        if ((*reading->at >> bit & 1) &&
                            chappe_progress_add(progress, (struct chappe_offset_run){ offset, offset }) < 0)
                                return false;
                }
        }
        return true;
}

static bool get_mark(struct reading *reading, struct chappe_progress *progress)
{
        uint64_t crashes, kills, distance = 0;
        if (!get_varint(reading, INT32_MAX, &crashes) || crashes == 0 || !get_varint(reading, INT32_MAX, &kills) ||
            (kills > 0 && !get_varint(reading, (uint64_t)(INT64_MAX - progress->watermark), &distance)))
                return false;
        progress->mark = (struct chappe_crash_mark){ (int32_t)crashes, (int32_t)kills,
                                                     kills > 0 ? progress->watermark + (int64_t)distance : 0 };
        return true;
}

static bool get_suspects(struct reading *reading, struct chappe_progress *progress)
{
        for (size_t i = 0; i < progress->failure_count; i++) {
                uint64_t suspect;
                if (reading->at == reading->end)
                        return false;
                progress->failures[i].print = *reading->at++;
                if (!get_varint(reading, 2 * (uint64_t)INT32_MAX + 1, &suspect))
                        return false;
                progress->failures[i].doubted_s = (int32_t)(suspect / 2);
                progress->failures[i].witnessed = suspect % 2;
        }
        return true;
}

static bool get_window(struct reading *reading, struct chappe_progress *progress)
{
        uint64_t distance, finished, failed, id;
        if (!get_varint(reading, (uint64_t)(INT64_MAX - progress->watermark), &distance) ||
            !get_varint(reading, INT64_MAX, &finished) || !get_varint(reading, finished, &failed) ||
            !get_varint(reading, INT64_MAX, &id))
                return false;
        progress->window = (struct chappe_window){ progress->watermark + (int64_t)distance, (int64_t)finished,
                                                   (int64_t)failed, (int64_t)id };
        return progress->window.until > 0;
}

static bool get_body(struct reading *reading, struct chappe_progress *progress)
{
        uint64_t watermark;
        if (!get_varint(reading, INT64_MAX, &watermark) || (int64_t)watermark != progress->watermark ||
            !get_failures(reading, progress) || reading->at == reading->end)
                return false;
        uint8_t form = *reading->at++;
        if ((form & FORM_MARKED) && !get_mark(reading, progress))
                return false;
        if ((form & FORM_SUSPECTS) && !get_suspects(reading, progress))
                return false;
        if ((form & FORM_WINDOW) && !get_window(reading, progress))
                return false;
        form &= (uint8_t) ~(FORM_MARKED | FORM_SUSPECTS | FORM_WINDOW);
        return form == FORM_RUNS ? get_runs(reading, progress) : form == FORM_BITMAP && get_bitmap(reading, progress);
}

/* 0: no base64url, or more of it than we would write. */
static size_t parse_base64(const char *text, uint8_t ret_body[BODY_MAXIMUM])
{
        uint32_t group = 0;
        size_t used = 0;
        unsigned bits = 0;
        for (; *text; text++) {
                const char *digit = strchr(digits, *text);
                if (!digit)
                        return 0;
                group = group << 6 | (uint32_t)(digit - digits);
                bits += 6;
                if (bits < 8)
                        continue;
                bits -= 8;
                if (used == BODY_MAXIMUM)
                        return 0;
                ret_body[used++] = (uint8_t)(group >> bits);
        }
        return used;
}

bool chappe_progress_parse(struct chappe_progress *progress, const char *text, int64_t committed)
{
        uint8_t body[BODY_MAXIMUM];
        chappe_progress_reset(progress, committed);
        if (!text || committed < 0 || strncmp(text, PREFIX, PREFIX_LENGTH) != 0)
                return false;
        size_t length = parse_base64(text + PREFIX_LENGTH, body);
        if (length <= CHECKSUM_SIZE)
                return false;
        uint32_t sum = 0;
        for (int i = 0; i < CHECKSUM_SIZE; i++)
                sum |= (uint32_t)body[i] << 8 * i;
        struct reading reading = { body + CHECKSUM_SIZE, body + length };
        if (checksum(reading.at, length - CHECKSUM_SIZE) == sum && get_body(&reading, progress))
                return true;
        chappe_progress_reset(progress, committed);
        return false;
}
