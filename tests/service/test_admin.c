/* SPDX-License-Identifier: Apache-2.0 */
/* The admin HTTP server, spoken to over a plain socket; the service behind it is a double. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/admin.h"

static bool is_ready, is_healthy;
static int trouble; /* a code, or 0 */

/* The double's answers, in place of service.c. */
bool chappe_service_ready(struct chappe_service *service)
{
        (void)service;
        return is_ready;
}

bool chappe_service_healthy(struct chappe_service *service, struct chappe_error *error)
{
        (void)service;
        if (!is_healthy)
                chappe_fail(error, CHAPPE_E_STOPPED, "the consumer is dead");
        return is_healthy;
}

bool chappe_service_trouble(struct chappe_service *service, struct chappe_error *error)
{
        (void)service;
        if (trouble)
                chappe_fail(error, trouble, "nobody answers");
        return trouble != 0;
}

struct fixture {
        struct chappe_service service;
        struct chappe_admin *admin;
        char answer[65536];
};

static struct chappe_config *load(const char *setting)
{
        const char *settings[] = { setting, NULL };
        struct chappe_config *config = NULL;

        assert_int_equal(chappe_config_load(&(struct chappe_config_sources){ .settings = settings }, &config, NULL), 0);
        return config;
}

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        fixture->service.runtime.config = load("admin_port=0");
        fixture->service.runtime.metrics = chappe_metrics_new();
        atomic_init(&fixture->service.phase, CHAPPE_PHASE_RUNNING);
        is_ready = is_healthy = true;
        trouble = 0;
        assert_int_equal(chappe_admin_start(&fixture->service, &fixture->admin, NULL), 0);
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;

        chappe_admin_stop(fixture->admin);
        chappe_metrics_free(fixture->service.runtime.metrics);
        chappe_config_free(fixture->service.runtime.config);
        free(fixture);
        return 0;
}

static int connect_to(struct fixture *fixture)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int descriptor = socket(AF_INET, SOCK_STREAM, 0);

        address.sin_port = htons((uint16_t)chappe_admin_port(fixture->admin));
        assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
        return descriptor;
}

/* Everything until the server closes. */
static const char *receive(struct fixture *fixture, int descriptor)
{
        size_t length = 0;
        ssize_t r;

        while (length < sizeof(fixture->answer) - 1 &&
               (r = recv(descriptor, fixture->answer + length, sizeof(fixture->answer) - 1 - length, 0)) > 0)
                length += (size_t)r;
        fixture->answer[length] = '\0';
        close(descriptor);
        return fixture->answer;
}

static const char *ask(struct fixture *fixture, const char *request)
{
        int descriptor = connect_to(fixture);

        assert_int_equal(send(descriptor, request, strlen(request), MSG_NOSIGNAL), strlen(request));
        return receive(fixture, descriptor);
}

static void assert_status(struct fixture *fixture, const char *path, int status)
{
        char request[256], line[32];

        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
        snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
        const char *answer = ask(fixture, request);
        if (strncmp(answer, line, strlen(line)) != 0)
                fail_msg("GET %s: expected %d, got %.100s", path, status, answer);
}

static void test_a_running_service_is_healthy_ready_and_started(void **state)
{
        assert_status(*state, "/healthz", 200);
        assert_status(*state, "/readyz", 200);
        assert_status(*state, "/startupz", 200);
}

static void test_a_troubled_service_is_alive_but_not_ready_and_says_why(void **state)
{
        struct fixture *fixture = *state;

        trouble = CHAPPE_E_OUTAGE;
        assert_status(fixture, "/healthz", 200);
        assert_non_null(strstr(fixture->answer, "ok\nbut E4014: nobody answers\n"));
        assert_status(fixture, "/readyz", 503);
        assert_non_null(strstr(fixture->answer, "nobody answers\n"));
        trouble = CHAPPE_E_RECORD_OLD; /* the others go on */
        assert_status(fixture, "/readyz", 200);
        assert_status(fixture, "/healthz", 200);
        assert_non_null(strstr(fixture->answer, "ok\nbut E4012: "));
}

static void test_a_starting_service_is_alive_but_not_started(void **state)
{
        struct fixture *fixture = *state;

        atomic_store(&fixture->service.phase, CHAPPE_PHASE_STARTING);
        atomic_store(&fixture->service.activity, "connecting to the brokers");
        is_ready = false;
        assert_status(fixture, "/healthz", 200);
        assert_status(fixture, "/readyz", 503);
        assert_status(fixture, "/startupz", 503);
        assert_non_null(strstr(fixture->answer, "connecting to the brokers\n"));
}

static void test_a_dead_consumer_is_not_healthy_and_says_why(void **state)
{
        struct fixture *fixture = *state;

        is_healthy = false;
        assert_status(fixture, "/healthz", 503);
        assert_non_null(strstr(fixture->answer, "\r\n\r\nthe consumer is dead\n"));
}

static void test_metrics_are_prometheus_text(void **state)
{
        struct fixture *fixture = *state;

        chappe_metric_add(chappe_metrics_get(fixture->service.runtime.metrics, CHAPPE_COUNTER, "x_total", "X.", NULL),
                          5);
        assert_status(fixture, "/metrics", 200);
        assert_non_null(strstr(fixture->answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        assert_non_null(strstr(fixture->answer, "\nchappe_x_total 5\n"));
}

static void test_other_pages_and_methods_are_refused(void **state)
{
        struct fixture *fixture = *state;

        assert_status(fixture, "/", 404);
        assert_status(fixture, "/metrics/../healthz", 404);
        assert_int_equal(
                strncmp(ask(fixture, "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"),
                        "HTTP/1.1 405 ", 13),
                0);
        assert_int_equal(strncmp(ask(fixture, "DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                                 "HTTP/1.1 405 ", 13),
                         0);
}

static void test_garbage_and_oversized_requests_leave_the_server_alive(void **state)
{
        struct fixture *fixture = *state;
        static char flood[200000];
        int descriptor = connect_to(fixture);

        memset(flood, 'a', sizeof(flood));
        memcpy(flood, "GET /", 5);
        /* The server may close while we still send. */
        (void)!send(descriptor, flood, sizeof(flood), MSG_NOSIGNAL);
        receive(fixture, descriptor);
        ask(fixture, "\x16\x03\x01\x02\r\n\r\n");
        assert_status(fixture, "/healthz", 200);
}

static void test_a_port_in_use_is_told(void **state)
{
        struct fixture *fixture = *state;
        struct fixture second = { 0 };
        struct chappe_error error = { 0 };
        char setting[32];

        snprintf(setting, sizeof(setting), "admin_port=%d", chappe_admin_port(fixture->admin));
        second.service.runtime.config = load(setting);
        assert_int_equal(chappe_admin_start(&second.service, &second.admin, &error), -CHAPPE_E_ADMIN);
        assert_non_null(strstr(error.text, "Address already in use"));
        assert_null(second.admin);
        chappe_config_free(second.service.runtime.config);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_a_running_service_is_healthy_ready_and_started),
                TEST(test_a_troubled_service_is_alive_but_not_ready_and_says_why),
                TEST(test_a_starting_service_is_alive_but_not_started),
                TEST(test_a_dead_consumer_is_not_healthy_and_says_why),
                TEST(test_metrics_are_prometheus_text),
                TEST(test_other_pages_and_methods_are_refused),
                TEST(test_garbage_and_oversized_requests_leave_the_server_alive),
                TEST(test_a_port_in_use_is_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
