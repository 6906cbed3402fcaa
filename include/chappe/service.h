/* SPDX-License-Identifier: Apache-2.0 */
/* A service: its declaration, a main in ten lines, and the same runtime for a program with its own main loop. */
#pragma once

#include <chappe/call.h>
#include <chappe/context.h>
#include <chappe/operation.h>
#include <chappe/publish.h>
#include <chappe/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A setting of the service's own; appears in --help, --print-config, file, environment and command line like Chappe's. */
struct chappe_setting {
        const char *name;
        const char *default_value; /* as text; never NULL */
        const char *help;
        bool integer; /* checked at start */
        bool secret;  /* hidden in every dump */
};

/* What a service is. Constant; members left zero mean "none". */
struct chappe_service_config {
        const char *name;        /* "orders": consumer group, client id, log name */
        const char *version;     /* "1.4.0" */
        const char *description; /* one line */
        const struct chappe_operation *operations;  /* ends with { 0 } */
        const struct chappe_setting *settings;      /* ends with { 0 } */
        const struct chappe_migration *migrations;  /* ends with { 0 }; with them the service has a store */
        /* The instance's state, before the first record and after the last. state_new: NULL with *error filled in on failure. */
        void *(*state_new)(struct chappe_service *service, struct chappe_error *error);
        void (*state_free)(void *state);
        /* A front of the program's own (an HTTP server): after the service is ready, and before it drains. */
        int (*started)(struct chappe_service *service, void *state, struct chappe_error *error);
        void (*stopping)(struct chappe_service *service, void *state);
};

/* How a service program ends. Stable: scripts and supervisors rely on them. */
enum chappe_exit {
        CHAPPE_EXIT_CLEAN = 0,      /* stopped with nothing in flight, or the question was answered */
        CHAPPE_EXIT_FAILED = 1,     /* could not start, or a check failed */
        CHAPPE_EXIT_USAGE = 2,      /* wrong option, setting or configuration file */
        CHAPPE_EXIT_BROKEN = 3,     /* consumption ended for a reason of its own: start it again */
        CHAPPE_EXIT_UNFINISHED = 4, /* stopped, but not everything was finished within the budget: it runs again after a start */
        CHAPPE_EXIT_ABANDONED = 5,  /* the stop itself did not end, or was asked for a second time: the process left at once */
};

/* The whole main of a service program: options, config, checks, run until SIGTERM, SIGINT or SIGHUP, drain. Returns the exit code. */
int chappe_main(int argc, char **argv, const struct chappe_service_config *config);

struct chappe_world;

struct chappe_service_options {
        const char *config_file;          /* NULL: none */
        const char *const *settings;      /* "name=value", ends with NULL; above file and environment. NULL: none */
        const struct chappe_world *world; /* clock, executor, broker; NULL: the real ones */
};

/* For embedding. Reads configuration, checks operations and schemas; touches no network. The config must outlive the service. */
int chappe_service_new(const struct chappe_service_config *config, const struct chappe_service_options *options,
                       struct chappe_service **ret_service, struct chappe_error *error);
/* Connects, creates or checks topics, opens the store, starts the threads. Returns when it consumes (the group's assignment may come
 * later: chappe_service_ready). Installs no signal handler. Blocks up to the setting start_timeout_ms. */
int chappe_service_start(struct chappe_service *service, struct chappe_error *error);
/* Everything it consumes is assigned or was assigned to another instance, and its store is open. Any thread. */
bool chappe_service_ready(struct chappe_service *service);
/* Stop intake, drain, flush, commit, close; at most the setting stop_timeout_ms. 0 only when nothing was in flight and every delivery
 * report was counted; else the error lists what was unfinished. */
int chappe_service_stop(struct chappe_service *service, struct chappe_error *error);
/* Stops if need be; takes NULL; returns NULL. */
struct chappe_service *chappe_service_free(struct chappe_service *service);

void *chappe_service_state(struct chappe_service *service);
/* A declared setting's value. */
const char *chappe_service_setting(struct chappe_service *service, const char *name);

/* Library version, "0.1.0". */
const char *chappe_version(void);

#ifdef __cplusplus
}
#endif
