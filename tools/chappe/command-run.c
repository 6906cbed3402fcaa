/* SPDX-License-Identifier: Apache-2.0 */
/* chappe run: the services of a fleet file, together. */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "supervisor.h"

#define SETTINGS_LIMIT 128

struct run {
        struct fleet *fleet;
        char programs[PATH_MAX];
        char folder[PATH_MAX];
        bool temporary;
        char brokers[1024], prefix[300];
        const char *settings[SETTINGS_LIMIT + 3];
};

/* Where a build puts them beside this program: tools/chappe/chappe and services/. */
static int find_programs(const struct command_line *line, struct run *run, struct chappe_error *error)
{
        const char *given = command_value(line, "programs");
        char self[PATH_MAX], folder[PATH_MAX + 32];
        ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (!given && length > 0) {
                self[length] = '\0';
                *strrchr(self, '/') = '\0';
                snprintf(folder, sizeof(folder), "%s/../../services", self);
                given = folder;
        }
        if (!given || !realpath(given, run->programs))
                return chappe_fail(error, CHAPPE_E_IO, "the folder of the programs, %s: %s", given ? given : "?",
                                   strerror(errno));
        return 0;
}

static int find_folder(const struct command_line *line, struct run *run, struct chappe_error *error)
{
        const char *given = command_value(line, "run-folder"), *base = getenv("TMPDIR");
        char made[PATH_MAX];

        run->temporary = !given;
        if (!given) {
                snprintf(made, sizeof(made), "%s/chappe-run-XXXXXX", base && *base ? base : "/tmp");
                given = mkdtemp(made);
        } else if (mkdir(given, 0777) < 0 && errno != EEXIST)
                given = NULL;
        if (!given || !realpath(given, run->folder))
                return chappe_fail(error, CHAPPE_E_IO, "the run's folder: %s", strerror(errno));
        return 0;
}

static int gather_settings(const struct command_line *line, struct run *run)
{
        const char *brokers = command_value(line, "brokers"), *prefix = command_value(line, "topic-prefix"), *given;
        size_t count = 0;

        if (brokers) {
                snprintf(run->brokers, sizeof(run->brokers), "brokers=%s", brokers);
                run->settings[count++] = run->brokers;
        }
        if (prefix) {
                snprintf(run->prefix, sizeof(run->prefix), "topic_prefix=%s", prefix);
                run->settings[count++] = run->prefix;
        }
        for (size_t n = 0; (given = command_value_at(line, "set", n)); n++) {
                if (!strchr(given, '='))
                        return command_misuse("--set takes NAME=VALUE or SERVICE:NAME=VALUE, not '%s'", given);
                if (n == SETTINGS_LIMIT)
                        return command_misuse("more than %d times --set", SETTINGS_LIMIT);
                run->settings[count++] = given;
        }
        return EXIT_DONE;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
        (void)info, (void)kind, (void)place;
        return remove(path);
}

static int run_fleet(const struct command_line *line, struct run *run)
{
        struct supervisor_config config = { .fleet = run->fleet,
                                            .programs = run->programs,
                                            .run_folder = run->folder,
                                            .settings = run->settings,
                                            .ready_file = command_value(line, "ready-file"),
                                            .log = { .descriptor = STDOUT_FILENO,
                                                     .colour = command_colour(STDOUT_FILENO) } };
        struct chappe_error error = { 0 };
        int64_t instances = 0;

        if (!command_integer(line, "instances", 1, FLEET_INSTANCES_LIMIT, &instances))
                return EXIT_USAGE;
        config.instances = (int)instances;
        for (size_t i = 0; i < run->fleet->count; i++) {
                int width = (int)strlen(run->fleet->services[i].name) + 2;
                config.log.name_width = width > config.log.name_width ? width : config.log.name_width;
        }
        if (find_programs(line, run, &error) < 0 || find_folder(line, run, &error) < 0)
                return command_fail(&error);
        command_say("databases and run files are in %s%s", run->folder, run->temporary ? " until the end" : "");
        int status = supervisor_run(&config, &error);
        if (run->temporary)
                nftw(run->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}

static int run_command(const struct command_line *line)
{
        struct run *run = calloc(1, sizeof(*run));
        struct chappe_error error = { 0 };
        int status;

        if (!run || fleet_read(command_argument(line, 0), &run->fleet, &error) < 0) {
                free(run);
                return command_fail(&error);
        }
        status = gather_settings(line, run);
        if (status == EXIT_DONE)
                status = run_fleet(line, run);
        fleet_free(run->fleet);
        free(run);
        return status;
}

static const struct command_option options[] = {
        { "brokers", 'b', "HOST:PORT,…", "the cluster, for all of them", NULL },
        { "topic-prefix", 0, "TEXT", "in front of every topic and group, for all of them", NULL },
        { "set", 's', "[SERVICE:]NAME=VALUE", "a setting for all services, or for one; repeatable", NULL },
        { "instances", 'n', "N", "so many of each service, whatever the file says", NULL },
        { "programs", 0, "FOLDER", "where the service programs are (else the build's own)", NULL },
        { "run-folder", 0, "FOLDER", "for databases and run files; kept (else a temporary one)", NULL },
        { "ready-file", 0, "FILE", "is made once every service is ready", NULL },
        { 0 },
};

const struct command command_run = {
        .name = "run",
        .arguments = "FLEET.cfg",
        .summary = "start many services, merge their logs, start again what crashes",
        .details = "The merged log goes to standard output: readable on a terminal, JSON lines elsewhere. Ctrl-C lets "
                   "every service drain; a\n"
                   "second one ends them at once. They end with this program, however it ends.",
        .options = options,
        .least = 1,
        .most = 1,
        .run = run_command,
};
