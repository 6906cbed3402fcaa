/* SPDX-License-Identifier: Apache-2.0 */
/* A setting that makes one name of another: "*-dlt" makes orders-dlt of orders. */
#pragma once

#include <chappe/error.h>
#include <chappe/text.h>

/* It has one star, and something beside it. -CHAPPE_E_SETTING_VALUE names the setting. */
int chappe_starred_check(const char *setting, const char *pattern, struct chappe_error *error);
/* The name made of this one, by malloc; NULL when memory is short. The pattern is a checked one. */
char *chappe_starred_make(const char *pattern, const char *name);
/* What a name was made of, borrowed from it; empty for one that does not fit. */
struct chappe_text chappe_starred_origin(const char *pattern, const char *name);
