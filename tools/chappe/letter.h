/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters on the command line: which are meant, and what they are called. */
#pragma once

#include <chappe/letters.h>

#include "base/cleanup.h"

#include "schemas.h"
#include "where.h"

CHAPPE_CLEANUP_DEFINE(letters, struct chappe_letters *, (void)chappe_letters_close)

#define LETTER_PLACES     1000
#define LETTER_LABEL_SIZE 200
#define LETTER_OPTIONS                                                                                                 \
        { "where", 'w', "FIELD=VALUE",                                                                                 \
          "only values whose field (a.b for one within) is this; repeatable: all of "                                  \
          "them",                                                                                                      \
          NULL },                                                                                                      \
                { "error", 'E', "CODE", "only those that died of this: E2103, or an exception's name", NULL },         \
                { "group", 'g', "GROUP", "whose commits note what is settled: chappe-dlq, with the prefix", NULL },    \
                { "schema", 'S', "FILE", "values are bare Avro of this schema, without a frame that names one",        \
                  NULL },                                                                                              \
                SCHEMA_INCLUDE_OPTION

/* "2@15" */
struct letter_place {
        int32_t partition;
        int64_t offset;
        bool met; /* it is there */
};

/* What the line asks for: places, --where, --error. */
struct letter_filter {
        struct letter_place places[LETTER_PLACES];
        size_t place_count; /* 0: all */
        size_t settled;     /* that were named, and need nothing any more */
        size_t looked_at;   /* records that the places mean */
        size_t died;        /* of these, of the error that is asked for */
        struct where where;
        const char *error;
        struct chappe_buffer json; /* of the letter that was looked at last; empty when it has no value */
};

/* The places are the arguments from the second on. False: said what is wrong. */
bool letter_filter_parse(const struct command_line *line, struct letter_filter *ret_filter);
/* Is it meant? Prints its value into the filter's json. */
bool letter_filter_fits(struct letter_filter *filter, const struct chappe_client_record *record);
/* The same for a command that settles what is meant: what is settled is not meant again, and is counted when it was
 * named. A read for it has to ask for settled ones when places are named. */
bool letter_filter_fits_open(struct letter_filter *filter, const struct chappe_client_record *record, bool settled);
/* After a read of all: says what of the line met nothing. EXIT_DONE, or EXIT_FAILED. */
int letter_filter_tell(const struct letter_filter *filter, const char *topic);
void letter_filter_deinit(struct letter_filter *filter);

/* Says what is wrong with a record; returns the exit code for it, which is never that of wrong usage: the line was
 * right, the data is at fault. */
int letter_refuse(const struct chappe_error *error);

/* "E2103", "IllegalStateException", "-": what it died of; whole: with the class's package. */
const char *letter_error(const struct chappe_client_record *record, bool whole, char label[LETTER_LABEL_SIZE]);
/* The name of its schema; "-" when it could not be decoded. */
const char *letter_schema(const struct chappe_client_record *record);

/* The dead letters that the line names by --schema, --group and its first argument. Both stay the caller's. */
int letter_open(const struct command_line *line, struct chappe_client **ret_client, struct chappe_schema **ret_schema,
                struct chappe_letters **ret_letters);
