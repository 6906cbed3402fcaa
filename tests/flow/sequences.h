/* SPDX-License-Identifier: Apache-2.0 */
/* How many random sequences a model test runs, and from which seed: CHAPPE_TEST_SEQUENCES and CHAPPE_TEST_SEED in the
 * environment. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/random.h"

static inline uint64_t sequences_wanted(uint64_t usually)
{
        const char *wanted = getenv("CHAPPE_TEST_SEQUENCES");

        return wanted ? strtoull(wanted, NULL, 10) : usually;
}

/* Prints it: with it the same sequences come again. */
static inline uint64_t sequences_seed(void)
{
        const char *given = getenv("CHAPPE_TEST_SEED");
        uint64_t seed = given ? strtoull(given, NULL, 10) : chappe_random_system_seed();

        print_message("# CHAPPE_TEST_SEED=%llu\n", (unsigned long long)seed);
        return seed;
}
