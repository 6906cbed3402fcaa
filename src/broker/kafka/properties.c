/* SPDX-License-Identifier: Apache-2.0 */
/* Properties: does the librdkafka that runs know one, and does it take the value? Copying them. */
#include <stdio.h>
#include <string.h>

#include "broker/kafka/kafka.h"
#include "broker/kafka/open.h"
#include "config/nearest.h"

CHAPPE_CLEANUP_DEFINE(conf, rd_kafka_conf_t *, rd_kafka_conf_destroy)

/* Offers every name of librdkafka's own table ("linger.ms  | P | …"): its dump leaves out what has no value yet. */
static void offer_names(struct chappe_nearest *nearest, char *table)
{
        char *line_end = NULL;

        for (char *line = strtok_r(table, "\n", &line_end); line; line = strtok_r(NULL, "\n", &line_end)) {
                size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789.");
                if (length > 0 && line[length] == ' ') {
                        line[length] = '\0';
                        chappe_nearest_offer(nearest, line);
                }
        }
}

static int unknown(const char *name, struct chappe_error *error)
{
        struct chappe_nearest nearest = { .written = name };
        CHAPPE_CLEANUP(string) char *table = NULL;
        size_t size;
        FILE *memory = open_memstream(&table, &size);
        int status;

        if (memory) {
                rd_kafka_conf_properties_show(memory);
                fclose(memory);
        }
        if (table)
                offer_names(&nearest, table);
        /* The table is where the nearest name stands. */
        if (nearest.name)
                status = chappe_fail(error, CHAPPE_E_SETTING_UNKNOWN,
                                     "unknown librdkafka property '%.60s': did you mean '%s'?", name, nearest.name);
        else
                status = chappe_fail(error, CHAPPE_E_SETTING_UNKNOWN,
                                     "unknown librdkafka property '%.60s' (its CONFIGURATION.md lists all)", name);
        return status;
}

static const char *put(char **at, const char *string)
{
        char *start = *at;

        *at = stpcpy(start, string) + 1;
        return start;
}

struct chappe_property *chappe_kafka_properties_copy(const struct chappe_property *properties, size_t count)
{
        size_t size = (count + 1) * sizeof(*properties);
        struct chappe_property *copy;
        char *at;

        for (size_t i = 0; i < count; i++)
                size += strlen(properties[i].name) + 1 + strlen(properties[i].value) + 1;
        copy = calloc(1, size);
        if (!copy)
                return NULL;
        at = (char *)(copy + count + 1);
        for (size_t i = 0; i < count; i++)
                copy[i] = (struct chappe_property){ put(&at, properties[i].name), put(&at, properties[i].value) };
        return copy;
}

int chappe_kafka_set_property(rd_kafka_conf_t *conf, const char *name, const char *value, struct chappe_error *error)
{
        char why[300];

        switch (rd_kafka_conf_set(conf, name, value, why, sizeof(why))) {
        case RD_KAFKA_CONF_OK:
                return 0;
        case RD_KAFKA_CONF_UNKNOWN:
                return unknown(name, error);
        default:
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s", name, why);
        }
}

int chappe_kafka_check_property(const struct chappe_property *property, struct chappe_error *error)
{
        CHAPPE_CLEANUP(conf) rd_kafka_conf_t *conf = rd_kafka_conf_new();

        return chappe_kafka_set_property(conf, property->name, property->value, error);
}
