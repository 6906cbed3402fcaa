/* SPDX-License-Identifier: Apache-2.0 */
/* What the auditor found, as a table or as JSON, on standard output. */
#pragma once

#include "shop/audit/books.h"

struct report {
        int64_t started_ms;
        size_t records, repeated, faults;
        int64_t dead_letters; /* -1: could not be counted */
};

void report_print(const struct report *report, const struct books *books, bool json);
