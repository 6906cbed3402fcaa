/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor is told: systemd's socket and the run file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "service/notify.h"

static void test_systemd_gets_one_datagram(void **state)
{
        (void)state;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
        char text[64] = "", name[64];

        snprintf(name, sizeof(name), "@chappe-notify-%d", (int)getpid());
        strcpy(address.sun_path, name);
        address.sun_path[0] = '\0';
        assert_int_equal(bind(receiver, (struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                         0);
        setenv("NOTIFY_SOCKET", name, 1);
        chappe_notify("READY=1");
        unsetenv("NOTIFY_SOCKET");
        chappe_notify("STOPPING=1");
        assert_int_equal(recv(receiver, text, sizeof(text), MSG_DONTWAIT), 7);
        assert_string_equal(text, "READY=1");
        assert_int_equal(recv(receiver, text, sizeof(text), MSG_DONTWAIT), -1);
        close(receiver);
}

static void test_the_watchdog_is_fed_twice_a_period_and_only_when_it_is_ours(void **state)
{
        (void)state;
        assert_int_equal(chappe_notify_watchdog_ms(), 0);
        setenv("WATCHDOG_USEC", "3000000", 1);
        assert_int_equal(chappe_notify_watchdog_ms(), 1500);
        setenv("WATCHDOG_PID", "1", 1);
        assert_int_equal(chappe_notify_watchdog_ms(), 0);
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
}

static void test_the_run_file_tells_who_runs_and_goes_away(void **state)
{
        (void)state;
        static const struct chappe_service_config config = { .name = "orders", .version = "1.4.0" };
        char directory[] = "/tmp/chappe-run-XXXXXX", setting[64];
        const char *settings[] = { setting, NULL }, *path = setting + strlen("run_file=");
        struct chappe_service service = { .config = &config, .instance = (char *)(uintptr_t) "orders-1" };

        assert_non_null(mkdtemp(directory));
        snprintf(setting, sizeof(setting), "run_file=%s/orders.json", directory);
        assert_int_equal(chappe_config_load(&(struct chappe_config_sources){ .settings = settings },
                                            &service.runtime.config, NULL),
                         0);
        assert_int_equal(chappe_run_file_check(&service, NULL), 0);
        assert_int_equal(access(path, F_OK), -1); /* not before it is ready */
        assert_int_equal(chappe_run_file_write(&service, NULL), 0);

        json_t *content = json_load_file(path, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(content, "instance")), "orders-1");
        assert_int_equal(json_integer_value(json_object_get(content, "pid")), getpid());
        assert_int_equal(json_integer_value(json_object_get(content, "admin_port")), 0);
        json_decref(content);

        chappe_run_file_remove(&service);
        assert_int_equal(rmdir(directory), 0); /* nothing is left in it */
        assert_int_equal(chappe_run_file_check(&service, NULL), -CHAPPE_E_IO);
        assert_int_equal(chappe_run_file_write(&service, NULL), -CHAPPE_E_IO);
        chappe_config_free(service.runtime.config);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_systemd_gets_one_datagram),
                cmocka_unit_test(test_the_watchdog_is_fed_twice_a_period_and_only_when_it_is_ours),
                cmocka_unit_test(test_the_run_file_tells_who_runs_and_goes_away),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
