/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a service as a program. Start and stop may wait, so that each has a strand of its own, and the main thread is
 * free to hear signals, watch the clock and leave when a stop does not end.
 */
#include "service/run.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chappe/control.h>

#include "service/notify.h"
#include "service/parts.h"

#define READY_POLL_MS    10
#define HEALTH_POLL_MS   1000
#define TRIM_INTERVAL_US 2000000
#define TRIM_BYTES       (256 * 1024) /* free, and not given back */
#define STOP_GRACE_MS    1000         /* beyond stop_timeout_ms: each part's own wait may end a little late */

enum run_state { RUN_STARTING, RUN_UNREADY, RUN_READY, RUN_STOPPING, RUN_ENDED };

struct run {
        struct chappe_service *service;
        enum run_state state;
        int signals; /* signalfd */
        int done;    /* eventfd: the strand's work has ended */
        struct chappe_strand *strand;
        int result; /* of that work */
        struct chappe_error error;
        bool stop_wanted;
        int exit_code;
        int64_t stop_deadline_us;
        int64_t start_deadline_us; /* once a stop is wanted: how long the start may take to come to an end */
        int64_t notify_us;         /* when the watchdog is due; 0: none is wanted */
        int64_t watchdog_ms;
        int64_t trim_us; /* when the heap is looked at next */
};

