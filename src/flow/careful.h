/* SPDX-License-Identifier: Apache-2.0 */
/* Intake of a partition whose owners have died again and again: one record at a time in the whole process, each named
 * in a commit before it begins. Of the poll strand. */
#pragma once

#include "flow/intake.h"

/* What intake knows of one share's trial. Zero-initialise. */
struct chappe_careful {
        struct chappe_record record; /* waits for its mark */
        bool holds;
        bool running;     /* the record on trial was given */
        uint64_t mark;    /* the share's changes that a commit has to tell before anything more is taken */
        int64_t asked_us; /* since when */
};

/* The share is gained; its share->before says how it was left. */
void chappe_careful_begin(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                          int64_t now_us);
/* Is a mark on its way that has to be committed first? Not for ever: without commits there are no marks. */
bool chappe_careful_waits(const struct chappe_share *share, const struct chappe_careful *careful, int64_t now_us);
/* The next record that may be given now, alone, goes into *ret_record; false: none. */
bool chappe_careful_take(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                         int64_t now_us, struct chappe_record *ret_record);
/* The share is read from another offset on: what waits for its mark is of no use any more. Nothing of it is in hand. */
void chappe_careful_begin_elsewhere(struct chappe_intake *intake, struct chappe_share *share,
                                    struct chappe_careful *careful);
/* The share goes. */
void chappe_careful_end(struct chappe_intake *intake, const struct chappe_share *share, struct chappe_careful *careful);
