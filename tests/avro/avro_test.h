/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the codec share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <chappe/codec.h>
#include <chappe/schema.h>

/* A schema that must be good. */
static inline struct chappe_schema *avro_schema(const char *text)
{
        struct chappe_error error = { 0 };
        struct chappe_schema *schema = NULL;

        if (chappe_schema_parse("test", chappe_text(text), &schema, &error) < 0)
                fail_msg("%s\n%s", error.text, text);
        return schema;
}

static inline void assert_text(struct chappe_text actual, const char *expected)
{
        if (!chappe_text_equal(actual, chappe_text(expected)))
                fail_msg("expected %s\nfound    %.*s", expected, CHAPPE_TEXT(actual));
}

/* The error's text holds this piece. */
static inline void assert_error(const struct chappe_error *error, int code, const char *piece)
{
        if (error->code != code || !strstr(error->text, piece))
                fail_msg("expected E%d with '%s'\nfound    E%d %s", code, piece, error->code, error->text);
}
