/* SPDX-License-Identifier: Apache-2.0 */
/* Where schemas come from and are made known: a schema topic, or a registry. */
#pragma once

#include <chappe/schema.h>

#include "wire/frame.h"

struct chappe_schema_backend {
        /* The schema that a frame names; a reference for the caller. -CHAPPE_E_SCHEMA_UNKNOWN: not now;
         * -CHAPPE_E_REGISTRY_UNREACHABLE: nobody could say; other failures are final. May wait. */
        int (*find)(void *context, const char *topic, const struct chappe_frame *frame,
                    struct chappe_schema **ret_schema, struct chappe_error *error);
        /* Makes known that this schema is written to the topic (NULL: to whoever asks), and says how payloads name it.
         * May wait. */
        int (*announce)(void *context, const char *topic, struct chappe_schema *schema, struct chappe_frame *ret_frame,
                        struct chappe_error *error);
        void *context;
};
