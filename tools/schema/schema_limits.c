/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds from settings. */
#include "schema/schema_limits.h"

static size_t limit(const struct chappe_config *config, const char *name)
{
        return (size_t)chappe_config_integer(config, name);
}

int schema_limits_load(const struct chappe_config_sources *sources, struct schema_limits *ret_limits,
                       struct chappe_error *error)
{
        struct chappe_config *config;
        int status = chappe_config_load(sources, &config, error);

        if (status < 0)
                return status;
        *ret_limits = (struct schema_limits){
                .schema = { .schema_text = limit(config, "schema_text"),
                            .schema_depth = limit(config, "schema_depth"),
                            .schema_fixed = limit(config, "schema_fixed"),
                            .schema_branches = limit(config, "schema_branches") },
                .decode = { .depth = limit(config, "decode_depth"),
                            .zero_byte_items = limit(config, "decode_zero_byte_items"),
                            .memory_factor = limit(config, "decode_memory_factor"),
                            .memory_constant = limit(config, "decode_memory_constant") },
        };
        chappe_config_free(config);
        return 0;
}
