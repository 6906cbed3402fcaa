/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time, from the clock seam. */
#include "instant.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/executor.h"

#include "commands.h"

#define STEP_US 100000

int64_t instant_now_ms(void)
{
        return chappe_clock_wall_ms(chappe_clock_system());
}

int64_t instant_monotonic_us(void)
{
        return chappe_clock_monotonic_us(chappe_clock_system());
}

void instant_wait_until_us(int64_t monotonic_us)
{
        struct chappe_executor *executor = chappe_executor_threads();
        struct chappe_mutex *mutex = chappe_mutex_new(executor);
        struct chappe_condition *condition = chappe_condition_new(executor);
        int64_t step = instant_monotonic_us() + STEP_US;

        if (mutex && condition) {
                chappe_mutex_lock(executor, mutex);
                chappe_condition_wait(executor, condition, mutex, monotonic_us < step ? monotonic_us : step);
                chappe_mutex_unlock(executor, mutex);
        }
        chappe_condition_free(executor, condition);
        chappe_mutex_free(executor, mutex);
}

/* As instant_format writes it: ".123Z", of which the point and the Z may be missing. False: something else follows. */
static bool parse_rest(const char *text, int64_t *ms)
{
        int64_t digit = 100;

        if (*text == '.') {
                if (text[1] < '0' || text[1] > '9')
                        return false;
                for (text++; *text >= '0' && *text <= '9'; text++, digit /= 10)
                        *ms += (*text - '0') * digit;
        }
        return *text == '\0' || (*text == 'Z' && text[1] == '\0');
}

bool instant_parse(const char *text, int64_t *ret_ms)
{
        static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S" };
        int64_t ago_ms;

        /* With its unit: "-3" may as well mean three records. */
        if (*text == '-' && isalpha((unsigned char)text[strlen(text) - 1]) &&
            command_parse_duration(text + 1, &ago_ms)) {
                *ret_ms = instant_now_ms() - ago_ms;
                return true;
        }
        for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
                struct tm fields = { 0 };
                const char *end = strptime(text, forms[i], &fields);

                int64_t ms = (int64_t)timegm(&fields) * 1000;

                if (end && (!*end || (strchr(forms[i], 'S') && parse_rest(end, &ms)))) {
                        *ret_ms = ms;
                        return true;
                }
        }
        return false;
}

const char *instant_format(int64_t ms, char buffer[40])
{
        time_t seconds = (time_t)(ms / 1000);
        struct tm fields;
        char date[24];

        if (ms < 0 || !gmtime_r(&seconds, &fields) || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &fields) == 0)
                return "-";
        snprintf(buffer, 40, "%s.%03dZ", date, (int)(ms % 1000));
        return buffer;
}
