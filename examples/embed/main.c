/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chappe inside a program that has a main loop and signal handling of its own: a ticker that says something every 100 ms, and hears itself.
 *
 *      $ chappe dev &
 *      127.0.0.1:40123
 *      $ CHAPPE_BROKERS=127.0.0.1:40123 embed 3
 *      heard tick 1
 *      heard tick 2
 *      heard tick 3
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <chappe/chappe.h>

#include "example/tick.h"

/* What the handlers (on Chappe's threads) and the loop (on ours) share. */
struct ticker {
        int heard; /* an eventfd: how many ticks have come back */
};

static void *ticker_new(struct chappe_service *service, struct chappe_error *error)
{
        struct ticker *ticker = calloc(1, sizeof(*ticker));

        (void)service;
        if (ticker)
                ticker->heard = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (!ticker || ticker->heard < 0)
                chappe_fail(error, CHAPPE_E_NO_MEMORY, "no ticker");
        return ticker;
}

static void ticker_free(void *state)
{
        struct ticker *ticker = state;

        close(ticker->heard);
        free(ticker);
}

static enum chappe_decision on_tick(struct chappe_context *ctx, const struct example_tick *tick)
{
        struct ticker *ticker = chappe_context_state(ctx);

        printf("heard tick %lld\n", (long long)tick->number);
        return write(ticker->heard, &(uint64_t){ 1 }, 8) == 8 ? CHAPPE_DONE : CHAPPE_RETRY;
}

static const struct chappe_operation operations[] = {
        EXAMPLE_TICK_CONSUMES("example.ticks", on_tick, .order = CHAPPE_ORDER_PARTITION),
        EXAMPLE_TICK_PRODUCES("example.ticks"),
        { 0 },
};

static const struct chappe_service_config config = {
        .name = "embed",
        .version = "1.0.0",
        .operations = operations,
        .state_new = ticker_new,
        .state_free = ticker_free,
};

static int say(struct chappe_service *service, int64_t number, struct chappe_error *error)
{
        struct chappe_context *ctx = chappe_context_open(service, NULL, 5000);
        int status = ctx ? example_tick_publish(ctx, &(struct example_tick){ .number = number, .clock = chappe_text("loop") }) : -1;

        if (status >= 0)
                status = chappe_context_finish(ctx, error);
        else if (ctx)
                *error = *chappe_context_error(ctx);
        chappe_context_close(ctx);
        return status;
}

/* The program's own loop: a timer, its signals, and what the handlers tell. */
static int loop(struct chappe_service *service, uint64_t wanted, int timer, int signals, struct chappe_error *error)
{
        struct ticker *ticker = chappe_service_state(service);
        struct pollfd files[] = { { timer, POLLIN, 0 }, { signals, POLLIN, 0 }, { ticker->heard, POLLIN, 0 } };
        uint64_t said = 0, heard = 0, count;

        while (heard < wanted && poll(files, 3, -1) >= 0) {
                if (files[1].revents)
                        break;
                if (files[0].revents && read(timer, &count, 8) == 8 && said < wanted && say(service, (int64_t)++said, error) < 0)
                        return -error->code;
                if (files[2].revents && read(ticker->heard, &count, 8) == 8)
                        heard += count;
        }
        return 0;
}

int main(int argc, char **argv)
{
        uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : 10;
        const char *const settings[] = { "log_level=warning", "admin=false", NULL };
        struct chappe_service_options options = { .settings = settings };
        struct itimerspec every = { { 0, 100000000 }, { 0, 100000000 } };
        struct chappe_service *service = NULL;
        struct chappe_error error = { 0 };
        sigset_t mask;
        int status;

        sigemptyset(&mask);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGTERM);
        sigprocmask(SIG_BLOCK, &mask, NULL); /* before Chappe starts threads, which inherit it */
        int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), signals = signalfd(-1, &mask, SFD_CLOEXEC);

        timerfd_settime(timer, 0, &every, NULL);
        status = chappe_service_new(&config, &options, &service, &error);
        if (status >= 0)
                status = chappe_service_start(service, &error);
        if (status >= 0) {
                status = loop(service, wanted, timer, signals, &error);
                int stopped = chappe_service_stop(service, status < 0 ? NULL : &error);

                status = status < 0 ? status : stopped;
        }
        if (status < 0)
                fprintf(stderr, "embed: E%04d %s\n", error.code, error.text);
        chappe_service_free(service);
        close(timer);
        close(signals);
        return status < 0;
}
