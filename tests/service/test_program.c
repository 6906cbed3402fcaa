/* SPDX-License-Identifier: Apache-2.0 */
/* A service program from outside: its options, exit codes, signals and health, against librdkafka's mock cluster. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
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
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "fixture.h"

#define WAIT_SECONDS 30 /* a mock group takes three to form */

static const char *program;

struct fixture {
        char directory[64];
        int notified; /* what the program tells its supervisor */
        char notify[128];
        rd_kafka_t *host; /* hosts the mock cluster; also a producer */
        const char *servers;
        const char *variable; /* in the program's environment; NULL: none */
        char output[131072];
};

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *servers, const char *const *pairs)
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

static int setup(void **state)
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

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        static const char *const names[] = { "notify", "run.json", "player.cfg" };
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

/* Starts the program in the fixture's directory, its output going to the descriptor. */
static pid_t start(struct fixture *fixture, int output, const char *const *words)
{
        const char *arguments[16] = { program };
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

static int exit_code(pid_t pid)
{
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Runs it to its end; the output is in the fixture. */
static int run_words(struct fixture *fixture, const char *const *words)
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
#define RUN(fixture, ...) run_words(fixture, (const char *const[]){ __VA_ARGS__, NULL })

static void assert_output(struct fixture *fixture, const char *part)
{
        if (!strstr(fixture->output, part))
                fail_msg("'%s' is not in: %s", part, fixture->output);
}

static void await_notice(struct fixture *fixture, const char *expected)
{
        char text[64] = "";

        if (recv(fixture->notified, text, sizeof(text) - 1, 0) < 0)
                fail_msg("no %s within %d s: %s", expected, WAIT_SECONDS, strerror(errno));
        assert_string_equal(text, expected);
}

static void test_questions_are_answered_without_a_broker(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(RUN(fixture, "--version"), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "player 1.2.3 (chappe ");
        assert_int_equal(RUN(fixture, "--help"), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "--currency=GBP");
        assert_int_equal(RUN(fixture, "--describe"), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "\"asyncapi\": \"3.0.0\"");
        assert_int_equal(RUN(fixture, "--check", "--offline"), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "ok    operations\n");
        assert_int_equal(RUN(fixture, "--print-config", "--currency=EUR"), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "currency = \"EUR\";");
}

static void test_wrong_settings_end_the_program_with_a_usage_code(void **state)
{
        struct fixture *fixture = *state;
        char path[128];

        assert_int_equal(RUN(fixture, "--worker=3"), CHAPPE_EXIT_USAGE);
        assert_output(fixture, "command line: unknown setting 'worker': did you mean 'workers'? (E1101)\n");
        assert_int_equal(RUN(fixture, "--chekc"), CHAPPE_EXIT_USAGE);
        assert_int_equal(RUN(fixture, "--api_key=geheim"), CHAPPE_EXIT_USAGE);

        snprintf(path, sizeof(path), "%s/player.cfg", fixture->directory);
        FILE *file = fopen(path, "w");
        fputs("# a file\nworker = 3;\n", file);
        fclose(file);
        assert_int_equal(RUN(fixture, "--config", "player.cfg"), CHAPPE_EXIT_USAGE);
        assert_string_equal(fixture->output,
                            "player.cfg:2: unknown setting 'worker': did you mean 'workers'? (E1101)\n");
}

static void test_wrong_kafka_properties_are_refused_where_they_were_written(void **state)
{
        struct fixture *fixture = *state;
        char path[128];

        snprintf(path, sizeof(path), "%s/player.cfg", fixture->directory);
        FILE *file = fopen(path, "w");
        fputs("kafka = ( \"acks=all\",\n\"lnger.ms=5\" );\n", file);
        fclose(file);
        assert_int_equal(RUN(fixture, "--config", "player.cfg"), CHAPPE_EXIT_USAGE);
        assert_string_equal(
                fixture->output,
                "player.cfg:2: unknown librdkafka property 'lnger.ms': did you mean 'linger.ms'? (E1101)\n");

        assert_int_equal(RUN(fixture, "--check", "--offline", "--session.timout.ms=6000"), CHAPPE_EXIT_USAGE);
        assert_string_equal(fixture->output, "command line: unknown librdkafka property 'session.timout.ms': "
                                             "did you mean 'session.timeout.ms'? (E1101)\n");
        assert_int_equal(RUN(fixture, "--ack=all"), CHAPPE_EXIT_USAGE);
        assert_output(fixture, "did you mean 'acks'?");

        fixture->variable = "CHAPPE_KAFKA_LINGER_MS=soon";
        assert_int_equal(RUN(fixture, "--check", "--offline"), CHAPPE_EXIT_USAGE);
        assert_output(fixture, "CHAPPE_KAFKA_LINGER_MS: linger.ms: ");
        assert_output(fixture, "(E1102)\n");
}

static void test_check_asks_the_brokers(void **state)
{
        struct fixture *fixture = *state;
        char brokers[128];

        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        assert_int_equal(RUN(fixture, "--check", brokers), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "ok    topic test.pings: 2 partitions\n");
        assert_output(fixture, "ok    brokers\n");
        assert_int_equal(RUN(fixture, "--check", "--brokers=127.0.0.1:1", "--broker_timeout_ms=300"),
                         CHAPPE_EXIT_FAILED);
        assert_output(fixture, "FAIL  brokers: ");
}

static void test_an_unreachable_broker_ends_the_start_in_time(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(RUN(fixture, "--brokers=127.0.0.1:1", "--start_timeout_ms=1000", "--broker_timeout_ms=500"),
                         CHAPPE_EXIT_FAILED);
        assert_output(fixture, "\"level\":\"error\"");
}

/* A ping in single-object framing, as any stranger would write it. */
static void send_ping(struct fixture *fixture, const char *id, int number)
{
        unsigned char payload[64] = { 0xc3, 0x01 };
        size_t id_length = strlen(id);

        for (size_t i = 0; i < 8; i++)
                payload[2 + i] = (unsigned char)(ping_type.fingerprint >> (8 * i));
        payload[10] = (unsigned char)(id_length << 1); /* zigzag, below 64 */
        memcpy(payload + 11, id, id_length);
        payload[11 + id_length] = (unsigned char)(number < 0 ? -2 * number - 1 : 2 * number);
        rd_kafka_topic_t *topic = rd_kafka_topic_new(fixture->host, "test.pings", NULL);
        assert_int_equal(rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, 12 + id_length,
                                          id, id_length, NULL),
                         0);
        assert_int_equal(rd_kafka_flush(fixture->host, WAIT_SECONDS * 1000), 0);
        rd_kafka_topic_destroy(topic);
}

/* Reads that many pongs; the keys of all are in the answer. */
static void await_pongs(struct fixture *fixture, size_t count, bool *ret_seen, size_t ids)
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

static int admin_port(struct fixture *fixture)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/run.json", fixture->directory);
        json_t *content = json_load_file(path, 0, NULL);
        assert_non_null(content);
        int port = (int)json_integer_value(json_object_get(content, "admin_port"));
        json_decref(content);
        return port;
}

