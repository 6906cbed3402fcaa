/* SPDX-License-Identifier: Apache-2.0 */
/* --check: would this service start? */
#pragma once

#include <stdio.h>

#include "service/service.h"

/* Prints one line a check to out. 0 when all passed. The service was made, which checked configuration, operations,
 * schemas. */
int chappe_check(struct chappe_service *service, bool offline, FILE *out);
