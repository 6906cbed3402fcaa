/* SPDX-License-Identifier: Apache-2.0 */
/* A setting that names things by shell patterns: "shop.*, legacy.orders". */
#pragma once

#include <stdbool.h>

/* The patterns one by one, each terminated, an empty one at the end; blanks are left out. By malloc; NULL when memory
 * is short. */
char *chappe_patterns_split(const char *setting);
/* Does one of them fit the whole name? */
bool chappe_patterns_match(const char *patterns, const char *name);
