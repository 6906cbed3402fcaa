/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds from settings. */
#include "schema/schema_limits.h"

#include "config/bounds.h"

int schema_limits_load(const struct chappe_config_sources *sources, struct schema_limits *ret_limits,
                       struct chappe_error *error)
{
        struct chappe_config *config;
        int status = chappe_config_load(sources, &config, error);

        if (status < 0)
                return status;
        *ret_limits = (struct schema_limits){ chappe_schema_limits_configured(config),
                                              chappe_decode_limits_configured(config) };
        chappe_config_free(config);
        return 0;
}
