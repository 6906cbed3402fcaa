/* SPDX-License-Identifier: Apache-2.0 */
/* Many POSTs at a time to the gateway. */
#include "shop/post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/clock.h"
#include "shop/order.h"

#define ANSWER_MAXIMUM     512
#define BACKOFF_FIRST_MS   100
#define BACKOFF_MAXIMUM_MS 2000
#define REQUEST_TIMEOUT_MS 10000L

enum slot_state { FREE, SENT, WAITING };

struct slot {
        CURL *curl;
        enum slot_state state;
        size_t order;
        char *body;
        char answer[ANSWER_MAXIMUM];
        size_t answer_length;
        size_t gateway;
        int64_t since_ms, again_at_ms, backoff_ms;
};

struct poster {
        struct poster_config config;
        CURLM *multi;
        struct curl_slist *headers;
        struct slot *slots;
        size_t busy;
        size_t next_gateway;
        uint64_t retries;
};

/* What does not fit is of no interest: an answer is one line for people. */
static size_t on_answer(char *data, size_t size, size_t count, void *context)
{
        struct slot *slot = context;
        size_t length = size * count, room = ANSWER_MAXIMUM - 1 - slot->answer_length;

        memcpy(slot->answer + slot->answer_length, data, length < room ? length : room);
        slot->answer_length += length < room ? length : room;
        slot->answer[slot->answer_length] = '\0';
        return length;
}

static void slot_open(struct poster *poster, struct slot *slot)
{
        slot->curl = must(curl_easy_init());
        curl_easy_setopt(slot->curl, CURLOPT_WRITEFUNCTION, on_answer);
        curl_easy_setopt(slot->curl, CURLOPT_WRITEDATA, slot);
        curl_easy_setopt(slot->curl, CURLOPT_PRIVATE, slot);
        curl_easy_setopt(slot->curl, CURLOPT_HTTPHEADER, poster->headers);
        curl_easy_setopt(slot->curl, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
        curl_easy_setopt(slot->curl, CURLOPT_PROXY, "");
        curl_easy_setopt(slot->curl, CURLOPT_NOSIGNAL, 1L);
}

struct poster *poster_new(const struct poster_config *config)
{
        struct poster *poster = must(calloc(1, sizeof(*poster)));

        curl_global_init(CURL_GLOBAL_DEFAULT);
        poster->config = *config;
        poster->multi = must(curl_multi_init());
        /* "Expect: 100-continue" would cost every order a second round trip. */
        poster->headers = must(curl_slist_append(NULL, "Content-Type: application/json"));
        poster->headers = must(curl_slist_append(poster->headers, "Expect:"));
        poster->slots = must(calloc(config->connections, sizeof(*poster->slots)));
        for (size_t i = 0; i < config->connections; i++)
                slot_open(poster, &poster->slots[i]);
        return poster;
}

struct poster *poster_free(struct poster *poster)
{
        for (size_t i = 0; i < poster->config.connections; i++) {
                curl_multi_remove_handle(poster->multi, poster->slots[i].curl);
                curl_easy_cleanup(poster->slots[i].curl);
                free(poster->slots[i].body);
        }
        curl_multi_cleanup(poster->multi);
        curl_slist_free_all(poster->headers);
        curl_global_cleanup();
        free(poster->slots);
        free(poster);
        return NULL;
}

/* False while the gateway has not written its port. */
static bool gateway_url(const char *gateway, char *ret_url, size_t size)
{
        unsigned int port;

        if (!strchr(gateway, '/'))
                return snprintf(ret_url, size, "http://%s/orders", gateway) < (int)size;
        FILE *stream = fopen(gateway, "re");
        bool known = stream && fscanf(stream, "%5u", &port) == 1;
        if (stream)
                fclose(stream);
        if (known)
                snprintf(ret_url, size, "http://127.0.0.1:%u/orders", port);
        return known;
}

static void wait_again(struct poster *poster, struct slot *slot)
{
        slot->state = WAITING;
        slot->again_at_ms = clock_ms() + slot->backoff_ms;
        slot->backoff_ms = slot->backoff_ms * 2 < BACKOFF_MAXIMUM_MS ? slot->backoff_ms * 2 : BACKOFF_MAXIMUM_MS;
        slot->gateway = (slot->gateway + 1) % poster->config.gateway_count;
        poster->retries++;
}

static void finish(struct poster *poster, struct slot *slot, enum post_result result)
{
        free(slot->body);
        slot->body = NULL;
        slot->state = FREE;
        poster->busy--;
        poster->config.done(poster->config.context, slot->order, result, slot->answer);
}

static void send_once(struct poster *poster, struct slot *slot)
{
        char url[300];

        slot->answer_length = 0;
        if (!gateway_url(poster->config.gateways[slot->gateway], url, sizeof(url))) {
                wait_again(poster, slot);
                return;
        }
        curl_easy_setopt(slot->curl, CURLOPT_URL, url);
        curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(slot->body));
        curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDS, slot->body);
        curl_multi_add_handle(poster->multi, slot->curl);
        slot->state = SENT;
}

