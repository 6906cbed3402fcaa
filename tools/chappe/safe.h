/* SPDX-License-Identifier: Apache-2.0 */
/* What others wrote, so that it can be shown: nothing in it that a terminal acts on. On standard output. */
#pragma once

#include <jansson.h>

#include <chappe/text.h>

/* Bytes of no schema: text if they are text, on one line, else hex. */
void safe_print_bytes(struct chappe_bytes bytes);
/* JSON, as it is but for what a terminal acts on. */
void safe_print_json(struct chappe_text json);
/* The same bytes as a JSON string; null for none. */
json_t *safe_bytes_json(struct chappe_bytes bytes);
/* A whole answer in JSON, indented; takes the reference. The exit code: EXIT_DONE, or memory was short. */
int safe_print_answer(json_t *answer);
/* The same with one more member at its end, JSON text as it is: a schema may hold numbers that jansson cannot. */
int safe_print_answer_with(json_t *answer, const char *name, struct chappe_text json);
