/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema canonical, chappe schema fingerprint. */
#include <inttypes.h>
#include <stdio.h>

#include "schemas.h"

static const struct command_option options[] = { SCHEMA_INCLUDE_OPTION, SCHEMA_LIMIT_OPTION, { 0 } };

static int canonical(const struct command_line *line)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        int status = schema_open(line, command_argument(line, 0), &schema);

        if (status == EXIT_DONE)
                printf("%.*s\n", CHAPPE_TEXT(chappe_schema_canonical(schema)));
        return status;
}

static int fingerprint(const struct command_line *line)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        int status = schema_open(line, command_argument(line, 0), &schema);

        if (status == EXIT_DONE)
                printf("%016" PRIx64 "\n", __builtin_bswap64(chappe_schema_fingerprint(schema)));
        return status;
}

const struct command command_schema_canonical = {
        .name = "schema canonical",
        .arguments = "FILE",
        .summary = "a schema's Parsing Canonical Form",
        .options = options,
        .least = 1,
        .most = 1,
        .run = canonical,
};

const struct command command_schema_fingerprint = {
        .name = "schema fingerprint",
        .arguments = "FILE",
        .summary = "its CRC-64-AVRO: the 8 bytes of a single-object header, in hex",
        .options = options,
        .least = 1,
        .most = 1,
        .run = fingerprint,
};
