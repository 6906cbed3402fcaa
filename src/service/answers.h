/* SPDX-License-Identifier: Apache-2.0 */
/* --print-config and --describe: what is asked of a service that does not run. */
#pragma once

#include <chappe/buffer.h>

#include "service/service.h"

/* Every setting with where it came from, as a file that could be read again; secrets are hidden. */
int chappe_print_config(const struct chappe_config *config, struct chappe_buffer *buffer);
/* AsyncAPI 3.0 as JSON. */
int chappe_describe(const struct chappe_service *service, struct chappe_buffer *buffer, struct chappe_error *error);
