/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any text as a schema. What is accepted must come back the same from its own canonical form, and fit
 * itself. */
#include <stdlib.h>
#include <string.h>

#include <chappe/codec.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Does the canonical form define a type with a namespace, and one without? */
static void find_names(struct chappe_text canonical, bool *ret_dotted, bool *ret_bare)
{
        static const char key[] = "\"name\":\"", type[] = "\",\"type\":\"";
        const char *end = canonical.at + canonical.length;

        for (const char *at = canonical.at; (at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1));) {
                at += sizeof(key) - 1;
                const char *stop = memchr(at, '"', (size_t)(end - at));
                bool named = (size_t)(end - stop) > sizeof(type) && memcmp(stop, type, sizeof(type) - 1) == 0;

                *ret_dotted |= named && memchr(at, '.', (size_t)(stop - at));
                *ret_bare |= named && !memchr(at, '.', (size_t)(stop - at));
                at = stop;
        }
}

/* A name without a namespace inside of one cannot be told from one of that namespace: the specification's form has
 * lost it, and so has Java's. */
static bool may_differ(const struct chappe_schema *schema)
{
        bool dotted = false, bare = false;

        find_names(chappe_schema_canonical(schema), &dotted, &bare);
        return dotted && bare;
}

static void check_canonical(const struct chappe_schema *schema)
{
        struct chappe_error error;
        struct chappe_schema *again = NULL;

        if (chappe_schema_parse("canonical", chappe_schema_canonical(schema), &again, &error) < 0) {
                if (error.code != CHAPPE_E_SCHEMA_LIMIT &&
                    !(error.code == CHAPPE_E_SCHEMA_INVALID && may_differ(schema)))
                        abort();
                return;
        }
        if (chappe_schema_fingerprint(again) != chappe_schema_fingerprint(schema) && !may_differ(schema))
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
