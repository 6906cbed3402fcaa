/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of schemas and payloads that a tool works within: those of a service, by the names of its settings. */
#pragma once

#include <chappe/codec.h>

#include "config/config.h"

struct schema_limits {
        struct chappe_schema_limits schema;
        struct chappe_decode_limits decode;
};

/* The names, each with its "=": what --set takes where nothing else can be set. */
#define SCHEMA_LIMIT_NAMES "schema_text=,schema_depth=,schema_fixed=,schema_branches="
#define DECODE_LIMIT_NAMES "decode_depth=,decode_zero_byte_items=,decode_memory_factor=,decode_memory_constant="

/* What the sources say, and the defaults (config/settings.c). */
int schema_limits_load(const struct chappe_config_sources *sources, struct schema_limits *ret_limits,
                       struct chappe_error *error);
