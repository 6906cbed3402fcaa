/* SPDX-License-Identifier: Apache-2.0 */
/* chappe dev: an embedded broker for development, on librdkafka's mock cluster. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "commands.h"

#define ANSWER_LIMIT   128
#define GROUP_DELAY_MS 100

/* A newer librdkafka has it; in others the first assignment of a group takes 3 s, whatever is done. */
extern void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *cluster, int32_t delay_ms)
        __attribute__((weak));

/* Where `up` leaves its process id and address for `down`: a folder that only this user can write. */
static bool note_path(char path[512])
{
        const char *folder = getenv("XDG_RUNTIME_DIR");

        if (folder && *folder)
                return snprintf(path, 512, "%s/chappe-dev", folder) < 512;
        if (snprintf(path, 480, "/tmp/chappe-%u", (unsigned)getuid()) >= 480)
                return false;
        struct stat found;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return false;
        if (lstat(path, &found) < 0 || !S_ISDIR(found.st_mode) || found.st_uid != getuid() || found.st_mode & 022)
                return false;
        strcat(path, "/dev");
        return true;
}

/* The running broker that the note names: its process id, or 0. A note whose process is gone is not one. */
static pid_t noted(char address[ANSWER_LIMIT])
{
        char path[512];
        long pid = 0;
        FILE *note = note_path(path) ? fopen(path, "re") : NULL;

        if (!note)
                return 0;
        if (fscanf(note, "%ld %127s", &pid, address) != 2 || pid <= 1 || kill((pid_t)pid, 0) < 0)
                pid = 0;
        fclose(note);
        return (pid_t)pid;
}

static rd_kafka_t *open_cluster(rd_kafka_mock_cluster_t **ret_cluster)
{
        char why[256] = "";
        rd_kafka_conf_t *conf = rd_kafka_conf_new();

        rd_kafka_conf_set(conf, "client.id", "chappe-dev", NULL, 0);
        rd_kafka_conf_set(conf, "log_level", "3", NULL, 0); /* it would warn that it has no broker to talk to */
        rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
        if (!client) {
                command_say("the embedded broker does not start: %s", why);
                rd_kafka_conf_destroy(conf);
                return NULL;
        }
        *ret_cluster = rd_kafka_mock_cluster_new(client, 1);
        if (*ret_cluster && rd_kafka_mock_group_initial_rebalance_delay_ms)
                rd_kafka_mock_group_initial_rebalance_delay_ms(*ret_cluster, GROUP_DELAY_MS);
        if (*ret_cluster)
                return client;
        command_say("the embedded broker does not start: no cluster");
        rd_kafka_destroy(client);
        return NULL;
}

/* Serves until it is told to end; answer: where the address goes first. */
static int serve(FILE *answer)
{
        rd_kafka_mock_cluster_t *cluster;
        sigset_t ends;
        int signal;

        /* Blocked before the first thread exists, so that only sigwait gets them. */
        sigemptyset(&ends);
        sigaddset(&ends, SIGINT);
        sigaddset(&ends, SIGTERM);
        sigaddset(&ends, SIGHUP);
        sigprocmask(SIG_BLOCK, &ends, NULL);

        rd_kafka_t *client = open_cluster(&cluster);
        if (!client)
                return EXIT_FAILED;
        fprintf(answer, "%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
        if (fclose(answer) != 0) {
                command_say("the address cannot be written: %s", strerror(errno));
                signal = 0;
        } else {
                sigwait(&ends, &signal);
        }
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(client);
        return signal == SIGINT ? EXIT_INTERRUPTED : EXIT_DONE;
}

static void say_what_it_is(void)
{
        command_say("an embedded broker for development: it keeps 5 MiB a partition in memory,");
        command_say("forgets everything when it ends, and is no place for data that matters");
}

static int in_foreground(const struct command_line *line)
{
        if (command_given(line, "exit-with-parent"))
                prctl(PR_SET_PDEATHSIG, SIGTERM);
        say_what_it_is();
        return serve(stdout);
}

/* The child of `up`: on its own, silent, its address on the pipe. */
static void run_detached(int pipe_end)
{
        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

        setsid();
        if (chdir("/") < 0 || nowhere < 0)
                _exit(EXIT_FAILED);
        dup2(nowhere, STDIN_FILENO);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        FILE *answer = fdopen(pipe_end, "w");
        _exit(answer ? serve(answer) : EXIT_FAILED);
}

static int write_note(pid_t pid, const char *address)
{
        char path[512];
        int fd = note_path(path) ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;

        if (fd < 0 || dprintf(fd, "%ld %s\n", (long)pid, address) < 0) {
                command_say("the broker runs as process %ld, but that cannot be noted for 'chappe dev down'",
                            (long)pid);
                return EXIT_FAILED;
        }
        close(fd);
        return EXIT_DONE;
}

static int up(void)
{
        char address[ANSWER_LIMIT] = "";
        int ends[2];
        pid_t running = noted(address);

        if (running) {
                command_say("it runs already, as process %ld", (long)running);
                puts(address);
                return EXIT_DONE;
        }
        if (pipe2(ends, O_CLOEXEC) < 0) {
                command_say("no pipe: %s", strerror(errno));
                return EXIT_FAILED;
        }
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
                run_detached(ends[1]);
        close(ends[1]);
        FILE *answer = child > 0 ? fdopen(ends[0], "r") : NULL;
        if (!answer || fscanf(answer, "%127s", address) != 1) {
                command_say("the embedded broker did not start");
                return EXIT_FAILED;
        }
        fclose(answer);
        say_what_it_is();
        command_say("it runs as process %ld; 'chappe dev down' ends it", (long)child);
        puts(address);
        return write_note(child, address);
}

static int down(void)
{
        char address[ANSWER_LIMIT], path[512];
        pid_t running = noted(address);

        if (!running) {
                command_say("no embedded broker is up");
                return EXIT_FAILED;
        }
        if (kill(running, SIGTERM) < 0) {
                command_say("process %ld cannot be ended: %s", (long)running, strerror(errno));
                return EXIT_FAILED;
        }
        if (note_path(path))
                unlink(path);
        return EXIT_DONE;
}

static int run_dev(const struct command_line *line)
{
        const char *verb = command_argument(line, 0);

        if (!verb || (strcmp(verb, "up") == 0 && command_given(line, "foreground")))
                return in_foreground(line);
        if (strcmp(verb, "up") == 0)
                return up();
        if (strcmp(verb, "down") == 0)
                return down();
        return command_misuse("'%s': up or down", verb);
}

static const struct command_option options[] = {
        { "foreground", 'F', NULL, "with up: do not go into the background", NULL },
        { "exit-with-parent", 0, NULL, "in the foreground: end when the program that started it ends", NULL },
        { 0 },
};

const struct command command_dev = {
        .name = "dev",
        .arguments = "[up|down]",
        .summary = "an embedded broker for development; its address goes to standard output",
        .details =
                "Without an argument it runs until Ctrl-C. Topics are made on first use, with four partitions. It "
                "keeps\n"
                "everything in memory, at most 5 MiB a partition, beyond which the oldest records are dropped; the "
                "first\n"
                "member of a consumer group waits three seconds for its assignment. It cannot look up offsets by "
                "time: a group\nis moved to an offset, to the beginning or the end (chappe consume --from -10m reads "
                "all, and works).",
        .options = options,
        .most = 1,
        .run = run_dev,
};
