/* SPDX-License-Identifier: Apache-2.0 */
/* One request at a time, from its question to the cluster to its end on the poll strand. */
#include "flow/control.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"

int chappe_control_init(struct chappe_control *control, const struct chappe_runtime *runtime, struct chappe_wake *bell,
                        struct chappe_error *error)
{
        struct chappe_executor *executor = runtime->world->executor;
        control->runtime = runtime;
        control->bell = bell;
        control->mutex = chappe_mutex_new(executor);
        control->ended = chappe_condition_new(executor);
        return control->mutex && control->ended
                       ? 0
                       : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
}

void chappe_control_deinit(struct chappe_control *control)
{
        if (!control->runtime)
                return;
        chappe_condition_free(control->runtime->world->executor, control->ended);
        chappe_mutex_free(control->runtime->world->executor, control->mutex);
        free(control->targets);
        memset(control, 0, sizeof(*control));
}

static void lock(struct chappe_control *control)
{
        chappe_mutex_lock(control->runtime->world->executor, control->mutex);
}

static void unlock(struct chappe_control *control)
{
        chappe_mutex_unlock(control->runtime->world->executor, control->mutex);
}

/* Without the lock: the cluster is asked. */
static int find_targets(const struct chappe_control *control, const struct chappe_channel *channel, int64_t time_ms,
                        int64_t **ret_targets, int32_t *ret_count, struct chappe_error *error)
{
        struct chappe_broker *broker = control->runtime->broker;
        int64_t timeout_ms = chappe_config_integer(control->runtime->config, "broker_timeout_ms");
        const char *names[] = { channel->name };
        struct chappe_topic_description *topics;
        size_t count;
        int status = broker->operations->topics_describe(broker, names, 1, timeout_ms, &topics, &count, error);
        if (status < 0)
                return status;
        *ret_count = count > 0 ? topics[0].partition_count : 0;
        free(topics);
        *ret_targets = calloc((size_t)*ret_count + 1, sizeof(**ret_targets));
        if (!*ret_targets)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %d partitions", (int)*ret_count);
        for (int32_t i = 0; i < *ret_count && status >= 0; i++)
                status = broker->operations->offset_for_time(broker, channel->name, i, time_ms, timeout_ms,
                                                             &(*ret_targets)[i], error);
        return status;
}

/* Under the lock. */
static int wait_for_end(struct chappe_control *control, const struct chappe_channel *channel, int64_t deadline_us,
                        struct chappe_error *error)
{
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        while (control->channel && !control->closed && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(control->runtime->world->executor, control->ended, control->mutex,
                                             deadline_us);
        if (control->closed || wait == CHAPPE_WAIT_STOPPED)
                return chappe_fail(error, CHAPPE_E_STOPPED, "stopped before %s was moved", channel->plain);
        if (control->channel)
                return chappe_fail(error, CHAPPE_E_TIMEOUT,
                                   "handlers of %s have not come back yet; it is moved when they have", channel->plain);
        return 0;
}

int chappe_control_seek(struct chappe_control *control, const struct chappe_channel *channel, int64_t time_ms,
                        int64_t timeout_ms, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        int64_t deadline_us = chappe_clock_monotonic_us(control->runtime->world->clock) + timeout_ms * 1000;
        int64_t *targets = NULL;
        int32_t count = 0;
        int status = find_targets(control, channel, time_ms, &targets, &count, error);
        memory = targets;
        if (status < 0)
                return status;
        lock(control);
        if (control->channel || control->closed) {
                unlock(control);
                return chappe_fail(error, CHAPPE_E_AGAIN, "partitions are being moved already");
        }
        free(control->targets);
        control->targets = CHAPPE_TAKE(memory);
        control->target_count = count;
        control->channel = channel;
        control->taken = false;
        atomic_store(&control->asked, true);
        chappe_wake_ring(control->bell);
        status = wait_for_end(control, channel, deadline_us, error);
        unlock(control);
        return status;
}

void chappe_control_close(struct chappe_control *control)
{
        if (!control->runtime)
                return;
        lock(control);
        control->closed = true;
        chappe_condition_broadcast(control->runtime->world->executor, control->ended);
        unlock(control);
}

const struct chappe_channel *chappe_control_wanted(struct chappe_control *control, bool *ret_fresh)
{
        if (!atomic_load(&control->asked))
                return NULL;
        lock(control);
        const struct chappe_channel *channel = control->channel;
        *ret_fresh = channel && !control->taken;
        control->taken = true;
        unlock(control);
        return channel;
}

void chappe_control_done(struct chappe_control *control)
{
        lock(control);
        control->channel = NULL;
        atomic_store(&control->asked, false);
        chappe_condition_broadcast(control->runtime->world->executor, control->ended);
        unlock(control);
}
