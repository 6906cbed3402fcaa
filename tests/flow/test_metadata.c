/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a commit's metadata beside a plain reader of the format as progress.h describes it; and texts of others.
 */
#include "sequences.h"

#include <string.h>

#include "flow/progress.h"

#define SPAN 120 /* offsets behind the committed one */

static struct chappe_random random_numbers;
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int64_t below(uint64_t bound)
{
        return (int64_t)chappe_random_below(&random_numbers, bound);
}

/* What is finished, offset by offset. */
struct plain {
        int64_t watermark;
        bool finished[SPAN + 1]; /* of watermark + n */
        struct chappe_failures failures[4];
        size_t failure_count;
        struct chappe_window window;
};

static void invent(struct plain *plain)
{
        uint64_t density = 1 + (uint64_t)below(10);

        *plain = (struct plain){ .watermark = below(4) ? below(1000000) : below(UINT64_C(1) << 50) };
        for (int64_t n = 1 + below(SPAN); n > 1; n--)
                plain->finished[n] = (uint64_t)below(10) < density;
        for (int64_t offset = plain->watermark + below(20); plain->failure_count < 4 && below(3);
             offset += 1 + below(9))
                plain->failures[plain->failure_count++] = (struct chappe_failures){ offset,
                                                                                    1 + (int32_t)below(300),
                                                                                    (int32_t)below(100000),
                                                                                    (int32_t)(below(2) * below(1000)),
                                                                                    below(3) == 0,
                                                                                    (int16_t)below(256) };
        if (below(4) == 0)
                plain->window = (struct chappe_window){ plain->watermark + 1 + below(1000), below(100000) + 500,
                                                        below(500), below(1000000) };
}

static size_t print(const struct plain *plain, char text[CHAPPE_PROGRESS_SIZE])
{
        struct chappe_progress progress = { 0 };
        size_t length;

        chappe_progress_reset(&progress, plain->watermark);
        for (int n = 1; n <= SPAN; n++)
                if (plain->finished[n])
                        assert_int_equal(
                                chappe_progress_add(&progress, (struct chappe_offset_run){ plain->watermark + n,
                                                                                           plain->watermark + n }),
                                0);
        for (size_t i = 0; i < plain->failure_count; i++)
                chappe_progress_fail(&progress, plain->failures[i]);
        progress.window = plain->window;
        length = chappe_progress_print(&progress, text);
        chappe_progress_deinit(&progress);
        return length;
}

static uint64_t take_varint(const uint8_t **at)
{
        uint64_t value = 0;

        for (int shift = 0;; shift += 7) {
                value |= (uint64_t)(**at & 0x7f) << shift;
                if (!(*(*at)++ & 0x80))
                        return value;
        }
}

static size_t decode_base64(const char *text, uint8_t *ret_bytes)
{
        uint32_t group = 0;
        size_t used = 0, bits = 0;

        for (; *text; text++) {
                group = group << 6 | (uint32_t)(strchr(digits, *text) - digits);
                bits += 6;
                if (bits >= 8)
                        ret_bytes[used++] = (uint8_t)(group >> (bits -= 8));
        }
        return used;
}

static void read_runs(const uint8_t *at, const uint8_t *end, struct plain *ret_plain)
{
        uint64_t n = 0;

        while (at < end) {
                n += take_varint(&at);
                for (uint64_t length = take_varint(&at); length > 0; length--)
                        ret_plain->finished[n++] = true;
        }
}

/* As the comment in progress.h says, trusting every byte. */
static void read_plainly(const char *text, struct plain *ret_plain)
{
        uint8_t bytes[CHAPPE_PROGRESS_SIZE];
        const uint8_t *at = bytes + 4, *end = bytes + decode_base64(text + 8, bytes);
        int64_t offset;

        *ret_plain = (struct plain){ .watermark = (int64_t)take_varint(&at) };
        ret_plain->failure_count = (size_t)take_varint(&at);
        offset = ret_plain->watermark;
        for (size_t i = 0; i < ret_plain->failure_count; i++) {
                offset += (int64_t)take_varint(&at);
                ret_plain->failures[i].offset = offset;
                ret_plain->failures[i].times = (int32_t)take_varint(&at);
                ret_plain->failures[i].age_s = (int32_t)take_varint(&at);
        }
        uint8_t form = *at++;
        for (size_t i = 0; (form & 4) && i < ret_plain->failure_count; i++) {
                ret_plain->failures[i].print = *at++;
                uint64_t suspect = take_varint(&at);
                ret_plain->failures[i].doubted_s = (int32_t)(suspect / 2);
                ret_plain->failures[i].witnessed = suspect % 2;
        }
        if (form & 8) {
                ret_plain->window.until = ret_plain->watermark + (int64_t)take_varint(&at);
                ret_plain->window.finished = (int64_t)take_varint(&at);
                ret_plain->window.failed = (int64_t)take_varint(&at);
                ret_plain->window.id = (int64_t)take_varint(&at);
        }
        if ((form & 1) == 0) {
                read_runs(at, end, ret_plain);
                return;
        }
        for (int n = 1; at < end; at++)
                for (int bit = 0; bit < 8; bit++, n++)
                        if (*at & 1 << bit)
                                ret_plain->finished[n] = true;
}

