/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of schemas and payloads, by the names of their settings (config/settings.c). */
#pragma once

#include <chappe/codec.h>

#include "config/config.h"

static inline struct chappe_schema_limits chappe_schema_limits_configured(const struct chappe_config *config)
{
        return (struct chappe_schema_limits){
                .schema_text = (size_t)chappe_config_integer(config, "schema_text"),
                .schema_depth = (size_t)chappe_config_integer(config, "schema_depth"),
                .schema_fixed = (size_t)chappe_config_integer(config, "schema_fixed"),
                .schema_branches = (size_t)chappe_config_integer(config, "schema_branches"),
        };
}

static inline struct chappe_decode_limits chappe_decode_limits_configured(const struct chappe_config *config)
{
        return (struct chappe_decode_limits){
                .depth = (size_t)chappe_config_integer(config, "decode_depth"),
                .zero_byte_items = (size_t)chappe_config_integer(config, "decode_zero_byte_items"),
                .memory_factor = (size_t)chappe_config_integer(config, "decode_memory_factor"),
                .memory_constant = (size_t)chappe_config_integer(config, "decode_memory_constant"),
        };
}