static void tell_done(struct run *run)
{
        uint64_t one = 1;

        while (write(run->done, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

static void do_start(void *argument)
{
        struct run *run = argument;

        run->result = chappe_run_file_check(run->service, &run->error);
        if (run->result == 0)
                run->result = chappe_service_start(run->service, &run->error);
        tell_done(run);
}

static void do_stop(void *argument)
{
        struct run *run = argument;

        run->result = chappe_service_stop(run->service, &run->error);
        tell_done(run);
}

static bool begin(struct run *run, enum run_state state, void (*work)(void *argument))
{
        struct chappe_executor *executor = run->service->runtime.world->executor;

        run->state = state;
        run->error = (struct chappe_error){ 0 };
        if (chappe_strand_start(executor, "lifecycle", work, run, &run->strand, &run->error) < 0) {
                chappe_log_error(run->service->runtime.log, CHAPPE_LOG_SERVICE_FAILED, &run->error);
                run->exit_code = CHAPPE_EXIT_FAILED;
                run->state = RUN_ENDED;
                return false;
        }
        return true;
}

static void begin_stop(struct run *run)
{
        chappe_run_file_remove(run->service);
        begin(run, RUN_STOPPING, do_stop);
}

/* From now on the stop's time is running, even while the start has not ended yet. */
static void want_stop(struct run *run)
{
        int64_t budget_ms = chappe_config_integer(run->service->runtime.config, "stop_timeout_ms") + STOP_GRACE_MS;

        chappe_notify("STOPPING=1");
        run->stop_wanted = true;
        run->stop_deadline_us = chappe_service_now_us(run->service) + budget_ms * 1000;
        run->start_deadline_us = chappe_service_now_us(run->service) + STOP_GRACE_MS * 1000;
        if (run->state == RUN_UNREADY || run->state == RUN_READY)
                begin_stop(run);
}

/* The process goes at once: what was in flight runs again after the next start. */
static _Noreturn void leave(struct run *run, const char *why)
{
        const char *activity = atomic_load(&run->service->activity);
        char running[400];

        chappe_flow_list_running(run->service->runtime.flow, running, sizeof(running));
        chappe_log_write(run->service->runtime.log, CHAPPE_LOG_SERVICE_UNFINISHED, "%s: left while %s%s%s", why,
                         activity ? activity : "starting", running[0] ? "; still running: " : "", running);
        _exit(CHAPPE_EXIT_ABANDONED);
}

/*
 * The start waits for brokers that do not answer, and no record was taken, no handler ran: there is nothing to lose. An
 * orderly end would come only after broker_timeout_ms.
 */
static _Noreturn void leave_start(struct run *run)
{
        chappe_log_write(run->service->runtime.log, CHAPPE_LOG_SERVICE_STOPPED, "stopped while %s: nothing was taken",
                         (const char *)atomic_load(&run->service->activity));
        _exit(CHAPPE_EXIT_CLEAN);
}

/* Not in the service's own code, nor once a part that has started is being stopped. */
static bool waits_for_brokers(struct chappe_service *service)
{
        const char *activity = atomic_load(&service->activity);

        if (atomic_load(&service->runtime.serving))
                return false;
        for (size_t n = 0; chappe_parts[n].starting; n++)
                if (chappe_parts[n].starting == activity)
                        return chappe_parts[n].asks_brokers;
        return false;
}

static void started(struct run *run)
{
        if (run->result < 0) {
                chappe_log_error(run->service->runtime.log, CHAPPE_LOG_SERVICE_FAILED, &run->error);
                run->exit_code = chappe_exit_status(&run->error);
                run->state = RUN_ENDED;
                return;
        }
        run->state = RUN_UNREADY;
        if (run->stop_wanted)
                begin_stop(run);
}

/* What a replay has come to, for whoever started it; left early, it is to be started again. */
static void tell_replayed(struct run *run)
{
        struct chappe_replayed replayed;
        struct chappe_service *service = run->service;

        if (!service->runtime.replay)
                return;
        (void)chappe_service_replayed(service, 0, &replayed, NULL);
        printf("replay %s: %lld records ran once more, %lld of them were given up, %lld offsets are left\n",
               service->runtime.replay_name, (long long)replayed.finished, (long long)replayed.failed,
               (long long)replayed.left);
        if ((fflush(stdout) != 0 || !replayed.over) && run->exit_code == CHAPPE_EXIT_CLEAN)
                run->exit_code = CHAPPE_EXIT_UNFINISHED;
}

static void stopped(struct run *run)
{
        run->state = RUN_ENDED;
        tell_replayed(run);
        if (run->result < 0 && run->exit_code == CHAPPE_EXIT_CLEAN)
                run->exit_code = CHAPPE_EXIT_UNFINISHED;
}

static void on_done(struct run *run)
{
        uint64_t count;

        if (read(run->done, &count, sizeof(count)) < 0)
                return;
        chappe_strand_join(run->service->runtime.world->executor, run->strand);
        run->strand = NULL;
        if (run->state == RUN_STARTING)
                started(run);
        else
                stopped(run);
}

static void on_signal(struct run *run)
{
        struct signalfd_siginfo info;

        if (read(run->signals, &info, sizeof(info)) != sizeof(info))
                return;
        if (run->stop_wanted)
                leave(run, "asked twice to stop");
        want_stop(run);
}

static void became_ready(struct run *run)
{
        struct chappe_error error = { 0 };

        run->state = RUN_READY;
        chappe_log_write(run->service->runtime.log, CHAPPE_LOG_SERVICE_READY, "ready");
        if (chappe_run_file_write(run->service, &error) < 0)
                chappe_log_error(run->service->runtime.log, CHAPPE_LOG_SERVICE_FAILED, &error);
        chappe_notify("READY=1");
}

/* What a burst of work needed goes back to the system, for a quiet service is to be a small one. */
static void trim(struct run *run, int64_t now_us)
{
        if (now_us < run->trim_us)
                return;
        run->trim_us = now_us + TRIM_INTERVAL_US;
        if (mallinfo2().fordblks > TRIM_BYTES)
                malloc_trim(0);
}

static bool is_replayed(struct chappe_service *service)
{
        struct chappe_replayed replayed;

        return service->runtime.replay && chappe_service_replayed(service, 0, &replayed, NULL) == 0;
}

static void watch(struct run *run)
{
        struct chappe_error error = { 0 };
        bool running = run->state == RUN_UNREADY || run->state == RUN_READY;
        int64_t now_us = chappe_service_now_us(run->service);

        if (run->stop_wanted && now_us >= run->stop_deadline_us)
                leave(run, "the stop did not end in time");
        if (run->stop_wanted && run->state == RUN_STARTING && now_us >= run->start_deadline_us &&
            waits_for_brokers(run->service))
                leave_start(run);
        /* What stands still may go on: whoever reads /healthz decides. */
        if (running && !chappe_service_healthy(run->service, &error) && error.code != CHAPPE_E_HANDLER_STUCK &&
            error.code != CHAPPE_E_PARTITION_STALLED && error.code != CHAPPE_E_POLL_LATE) {
                chappe_log_error(run->service->runtime.log, CHAPPE_LOG_SERVICE_FAILED, &error);
                run->exit_code = CHAPPE_EXIT_BROKEN;
                want_stop(run);
                return;
        }
        if (run->state == RUN_UNREADY && chappe_service_ready(run->service))
                became_ready(run);
        if (running && !run->stop_wanted && is_replayed(run->service))
                want_stop(run);
        trim(run, now_us);
        if (run->watchdog_ms && now_us >= run->notify_us) {
                chappe_notify("WATCHDOG=1");
                run->notify_us = now_us + run->watchdog_ms * 1000;
        }
}

static int wait_ms(const struct run *run)
{
        int64_t wait = run->state == RUN_UNREADY ? READY_POLL_MS : HEALTH_POLL_MS;

        return (int)(run->watchdog_ms && run->watchdog_ms < wait ? run->watchdog_ms : wait);
}

static void loop(struct run *run)
{
        while (run->state != RUN_ENDED) {
                struct pollfd ready[] = { { .fd = run->signals, .events = POLLIN },
                                          { .fd = run->done, .events = POLLIN } };

                if (poll(ready, 2, wait_ms(run)) > 0) {
                        if (ready[1].revents)
                                on_done(run);
                        if (ready[0].revents)
                                on_signal(run);
                }
                watch(run);
        }
}

/* Every thread that starts later inherits that these are heard here only. */
static int hear_signals(void)
{
        sigset_t heard;

        sigemptyset(&heard);
        sigaddset(&heard, SIGTERM);
        sigaddset(&heard, SIGINT);
        sigaddset(&heard, SIGHUP);
        sigprocmask(SIG_BLOCK, &heard, NULL);
        return signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
}

int chappe_run(struct chappe_service *service)
{
        struct run run = {
                .service = service,
                .signals = hear_signals(),
                .done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                .watchdog_ms = chappe_notify_watchdog_ms(),
        };

        if (run.signals < 0 || run.done < 0) {
                fprintf(stderr, "%s: no descriptors: %s\n", service->config->name, strerror(errno));
                run.exit_code = CHAPPE_EXIT_FAILED;
        } else if (begin(&run, RUN_STARTING, do_start)) {
                loop(&run);
        }
        if (run.signals >= 0)
                close(run.signals);
        if (run.done >= 0)
                close(run.done);
        return run.exit_code;
}
