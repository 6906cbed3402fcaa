/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's strand: round after round, and what it waits for in between. */
#include "store/relay_round.h"

#include <stdlib.h>

#include "config/config.h"
#include "observe/log.h"
#include "store/inbox.h"

#define ROUND_BYTES      ((size_t)16 << 20)
#define LEASE_WAIT_US    50000 /* another instance is at it: look again soon, it may have died */
#define BACKOFF_US       100000
#define BACKOFF_LIMIT_US 5000000
#define PRUNE_EVERY_US   60000000
#define PRUNE_ROWS       1000
#define DAY_MS           INT64_C(86400000)

static void prune(struct chappe_relay *relay)
{
        struct chappe_store_file *store = relay->store;
        struct chappe_error error = { 0 };
        int pruned;

        if (chappe_relay_now_us(relay) - relay->pruned_us < PRUNE_EVERY_US ||
            chappe_part_begin(store, chappe_store_deadline_us(store), &error) < 0)
                return;
        pruned = chappe_inbox_prune(store, chappe_clock_wall_ms(relay->clock) - relay->remember_ms, PRUNE_ROWS, &error);
        if (pruned > 0 && chappe_part_commit(store, &error) == 0)
                chappe_log_write(store->runtime->log, CHAPPE_LOG_INBOX_PRUNED, "%d events forgotten", pruned);
        else if (pruned <= 0)
                chappe_part_rollback(store);
        if (pruned < PRUNE_ROWS) /* else more are due */
                relay->pruned_us = chappe_relay_now_us(relay);
}

/* How long to wait before the next look at the outbox, if nobody wakes. */
static int64_t pause_after(struct chappe_relay *relay, enum chappe_relay_round round)
{
        if (round == CHAPPE_ROUND_FAILED) {
                relay->backoff_us = relay->backoff_us ? relay->backoff_us * 2 : BACKOFF_US;
                if (relay->backoff_us > BACKOFF_LIMIT_US)
                        relay->backoff_us = BACKOFF_LIMIT_US;
                return relay->backoff_us;
        }
        relay->backoff_us = 0;
        return round == CHAPPE_ROUND_MORE                                       ? 0
               : round == CHAPPE_ROUND_LEASED && relay->poll_us > LEASE_WAIT_US ? LEASE_WAIT_US
                                                                                : relay->poll_us;
}

/* False when the relay is to end: stopped, or stopping with nothing left that could be done in time. */
static bool pause_until(struct chappe_relay *relay, int64_t until_us, bool idle)
{
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;
        bool go_on;

        chappe_mutex_lock(relay->executor, relay->mutex);
        while (outcome == CHAPPE_WAIT_SIGNALLED && !relay->woken && !relay->stopping &&
               chappe_relay_now_us(relay) < until_us)
                outcome = chappe_condition_wait(relay->executor, relay->changed, relay->mutex, until_us);
        go_on = outcome != CHAPPE_WAIT_STOPPED &&
                !(relay->stopping && (idle || chappe_relay_now_us(relay) >= relay->stop_us));
        relay->woken = false;
        chappe_mutex_unlock(relay->executor, relay->mutex);
        return go_on;
}

static void run(void *argument)
{
        struct chappe_relay *relay = argument;
        enum chappe_relay_round round;

        do {
                round = chappe_relay_publish(relay);
                if (round == CHAPPE_ROUND_EMPTY)
                        prune(relay);
        } while (
                round != CHAPPE_ROUND_STOPPED &&
                pause_until(relay, chappe_relay_now_us(relay) + pause_after(relay, round), round != CHAPPE_ROUND_MORE));
}

int chappe_relay_new(struct chappe_store_file *store, struct chappe_relay **ret_relay, struct chappe_error *error)
{
        const struct chappe_runtime *runtime = store->runtime;
        struct chappe_executor *executor = runtime->world->executor;
        struct chappe_relay *relay = calloc(1, sizeof(*relay));

        if (!relay)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the relay");
        relay->store = store;
        relay->executor = executor;
        relay->clock = runtime->world->clock;
        relay->poll_us = chappe_config_integer(runtime->config, "relay_poll_ms") * 1000;
        relay->remember_ms = chappe_config_integer(runtime->config, "inbox_days") * DAY_MS;
        relay->mutex = chappe_mutex_new(executor);
        relay->changed = chappe_condition_new(executor);
        relay->arena = chappe_arena_new(ROUND_BYTES);
        relay->pruned_us = chappe_relay_now_us(relay);
        if (!relay->mutex || !relay->changed || !relay->arena) {
                chappe_relay_free(relay);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the relay");
        }
        *ret_relay = relay;
        return 0;
}

int chappe_relay_start(struct chappe_relay *relay, struct chappe_error *error)
{
        relay->stopping = false;
        return chappe_strand_start(relay->executor, "relay", run, relay, &relay->strand, error);
}

void chappe_relay_wake(struct chappe_relay *relay)
{
        chappe_mutex_lock(relay->executor, relay->mutex);
        relay->woken = true;
        chappe_condition_signal(relay->executor, relay->changed);
        chappe_mutex_unlock(relay->executor, relay->mutex);
}

int chappe_relay_stop(struct chappe_relay *relay, int64_t timeout_ms, struct chappe_error *error)
{
        size_t under_way;

        if (!relay || !relay->strand)
                return 0;
        chappe_mutex_lock(relay->executor, relay->mutex);
        relay->stopping = true;
        relay->stop_us = chappe_relay_now_us(relay) + timeout_ms * 1000;
        chappe_condition_signal(relay->executor, relay->changed);
        chappe_mutex_unlock(relay->executor, relay->mutex);
        chappe_strand_join(relay->executor, relay->strand);
        relay->strand = NULL;
        chappe_mutex_lock(relay->executor, relay->mutex);
        under_way = relay->under_way;
        chappe_mutex_unlock(relay->executor, relay->mutex);
        return under_way == 0 ? 0
                              : chappe_fail(error, CHAPPE_E_TIMEOUT,
                                            "%zu events of the outbox were under way when the relay ended; they are "
                                            "sent again after the next start",
                                            under_way);
}

struct chappe_relay *chappe_relay_free(struct chappe_relay *relay)
{
        if (!relay)
                return NULL;
        chappe_arena_free(relay->arena);
        chappe_condition_free(relay->executor, relay->changed);
        chappe_mutex_free(relay->executor, relay->mutex);
        free(relay);
        return NULL;
}
