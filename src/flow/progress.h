/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is finished of a partition beyond the offset that is committed, as text in the metadata of that commit: after a
 * restart only what was unfinished runs again. How often parked records have failed travels with it. Pure.
 *
 *   chappe1:<base64url of>
 *     4 bytes   FNV-1a of the rest, little-endian
 *     varint    the committed offset
 *     varint    how many failures follow; each: distance to the offset before,
 *               times failed, seconds since the first
 *     1 byte    form 0 or 1, plus 2, 4 and 8 for what follows here:
 *               2  a mark of crashes: varints, lives that ended without giving
 *                  the partition up, how often with a record on trial, and when
 *                  there is one its distance from the committed offset
 *               4  the failures go on, each: 1 byte by which its record is known
 *                  again, and a varint, twice the seconds that it has been kept
 *                  for doubt, plus 1 when others got through since it failed
 *               8  it is a replay's: varints, how far its end is from the
 *                  committed offset, records finished, of them those given up,
 *                  and which replay it is
 *     the rest  form 0: varints, unfinished and finished offsets in turn, from
 *               the committed offset on
 *               form 1: a bitmap, lowest bit first, from the offset behind it on
 *
 * Whatever does not fit word for word, another version's or another tool's, says nothing, and everything from the
 * committed offset on runs again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/offset_ledger.h"
#include "flow/trial.h"

#define CHAPPE_PROGRESS_SIZE     4097 /* of the text, with its end: brokers allow 4,096 by default */
#define CHAPPE_PROGRESS_FAILURES 64
/* What always fits beside so many failures: this many offsets behind the committed one, in any pattern; or this many
 * runs, however far apart. */
#define CHAPPE_PROGRESS_OFFSETS  18000
#define CHAPPE_PROGRESS_RUNS     550

struct chappe_failures {
        int64_t offset;
        int32_t times;
        int32_t age_s;     /* since the first attempt */
        int32_t doubted_s; /* kept though its attempts are used up */
        bool witnessed;    /* others got through since it failed */
        int16_t print;     /* 0 to 255, of the record: another at this offset has likely another; -1: not told */
};

/* A partition's part of a bounded window that is run once more, and how far that is: travels in the commits of the
 * replay's own group, so that every tool and every later life knows the same. */
struct chappe_window {
        int64_t until;    /* offset, excluded; 0: no replay */
        int64_t finished; /* records, over all lives */
        int64_t failed;   /* of them, given up */
        int64_t id;       /* when it was prepared, ms since the epoch: two of one name are two */
};

/* Zero-initialise; chappe_progress_deinit when done. */
struct chappe_progress {
        int64_t watermark;              /* the committed offset: unfinished, as are all that no run names */
        struct chappe_offset_run *runs; /* ascending, none touching another */
        size_t run_count;
        size_t run_capacity;
        struct chappe_failures failures[CHAPPE_PROGRESS_FAILURES]; /* ascending */
        size_t failure_count;
        struct chappe_crash_mark mark;
        struct chappe_window window;
};

/* Nothing is known but the watermark. */
void chappe_progress_reset(struct chappe_progress *progress, int64_t watermark);
/* One more finished run, behind all others and the watermark. -CHAPPE_E_NO_MEMORY. */
int chappe_progress_add(struct chappe_progress *progress, struct chappe_offset_run run);
/* In any order; of one offset the latest is kept, and when there are too many, the lowest offsets. */
void chappe_progress_fail(struct chappe_progress *progress, struct chappe_failures failures);
/* The text, and its length: 0 when there is nothing to say. The last runs are left out where there is no room. */
size_t chappe_progress_print(const struct chappe_progress *progress, char ret_text[CHAPPE_PROGRESS_SIZE]);
/* What the metadata of a commit of this offset says; false when it says nothing that we understand. progress is
 * initialised, and empty after a failure. */
bool chappe_progress_parse(struct chappe_progress *progress, const char *text, int64_t committed);
void chappe_progress_deinit(struct chappe_progress *progress);
