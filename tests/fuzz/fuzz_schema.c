/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any text as a schema. What is accepted must come back the same from its own canonical form, and fit
 * itself. */
#include <stdlib.h>

#include <chappe/codec.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(const struct chappe_schema *schema)
{
        struct chappe_error error;
        struct chappe_schema *again = NULL;

        if (chappe_schema_parse("canonical", chappe_schema_canonical(schema), &again, &error) < 0) {
                /* Names without a namespace inside one, and limits, are all that may stand in the way. */
                if (error.code != CHAPPE_E_SCHEMA_LIMIT && error.code != CHAPPE_E_SCHEMA_INVALID)
                        abort();
                return;
        }
        if (chappe_schema_fingerprint(again) != chappe_schema_fingerprint(schema))
                abort();
        chappe_schema_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct chappe_error error = { 0 };
        struct chappe_schema *schema = NULL;

        if (chappe_schema_parse("fuzz", (struct chappe_text){ (const char *)data, size }, &schema, &error) < 0)
                return 0;
        check_canonical(schema);
        if (chappe_schema_check(schema, schema, &error) < 0 && error.code != CHAPPE_E_SCHEMA_LIMIT)
                abort();
        chappe_schema_unref(schema);
        return 0;
}
