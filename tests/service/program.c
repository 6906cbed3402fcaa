/* SPDX-License-Identifier: Apache-2.0 */
/* A service program, started and watched from outside, beside a mock cluster. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "program.h"

const char *program;

rd_kafka_t *client_new(rd_kafka_type_t type, const char *servers, const char *const *pairs)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char why[256];

        if (servers)
                assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", servers, why, sizeof(why)),
                                 RD_KAFKA_CONF_OK);
        for (; *pairs; pairs += 2)
                assert_int_equal(rd_kafka_conf_set(conf, pairs[0], pairs[1], why, sizeof(why)), RD_KAFKA_CONF_OK);
        rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof(why));
        assert_non_null(client);
        return client;
}

static void listen_for_notices(struct fixture *fixture)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval patience = { .tv_sec = WAIT_SECONDS };

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", fixture->directory);
        snprintf(fixture->notify, sizeof(fixture->notify), "NOTIFY_SOCKET=%s", address.sun_path);
        fixture->notified = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fixture->notified, (struct sockaddr *)&address, sizeof(address)), 0);
        setsockopt(fixture->notified, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));
        rd_kafka_mock_cluster_t *cluster;

        strcpy(fixture->directory, "/tmp/chappe-program-XXXXXX");
        assert_non_null(mkdtemp(fixture->directory));
        listen_for_notices(fixture);
        fixture->host =
                client_new(RD_KAFKA_PRODUCER, NULL, (const char *const[]){ "test.mock.num.brokers", "1", NULL });
        cluster = rd_kafka_handle_mock_cluster(fixture->host);
        fixture->servers = rd_kafka_mock_cluster_bootstraps(cluster);
        rd_kafka_mock_topic_create(cluster, "test.pings", 2, 1);
        rd_kafka_mock_topic_create(cluster, "test.pongs", 2, 1);
        *state = fixture;
        return 0;
}

int teardown(void **state)
{
        struct fixture *fixture = *state;
        static const char *const names[] = { "notify",        "run.json",      "player.cfg", "keeper.db",
                                             "keeper.db-wal", "keeper.db-shm", "keeper.log" };
        char path[128];

        rd_kafka_destroy(fixture->host);
        close(fixture->notified);
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                snprintf(path, sizeof(path), "%s/%s", fixture->directory, names[i]);
                unlink(path);
        }
        assert_int_equal(rmdir(fixture->directory), 0);
        free(fixture);
        return 0;
}

/* "name=value" as the test itself has it, for the tools that watch it, else empty. */
static const char *inherited(const char *name, char *room, size_t size)
{
        const char *value = getenv(name);

        snprintf(room, size, "%s=%s", name, value ? value : "");
        return room;
}

pid_t start(struct fixture *fixture, int output, const char *const *words)
{
        const char *arguments[20] = { program };
        char preload[512], options[512];
        const char *environment[] = { "PATH=/usr/bin:/bin",
                                      fixture->notify,
                                      "ASAN_OPTIONS=detect_leaks=1",
                                      inherited("LD_PRELOAD", preload, sizeof(preload)),
                                      inherited("TSAN_OPTIONS", options, sizeof(options)),
                                      fixture->variable,
                                      NULL };
        posix_spawn_file_actions_t actions;
        pid_t pid;

        for (size_t i = 0; words[i]; i++)
                arguments[i + 1] = words[i];
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addchdir_np(&actions, fixture->directory);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
        assert_int_equal(posix_spawn(&pid, program, &actions, NULL, (char **)(uintptr_t)arguments,
                                     (char **)(uintptr_t)environment),
                         0);
        posix_spawn_file_actions_destroy(&actions);
        return pid;
}

int exit_code(pid_t pid)
{
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int run_words(struct fixture *fixture, const char *const *words)
{
        size_t length = 0;
        ssize_t r;
        int ends[2];

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = start(fixture, ends[1], words);
        close(ends[1]);
        while ((r = read(ends[0], fixture->output + length, sizeof(fixture->output) - 1 - length)) > 0)
                length += (size_t)r;
        fixture->output[length] = '\0';
        close(ends[0]);
        return exit_code(pid);
}

void assert_output(struct fixture *fixture, const char *part)
{
        if (!strstr(fixture->output, part))
                fail_msg("'%s' is not in: %s", part, fixture->output);
}

void await_notice(struct fixture *fixture, const char *expected)
{
        char text[64] = "";

        if (recv(fixture->notified, text, sizeof(text) - 1, 0) < 0)
                fail_msg("no %s within %d s: %s", expected, WAIT_SECONDS, strerror(errno));
        assert_string_equal(text, expected);
}

size_t write_ping(unsigned char payload[64], const char *id, int number)
{
        size_t id_length = strlen(id);

        payload[0] = 0xc3;
        payload[1] = 0x01;
        for (size_t i = 0; i < 8; i++)
                payload[2 + i] = (unsigned char)(ping_type.fingerprint >> (8 * i));
        payload[10] = (unsigned char)(id_length << 1); /* zigzag, below 64 */
        memcpy(payload + 11, id, id_length);
        payload[11 + id_length] = (unsigned char)(number < 0 ? -2 * number - 1 : 2 * number);
        return 12 + id_length;
}

void send_ping(struct fixture *fixture, const char *id, int number)
{
        unsigned char payload[64];
        size_t length = write_ping(payload, id, number);

        rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture->host, "test.pings", NULL);
        assert_int_equal(rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, length, id,
                                          strlen(id), NULL),
                         0);
        assert_int_equal(rd_kafka_flush(fixture->host, WAIT_SECONDS * 1000), 0);
        rd_kafka_topic_destroy(topic);
}

void await_pongs(struct fixture *fixture, size_t count, bool *ret_seen, size_t ids)
{
        rd_kafka_t *consumer = client_new(RD_KAFKA_CONSUMER, fixture->servers,
                                          (const char *const[]){ "group.id", "none", "fetch.wait.max.ms", "5", NULL });
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);

        for (int32_t partition = 0; partition < 2; partition++)
                rd_kafka_topic_partition_list_add(list, "test.pongs", partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
        assert_int_equal(rd_kafka_assign(consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
        rd_kafka_topic_partition_list_destroy(list);
        while (count > 0) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, WAIT_SECONDS * 1000);
                assert_non_null(message);
                if (!message->err) {
                        size_t n = (size_t)atoi((const char *)memcpy((char[16]){ 0 }, message->key, message->key_len));
                        assert_true(n < ids);
                        ret_seen[n] = true;
                        count--;
                }
                rd_kafka_message_destroy(message);
        }
        rd_kafka_destroy(consumer);
}

pid_t start_ready(struct fixture *fixture, const char *setting)
{
        char brokers[128];

        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        pid_t pid = start(fixture, fixture->log ? fixture->log : STDERR_FILENO,
                          (const char *const[]){ brokers, "--run_file=run.json", "--log_level=warning",
                                                 "--fetch.wait.max.ms=5", "--session.timeout.ms=6000",
                                                 "--heartbeat.interval.ms=500", setting, NULL });
        await_notice(fixture, "READY=1");
        return pid;
}
