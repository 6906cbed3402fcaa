/* SPDX-License-Identifier: Apache-2.0 */
/* What the headers of a dead letter tell: where the record came from, and why it was given up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whose header names they are. Chappe writes Spring's. */
enum chappe_dead_letter_form {
        CHAPPE_DEAD_LETTER_SPRING,   /* kafka_dlt-* */
        CHAPPE_DEAD_LETTER_SMALLRYE, /* dead-letter-* */
        CHAPPE_DEAD_LETTER_CONNECT,  /* __connect.errors.* */
        CHAPPE_DEAD_LETTER_STREAMS,  /* __streams.errors.* */
};

struct chappe_dead_letter {
        enum chappe_dead_letter_form form;
        struct chappe_text topic; /* of the record; texts that were not told are empty */
        int32_t partition;        /* -1: not told; so is offset */
        int64_t offset;
        int64_t timestamp_ms;         /* 0: not told */
        bool log_append_time;         /* and it is the broker's; else the producer's */
        struct chappe_text group;     /* that gave it up */
        struct chappe_text exception; /* a class name, or chappe.E2103 */
        int code;                     /* of a Chappe error; 0: another's, or the handler's own decision */
        struct chappe_text reason;
        int32_t attempts;         /* 0: not told */
        int32_t replays;          /* how often it had been replayed before it died */
        int32_t headers_left_out; /* of the record's: it had too many for a dead letter */
};

#ifdef __cplusplus
}
#endif
