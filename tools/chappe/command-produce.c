/* SPDX-License-Identifier: Apache-2.0 */
/* chappe produce: values, checked against their schema, into a topic. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "instant.h"
#include "progress.h"
#include "rate.h"
#include "schemas.h"
#include "source.h"

#define BATCH 1000 /* events between two waits for their deliveries */

struct producing {
        const char *topic;
        const struct chappe_type *type;
        struct chappe_service *service;
        struct value_source source;
        struct chappe_arena *arena;
        void *value;
        struct rate rate;
        int64_t sent, bad;
        int64_t delivered; /* of those sent: what is acknowledged for certain */
        struct progress progress;
};

/* What cannot be sent is told and left out. */
static int leave_out(struct producing *producing, const struct chappe_error *error)
{
        progress_end(&producing->progress);
        command_fail(error);
        producing->bad++;
        return 1;
}

static int send_one(struct producing *producing, struct chappe_context *ctx, struct chappe_error *error)
{
        int status = chappe_publish_to(ctx, producing->topic, producing->type, producing->value);

        if (status >= 0) {
                progress_step(&producing->progress, ++producing->sent);
                return 1;
        }
        *error = *chappe_context_error(ctx);
        value_source_blame(&producing->source, error);
        return status == -CHAPPE_E_RECORD_TOO_LARGE ? leave_out(producing, error) : -error->code;
}

/* One event: 1 sent or left out, 0 the source has ended, negative failed. */
static int produce_one(struct producing *producing, struct chappe_context *ctx, struct chappe_error *error)
{
        chappe_arena_reset(producing->arena);
        switch (value_source_next(&producing->source, producing->arena, producing->value, error)) {
        case VALUE_END:
                return 0;
        case VALUE_FAILED:
                return -error->code;
        case VALUE_BAD:
                return leave_out(producing, error);
        default:
                break;
        }
        rate_keep(&producing->rate);
        return send_one(producing, ctx, error);
}

/* A batch, and its deliveries. */
static int produce_batch(struct producing *producing, struct chappe_error *error)
{
        struct chappe_context *ctx = chappe_context_open(producing->service, NULL, 0);
        int status = 1, finished;

        if (!ctx)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a context");
        for (int i = 0; i < BATCH && status > 0 && !cluster_interrupted(); i++)
                status = produce_one(producing, ctx, error);
        finished = chappe_context_finish(ctx, status < 0 ? NULL : error);
        chappe_context_close(ctx);
        if (finished >= 0)
                producing->delivered = producing->sent;
        return status < 0 ? status : finished < 0 ? finished : status;
}

/* A delivery that failed does not say which of its batch it was. */
static int tell_failure(const struct producing *producing, const struct chappe_error *error)
{
        int64_t unknown = producing->sent - producing->delivered;

        if (producing->bad)
                command_say("%" PRId64 " were left out", producing->bad);
        if (producing->sent)
                command_say("%" PRId64 " were delivered to %s before this:", producing->delivered, producing->topic);
        if (unknown)
                command_say("of the %" PRId64 " sent after those, some may have been, too", unknown);
        return command_fail(error);
}

static int produce_all(struct producing *producing)
{
        struct chappe_error error;
        int status = 1;

        progress_start(&producing->progress, value_source_total(&producing->source));
        while (status > 0 && !cluster_interrupted())
                status = produce_batch(producing, &error);
        progress_end(&producing->progress);
        if (status < 0)
                return tell_failure(producing, &error);
        if (producing->bad)
                command_say("%" PRId64 " delivered to %s, %" PRId64 " left out", producing->sent, producing->topic,
                            producing->bad);
        else
                command_say("%" PRId64 " delivered to %s", producing->sent, producing->topic);
        if (cluster_interrupted())
                return EXIT_INTERRUPTED;
        return producing->bad ? EXIT_FAILED : EXIT_DONE;
}

static bool remember_schema(void *context, const struct chappe_client_record *record)
{
        struct chappe_schema **schema = context;

        if (record->schema && !*schema)
                *schema = chappe_schema_ref(record->schema);
        return *schema == NULL;
}

/* Without --schema and --type: the schema of the newest record. */
static int newest_schema(const struct command_line *line, struct chappe_schema **ret_schema)
{
        const char *topic = command_argument(line, 0);
        struct chappe_client_read read = {
                .topics = &topic,
                .topic_count = 1,
                .partition = -1,
                .from = CHAPPE_FROM_LAST,
                .position = 1,
                .to_end = true,
                .record = remember_schema,
                .context = ret_schema,
        };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct chappe_error error;
        int status = cluster_open(line, NULL, false, NULL, &client);

        if (status != EXIT_DONE)
                return status;
        if (chappe_client_read(client, &read, &error) < 0)
                return command_fail(&error);
        if (!*ret_schema)
                return command_misuse("%s holds no record yet: --type NAME or --schema FILE.avsc says what to write",
                                      topic);
        return EXIT_DONE;
}

