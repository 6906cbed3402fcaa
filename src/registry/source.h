/* SPDX-License-Identifier: Apache-2.0 */
/* Where a registry's answers come from: the REST client, or a test's own. Every function may wait, and may run on
 * several strands. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/buffer.h>
#include <chappe/error.h>
#include <chappe/text.h>

struct chappe_registry_source {
        /* Appends the schema's text. -CHAPPE_E_SCHEMA_NOT_FOUND: there is no such id. */
        int (*schema)(void *context, uint32_t id, struct chappe_buffer *text, struct chappe_error *error);
        /* 1 when the id was registered under this subject, 0 when not. */
        int (*belongs)(void *context, uint32_t id, const char *subject, struct chappe_error *error);
        /* The id of this text, byte for byte, under the subject. -CHAPPE_E_SCHEMA_NOT_FOUND: it is not registered. */
        int (*find)(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                    struct chappe_error *error);
        /* Registers the text under the subject; the id it has from now on, or had already. */
        int (*enrol)(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                     struct chappe_error *error);
        /* The id of the schema with this GUID. -CHAPPE_E_SCHEMA_NOT_FOUND: there is none. */
        int (*identify)(void *context, const uint8_t guid[16], uint32_t *ret_id, struct chappe_error *error);
        void *context;
};
