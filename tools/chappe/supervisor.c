/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the processes of a fleet. */
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands.h"
#include "member.h"

#define MEMBERS_LIMIT      (FLEET_SERVICES_LIMIT * 4)
#define BACKOFF_FIRST_MS   100
#define BACKOFF_MAXIMUM_MS 5000
#define STEADY_US          (10 * 1000000) /* after so long a run the back-off begins anew */
#define FAILURES_LIMIT     5              /* first starts in a row that never became ready: it is not going to */
#define STOP_TIMEOUT_US    (25 * 1000000)
#define LOOK_MS            20 /* for run files, while one is missing */
#define IDLE_MS            1000

struct supervisor {
        const struct supervisor_config *config;
        struct member *members;
        size_t count;
        int signals;
        bool stopping, killed, said_ready;
        int stop_signals;
        int64_t started_us, kill_at_us;
        struct chappe_error error; /* why the fleet could not go on */
};

static int64_t now_us(void)
{
        return chappe_clock_monotonic_us(chappe_clock_system());
}

static bool any_running(const struct supervisor *supervisor)
{
        for (size_t i = 0; i < supervisor->count; i++) {
                if (supervisor->members[i].pid)
                        return true;
        }
        return false;
}

static void signal_all(const struct supervisor *supervisor, int signal_number)
{
        for (size_t i = 0; i < supervisor->count; i++) {
                if (supervisor->members[i].pid)
                        kill(supervisor->members[i].pid, signal_number);
        }
}

static void stop(struct supervisor *supervisor)
{
        if (supervisor->stopping)
                return;
        supervisor->stopping = true;
        supervisor->kill_at_us = now_us() + STOP_TIMEOUT_US;
        signal_all(supervisor, SIGTERM);
}

static void give_up(struct supervisor *supervisor, const struct chappe_error *error)
{
        if (!supervisor->error.code)
                supervisor->error = *error;
        stop(supervisor);
}

static void start(struct supervisor *supervisor, struct member *member)
{
        struct chappe_error error = { 0 };

        member->start_again_us = 0;
        if (member_start(member, now_us(), &error) < 0)
                give_up(supervisor, &error);
}

static void say_how(const struct member *member, int64_t again_ms)
{
        if (member->exit_code > 128)
                command_say("%s was killed by signal %d (%s); it starts again in %lld ms", member->name,
                            member->exit_code - 128, strsignal(member->exit_code - 128), (long long)again_ms);
        else
                command_say("%s ended with exit code %d; it starts again in %lld ms", member->name, member->exit_code,
                            (long long)again_ms);
}

/* A service that ended though nobody asked it to. One that has worked before is started for ever: the others go on
 * without it. */
static void plan_again(struct supervisor *supervisor, struct member *member)
{
        struct chappe_error error = { 0 };

        if (!member->ever_ready && ++member->failures >= FAILURES_LIMIT) {
                chappe_fail(&error, CHAPPE_E_FLEET_MEMBER, "%s does not start: exit code %d, %d times in a row",
                            member->name, member->exit_code, member->failures);
                give_up(supervisor, &error);
                return;
        }
        if (!member->ever_ready && member->exit_code == EXIT_USAGE) {
                chappe_fail(&error, CHAPPE_E_USAGE, "%s refuses its settings (see its log line)", member->name);
                give_up(supervisor, &error);
                return;
        }
        if (member->backoff_ms == 0 || now_us() - member->started_us > STEADY_US)
                member->backoff_ms = BACKOFF_FIRST_MS;
        say_how(member, member->backoff_ms);
        member->exit_code = 0;
        member->start_again_us = now_us() + member->backoff_ms * 1000;
        member->backoff_ms = member->backoff_ms * 2 < BACKOFF_MAXIMUM_MS ? member->backoff_ms * 2 : BACKOFF_MAXIMUM_MS;
}

static void reap(struct supervisor *supervisor)
{
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                for (size_t i = 0; i < supervisor->count; i++) {
                        struct member *member = &supervisor->members[i];
                        if (member->pid != pid)
                                continue;
                        if (member->output >= 0)
                                member_read(member, &supervisor->config->log);
                        member_look(member);
                        member->pid = 0;
                        member->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
                        unlink(member->run_file);
                        if (!supervisor->stopping)
                                plan_again(supervisor, member);
                }
        }
}

static void on_signal(struct supervisor *supervisor)
{
        struct signalfd_siginfo info;

        while (read(supervisor->signals, &info, sizeof(info)) == sizeof(info)) {
                if (info.ssi_signo == SIGCHLD) {
                        reap(supervisor);
                        continue;
                }
                if (supervisor->stop_signals++ == 0)
                        command_say("stopping %zu services; once more ends them at once", supervisor->count);
                else
                        signal_all(supervisor, SIGKILL);
                stop(supervisor);
        }
}

static void write_ready_file(const char *file)
{
        FILE *stream = file ? fopen(file, "we") : NULL;

        if (file && !stream)
                command_say("%s: %s", file, strerror(errno));
        if (stream)
                fclose(stream);
}

static bool all_ready(struct supervisor *supervisor)
{
        bool all = true;

        for (size_t i = 0; i < supervisor->count; i++) {
                bool was = supervisor->members[i].ever_ready;
                if (member_look(&supervisor->members[i]) && was)
                        command_say("%s is ready again", supervisor->members[i].name);
                all = all && supervisor->members[i].ready;
        }
        return all;
}

