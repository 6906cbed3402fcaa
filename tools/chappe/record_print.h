/* SPDX-License-Identifier: Apache-2.0 */
/* A record on standard output. */
#pragma once

#include <chappe/buffer.h>
#include <chappe/client.h>

/* text: the value as JSON, where the record has a value. */
void record_print_line(const struct chappe_client_record *record, const struct chappe_buffer *text, bool colour);
void record_print_json(const struct chappe_client_record *record, const struct chappe_buffer *text);