static int produce_through(struct producing *producing, const struct command_line *line)
{
        struct chappe_operation operations[] = {
                {
                        .kind = CHAPPE_PRODUCES,
                        .topic = producing->topic,
                        .type = producing->type,
                        .key = command_value(line, "key-field"),
                },
                { 0 },
        };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct chappe_error error;
        int status = cluster_open(line, operations, command_given(line, "create"), NULL, &client);

        if (status != EXIT_DONE)
                return status;
        if (chappe_client_start(client, &producing->service, &error) < 0)
                return command_fail(&error);
        return produce_all(producing);
}

static int produce_values(const struct command_line *line, struct chappe_schema *schema, struct producing *producing)
{
        const char *json = command_value(line, "json");
        struct chappe_error error;
        int status;

        producing->source.schema = schema;
        if (chappe_client_type(schema, producing->arena, &producing->type, &error) < 0)
                return command_fail(&error);
        producing->source.layout = producing->type->layout;
        producing->value = calloc(1, producing->type->layout->size + 1);
        producing->arena = chappe_arena_new(0);
        if (!producing->arena || !producing->value)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        status = value_source_open(&producing->source, line, json ? json : command_argument(line, 1));
        return status == EXIT_DONE ? produce_through(producing, line) : status;
}

/* The schema to write: as it was told, else the file's own, else that of the newest record. */
static int find_schema(const struct command_line *line, const struct avro_input *avro, struct chappe_schema **ret)
{
        const char *path = command_value(line, "schema"), *type = command_value(line, "type");

        if (path && type)
                return command_misuse("one of --schema and --type");
        if (path)
                return schema_open(line, path, ret);
        if (type)
                return schema_find(line, command_argument(line, 0), type, ret);
        if (!avro)
                return newest_schema(line, ret);
        *ret = chappe_schema_ref(chappe_container_schema(avro->container));
        return EXIT_DONE;
}

static int produce(const struct command_line *line)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *types = chappe_arena_new(0);
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        struct producing producing = { .topic = command_argument(line, 0), .arena = types };
        const char *from = command_value(line, "from");
        struct avro_input avro = { 0 };
        int status;

        if (!rate_parse(line, &producing.rate.a_second))
                return EXIT_USAGE;
        status = from ? avro_input_open(line, from, &avro) : EXIT_DONE;
        producing.source.avro = from ? &avro : NULL;
        if (status == EXIT_DONE)
                status = find_schema(line, producing.source.avro, &schema);
        if (status == EXIT_DONE)
                status = produce_values(line, schema, &producing);
        value_source_close(&producing.source);
        avro_input_close(&avro);
        if (producing.arena != types)
                chappe_arena_free(producing.arena);
        free(producing.value);
        return status;
}

static const struct command_option options[] = {
        { "schema", 'S', "FILE", "the schema to write (that of the topic's newest record)", NULL },
        { "type", 'T', "NAME", "the same by its name: OrderPlaced, or shop.OrderPlaced", NULL },
        { "json", 'j', "JSON", "one value", NULL },
        { "file", 'F', "FILE", "values from a file, one JSON text a line", NULL },
        { "csv", 0, "FILE",
          "values from CSV or CSV.gz with a header row that names fields; an empty cell takes the default; - is "
          "standard input",
          NULL },
        { "from", 0, "FILE.avro", "values from an Avro container file, by its schema unless another is given", NULL },
        { "fake", 0, "N", "N made-up values that fit the schema", NULL },
        { "seed", 0, "N", "make up the same values again", NULL },
        { "rate", 'r', "N/s", "so many a second", NULL },
        { "key-field", 'k', "FIELD", "the field that is the record key (the schema's chappe.key)", NULL },
        { "create", 0, NULL, "create the topic if it is missing", NULL },
        SCHEMA_INCLUDE_OPTION,
        { 0 },
};

const struct command command_produce = {
        .name = "produce",
        .arguments = "TOPIC [JSON]",
        .summary = "put values into a topic: from an argument, a file, standard input, CSV, Avro, or made up",
        .details =
                "Values are JSON, plain or Avro's own: what chappe consume prints can be produced again. Logical types "
                "are text (2026-11-28,\n"
                "\"-12.50\") or numbers. Each value is checked against the schema; one that does not fit, or is larger "
                "than the cluster "
                "takes, is\n"
                "said, with its line, and left out, and the exit code is 1. What was said to be delivered is "
                "acknowledged by the cluster.",
        .options = options,
        .least = 1,
        .most = 2,
        .cluster = true,
        .run = produce,
};
