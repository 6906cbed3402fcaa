/* SPDX-License-Identifier: Apache-2.0 */
/* What is encoded and decoded, and the works done on it. */
#pragma once

#include <chappe/chappe.h>
#include <chappe/codec.h>
#include <chappe/value.h>

struct codec_message {
        const char *name;
        const struct chappe_type *type;
        const struct chappe_type *next; /* fields added, dropped, promoted, reordered */
        const struct chappe_type *less; /* the same without the added ones */
        const char *json;
};

/* A message, encoded. */
struct codec_sample {
        const struct codec_message *message;
        struct chappe_arena *arena;
        void *value;
        struct chappe_buffer bytes;
};

/* Ends the program when status is an error. */
void codec_need(int status, const struct chappe_error *error);

void codec_work(const struct codec_sample *sample, const char *work, long count);
/* The same by avro-c. */
void codec_oracle(const struct codec_sample *sample, const char *work, long count);
