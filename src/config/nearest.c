/* SPDX-License-Identifier: Apache-2.0 */
/* Which known name was meant: edit distance with swapped neighbours as one edit (optimal string alignment). */
#include "config/nearest.h"

#include <string.h>

#define LENGTH_MAXIMUM 63

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
        unsigned char rows[3][LENGTH_MAXIMUM + 1];
        unsigned char *before = rows[0], *last = rows[1], *row = rows[2];

        for (size_t j = 0; j <= b_length; j++)
                last[j] = (unsigned char)j;
        for (size_t i = 1; i <= a_length; i++) {
                row[0] = (unsigned char)i;
                for (size_t j = 1; j <= b_length; j++) {
                        size_t edits = least(last[j] + 1U, row[j - 1] + 1U);
                        edits = least(edits, last[j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                edits = least(edits, before[j - 2] + 1U);
                        row[j] = (unsigned char)edits;
                }
                unsigned char *free_row = before;
                before = last;
                last = row;
                row = free_row;
        }
        return last[b_length];
}

void chappe_nearest_offer(struct chappe_nearest *nearest, const char *candidate)
{
        size_t length = strlen(nearest->written), candidate_length = strlen(candidate);
        if (length > LENGTH_MAXIMUM || candidate_length > LENGTH_MAXIMUM)
                return;

        size_t edits = distance(nearest->written, length, candidate, candidate_length);
        /* Beyond a third of the name it is another name, not a slip. */
        if (edits > (length > 3 ? length / 3 + 1 : 1))
                return;
        if (!nearest->name || edits < nearest->distance) {
                nearest->name = candidate;
                nearest->distance = edits;
        }
}
