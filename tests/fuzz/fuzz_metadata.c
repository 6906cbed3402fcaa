/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a byte that says whether what follows is the text itself or the body of one, to be sealed with a checksum
 * and put into digits; eight bytes of the committed offset; the rest. What is understood is in order, and is told again
 * in words that say the same. */
#include <stdlib.h>
#include <string.h>

#include "flow/progress.h"

#define SEAL_LENGTH   4
#define BODY_MAXIMUM  4096
#define TEXT_MAXIMUM  (16 + BODY_MAXIMUM / 3 * 4 + 8)
#define OFFSET_LENGTH sizeof(uint64_t)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_digits(const uint8_t *at, size_t length, char *ret_text)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        uint32_t group = 0;
        int bits = 0;

        for (size_t i = 0; i < length; i++) {
                group = group << 8 | at[i];
                for (bits += 8; bits >= 6; bits -= 6)
                        *ret_text++ = digits[group >> (bits - 6) & 63];
        }
        if (bits > 0)
                *ret_text++ = digits[group << (6 - bits) & 63];
        *ret_text = '\0';
}

static void seal(const uint8_t *data, size_t size, char ret_text[TEXT_MAXIMUM])
{
        uint8_t body[SEAL_LENGTH + BODY_MAXIMUM];
        uint32_t sum = 2166136261u;

        for (size_t i = 0; i < size; i++)
                sum = (sum ^ data[i]) * 16777619u;
        for (int i = 0; i < SEAL_LENGTH; i++)
                body[i] = (uint8_t)(sum >> 8 * i);
        memcpy(body + SEAL_LENGTH, data, size);
        strcpy(ret_text, "chappe1:");
        put_digits(body, SEAL_LENGTH + size, ret_text + strlen(ret_text));
}

static void check_order(const struct chappe_progress *progress)
{
        int64_t last = progress->watermark;

        for (size_t i = 0; i < progress->run_count; i++) {
                const struct chappe_offset_run *run = &progress->runs[i];

                if (run->from <= last || run->to < run->from)
                        abort();
                last = run->to;
        }
        for (size_t i = 1; i < progress->failure_count; i++)
                if (progress->failures[i].offset <= progress->failures[i - 1].offset)
                        abort();
        if (progress->failure_count > CHAPPE_PROGRESS_FAILURES || progress->mark.crashes < 0 ||
            progress->window.failed > progress->window.finished)
                abort();
}

/* Again has what progress has; of the runs maybe fewer, for there is not always room for all. */
static void check_same(const struct chappe_progress *progress, const struct chappe_progress *again)
{
        if (again->run_count > progress->run_count || again->failure_count != progress->failure_count)
                abort();
        for (size_t i = 0; i < again->run_count; i++)
                if (again->runs[i].from != progress->runs[i].from || again->runs[i].to != progress->runs[i].to)
                        abort();
        for (size_t i = 0; i < again->failure_count; i++)
                if (again->failures[i].offset != progress->failures[i].offset ||
                    again->failures[i].times != progress->failures[i].times)
                        abort();
        if (again->mark.crashes != progress->mark.crashes || again->mark.kills != progress->mark.kills ||
            again->window.until != progress->window.until || again->window.finished != progress->window.finished)
                abort();
}

static void check_told_again(const struct chappe_progress *progress)
{
        struct chappe_progress again = { 0 };
        char text[CHAPPE_PROGRESS_SIZE];
        size_t length = chappe_progress_print(progress, text);

        if (length >= sizeof(text) || length != strlen(text))
                abort();
        if (length > 0) {
                if (!chappe_progress_parse(&again, text, progress->watermark))
                        abort();
                check_same(progress, &again);
        }
        chappe_progress_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct chappe_progress progress = { 0 };
        char text[TEXT_MAXIMUM];
        uint64_t committed;

        if (size < 1 + OFFSET_LENGTH || size > 1 + OFFSET_LENGTH + BODY_MAXIMUM)
                return 0;
        memcpy(&committed, data + 1, OFFSET_LENGTH);
        const uint8_t *rest = data + 1 + OFFSET_LENGTH;
        size -= 1 + OFFSET_LENGTH;
        if (data[0] & 1) {
                seal(rest, size, text);
        } else {
                memcpy(text, rest, size);
                text[size] = '\0';
        }
        if (chappe_progress_parse(&progress, text, (int64_t)(committed >> 1))) {
                if (progress.watermark != (int64_t)(committed >> 1))
                        abort();
                check_order(&progress);
                check_told_again(&progress);
        } else if (progress.run_count + progress.failure_count > 0 || progress.mark.crashes != 0) {
                abort();
        }
        chappe_progress_deinit(&progress);
        return 0;
}
