/* SPDX-License-Identifier: Apache-2.0 */
/* The admin HTTP server: /healthz, /readyz, /startupz and /metrics. */
#include "service/admin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/cleanup.h"

#define CONNECTIONS_MAXIMUM 16
#define CONNECTION_MEMORY   8192 /* bytes for one request's line and headers */
#define IDLE_SECONDS        5

struct chappe_admin {
        struct chappe_service *service;
        struct MHD_Daemon *daemon;
        int port;
};

struct answer {
        unsigned status;
        const char *type;
        struct chappe_buffer body;
};

static void answer_text(struct answer *answer, bool fine, const char *reason)
{
        answer->status = fine ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
        answer->type = "text/plain; charset=utf-8";
        chappe_buffer_printf(&answer->body, "%s\n", fine ? "ok" : reason);
}

/* Alive: depends on nothing outside the process; only what a restart would mend counts. */
static void answer_health(struct chappe_service *service, struct answer *answer)
{
        struct chappe_error error = { 0 };
        bool healthy = chappe_service_healthy(service, &error);

        answer_text(answer, healthy, error.text);
        if (healthy && chappe_service_trouble(service, &error))
                chappe_buffer_printf(&answer->body, "but E%d: %s\n", error.code, error.text);
}

static void answer_started(struct chappe_service *service, struct answer *answer)
{
        const char *activity = atomic_load(&service->activity);

        answer_text(answer, atomic_load(&service->phase) >= CHAPPE_PHASE_RUNNING, activity ? activity : "starting");
}

/* Consumption that stands still for whatever reason is not ready; one record that gets old is no reason. */
static void answer_ready(struct chappe_service *service, struct answer *answer)
{
        struct chappe_error error = { 0 };

        if (chappe_service_trouble(service, &error) && error.code != CHAPPE_E_RECORD_OLD)
                answer_text(answer, false, error.text);
        else
                answer_text(answer, chappe_service_ready(service), "not ready");
}

static void answer_metrics(struct chappe_service *service, struct answer *answer)
{
        answer->status = MHD_HTTP_OK;
        answer->type = "text/plain; version=0.0.4; charset=utf-8";
        if (chappe_metrics_print(service->runtime.metrics, &answer->body) < 0) {
                answer->body.length = 0;
                answer_text(answer, false, "out of memory");
        }
}

static const struct {
        const char *path;
        void (*answer)(struct chappe_service *service, struct answer *answer);
} pages[] = {
        { "/healthz", answer_health },
        { "/readyz", answer_ready },
        { "/startupz", answer_started },
        { "/metrics", answer_metrics },
};

static void answer_page(struct chappe_service *service, const char *method, const char *path, struct answer *answer)
{
        if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
                answer_text(answer, false, "GET only");
                answer->status = MHD_HTTP_METHOD_NOT_ALLOWED;
                return;
        }
        for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
                if (strcmp(path, pages[i].path) == 0) {
                        pages[i].answer(service, answer);
                        return;
                }
        }
        answer_text(answer, false, "there is /healthz, /readyz, /startupz and /metrics");
        answer->status = MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload, size_t *upload_size,
                                  void **request)
{
        struct chappe_admin *admin = context;
        (void)version;
        (void)upload;
        (void)upload_size;
        (void)request;

        /* Answered on sight of the headers: a body is never read. */
        struct answer answer = { 0 };
        answer_page(admin->service, method, path, &answer);
        struct MHD_Response *response =
                MHD_create_response_from_buffer(answer.body.length, answer.body.at, MHD_RESPMEM_MUST_FREE);
        if (!response) {
                chappe_buffer_deinit(&answer.body);
                return MHD_NO;
        }
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
                MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        enum MHD_Result result = MHD_queue_response(connection, answer.status, response);
        MHD_destroy_response(response);
        return result;
}

/* A listening socket of our own, so that the reason of a refusal is the system's: libmicrohttpd may lose errno. -1 with
 * errno set. */
static int listen_on_loopback(const char *bind_to, int port, int *ret_port)
{
        struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                    .sin6_port = htons((uint16_t)port),
                                    .sin6_addr = in6addr_loopback };
        struct sockaddr_in four = { .sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        bool is_six = strcmp(bind_to, "::1") == 0;
        struct sockaddr *address = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
        socklen_t length = is_six ? sizeof(six) : sizeof(four);
        int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -1;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 || bind(fd, address, length) < 0 ||
            listen(fd, CONNECTIONS_MAXIMUM) < 0 || getsockname(fd, address, &length) < 0) {
                int reason = errno;
                close(fd);
                errno = reason;
                return -1;
        }
        *ret_port = ntohs(is_six ? six.sin6_port : four.sin_port);
        return fd;
}

int chappe_admin_start(struct chappe_service *service, struct chappe_admin **ret_admin, struct chappe_error *error)
{
        const struct chappe_config *config = service->runtime.config;
        const char *bind_to = chappe_config_text(config, "admin_bind");
        /* By the configuration of a service that runs beside it. */
        int port = service->runtime.replay_name ? 0 : (int)chappe_config_integer(config, "admin_port");

        struct chappe_admin *admin = calloc(1, sizeof(*admin));
        if (!admin)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the admin server");
        admin->service = service;
        int fd = listen_on_loopback(bind_to, port, &admin->port);
        if (fd < 0) {
                free(admin);
                return chappe_fail(error, CHAPPE_E_ADMIN, "cannot serve health and metrics at %s:%d: %s", bind_to, port,
                                   strerror(errno));
        }
        /* The socket is libmicrohttpd's from here on, whether it starts or not. */
        admin->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, on_request,
                                         admin, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                                         CONNECTIONS_MAXIMUM, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
                                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
        if (!admin->daemon) {
                free(admin);
                return chappe_fail(error, CHAPPE_E_ADMIN,
                                   "cannot serve health and metrics at %s:%d: libmicrohttpd refuses", bind_to, port);
        }
        *ret_admin = admin;
        return 0;
}

struct chappe_admin *chappe_admin_stop(struct chappe_admin *admin)
{
        if (admin) {
                if (admin->daemon)
                        MHD_stop_daemon(admin->daemon);
                free(admin);
        }
        return NULL;
}

int chappe_admin_port(const struct chappe_admin *admin)
{
        return admin ? admin->port : 0;
}
