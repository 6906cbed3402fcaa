/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server that answers what the test says. */
#include "fake_server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

struct fake_server {
        struct MHD_Daemon *daemon;
        const struct fake_answer *answers;
        char url[60];
        char posted[4000];
        size_t posted_length;
        unsigned requests;
};

static size_t keep_encoded(void *context, struct MHD_Connection *connection, char *text)
{
        (void)context, (void)connection;
        return strlen(text);
}

static enum MHD_Result respond(struct fake_server *server, struct MHD_Connection *connection, const char *path,
                               const char *method)
{
        const struct fake_answer *answer = server->answers;
        struct MHD_Response *response;
        enum MHD_Result result;
        size_t length;

        while (answer->method && (strcmp(answer->method, method) != 0 || strcmp(answer->path, path) != 0))
                answer++;
        length = answer->length || !answer->body ? answer->length : strlen(answer->body);
        response = MHD_create_response_from_buffer(length, (void *)(answer->body ? answer->body : ""),
                                                   MHD_RESPMEM_PERSISTENT);
        if (answer->location)
                MHD_add_response_header(response, "Location", answer->location);
        result = MHD_queue_response(connection, answer->method ? answer->status : 404, response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *length,
                                  void **state)
{
        struct fake_server *server = context;

        (void)version;
        if (!*state) {
                *state = server;
                server->requests++;
                server->posted_length = 0;
                return MHD_YES;
        }
        if (*length) {
                size_t room = sizeof(server->posted) - 1 - server->posted_length;
                size_t taken = *length < room ? *length : room;

                memcpy(server->posted + server->posted_length, bytes, taken);
                server->posted_length += taken;
                server->posted[server->posted_length] = '\0';
                *length = 0;
                return MHD_YES;
        }
        return respond(server, connection, path, method);
}

struct fake_server *fake_server_start(const struct fake_answer *answers)
{
        struct fake_server *server = calloc(1, sizeof(*server));

        server->answers = answers;
        server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, server,
                                          MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL, MHD_OPTION_END);
        assert(server->daemon);
        snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u",
                 (unsigned)MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
        return server;
}

const char *fake_server_url(const struct fake_server *server)
{
        return server->url;
}

unsigned fake_server_requests(const struct fake_server *server)
{
        return server->requests;
}

const char *fake_server_posted(const struct fake_server *server)
{
        return server->posted;
}

void fake_server_stop(struct fake_server *server)
{
        MHD_stop_daemon(server->daemon);
        free(server);
}