void poster_send(struct poster *poster, size_t order, char *body)
{
        struct slot *slot = poster->slots;

        while (slot->state != FREE)
                slot++;
        slot->order = order;
        slot->body = body;
        slot->answer[0] = '\0';
        slot->since_ms = clock_ms();
        slot->backoff_ms = BACKOFF_FIRST_MS;
        slot->gateway = poster->next_gateway++ % poster->config.gateway_count;
        poster->busy++;
        send_once(poster, slot);
}

static void on_finished(struct poster *poster, struct slot *slot, CURLcode result)
{
        long status = 0;

        if (result == CURLE_OK)
                curl_easy_getinfo(slot->curl, CURLINFO_RESPONSE_CODE, &status);
        else
                snprintf(slot->answer, sizeof(slot->answer), "%s", curl_easy_strerror(result));
        curl_multi_remove_handle(poster->multi, slot->curl);
        if (status == 202)
                finish(poster, slot, POST_TAKEN);
        else if (status >= 400 && status < 500)
                finish(poster, slot, POST_REFUSED);
        else if (clock_ms() - slot->since_ms >= poster->config.patience_ms)
                finish(poster, slot, POST_GIVEN_UP);
        else
                wait_again(poster, slot);
}

static void take_finished(struct poster *poster)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(poster->multi, &left))) {
                struct slot *slot;
                CURLcode result = message->data.result;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
                on_finished(poster, slot, result);
        }
}

static int64_t send_due(struct poster *poster, int64_t timeout_ms)
{
        int64_t now = clock_ms();

        for (size_t i = 0; i < poster->config.connections; i++) {
                struct slot *slot = &poster->slots[i];
                if (slot->state != WAITING)
                        continue;
                if (now - slot->since_ms >= poster->config.patience_ms)
                        finish(poster, slot, POST_GIVEN_UP);
                else if (slot->again_at_ms <= now)
                        send_once(poster, slot);
                else if (slot->again_at_ms - now < timeout_ms)
                        timeout_ms = slot->again_at_ms - now;
        }
        return timeout_ms;
}

void poster_turn(struct poster *poster, int64_t timeout_ms)
{
        int running;

        timeout_ms = send_due(poster, timeout_ms);
        curl_multi_perform(poster->multi, &running);
        take_finished(poster);
        if (timeout_ms > 0 && (running || poster->busy || timeout_ms < 1000))
                curl_multi_poll(poster->multi, NULL, 0, (int)timeout_ms, NULL);
        curl_multi_perform(poster->multi, &running);
        take_finished(poster);
}

bool poster_has_room(const struct poster *poster)
{
        return poster->busy < poster->config.connections;
}

size_t poster_busy(const struct poster *poster)
{
        return poster->busy;
}

uint64_t poster_retries(const struct poster *poster)
{
        return poster->retries;
}
