/* SPDX-License-Identifier: Apache-2.0 */
/* One process of a fleet. */
#include "member.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "supervisor.h"

#define ARGUMENTS_LIMIT (2 * FLEET_SETTINGS_LIMIT + 64)

struct arguments {
        const struct member *member;
        const struct supervisor_config *config;
        char **at;
        size_t count;
};

static char *copy_until(char *to, char *end, const char *from)
{
        while (to < end && *from)
                *to++ = *from++;
        return to;
}

/* {run}, {instance} and {number} put in; NULL when it does not fit. */
static char *put_in(const struct arguments *arguments, const char *prefix, const char *pattern)
{
        char text[4096], number[16], *to = text, *end = text + sizeof(text) - 1;
        const struct {
                const char *name, *value;
        } places[] = { { "{run}", arguments->config->run_folder },
                       { "{instance}", arguments->member->name },
                       { "{number}", number } };

        snprintf(number, sizeof(number), "%d", arguments->member->number);
        to = copy_until(to, end, prefix);
        while (*pattern && to < end) {
                size_t n = 0;
                while (n < 3 && strncmp(pattern, places[n].name, strlen(places[n].name)) != 0)
                        n++;
                if (n == 3)
                        *to++ = *pattern++;
                else {
                        to = copy_until(to, end, places[n].value);
                        pattern += strlen(places[n].name);
                }
        }
        *to = '\0';
        return to < end ? strdup(text) : NULL;
}

static bool add(struct arguments *arguments, const char *prefix, const char *pattern)
{
        if (arguments->count + 1 >= ARGUMENTS_LIMIT)
                return false;
        char *text = put_in(arguments, prefix, pattern);
        arguments->at[arguments->count] = text;
        arguments->count += text != NULL;
        return text != NULL;
}

static bool add_all(struct arguments *arguments, const struct fleet_settings *settings)
{
        bool good = true;

        for (size_t i = 0; i < settings->count && good; i++)
                good = add(arguments, "--", settings->at[i]);
        return good;
}

/* From the command line: for all, or "service:name=value" for one. */
static bool add_given(struct arguments *arguments)
{
        const char *name = arguments->member->service->name;
        bool good = true;

        for (const char *const *given = arguments->config->settings; good && given && *given; given++) {
                const char *colon = strchr(*given, ':'), *equals = strchr(*given, '=');
                if (!colon || (equals && equals < colon))
                        good = add(arguments, "--", *given);
                else if (strncmp(*given, name, (size_t)(colon - *given)) == 0 && name[colon - *given] == '\0')
                        good = add(arguments, "--", colon + 1);
        }
        return good;
}

/* What comes later wins. */
static bool build(struct arguments *arguments)
{
        const struct fleet_service *service = arguments->member->service;
        const struct supervisor_config *config = arguments->config;
        char program[4096], database[200];

        snprintf(program, sizeof(program), "%s%s%s", service->program[0] == '/' ? "" : config->programs,
                 service->program[0] == '/' ? "" : "/", service->program);
        snprintf(database, sizeof(database), "{run}/%s.db", service->name);
        return add(arguments, "", program) && (!service->config || add(arguments, "--config=", service->config)) &&
               add(arguments, "--instance=", arguments->member->name) && add(arguments, "--", "instance_static=true") &&
               add(arguments, "--database=", database) &&
               (!config->log.colour || add(arguments, "--", "log_format=pretty")) &&
               add_all(arguments, &config->fleet->settings) && add_all(arguments, &service->settings) &&
               add_given(arguments) && add(arguments, "--run_file=", arguments->member->run_file);
}

int member_init(struct member *member, const struct supervisor_config *config, const struct fleet_service *service,
                int number, struct chappe_error *error)
{
        *member = (struct member){ .service = service, .number = number, .output = -1 };
        snprintf(member->name, sizeof(member->name), "%.80s-%d", service->name, number);
        if (snprintf(member->run_file, sizeof(member->run_file), "%s/%s.run", config->run_folder, member->name) >=
            (int)sizeof(member->run_file))
                return chappe_fail(error, CHAPPE_E_LIMIT, "the run's folder has too long a name: %s",
                                   config->run_folder);
        member->log.name = member->name;
        member->log.colour = (unsigned int)(service - config->fleet->services);

        struct arguments arguments = { .member = member,
                                       .config = config,
                                       .at = calloc(ARGUMENTS_LIMIT, sizeof(char *)) };
        member->arguments = arguments.at;
        if (!arguments.at || !build(&arguments))
                return chappe_fail(error, CHAPPE_E_LIMIT, "%s: its settings are too many or too long", member->name);
        if (access(member->arguments[0], X_OK) < 0)
                return chappe_fail(error, CHAPPE_E_IO, "%s: %s (--programs names their folder)", member->arguments[0],
                                   strerror(errno));
        return 0;
}

void member_deinit(struct member *member)
{
        for (char **argument = member->arguments; argument && *argument; argument++)
                free(*argument);
        free(member->arguments);
        if (member->output >= 0)
                close(member->output);
}

/* In the child. A group of its own: Ctrl-C reaches the supervisor alone, which then asks each to stop, once. */
static _Noreturn void become(const struct member *member, pid_t supervisor, int output)
{
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != supervisor) /* it died before the line above */
                _exit(1);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execv(member->arguments[0], member->arguments);
        dprintf(STDERR_FILENO, "%s: %s\n", member->arguments[0], strerror(errno));
        _exit(127);
}

int member_start(struct member *member, int64_t now_us, struct chappe_error *error)
{
        int ends[2];
        pid_t supervisor = getpid();

        unlink(member->run_file);
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return chappe_fail(error, CHAPPE_E_IO, "%s: pipe: %s", member->name, strerror(errno));
        pid_t pid = fork();
        if (pid == 0) {
                fcntl(ends[1], F_SETFL, 0); /* the service's own log may block */
                become(member, supervisor, ends[1]);
        }
        close(ends[1]);
        if (pid < 0) {
                close(ends[0]);
                return chappe_fail(error, CHAPPE_E_IO, "%s: fork: %s", member->name, strerror(errno));
        }
        if (member->output >= 0)
                close(member->output);
        member->pid = pid;
        member->output = ends[0];
        member->ready = false;
        member->started_us = now_us;
        return 0;
}

bool member_read(struct member *member, const struct merged_log *log)
{
        char bytes[16384];
        ssize_t length;

        while ((length = read(member->output, bytes, sizeof(bytes))) > 0)
                merged_log_take(log, &member->log, bytes, (size_t)length);
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
        merged_log_end(log, &member->log);
        close(member->output);
        member->output = -1;
        return false;
}

bool member_look(struct member *member)
{
        if (!member->ready && member->pid && access(member->run_file, F_OK) == 0) {
                member->ready = member->ever_ready = true;
                member->failures = 0;
                return true;
        }
        return false;
}
