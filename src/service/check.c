/* SPDX-License-Identifier: Apache-2.0 */
/* --check: would this service start? */
#include "service/check.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "service/notify.h"

struct report {
        FILE *out;
        int failures;
};

static void fine(struct report *report, const char *what)
{
        fprintf(report->out, "ok    %s\n", what);
}

static void failed(struct report *report, const char *what, const struct chappe_error *error)
{
        fprintf(report->out, "FAIL  %s: E%04d %s\n", what, error->code, error->text);
        report->failures++;
}

/* The database's directory must take new files; the file itself, if it exists, must be ours to write. */
static void check_database(struct report *report, const struct chappe_service *service)
{
        const char *path = chappe_config_text(service->runtime.config, "database");
        struct chappe_error error = { 0 };

        if (!service->config->migrations || strncmp(path, "file:", 5) == 0)
                return;
        CHAPPE_CLEANUP(string) char *copy = strdup(path);
        const char *directory = copy && *copy ? dirname(copy) : ".";
        if (access(directory, W_OK | X_OK) < 0)
                chappe_fail(&error, CHAPPE_E_IO, "directory %s: %s", directory, strerror(errno));
        else if (*path && access(path, F_OK) == 0 && access(path, R_OK | W_OK) < 0)
                chappe_fail(&error, CHAPPE_E_IO, "%s: %s", path, strerror(errno));
        if (error.code)
                failed(report, "database", &error);
        else
                fine(report, "database");
}

static void check_run_file(struct report *report, const struct chappe_service *service)
{
        struct chappe_error error = { 0 };

        if (!*chappe_config_text(service->runtime.config, "run_file"))
                return;
        if (chappe_run_file_check(service, &error) < 0)
                failed(report, "run_file", &error);
        else
                fine(report, "run_file");
}

static void check_topic(struct report *report, const struct chappe_service *service,
                        const struct chappe_operation *operation, const struct chappe_topic_description *topic)
{
        bool creates = strcmp(chappe_config_text(service->runtime.config, "topics_create"), "yes") == 0;

        if (topic->partition_count > 0) {
                fprintf(report->out, "ok    topic %s: %d partitions\n", topic->name, (int)topic->partition_count);
        } else if (creates) {
                fprintf(report->out, "ok    topic %s: would be created with %d partitions\n", topic->name,
                        (int)(operation->partitions ? operation->partitions : 4));
        } else {
                struct chappe_error error;
                chappe_fail(&error, CHAPPE_E_CHECK, "it does not exist, and topics_create is not yes");
                fprintf(report->out, "FAIL  topic %s: E%04d %s\n", topic->name, error.code, error.text);
                report->failures++;
        }
}

static bool named_before(const struct chappe_operation *operations, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (strcmp(operations[i].topic, operations[n].topic) == 0)
                        return true;
        }
        return false;
}

static int check_one_topic(struct report *report, struct chappe_service *service,
                           const struct chappe_operation *operation, struct chappe_error *error)
{
        struct chappe_broker *broker = service->runtime.broker;
        int64_t timeout_ms = chappe_config_integer(service->runtime.config, "broker_timeout_ms");
        CHAPPE_CLEANUP(string) char *name = chappe_flow_topic(&service->runtime, operation->topic);
        struct chappe_topic_description *topics = NULL;
        size_t count = 0;

        if (!name)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the topic's name");
        int r = broker->operations->topics_describe(broker, (const char *const[]){ name }, 1, timeout_ms, &topics,
                                                    &count, error);
        if (r == 0 && count == 1)
                check_topic(report, service, operation, &topics[0]);
        free(topics);
        return r;
}

static void check_topics(struct report *report, struct chappe_service *service)
{
        const struct chappe_operation *operations = service->runtime.operations;
        struct chappe_error error = { 0 };
        int r = 0;

        for (size_t n = 0; r == 0 && operations[n].kind != CHAPPE_END; n++) {
                if (!named_before(operations, n))
                        r = check_one_topic(report, service, &operations[n], &error);
        }
        if (r < 0)
                failed(report, "brokers", &error);
        else
                fine(report, "brokers");
}

/* What librdkafka has to say of the properties, each by itself and all together, as the start would hear it. */
static void check_clients(struct report *report, struct chappe_service *service)
{
        const char *remarks[CHAPPE_REMARKS_MAXIMUM];
        struct chappe_error error = { 0 };
        size_t count;

        if (chappe_flow_check(service->runtime.flow, &error) < 0)
                failed(report, "clients", &error);
        else
                fine(report, "clients");
        count = chappe_service_remarks(service->runtime.broker, remarks);
        for (size_t i = 0; i < count; i++)
                fprintf(report->out, "note  %s\n", remarks[i]);
}

static void check_cluster(struct report *report, struct chappe_service *service, bool offline)
{
        struct chappe_error error = { 0 };

        if (chappe_service_open_broker(service, &error) < 0) {
                failed(report, "brokers", &error);
                return;
        }
        if (!offline)
                check_topics(report, service);
        check_clients(report, service);
        service->runtime.broker->operations->close(service->runtime.broker);
        service->runtime.broker = NULL;
}

int chappe_check(struct chappe_service *service, bool offline, FILE *out)
{
        struct report report = { .out = out };

        /* Without these there would be no service to check. */
        fine(&report, "configuration");
        fine(&report, "operations");
        fine(&report, "schemas");
        check_database(&report, service);
        check_run_file(&report, service);
        check_cluster(&report, service, offline);
        return report.failures ? -CHAPPE_E_CHECK : 0;
}
