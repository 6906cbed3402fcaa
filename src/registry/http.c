/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests to a registry: fixed base URL, no redirects, bounded in time and size, credentials over https only. */
#include "registry/http.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/cleanup.h"

#define TIMEOUT_MS         5000
#define CONNECT_TIMEOUT_MS 2000
#define MEDIA_TYPE         "application/vnd.schemaregistry.v1+json"

struct chappe_http {
        /* constant after opening */
        char *url; /* without a slash at the end */
        char *user, *password;
        int32_t timeout_ms;
};

struct exchange {
        struct chappe_buffer *answer;
        size_t left;
        bool too_long;
};

CHAPPE_CLEANUP_DEFINE(curl, CURL *, curl_easy_cleanup)
CHAPPE_CLEANUP_DEFINE(headers, struct curl_slist *, curl_slist_free_all)

static char *part_of(CURLU *url, CURLUPart part)
{
        char *text = NULL;

        return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* What is wrong with the address, or NULL. */
static const char *url_fault(const char *address, bool credentials)
{
        static const CURLUPart refused[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT };
        CURLU *url = curl_url();
        const char *fault = NULL;
        char *scheme = NULL;

        if (!url || curl_url_set(url, CURLUPART_URL, address, CURLU_DISALLOW_USER) != CURLUE_OK)
                fault = "it is no URL, or has a user in it";
        else
                scheme = part_of(url, CURLUPART_SCHEME);
        if (!fault && (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)))
                fault = "only http and https are spoken";
        if (!fault && credentials && strcmp(scheme, "https") != 0)
                fault = "a user and password need https";
        for (size_t i = 0; !fault && i < sizeof(refused) / sizeof(refused[0]); i++) {
                char *text = part_of(url, refused[i]);

                if (text)
                        fault = "it has a user, a query or a fragment";
                curl_free(text);
        }
        curl_free(scheme);
        curl_url_cleanup(url);
        return fault;
}

int chappe_http_open(const struct chappe_rest_config *config, struct chappe_http **ret_http, struct chappe_error *error)
{
        bool credentials = config->user && *config->user;
        struct chappe_http *http;
        const char *fault;
        size_t length;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "setting up libcurl");
        fault = url_fault(config->url, credentials);
        if (fault) {
                curl_global_cleanup();
                return chappe_fail(error, CHAPPE_E_REGISTRY_URL, "registry %s: %s", config->url, fault);
        }
        http = calloc(1, sizeof(*http));
        if (http) {
                http->url = strdup(config->url);
                http->user = credentials ? strdup(config->user) : NULL;
                http->password = credentials && config->password ? strdup(config->password) : NULL;
                http->timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS;
        }
        if (!http || !http->url) {
                chappe_http_close(http);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "registry %s", config->url);
        }
        for (length = strlen(http->url); length > 0 && http->url[length - 1] == '/'; length--)
                http->url[length - 1] = '\0';
        *ret_http = http;
        return 0;
}

struct chappe_http *chappe_http_close(struct chappe_http *http)
{
        if (!http)
                return NULL;
        if (http->password)
                explicit_bzero(http->password, strlen(http->password));
        free(http->password);
        free(http->user);
        free(http->url);
        free(http);
        curl_global_cleanup();
        return NULL;
}

const char *chappe_http_url(const struct chappe_http *http)
{
        return http->url;
}

int chappe_http_append_segment(struct chappe_buffer *path, const char *segment)
{
        static const char hexadecimal[] = "0123456789ABCDEF";
        static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
        bool dots = strspn(segment, ".") == strlen(segment); /* "." and ".." would be taken for steps */

        for (; *segment; segment++) {
                unsigned char byte = (unsigned char)*segment;
                char escaped[3] = { '%', hexadecimal[byte >> 4], hexadecimal[byte & 15] };
                bool plain = strchr(unreserved, byte) || (byte == '.' && !dots);
                int status = chappe_buffer_append(path, plain ? segment : escaped, plain ? 1 : 3);

                if (status < 0)
                        return status;
        }
        return 0;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
        struct exchange *exchange = context;
        size_t length = size * count;

        exchange->too_long = length > exchange->left;
        if (exchange->too_long || chappe_buffer_append(exchange->answer, bytes, length) < 0)
                return 0; /* ends the transfer */
        exchange->left -= length;
        return length;
}

static void set_options(const struct chappe_http *http, CURL *curl, const char *url, struct chappe_text body,
                        struct curl_slist *headers, struct exchange *exchange, char *why)
{
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)http->timeout_ms);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)(http->timeout_ms < CONNECT_TIMEOUT_MS ? http->timeout_ms : CONNECT_TIMEOUT_MS));
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
        if (body.at) {
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.length);
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at);
        }
        if (http->user) {
                curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
                curl_easy_setopt(curl, CURLOPT_USERNAME, http->user);
                curl_easy_setopt(curl, CURLOPT_PASSWORD, http->password ? http->password : "");
        }
}

int chappe_http_request(struct chappe_http *http, const char *path, struct chappe_text body, long *ret_status,
                        struct chappe_buffer *answer, struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer url = { 0 };
        CHAPPE_CLEANUP(curl) CURL *curl = curl_easy_init();
        CHAPPE_CLEANUP(headers)
        struct curl_slist *headers = curl_slist_append(NULL, "Accept: " MEDIA_TYPE ", application/json");
        struct exchange exchange = { answer, CHAPPE_HTTP_ANSWER_LIMIT, false };
        char why[CURL_ERROR_SIZE] = "";
        CURLcode code;

        if (body.at)
                headers = curl_slist_append(headers, "Content-Type: " MEDIA_TYPE);
        if (!curl || !headers || chappe_buffer_printf(&url, "%s%s", http->url, path) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "asking the registry");
        set_options(http, curl, (const char *)url.at, body, headers, &exchange, why);
        code = curl_easy_perform(curl);
        if (exchange.too_long)
                return chappe_fail(error, CHAPPE_E_REGISTRY_ANSWER, "%s: the answer is longer than %u bytes",
                                   (const char *)url.at, CHAPPE_HTTP_ANSWER_LIMIT);
        if (code != CURLE_OK)
                return chappe_fail(error, CHAPPE_E_REGISTRY_UNREACHABLE, "%s: %s", (const char *)url.at,
                                   *why ? why : curl_easy_strerror(code));
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
        if (*ret_status >= 300 && *ret_status < 400)
                return chappe_fail(error, CHAPPE_E_REGISTRY_ANSWER, "%s: it redirects (%ld), which is not followed",
                                   (const char *)url.at, *ret_status);
        return 0;
}
