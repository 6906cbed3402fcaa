/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that fails once, at the allocation of a chosen number: for code linked into the test (ld --wrap). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The next allocations are counted; the n-th from now fails, none for 0. */
void failing_at(unsigned n);
/* Whether it has come to that one. */
bool failing_happened(void);
/* Pieces of memory that are in use. */
long failing_in_use(void);
