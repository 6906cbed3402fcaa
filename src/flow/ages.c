/* SPDX-License-Identifier: Apache-2.0 */
/* Marks in order; a full list loses every other one. */
#include "flow/ages.h"

#include <string.h>

static void thin_out(struct chappe_ages *ages)
{
        for (size_t i = 0; 2 * i < ages->count; i++)
                ages->marks[i] = ages->marks[2 * i];
        ages->count = (ages->count + 1) / 2;
}

void chappe_ages_take(struct chappe_ages *ages, int64_t offset, int64_t now_us)
{
        if (ages->count > 0) {
                int64_t step_us = (now_us - ages->marks[0].at_us) / (CHAPPE_AGES_MARKS / 2);
                step_us = step_us > CHAPPE_AGES_STEP_US ? step_us : CHAPPE_AGES_STEP_US;
                if (now_us - ages->marks[ages->count - 1].at_us < step_us)
                        return;
        }
        if (ages->count == CHAPPE_AGES_MARKS)
                thin_out(ages);
        ages->marks[ages->count].offset = offset;
        ages->marks[ages->count++].at_us = now_us;
}

int64_t chappe_ages_age_us(struct chappe_ages *ages, int64_t offset, int64_t now_us)
{
        size_t past = 0;
        while (past + 1 < ages->count && ages->marks[past + 1].offset <= offset)
                past++;
        ages->count -= past;
        memmove(ages->marks, ages->marks + past, ages->count * sizeof(ages->marks[0]));
        return ages->count > 0 && ages->marks[0].offset <= offset ? now_us - ages->marks[0].at_us : 0;
}