static void assert_page(struct fixture *fixture, const char *page, const char *part)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        size_t length = 0;
        char request[128];
        ssize_t r;

        address.sin_port = htons((uint16_t)admin_port(fixture));
        assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", page);
        assert_int_equal(send(descriptor, request, strlen(request), MSG_NOSIGNAL), strlen(request));
        while ((r = recv(descriptor, fixture->output + length, sizeof(fixture->output) - 1 - length, 0)) > 0)
                length += (size_t)r;
        fixture->output[length] = '\0';
        close(descriptor);
        assert_output(fixture, "HTTP/1.1 200 OK");
        assert_output(fixture, part);
}

/* Started on the mock cluster and ready. */
static pid_t start_ready(struct fixture *fixture, const char *setting)
{
        char brokers[128];

        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        pid_t pid = start(fixture, STDERR_FILENO,
                          (const char *const[]){ brokers, "--run_file=run.json", "--log_level=warning",
                                                 "--fetch.wait.max.ms=5", "--session.timeout.ms=6000",
                                                 "--heartbeat.interval.ms=500", setting, NULL });
        await_notice(fixture, "READY=1");
        return pid;
}

static void test_a_service_answers_events_and_ends_cleanly(void **state)
{
        struct fixture *fixture = *state;
        bool seen[50] = { false };
        char id[16];

        pid_t pid = start_ready(fixture, "--currency=EUR");
        for (int i = 0; i < 50; i++) {
                snprintf(id, sizeof(id), "%d", i);
                send_ping(fixture, id, i);
        }
        await_pongs(fixture, 50, seen, 50);
        for (int i = 0; i < 50; i++)
                assert_true(seen[i]);
        assert_page(fixture, "/readyz", "ok\n");
        assert_page(fixture, "/metrics", "chappe_build_info{service=\"player\",version=\"1.2.3\"");

        assert_int_equal(kill(pid, SIGTERM), 0);
        await_notice(fixture, "STOPPING=1");
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_CLEAN);
}

static void test_a_retrying_record_does_not_hold_up_a_stop(void **state)
{
        struct fixture *fixture = *state;
        bool seen[2] = { false };

        pid_t pid = start_ready(fixture, "--drain_timeout_ms=2000");
        send_ping(fixture, "0", -1);
        send_ping(fixture, "1", 1);
        await_pongs(fixture, 1, seen, 2);
        assert_true(seen[1]);
        assert_int_equal(kill(pid, SIGINT), 0);
        await_notice(fixture, "STOPPING=1");
        int code = exit_code(pid);
        assert_true(code == CHAPPE_EXIT_CLEAN || code == CHAPPE_EXIT_UNFINISHED);
}

/* A handler that never returns: what a stop can do about it. */
static pid_t start_stuck(struct fixture *fixture, const char *setting)
{
        bool seen[1] = { false };
        pid_t pid = start_ready(fixture, setting);

        send_ping(fixture, "0", 60);
        await_pongs(fixture, 1, seen, 1);
        assert_int_equal(kill(pid, SIGTERM), 0);
        await_notice(fixture, "STOPPING=1");
        return pid;
}

static void test_a_second_signal_ends_the_program_at_once(void **state)
{
        struct fixture *fixture = *state;
        pid_t pid = start_stuck(fixture, "--drain_timeout_ms=100000");

        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_ABANDONED);
}

static void test_a_stop_that_does_not_end_is_ended(void **state)
{
        struct fixture *fixture = *state;
        pid_t pid = start_stuck(fixture, "--stop_timeout_ms=500");

        assert_int_equal(exit_code(pid), CHAPPE_EXIT_ABANDONED);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_questions_are_answered_without_a_broker),
                TEST(test_wrong_settings_end_the_program_with_a_usage_code),
                TEST(test_wrong_kafka_properties_are_refused_where_they_were_written),
                TEST(test_check_asks_the_brokers),
                TEST(test_an_unreachable_broker_ends_the_start_in_time),
                TEST(test_a_service_answers_events_and_ends_cleanly),
                TEST(test_a_retrying_record_does_not_hold_up_a_stop),
                TEST(test_a_second_signal_ends_the_program_at_once),
                TEST(test_a_stop_that_does_not_end_is_ended),
        };

        if (argc < 2) {
                fprintf(stderr, "usage: %s PROGRAM\n", argv[0]);
                return 2;
        }
        program = realpath(argv[1], NULL); /* it is started in another directory */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
