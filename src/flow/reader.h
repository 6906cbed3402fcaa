/* SPDX-License-Identifier: Apache-2.0 */
/* One consumer without a group, for everything that is read so: the schema topic, the reply partition. Of the poll
 * strand. */
#pragma once

#include "flow/flow.h"
#include "flow/wake.h"

struct chappe_reader;

int chappe_reader_new(struct chappe_runtime *runtime, struct chappe_reader **ret_reader, struct chappe_error *error);
/* Before open. The topic's name is copied. */
int chappe_reader_add(struct chappe_reader *reader, const struct chappe_source *source, struct chappe_error *error);
/* Fixes every position and begins to read; without sources it does nothing. The end that LATEST means is fixed here. */
int chappe_reader_open(struct chappe_reader *reader, struct chappe_wake *bell, struct chappe_error *error);
/* Hands over what has arrived; true when there may be more. */
bool chappe_reader_serve(struct chappe_reader *reader);
/* Ends reading; the sources stay, for another open. */
int chappe_reader_close(struct chappe_reader *reader, int64_t timeout_ms, struct chappe_error *error);
/* Takes NULL; returns NULL. */
struct chappe_reader *chappe_reader_free(struct chappe_reader *reader);
