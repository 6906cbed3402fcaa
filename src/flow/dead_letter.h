/* SPDX-License-Identifier: Apache-2.0 */
/* Giving a record up: to <topic>-dlt, as it came, with the reason beside it. */
#pragma once

#include "flow/handover.h"

/* Sends the job's record to its dead letter topic, made if need be; the job is finished once this is delivered. May
 * wait. Negative: it could not be sent; the record has to stay unfinished. */
int chappe_dead_letter_send(struct chappe_runtime *runtime, struct chappe_job *job, struct chappe_error *error);
