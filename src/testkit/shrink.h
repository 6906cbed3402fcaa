/* SPDX-License-Identifier: Apache-2.0 */
/* A failing seed with as few faults and things fed as it takes to fail. */
#pragma once

#include "testkit/simulate.h"

struct shrunk {
        struct selection selection;
        size_t faults, faults_before;
        size_t items, items_before;
        uint32_t runs; /* that it took */
};

/* Runs the seed again and again, each time in a process of its own. False when it does not fail any more. */
bool chappe_testkit_shrink(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                           struct shrunk *ret_shrunk);
/* The selection as variables of the environment ("CHAPPE_TEST_FAULTS=1,5 …"), each with a space behind it; and back. */
void chappe_testkit_selection_print(const struct shrunk *shrunk, FILE *file);
bool chappe_testkit_selection_read(struct selection *ret_selection);
/* What is left, what happened when it ran, and how to repeat it. */
void chappe_testkit_shrunk_tell(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                                const struct shrunk *shrunk);
