/* SPDX-License-Identifier: Apache-2.0 */
/* What a service program makes of hostile records, and of a world that is in its way: one clear line, a stable exit
 * code or a dead letter, and nothing lost. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"

static const char *player, *keeper;

#define FINGERPRINT "\xc3\x01\x62\x88\x53\x97\xfe\x2e\x1e\x95" /* of a ping, as its payloads begin */
#define CASE(what, bytes, code)                                                                                        \
        {                                                                                                              \
                what, bytes, sizeof(bytes) - 1, code                                                                   \
        }

static const struct hostile {
        const char *what;
        const char *bytes;
        size_t length;
        const char *code;
} hostiles[] = {
        CASE("nothing at all", "", "chappe.E2110"),
        CASE("another format", "{\"id\":\"1\"}", "chappe.E2110"),
        CASE("half of a marker", "\xc3", "chappe.E2110"),
        CASE("half of a fingerprint", "\xc3\x01\x62\x88", "chappe.E2110"),
        CASE("no body", FINGERPRINT, "chappe.E2101"),
        CASE("a body that is cut off",
             FINGERPRINT "\x28"
                         "abc",
             "chappe.E2101"),
        CASE("a text longer than memory",
             FINGERPRINT "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"
                         "abc",
             "chappe.E2101"),
        CASE("a text of negative length",
             FINGERPRINT "\x03"
                         "abc",
             "chappe.E2101"),
        CASE("a number without end", FINGERPRINT "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "chappe.E2101"),
        CASE("a text that is no UTF-8", FINGERPRINT "\x04\xff\xfe\x02", "chappe.E2101"),
        CASE("more than a ping",
             FINGERPRINT "\x02"
                         "1"
                         "\x02"
                         "more",
             "chappe.E2101"),
        CASE("a schema that nobody knows",
             "\xc3\x01"
             "unknown!"
             "\x02"
             "1"
             "\x02",
             "chappe.E4005"),
        CASE("a registry's id where there is none",
             "\x00\x00\x00\x00\x2a\x02"
             "1"
             "\x02",
             NULL),
};

#define HOSTILES (sizeof(hostiles) / sizeof(*hostiles))

/* To the first partition, with this many headers that say nothing, and one that names the case. */
static void send_bytes(struct fixture *fixture, const char *key, const void *bytes, size_t length, size_t n,
                       int headers)
{
        rd_kafka_headers_t *list = rd_kafka_headers_new(1);

        for (int i = 0; i < headers; i++)
                rd_kafka_header_add(list, "x-noise", -1, "nothing but noise", -1);
        rd_kafka_header_add(list, "x-case", -1, &n, sizeof(n));
        assert_int_equal(rd_kafka_producev(fixture->host, RD_KAFKA_V_TOPIC("test.pings"), RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_KEY((void *)(uintptr_t)key, strlen(key)),
                                           RD_KAFKA_V_VALUE((void *)(uintptr_t)bytes, length), RD_KAFKA_V_HEADERS(list),
                                           RD_KAFKA_V_END),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_int_equal(rd_kafka_flush(fixture->host, WAIT_SECONDS * 1000), 0);
}

static void assert_header(const rd_kafka_message_t *letter, const char *name, const void *expected, size_t length)
{
        rd_kafka_headers_t *headers;
        const void *value;
        size_t size;

        assert_int_equal(rd_kafka_message_headers(letter, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
        if (rd_kafka_header_get_last(headers, name, &value, &size))
                fail_msg("no header %s", name);
        assert_int_equal(size, length);
        assert_memory_equal(value, expected, length);
}

static void assert_letter(const rd_kafka_message_t *letter, bool *seen)
{
        rd_kafka_headers_t *headers;
        const void *value;
        size_t size, n;

        assert_int_equal(rd_kafka_message_headers(letter, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_int_equal(rd_kafka_header_get_last(headers, "x-case", &value, &size), 0);
        memcpy(&n, value, sizeof(n));
        assert_true(n < HOSTILES && !seen[n]);
        seen[n] = true;
        const struct hostile *hostile = &hostiles[n];
        print_message("# %s\n", hostile->what);
        assert_int_equal(letter->len, hostile->length);
        if (letter->len)
                assert_memory_equal(letter->payload, hostile->bytes, hostile->length);
        assert_int_equal(letter->partition, 0);
        assert_header(letter, "kafka_dlt-original-topic", "test.pings", 10);
        assert_header(letter, "kafka_dlt-original-partition", "\0\0\0\0", 4);
        assert_header(letter, "kafka_dlt-original-consumer-group", "player", 6);
        if (hostile->code)
                assert_header(letter, "kafka_dlt-exception-fqcn", hostile->code, strlen(hostile->code));
}

static void await_letters(struct fixture *fixture)
{
        bool seen[HOSTILES] = { false };
        rd_kafka_t *consumer = client_new(RD_KAFKA_CONSUMER, fixture->servers,
                                          (const char *const[]){ "group.id", "none", "fetch.wait.max.ms", "5", NULL });
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

        rd_kafka_topic_partition_list_add(list, "test.pings-dlt", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
        assert_int_equal(rd_kafka_assign(consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
        rd_kafka_topic_partition_list_destroy(list);
        for (size_t count = 0; count < HOSTILES;) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, WAIT_SECONDS * 1000);
                if (!message)
                        fail_msg("only %zu of %zu dead letters came", count, HOSTILES);
                if (!message->err) {
                        assert_letter(message, seen);
                        count++;
                }
                rd_kafka_message_destroy(message);
        }
        rd_kafka_destroy(consumer);
}

/* Behind each hostile record stands a good one with its key. */
static void test_hostile_records_become_dead_letters_and_nothing_else_stops(void **state)
{
        struct fixture *fixture = *state;
        bool seen[HOSTILES] = { false };
        unsigned char ping[64];
        char id[16];

        program = player;
        pid_t pid = start_ready(fixture, "--schema_wait_ms=300");
        for (size_t n = 0; n < HOSTILES; n++) {
                snprintf(id, sizeof(id), "%zu", n);
                send_bytes(fixture, id, hostiles[n].bytes, hostiles[n].length, n, 0);
                send_bytes(fixture, id, ping, write_ping(ping, id, 1), n, 0);
        }
        await_pongs(fixture, HOSTILES, seen, HOSTILES);
        await_letters(fixture);
        assert_int_equal(kill(pid, SIGTERM), 0);
        await_notice(fixture, "STOPPING=1");
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_CLEAN);
}

static void test_headers_by_the_hundred_are_no_reason_to_stop(void **state)
{
        struct fixture *fixture = *state;
        bool seen[3] = { false };
        unsigned char ping[64];

        program = player;
        pid_t pid = start_ready(fixture, NULL);
        send_bytes(fixture, "0", ping, write_ping(ping, "0", 1), 0, 300);
        send_bytes(fixture, "1", ping, write_ping(ping, "1", 1), 0, 20000);
        send_bytes(fixture, "2", ping, write_ping(ping, "2", 1), 0, 0);
        await_pongs(fixture, 3, seen, 3);
        assert_int_equal(kill(pid, SIGTERM), 0);
        await_notice(fixture, "STOPPING=1");
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_CLEAN);
}

/* Reads what the program says until a part of it has come. */
static void await_words(struct fixture *fixture, int output, const char *part)
{
        size_t length = strlen(fixture->output);
        ssize_t r;

        while (!strstr(fixture->output, part)) {
                r = read(output, fixture->output + length, sizeof(fixture->output) - 1 - length);
                if (r <= 0)
                        fail_msg("'%s' did not come: %s", part, fixture->output);
                length += (size_t)r;
                fixture->output[length] = '\0';
        }
}

static void limit_files(pid_t pid, rlim_t size)
{
        struct rlimit limit = { .rlim_cur = size, .rlim_max = RLIM_INFINITY };

        assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void test_a_disk_that_is_full_for_a_while_loses_nothing(void **state)
{
        struct fixture *fixture = *state;
        bool seen[20] = { false };
        char brokers[128], id[16];
        int ends[2];

        program = keeper;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        pid_t pid = start(fixture, ends[1],
                          (const char *const[]){ brokers, "--log_level=warning", "--fetch.wait.max.ms=5",
                                                 "--session.timeout.ms=6000", "--heartbeat.interval.ms=500", NULL });
        close(ends[1]);
        await_notice(fixture, "READY=1");
        limit_files(pid, 4096);
        for (int i = 0; i < 20; i++) {
                snprintf(id, sizeof(id), "%d", i);
                send_ping(fixture, id, i);
        }
        fixture->output[0] = '\0';
        await_words(fixture, ends[0], "failed in attempt 1 and is tried again in ");
        await_words(fixture, ends[0], "disk I/O error");
        await_words(fixture, ends[0], "\"code\":\"E1005\"");
        limit_files(pid, RLIM_INFINITY);
        await_pongs(fixture, 20, seen, 20);
        for (int i = 0; i < 20; i++)
                assert_true(seen[i]);
        assert_int_equal(kill(pid, SIGTERM), 0);
        await_notice(fixture, "STOPPING=1");
        assert_int_equal(exit_code(pid), CHAPPE_EXIT_CLEAN);
        assert_null(strstr(fixture->output, "dead letter"));
        close(ends[0]);
}

static void test_a_database_that_cannot_be_opened_is_named(void **state)
{
        struct fixture *fixture = *state;
        char brokers[128];

        program = keeper;
        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        assert_int_equal(RUN(fixture, brokers, "--database=missing/keeper.db"), CHAPPE_EXIT_FAILED);
        assert_output(fixture, "database missing/keeper.db: opening it: unable to open database file");
        assert_output(fixture, "\"code\":\"E6001\"");
        assert_int_equal(RUN(fixture, "--check", "--offline", "--database=missing/keeper.db"), CHAPPE_EXIT_FAILED);
        assert_output(fixture, "FAIL  database: E1005 directory missing: No such file or directory\n");
}

static void test_a_file_that_is_no_database_is_named(void **state)
{
        struct fixture *fixture = *state;
        char brokers[128], path[128];

        program = keeper;
        snprintf(path, sizeof(path), "%s/keeper.db", fixture->directory);
        FILE *file = fopen(path, "w");
        for (int i = 0; i < 1000; i++)
                fputs("this is no database\n", file);
        fclose(file);
        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        assert_int_equal(RUN(fixture, brokers), CHAPPE_EXIT_FAILED);
        assert_output(fixture, "keeper.db: ");
        assert_output(fixture, "\"code\":\"E6006\"");
}

static void test_an_admin_port_in_use_is_named(void **state)
{
        struct fixture *fixture = *state;
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        char brokers[128], port[64], part[64];

        program = player;
        int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(taken, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(taken, 1), 0);
        assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &size), 0);
        snprintf(brokers, sizeof(brokers), "--brokers=%s", fixture->servers);
        snprintf(port, sizeof(port), "--admin_port=%d", ntohs(address.sin_port));
        assert_int_equal(RUN(fixture, brokers, port), CHAPPE_EXIT_FAILED);
        snprintf(part, sizeof(part), "127.0.0.1:%d", ntohs(address.sin_port));
        assert_output(fixture, part);
        assert_output(fixture, "\"code\":\"E7003\"");
        close(taken);
}

static void test_options_that_do_not_exist_are_named(void **state)
{
        struct fixture *fixture = *state;

        program = player;
        assert_int_equal(RUN(fixture, "--workers=many"), CHAPPE_EXIT_USAGE);
        assert_string_equal(fixture->output, "E1102 command line: workers = 'many' is not an integer\n");
        assert_int_equal(RUN(fixture, "--log_level=inf"), CHAPPE_EXIT_USAGE);
        assert_output(fixture, "did you mean 'info'?\n");
        assert_int_equal(RUN(fixture, "--config=missing.cfg"), CHAPPE_EXIT_USAGE);
        assert_string_equal(fixture->output, "E1103 cannot read missing.cfg: No such file or directory\n");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_hostile_records_become_dead_letters_and_nothing_else_stops),
                TEST(test_headers_by_the_hundred_are_no_reason_to_stop),
                TEST(test_a_disk_that_is_full_for_a_while_loses_nothing),
                TEST(test_a_database_that_cannot_be_opened_is_named),
                TEST(test_a_file_that_is_no_database_is_named),
                TEST(test_an_admin_port_in_use_is_named),
                TEST(test_options_that_do_not_exist_are_named),
        };

        if (argc < 3) {
                fprintf(stderr, "usage: %s PLAYER KEEPER\n", argv[0]);
                return 2;
        }
        player = realpath(argv[1], NULL);
        keeper = realpath(argv[2], NULL);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