/* What was understood, offset by offset; nothing of it may be out of order. */
static void spread(const struct chappe_progress *progress, struct plain *ret_plain)
{
        int64_t before = progress->watermark;

        *ret_plain = (struct plain){ .watermark = progress->watermark,
                                     .failure_count = progress->failure_count,
                                     .window = progress->window };
        for (size_t i = 0; i < progress->run_count; i++) {
                assert_true(progress->runs[i].from > before && progress->runs[i].to >= progress->runs[i].from);
                for (int64_t offset = progress->runs[i].from; offset <= progress->runs[i].to; offset++)
                        ret_plain->finished[offset - progress->watermark] = true;
                before = progress->runs[i].to;
        }
        memcpy(ret_plain->failures, progress->failures, progress->failure_count * sizeof(progress->failures[0]));
}

static void assert_same(const struct plain *a, const struct plain *b)
{
        assert_int_equal(a->watermark, b->watermark);
        assert_memory_equal(a->finished, b->finished, sizeof(a->finished));
        assert_memory_equal(&a->window, &b->window, sizeof(a->window));
        assert_int_equal(a->failure_count, b->failure_count);
        for (size_t i = 0; i < a->failure_count; i++) {
                assert_int_equal(a->failures[i].offset, b->failures[i].offset);
                assert_int_equal(a->failures[i].times, b->failures[i].times);
                assert_int_equal(a->failures[i].age_s, b->failures[i].age_s);
                assert_int_equal(a->failures[i].doubted_s, b->failures[i].doubted_s);
                assert_int_equal(a->failures[i].witnessed, b->failures[i].witnessed);
                assert_int_equal(a->failures[i].print, b->failures[i].print);
        }
}

static void test_text_means_what_the_format_says(void **state)
{
        struct chappe_progress progress = { 0 };
        struct plain told, read, heard;
        char text[CHAPPE_PROGRESS_SIZE];

        (void)state;
        for (uint64_t n = sequences_wanted(30000); n > 0; n--) {
                invent(&told);
                if (print(&told, text) == 0)
                        continue;
                read_plainly(text, &read);
                assert_same(&told, &read);
                assert_true(chappe_progress_parse(&progress, text, told.watermark));
                spread(&progress, &heard);
                assert_same(&told, &heard);
        }
        chappe_progress_deinit(&progress);
}

/* One to three characters are others, one is missing, or one too many. */
static void spoil(char *text)
{
        for (int64_t n = 1 + below(3); n > 0; n--) {
                size_t length = strlen(text), at = (size_t)below(length);

                switch (below(4)) {
                case 0:
                        memmove(text + at, text + at + 1, length - at);
                        break;
                case 1:
                        memmove(text + at + 1, text + at, length - at + 1);
                        break;
                default:
                        text[at] = below(8) ? digits[below(64)] : (char)(1 + below(255));
                }
        }
}

/* Whatever happened to it: it says what it said, or nothing. */
static void test_spoilt_text_claims_nothing(void **state)
{
        struct chappe_progress progress = { 0 };
        struct plain told, heard;
        char text[CHAPPE_PROGRESS_SIZE + 8];

        (void)state;
        for (uint64_t n = sequences_wanted(30000); n > 0; n--) {
                invent(&told);
                if (print(&told, text) == 0)
                        continue;
                spoil(text);
                if (chappe_progress_parse(&progress, text, told.watermark)) {
                        spread(&progress, &heard);
                        assert_same(&told, &heard);
                } else {
                        assert_int_equal(progress.run_count + progress.failure_count, 0);
                }
        }
        chappe_progress_deinit(&progress);
}

/* Of other tools, of versions to come, of nobody; longer than a broker would keep. */
static void test_texts_of_others_say_nothing(void **state)
{
        static const char *const beginnings[] = {
                "", "chappe1:", "chappe2:", "chappe1", "chappe", "{\"a\":", "CHAPPE1:"
        };
        struct chappe_progress progress = { 0 };
        static char text[6000];

        (void)state;
        for (uint64_t n = sequences_wanted(30000); n > 0; n--) {
                size_t length = (size_t)below(below(50) ? 60 : sizeof(text) - 20);
                char *at = stpcpy(text, beginnings[below(sizeof(beginnings) / sizeof(beginnings[0]))]);
                bool ours = below(4) > 0;

                for (size_t i = 0; i < length; i++)
                        *at++ = ours ? digits[below(64)] : (char)(1 + below(255));
                *at = '\0';
                assert_false(chappe_progress_parse(&progress, text, below(1000)));
                assert_int_equal(progress.run_count + progress.failure_count, 0);
        }
        chappe_progress_deinit(&progress);
}

static int begin(void **state)
{
        (void)state;
        chappe_random_init(&random_numbers, sequences_seed());
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text_means_what_the_format_says),
                cmocka_unit_test(test_spoilt_text_claims_nothing),
                cmocka_unit_test(test_texts_of_others_say_nothing),
        };
        return cmocka_run_group_tests(tests, begin, NULL);
}