static void look(struct supervisor *supervisor)
{
        if (!all_ready(supervisor) || supervisor->said_ready)
                return;
        supervisor->said_ready = true;
        command_say("all %zu services are ready after %.1f s", supervisor->count,
                    (double)(now_us() - supervisor->started_us) / 1e6);
        write_ready_file(supervisor->config->ready_file);
}

/* Starts what is due; how long nothing else will be. */
static int start_due(struct supervisor *supervisor)
{
        int64_t now = now_us(), wait_ms = IDLE_MS;

        for (size_t i = 0; i < supervisor->count; i++) {
                struct member *member = &supervisor->members[i];
                if (member->start_again_us && member->start_again_us <= now && !supervisor->stopping)
                        start(supervisor, member);
                int64_t due_ms = member->start_again_us ? (member->start_again_us - now) / 1000 + 1 : IDLE_MS;
                if (!member->ready && member->pid)
                        due_ms = LOOK_MS;
                wait_ms = due_ms < wait_ms ? due_ms : wait_ms;
        }
        return supervisor->stopping ? LOOK_MS : (int)(wait_ms > 0 ? wait_ms : 1);
}

static void wait_and_read(struct supervisor *supervisor, int timeout_ms)
{
        struct pollfd polled[MEMBERS_LIMIT + 1];

        polled[0] = (struct pollfd){ .fd = supervisor->signals, .events = POLLIN };
        for (size_t i = 0; i < supervisor->count; i++)
                polled[i + 1] = (struct pollfd){ .fd = supervisor->members[i].output, .events = POLLIN };
        if (poll(polled, supervisor->count + 1, timeout_ms) <= 0)
                return;
        for (size_t i = 0; i < supervisor->count; i++) {
                if (polled[i + 1].revents)
                        member_read(&supervisor->members[i], &supervisor->config->log);
        }
        if (polled[0].revents)
                on_signal(supervisor);
}

static void loop(struct supervisor *supervisor)
{
        supervisor->started_us = now_us();
        for (size_t i = 0; i < supervisor->count && !supervisor->stopping; i++)
                start(supervisor, &supervisor->members[i]);
        while (!supervisor->stopping || any_running(supervisor)) {
                wait_and_read(supervisor, start_due(supervisor));
                if (!supervisor->stopping)
                        look(supervisor);
                else if (!supervisor->killed && now_us() >= supervisor->kill_at_us) {
                        command_say("some services do not stop: they are killed");
                        supervisor->killed = true;
                        signal_all(supervisor, SIGKILL);
                }
        }
}

static int add_members(struct supervisor *supervisor, struct chappe_error *error)
{
        const struct supervisor_config *config = supervisor->config;
        size_t total = 0;

        for (size_t i = 0; i < config->fleet->count; i++)
                total += (size_t)(config->instances ? config->instances : config->fleet->services[i].instances);
        if (total > MEMBERS_LIMIT)
                return chappe_fail(error, CHAPPE_E_LIMIT, "%zu processes are more than %d", total, MEMBERS_LIMIT);
        supervisor->members = calloc(total, sizeof(*supervisor->members));
        if (!supervisor->members)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        for (size_t i = 0; i < config->fleet->count; i++) {
                const struct fleet_service *service = &config->fleet->services[i];
                int instances = config->instances ? config->instances : service->instances;
                for (int number = 1; number <= instances; number++) {
                        int status =
                                member_init(&supervisor->members[supervisor->count++], config, service, number, error);
                        if (status < 0)
                                return status;
                }
        }
        return 0;
}

static int open_signals(struct supervisor *supervisor, sigset_t *ret_before, struct chappe_error *error)
{
        sigset_t wanted;

        sigemptyset(&wanted);
        sigaddset(&wanted, SIGCHLD);
        sigaddset(&wanted, SIGINT);
        sigaddset(&wanted, SIGTERM);
        sigaddset(&wanted, SIGHUP);
        sigprocmask(SIG_BLOCK, &wanted, ret_before);
        signal(SIGPIPE, SIG_IGN);
        supervisor->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
        return supervisor->signals >= 0 ? 0 : chappe_fail(error, CHAPPE_E_IO, "signalfd: %s", strerror(errno));
}

static int judge(const struct supervisor *supervisor, struct chappe_error *error)
{
        for (size_t i = 0; i < supervisor->count; i++) {
                const struct member *member = &supervisor->members[i];
                if (member->exit_code != 0)
                        return chappe_fail(error, CHAPPE_E_FLEET_MEMBER, "%s did not stop cleanly: exit code %d",
                                           member->name, member->exit_code);
        }
        return 0;
}

int supervisor_run(const struct supervisor_config *config, struct chappe_error *error)
{
        struct supervisor supervisor = { .config = config, .signals = -1 };
        sigset_t before;
        int status = add_members(&supervisor, error);

        if (status == 0)
                status = open_signals(&supervisor, &before, error);
        if (status == 0) {
                loop(&supervisor);
                close(supervisor.signals);
                sigprocmask(SIG_SETMASK, &before, NULL);
                status = judge(&supervisor, error);
                if (supervisor.error.code) {
                        *error = supervisor.error;
                        status = -error->code;
                }
        }
        for (size_t i = 0; i < supervisor.count; i++)
                member_deinit(&supervisor.members[i]);
        free(supervisor.members);
        return status;
}
