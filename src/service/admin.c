/* SPDX-License-Identifier: Apache-2.0 */
/* The admin HTTP server: /healthz, /readyz, /startupz and /metrics. */
#include "service/admin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

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

        answer_text(answer, chappe_service_healthy(service, &error), error.text);
}

static void answer_started(struct chappe_service *service, struct answer *answer)
{
        const char *activity = atomic_load(&service->activity);

        answer_text(answer, atomic_load(&service->phase) >= CHAPPE_PHASE_RUNNING, activity ? activity : "starting");
}

static void answer_ready(struct chappe_service *service, struct answer *answer)
{
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

/* The loopback address of the setting, as a socket address. */
static void loopback(const char *bind, int port, struct sockaddr_storage *ret_address, unsigned *ret_flags)
{
        memset(ret_address, 0, sizeof(*ret_address));
        if (strcmp(bind, "::1") == 0) {
                struct sockaddr_in6 *address = (struct sockaddr_in6 *)ret_address;
                address->sin6_family = AF_INET6;
                address->sin6_port = htons((uint16_t)port);
                address->sin6_addr = in6addr_loopback;
                *ret_flags = MHD_USE_IPv6;
        } else {
                struct sockaddr_in *address = (struct sockaddr_in *)ret_address;
                address->sin_family = AF_INET;
                address->sin_port = htons((uint16_t)port);
                address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                *ret_flags = 0;
        }
}

int chappe_admin_start(struct chappe_service *service, struct chappe_admin **ret_admin, struct chappe_error *error)
{
        const struct chappe_config *config = service->runtime.config;
        const char *bind = chappe_config_text(config, "admin_bind");
        int port = (int)chappe_config_integer(config, "admin_port");
        struct sockaddr_storage address;
        unsigned flags;

        struct chappe_admin *admin = calloc(1, sizeof(*admin));
        if (!admin)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the admin server");
        admin->service = service;
        loopback(bind, port, &address, &flags);
        errno = 0;
        admin->daemon = MHD_start_daemon(flags | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL,
                                         on_request, admin, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
                                         CONNECTIONS_MAXIMUM, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
                                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
        const union MHD_DaemonInfo *info =
                admin->daemon ? MHD_get_daemon_info(admin->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
        if (!info) {
                int reason = errno;
                chappe_admin_stop(admin);
                return chappe_fail(error, CHAPPE_E_ADMIN, "cannot serve health and metrics at %s:%d: %s", bind, port,
                                   reason ? strerror(reason) : "refused by libmicrohttpd");
        }
        admin->port = info->port;
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
