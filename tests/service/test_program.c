/* SPDX-License-Identifier: Apache-2.0 */
/* A service program from outside: its options, exit codes, signals and health, against librdkafka's mock cluster. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

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
        assert_output(fixture, "E1101 command line: unknown setting 'worker': did you mean 'workers'?\n");
        assert_int_equal(RUN(fixture, "--chekc"), CHAPPE_EXIT_USAGE);
        assert_int_equal(RUN(fixture, "--api_key=geheim"), CHAPPE_EXIT_USAGE);

        snprintf(path, sizeof(path), "%s/player.cfg", fixture->directory);
        FILE *file = fopen(path, "w");
        fputs("# a file\nworker = 3;\n", file);
        fclose(file);
        assert_int_equal(RUN(fixture, "--config", "player.cfg"), CHAPPE_EXIT_USAGE);
        assert_string_equal(fixture->output, "E1101 player.cfg:2: unknown setting 'worker': did you mean 'workers'?\n");
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
        assert_string_equal(fixture->output,
                            "E1101 player.cfg:2: unknown librdkafka property 'lnger.ms': did you mean 'linger.ms'?\n");

        assert_int_equal(RUN(fixture, "--check", "--offline", "--session.timout.ms=6000"), CHAPPE_EXIT_USAGE);
        assert_string_equal(fixture->output, "E1101 command line: unknown librdkafka property 'session.timout.ms': "
                                             "did you mean 'session.timeout.ms'?\n");
        assert_int_equal(RUN(fixture, "--ack=all"), CHAPPE_EXIT_USAGE);
        assert_output(fixture, "did you mean 'acks'?");

        fixture->variable = "CHAPPE_KAFKA_LINGER_MS=soon";
        assert_int_equal(RUN(fixture, "--check", "--offline"), CHAPPE_EXIT_USAGE);
        assert_output(fixture, "E1102 CHAPPE_KAFKA_LINGER_MS: linger.ms: ");
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

/* Properties that librdkafka takes one by one, and not together. */
static void test_check_makes_the_clients_that_a_start_would(void **state)
{
        struct fixture *fixture = *state;
        char brokers[128];

        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        assert_int_equal(RUN(fixture, "--check", "--offline", "--acks=0"), CHAPPE_EXIT_FAILED);
        assert_output(fixture, "FAIL  clients: E3002 the properties do not go together: ");
        assert_int_equal(RUN(fixture, "--check", "--offline", "--max.poll.interval.ms=1000"), CHAPPE_EXIT_FAILED);
        assert_output(fixture, "FAIL  clients: E3002 ");
        assert_int_equal(RUN(fixture, "--check", brokers, "--acks=0"), CHAPPE_EXIT_FAILED);
        assert_output(fixture, "FAIL  clients: E3002 ");
        /* The embedded broker's sessions are shorter. */
        assert_int_equal(RUN(fixture, "--check", brokers, "--max.poll.interval.ms=7000"), CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "ok    clients\n");
}

static void test_check_names_what_is_left_out_and_what_is_unsafe(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(RUN(fixture, "--check", "--offline", "--enable.idempotence=false", "--acks=1",
                             "--enable.auto.commit=true", "--queued.min.messages=7"),
                         CHAPPE_EXIT_CLEAN);
        assert_output(fixture, "ok    clients\n");
        assert_output(fixture, "note  acks=1 is unsafe: ");
        assert_output(fixture, "note  enable.auto.commit=true is left out: ");
        assert_output(fixture, "note  queued.min.messages=7 is honoured: ");
}

static void test_an_unreachable_broker_ends_the_start_in_time(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(RUN(fixture, "--brokers=127.0.0.1:1", "--start_timeout_ms=1000", "--broker_timeout_ms=500"),
                         CHAPPE_EXIT_FAILED);
        assert_output(fixture, "\"level\":\"error\"");
}

/* What the program writes until the text has come, or to its end. */
static void read_until(struct fixture *fixture, int descriptor, const char *text)
{
        size_t length = 0;
        ssize_t r;

        do {
                r = read(descriptor, fixture->output + length, sizeof(fixture->output) - 1 - length);
                length += r > 0 ? (size_t)r : 0;
                fixture->output[length] = '\0';
        } while (r > 0 && !(text && strstr(fixture->output, text)));
}

static void test_a_start_that_waits_for_brokers_hears_a_signal(void **state)
{
        static const char *const words[] = { "--brokers=127.0.0.1:1", "--start_timeout_ms=3600000",
                                             "--broker_timeout_ms=3600000", NULL };
        struct fixture *fixture = *state;
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        pid_t pid = start(fixture, ends[1], words);
        close(ends[1]);
        read_until(fixture, ends[0], "starts (chappe");
        assert_output(fixture, "starts (chappe");
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_CLEAN);
        read_until(fixture, ends[0], NULL);
        assert_output(fixture, "stopped while connecting to the brokers: nothing was taken");
        close(ends[0]);
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
        FILE *log = tmpfile();
        fixture->log = fileno(log);
        pid_t pid = start_stuck(fixture, "--drain_timeout_ms=100000");

        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_ABANDONED);
        rewind(log);
        fixture->output[fread(fixture->output, 1, sizeof(fixture->output) - 1, log)] = '\0';
        fclose(log);
        assert_output(fixture, "asked twice to stop");
        assert_output(fixture, "still running: test.pings[");
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
                TEST(test_check_makes_the_clients_that_a_start_would),
                TEST(test_check_names_what_is_left_out_and_what_is_unsafe),
                TEST(test_an_unreachable_broker_ends_the_start_in_time),
                TEST(test_a_start_that_waits_for_brokers_hears_a_signal),
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
