/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front. libmicrohttpd's threads run it; each request blocks one until its order is stored. */
#include "gateway/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/order_json.h"
#include "gateway/place.h"

#define BODY_MAXIMUM        (256 * 1024)
#define CONNECTIONS_MAXIMUM 512
#define IDLE_TIMEOUT_S      15
#define BACKLOG             128

struct front {
        struct chappe_service *service;
        struct MHD_Daemon *daemon;
};

struct upload {
        struct chappe_buffer body;
        unsigned int refused; /* HTTP status, or 0 */
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, json_t *body)
{
        char *text = json_dumps(body, JSON_COMPACT);
        struct MHD_Response *response;

        json_decref(body);
        if (!text)
                return MHD_NO;
        response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
        if (!response) {
                free(text);
                return MHD_NO;
        }
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
        if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
                MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
        if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
                MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
        enum MHD_Result queued = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status, const char *why)
{
        return answer(connection, status, json_pack("{s:s}", "error", why));
}

static enum MHD_Result place(struct front *front, struct MHD_Connection *connection, const struct chappe_buffer *body)
{
        struct chappe_text text = { (const char *)body->at, body->length };
        struct chappe_error error = { 0 };
        char order_id[81];

        switch (gateway_place(front->service, text, order_id, &error)) {
        case GATEWAY_TAKEN:
                return answer(connection, MHD_HTTP_ACCEPTED,
                              json_pack("{s:s,s:s}", "order_id", order_id, "state", "placed"));
        case GATEWAY_CONFLICT:
                return refuse(connection, MHD_HTTP_CONFLICT,
                              "order_id: was used before for an order with other content");
        case -CHAPPE_E_USAGE:
                return refuse(connection, MHD_HTTP_BAD_REQUEST, error.text);
        default:
                return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, error.text);
        }
}

static enum MHD_Result show(struct front *front, struct MHD_Connection *connection, const char *order_id)
{
        struct chappe_error error = { 0 };
        enum gateway_state state;
        int64_t changed_at_ms;
        char *detail;

        if (!gateway_order_id_valid(chappe_text(order_id)))
                return refuse(connection, MHD_HTTP_NOT_FOUND, "no such order");
        int found = gateway_find(front->service, order_id, &state, &detail, &changed_at_ms, &error);
        if (found < 0)
                return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, error.text);
        if (found == 0)
                return refuse(connection, MHD_HTTP_NOT_FOUND, "no such order");
        json_t *body = json_pack("{s:s,s:s,s:s,s:I}", "order_id", order_id, "state", gateway_state_name(state),
                                 "detail", detail, "changed_at", (json_int_t)changed_at_ms);
        free(detail);
        return answer(connection, MHD_HTTP_OK, body);
}

static enum MHD_Result route(struct front *front, struct MHD_Connection *connection, const char *url,
                             const char *method, const struct upload *upload)
{
        bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
        bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

        if (upload->refused)
                return refuse(connection, upload->refused, "the body is too large");
        if (post && strcmp(url, "/orders") == 0)
                return place(front, connection, &upload->body);
        if (get && strncmp(url, "/orders/", 8) == 0)
                return show(front, connection, url + 8);
        if (!post && !get)
                return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "use POST /orders or GET /orders/{order_id}");
        return refuse(connection, MHD_HTTP_NOT_FOUND, "use POST /orders or GET /orders/{order_id}");
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_length, void **request)
{
        struct upload *upload = *request;

        (void)version;
        if (!upload) {
                *request = calloc(1, sizeof(*upload));
                return *request ? MHD_YES : MHD_NO;
        }
        if (*data_length == 0)
                return route(context, connection, url, method, upload);
        if (upload->body.length + *data_length > BODY_MAXIMUM)
                upload->refused = MHD_HTTP_CONTENT_TOO_LARGE;
        else if (chappe_buffer_append(&upload->body, data, *data_length) < 0)
                upload->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
        *data_length = 0;
        return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode how)
{
        struct upload *upload = *request;

        (void)context, (void)connection, (void)how;
        if (upload)
                chappe_buffer_deinit(&upload->body);
        free(upload);
}

