/* SPDX-License-Identifier: Apache-2.0 */
/* The main of a service program: what was asked for is answered, or the service runs until it is told to stop. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "service/answers.h"
#include "service/check.h"
#include "service/options.h"
#include "service/run.h"

CHAPPE_CLEANUP_DEFINE(service, struct chappe_service *, (void)chappe_service_free)

static void chappe_cleanup_options(struct chappe_options *options)
{
        chappe_options_deinit(options);
}

/* The service could not be made. */
static int refused(const struct chappe_error *error)
{
        fprintf(stderr, "E%04d %s\n", error->code, error->text);
        return chappe_exit_status(error);
}

static int print(const struct chappe_buffer *buffer)
{
        if (fwrite(buffer->at, 1, buffer->length, stdout) != buffer->length || fflush(stdout) != 0) {
                perror("standard output");
                return CHAPPE_EXIT_FAILED;
        }
        return CHAPPE_EXIT_CLEAN;
}

static int print_help(const struct chappe_service_config *config)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };

        return chappe_options_help(config, &buffer) < 0 ? CHAPPE_EXIT_FAILED : print(&buffer);
}

static int print_version(const struct chappe_service_config *config)
{
        printf("%s %s (chappe %s)\n", config->name, config->version ? config->version : "", chappe_version());
        return fflush(stdout) == 0 ? CHAPPE_EXIT_CLEAN : CHAPPE_EXIT_FAILED;
}

static int print_description(const struct chappe_service *service)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };

        return chappe_describe(service, &buffer, &error) < 0 ? refused(&error) : print(&buffer);
}

static int print_settings(const struct chappe_service *service)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };

        return chappe_print_config(service->runtime.config, &buffer) < 0 ? CHAPPE_EXIT_FAILED : print(&buffer);
}

static int check(struct chappe_service *service, bool offline)
{
        return chappe_check(service, offline, stdout) < 0 || fflush(stdout) != 0 ? CHAPPE_EXIT_FAILED
                                                                                 : CHAPPE_EXIT_CLEAN;
}

int chappe_main(int argc, char **argv, const struct chappe_service_config *config)
{
        CHAPPE_CLEANUP(options) struct chappe_options options = { 0 };
        CHAPPE_CLEANUP(service) struct chappe_service *service = NULL;
        struct chappe_error error = { 0 };

        /* A heap for each of many threads would cost more memory than sharing two costs time. */
        mallopt(M_ARENA_MAX, 2);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk: told by the write that fails */
        if (chappe_options_read(argc, argv, &options, &error) < 0)
                return refused(&error);
        if (options.action == CHAPPE_ACTION_HELP)
                return print_help(config);
        if (options.action == CHAPPE_ACTION_VERSION)
                return print_version(config);

        struct chappe_service_options service_options = {
                .config_file = options.config_file,
                .settings = (const char *const *)options.settings,
        };
        if (chappe_service_new(config, &service_options, &service, &error) < 0)
                return refused(&error);
        switch (options.action) {
        case CHAPPE_ACTION_CHECK:
                return check(service, options.offline);
        case CHAPPE_ACTION_DESCRIBE:
                return print_description(service);
        case CHAPPE_ACTION_PRINT_CONFIG:
                return print_settings(service);
        default:
                return chappe_run(service);
        }
}