void *gateway_http_new(struct chappe_service *service, struct chappe_error *error)
{
        struct front *front = calloc(1, sizeof(*front));

        if (!front)
                chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        else
                front->service = service;
        return front;
}

void gateway_http_free(void *state)
{
        free(state);
}

/* Whole or not at all: a reader never sees half a number. */
static int write_port(const char *file, uint16_t port, struct chappe_error *error)
{
        char temporary[4096];

        if (snprintf(temporary, sizeof(temporary), "%s.new", file) >= (int)sizeof(temporary))
                return chappe_fail(error, CHAPPE_E_USAGE, "http_port_file: the name is too long");
        FILE *stream = fopen(temporary, "we");
        if (!stream)
                return chappe_fail(error, CHAPPE_E_IO, "http_port_file: %s: %s", temporary, strerror(errno));
        bool written = fprintf(stream, "%u\n", port) > 0;
        if ((fclose(stream) != 0) || !written || rename(temporary, file) < 0)
                return chappe_fail(error, CHAPPE_E_IO, "http_port_file: %s: %s", file, strerror(errno));
        return 0;
}

static int64_t integer_setting(const struct front *front, const char *name)
{
        return strtoll(chappe_service_setting(front->service, name), NULL, 10);
}

/* A listening socket of our own, so that the reason of a refusal is the system's: libmicrohttpd may lose errno. */
static int listening(const struct sockaddr_in *address)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -1;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
            bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 || listen(fd, BACKLOG) < 0) {
                int reason = errno;
                close(fd);
                errno = reason;
                return -1;
        }
        return fd;
}

static int start(struct front *front, const struct sockaddr_in *address, struct chappe_error *error)
{
        int fd = listening(address);

        errno = fd < 0 ? errno : 0;
        if (fd >= 0) /* the socket is libmicrohttpd's from here on, whether it starts or not */
                front->daemon = MHD_start_daemon(
                        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, front, MHD_OPTION_LISTEN_SOCKET, fd,
                        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_THREAD_POOL_SIZE,
                        (unsigned int)integer_setting(front, "http_threads"), MHD_OPTION_CONNECTION_LIMIT,
                        (unsigned int)CONNECTIONS_MAXIMUM, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT_S,
                        MHD_OPTION_END);
        if (!front->daemon)
                return chappe_fail(error, CHAPPE_E_IO, "the HTTP front cannot listen on %s:%u: %s",
                                   chappe_service_setting(front->service, "http_bind"), ntohs(address->sin_port),
                                   errno ? strerror(errno) : "libmicrohttpd refuses");
        return 0;
}

int gateway_http_started(struct chappe_service *service, void *state, struct chappe_error *error)
{
        struct front *front = state;
        const char *bind = chappe_service_setting(service, "http_bind");
        const char *file = chappe_service_setting(service, "http_port_file");
        int64_t port = integer_setting(front, "http_port"), threads = integer_setting(front, "http_threads");
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

        if (port == -1)
                return 0;
        if (port < 0 || port > UINT16_MAX)
                return chappe_fail(error, CHAPPE_E_USAGE, "http_port: %lld is no port", (long long)port);
        if (threads < 2 || threads > 256)
                return chappe_fail(error, CHAPPE_E_USAGE, "http_threads: %lld is not between 2 and 256",
                                   (long long)threads);
        if (inet_pton(AF_INET, bind, &address.sin_addr) != 1)
                return chappe_fail(error, CHAPPE_E_USAGE, "http_bind: '%s' is no IPv4 address", bind);
        int status = start(front, &address, error);
        if (status < 0 || !*file)
                return status;

        const union MHD_DaemonInfo *info = MHD_get_daemon_info(front->daemon, MHD_DAEMON_INFO_LISTEN_FD);
        socklen_t length = sizeof(address);
        if (!info || getsockname(info->listen_fd, (struct sockaddr *)&address, &length) < 0)
                return chappe_fail(error, CHAPPE_E_IO, "the HTTP front's port cannot be found out: %s",
                                   strerror(errno));
        return write_port(file, ntohs(address.sin_port), error);
}

void gateway_http_stopping(struct chappe_service *service, void *state)
{
        struct front *front = state;

        (void)service;
        if (front->daemon)
                MHD_stop_daemon(front->daemon);
        front->daemon = NULL;
}
