/* SPDX-License-Identifier: Apache-2.0 */
/* The relay: a strand that publishes the outbox. */
#include "store/relay.h"

#include <stdlib.h>

#include "config/config.h"
#include "flow/publisher.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "store/inbox.h"
#include "store/outbox.h"

#define ROUND_ROWS       128
#define ROUND_BYTES      ((size_t)16 << 20)
#define LEASE_RENEW_US   (CHAPPE_LEASE_MS * 1000 / 3)
#define LEASE_WAIT_US    50000 /* another instance is at it: look again soon, it may have died */
#define BACKOFF_US       100000
#define BACKOFF_LIMIT_US 5000000
#define PRUNE_EVERY_US   60000000
#define PRUNE_ROWS       1000
#define DAY_MS           INT64_C(86400000)

/* One row on its way. */
struct passage {
        struct chappe_deliveries deliveries; /* one: its own */
        struct chappe_relay *relay;
        int64_t id;
        bool settled; /* under the relay's mutex */
};

struct chappe_relay {
        /* constant */
        struct chappe_store_file *store;
        struct chappe_executor *executor;
        const struct chappe_clock *clock;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        int64_t poll_us;
        int64_t remember_ms; /* events in the inbox */
        struct chappe_strand *strand;

        /* under mutex */
        bool woken;
        bool stopping;
        int64_t stop_us; /* when it must have ended, once it is stopping */
        size_t under_way;

        /* the strand's */
        struct chappe_arena *arena;
        struct chappe_outbox_row rows[ROUND_ROWS];
        struct passage passages[ROUND_ROWS];
        size_t passage_count;
        int64_t leased_us; /* when the lease was taken; 0: not ours */
        int64_t backoff_us;
        int64_t pruned_us;
};

enum round {
        ROUND_EMPTY,  /* nothing to publish */
        ROUND_MORE,   /* published something: look again */
        ROUND_LEASED, /* another instance publishes */
        ROUND_FAILED,
        ROUND_STOPPED,
};

static int64_t now_us(const struct chappe_relay *relay)
{
        return chappe_clock_monotonic_us(relay->clock);
}

static enum round failed(struct chappe_relay *relay, const struct chappe_error *error)
{
        if (error->code == CHAPPE_E_STOPPED || chappe_executor_stopped(relay->executor))
                return ROUND_STOPPED;
        chappe_log_error(relay->store->runtime->log, CHAPPE_LOG_RELAY_FAILED, error);
        return ROUND_FAILED;
}

/* 1: ours; 0: another instance's. */
static int take_lease(struct chappe_relay *relay, struct chappe_error *error)
{
        struct chappe_store_file *store = relay->store;
        int ours, status = chappe_part_begin(store, chappe_store_deadline_us(store), error);

        if (status < 0)
                return status;
        ours = chappe_lease_take(store, error);
        if (ours <= 0) {
                chappe_part_rollback(store);
                relay->leased_us = 0;
                return ours;
        }
        status = chappe_part_commit(store, error);
        relay->leased_us = status == 0 ? now_us(relay) : 0;
        return status == 0 ? 1 : status;
}

static int keep_lease(struct chappe_relay *relay, struct chappe_error *error)
{
        if (relay->leased_us && now_us(relay) - relay->leased_us < LEASE_RENEW_US)
                return 1;
        return take_lease(relay, error);
}

static int waits(struct chappe_relay *relay, struct chappe_error *error)
{
        struct chappe_store_file *store = relay->store;
        int any, status = chappe_look_begin(store, chappe_store_deadline_us(store), error);

        if (status < 0)
                return status;
        any = chappe_outbox_waits(store, error);
        (void)chappe_look_end(store, false, NULL);
        return any;
}

/* In a part of its own, so that rows of a transaction that is still open are not seen. */
static int read_rows(struct chappe_relay *relay, struct chappe_error *error)
{
        struct chappe_store_file *store = relay->store;
        int count, status = chappe_look_begin(store, chappe_store_deadline_us(store), error);

        if (status < 0)
                return status;
        chappe_arena_reset(relay->arena);
        count = chappe_outbox_read(store, relay->arena, relay->rows, ROUND_ROWS, error);
        status = chappe_look_end(store, count > 0, error); /* what was read may not be durable yet */
        return status < 0 ? status : count;
}

/* On the poll strand. */
static void passage_settled(struct chappe_deliveries *deliveries, void *context)
{
        struct passage *passage = context;
        struct chappe_relay *relay = passage->relay;

        (void)deliveries;
        chappe_mutex_lock(relay->executor, relay->mutex);
        passage->settled = true;
        if (--relay->under_way == 0)
                chappe_condition_signal(relay->executor, relay->changed);
        chappe_mutex_unlock(relay->executor, relay->mutex);
}

static int send_row(struct chappe_relay *relay, const struct chappe_outbox_row *row, struct chappe_error *error)
{
        struct passage *passage = &relay->passages[relay->passage_count];
        struct chappe_runtime *runtime = relay->store->runtime;
        int status;

        if (!chappe_step(runtime->world, "relay.publish"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped");
        passage->relay = relay;
        passage->id = row->id;
        passage->settled = false;
        chappe_mutex_lock(relay->executor, relay->mutex);
        relay->under_way++;
        chappe_mutex_unlock(relay->executor, relay->mutex);
        relay->passage_count++;
        chappe_deliveries_init(&passage->deliveries, passage_settled, passage);
        status = chappe_publisher_send(runtime->publisher, CHAPPE_SEND_EVENT, &row->outgoing, &passage->deliveries,
                                       error);
        if (chappe_deliveries_drop(&passage->deliveries))
                passage_settled(&passage->deliveries, passage);
        if (status < 0) /* never sent: it stays in the outbox */
                relay->passage_count--;
        return status;
}

static bool same_key(const struct chappe_outgoing *a, const struct chappe_outgoing *b)
{
        return strcmp(a->topic, b->topic) == 0 && a->key.length == b->key.length &&
               (a->key.length == 0 || memcmp(a->key.at, b->key.at, a->key.length) == 0);
}

/* A later row of a key must not overtake one that has to be sent again, so that it waits for the next round. */
static bool key_under_way(const struct chappe_relay *relay, size_t row)
{
        const struct chappe_outgoing *outgoing = &relay->rows[row].outgoing;

        for (size_t i = 0; outgoing->key.at && i < row; i++)
                if (same_key(&relay->rows[i].outgoing, outgoing))
                        return true;
        return false;
}

static int send_rows(struct chappe_relay *relay, size_t count, struct chappe_error *error)
{
        int status = 0;

        relay->passage_count = 0;
        for (size_t i = 0; i < count && status == 0; i++)
                if (!key_under_way(relay, i))
                        status = send_row(relay, &relay->rows[i], error);
        return status;
}

/* Until every delivery has reported; keeps the lease meanwhile. False: stopped, or stopping and out of time. */
static bool await_deliveries(struct chappe_relay *relay)
{
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;
        struct chappe_error error; /* the next round meets it again, and tells */
        bool all = false;

        while (!all && outcome != CHAPPE_WAIT_STOPPED) {
                chappe_mutex_lock(relay->executor, relay->mutex);
                int64_t renew_us = now_us(relay) + LEASE_RENEW_US;

                while (!(all = relay->under_way == 0) && outcome != CHAPPE_WAIT_STOPPED && now_us(relay) < renew_us) {
                        if (relay->stopping && now_us(relay) >= relay->stop_us)
                                break;
                        outcome = chappe_condition_wait(relay->executor, relay->changed, relay->mutex,
                                                        relay->stopping && relay->stop_us < renew_us ? relay->stop_us
                                                                                                     : renew_us);
                }
                bool over = relay->stopping && now_us(relay) >= relay->stop_us;
                chappe_mutex_unlock(relay->executor, relay->mutex);
                if (over || outcome == CHAPPE_WAIT_STOPPED)
                        break;
                if (!all)
                        (void)keep_lease(relay, &error);
        }
        return all;
}

static bool arrived(struct chappe_relay *relay, const struct passage *passage)
{
        chappe_mutex_lock(relay->executor, relay->mutex);
        bool settled = passage->settled;
        chappe_mutex_unlock(relay->executor, relay->mutex);
        return settled && chappe_deliveries_result(&passage->deliveries) == 0;
}

/* Returns how many were delivered, and gives the lease back with the last row. */
static int remove_delivered(struct chappe_relay *relay, struct chappe_error *error)
{
        struct chappe_store_file *store = relay->store;
        int removed = 0, left = 1, status;

        if (!chappe_step(store->runtime->world, "relay.delete"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped");
        status = chappe_part_begin(store, chappe_store_deadline_us(store), error);
        if (status < 0)
                return status;
        for (size_t i = 0; i < relay->passage_count && status == 0; i++) {
                if (!arrived(relay, &relay->passages[i]))
                        continue;
                status = chappe_outbox_remove(store, relay->passages[i].id, error);
                removed++;
        }
        if (status == 0 && (left = chappe_outbox_waits(store, error)) == 0)
                status = chappe_lease_release(store, error);
        if (status < 0 || left < 0) {
                chappe_part_rollback(store);
                return status < 0 ? status : left;
        }
        status = chappe_part_commit(store, error);
        if (left == 0)
                relay->leased_us = 0;
        chappe_metric_add(store->relayed, status == 0 ? removed : 0);
        return status < 0 ? status : removed;
}

static enum round publish_round(struct chappe_relay *relay)
{
        struct chappe_error error = { 0 }, send_error = { 0 };
        int count = waits(relay, &error), sent, removed;

        if (count <= 0)
                return count < 0 ? failed(relay, &error) : ROUND_EMPTY;
        int ours = keep_lease(relay, &error);
        if (ours <= 0)
                return ours < 0 ? failed(relay, &error) : ROUND_LEASED;
        count = read_rows(relay, &error);
        if (count <= 0)
                return count < 0 ? failed(relay, &error) : ROUND_EMPTY;
        sent = send_rows(relay, (size_t)count, &send_error);
        bool all = await_deliveries(relay);
        removed = remove_delivered(relay, &error);
        if (!all)
                return ROUND_STOPPED;
        if (removed < 0)
                return failed(relay, &error);
        if (sent < 0)
                return failed(relay, &send_error);
        if ((size_t)removed < relay->passage_count) {
                chappe_fail(&error, CHAPPE_E_DELIVERY_FAILED, "%zu rows of the outbox were not delivered",
                            relay->passage_count - (size_t)removed);
                return failed(relay, &error);
        }
        return ROUND_MORE;
}

static void prune(struct chappe_relay *relay)
{
        struct chappe_store_file *store = relay->store;
        struct chappe_error error = { 0 };
        int pruned;

        if (now_us(relay) - relay->pruned_us < PRUNE_EVERY_US ||
            chappe_part_begin(store, chappe_store_deadline_us(store), &error) < 0)
                return;
        pruned = chappe_inbox_prune(store, chappe_clock_wall_ms(relay->clock) - relay->remember_ms, PRUNE_ROWS, &error);
        if (pruned > 0 && chappe_part_commit(store, &error) == 0)
                chappe_log_write(store->runtime->log, CHAPPE_LOG_INBOX_PRUNED, "%d events forgotten", pruned);
        else if (pruned <= 0)
                chappe_part_rollback(store);
        if (pruned < PRUNE_ROWS) /* else more are due */
                relay->pruned_us = now_us(relay);
}

/* How long to wait before the next look at the outbox, if nobody wakes. */
static int64_t pause_after(struct chappe_relay *relay, enum round round)
{
        if (round == ROUND_FAILED) {
                relay->backoff_us = relay->backoff_us ? relay->backoff_us * 2 : BACKOFF_US;
                if (relay->backoff_us > BACKOFF_LIMIT_US)
                        relay->backoff_us = BACKOFF_LIMIT_US;
                return relay->backoff_us;
        }
        relay->backoff_us = 0;
        return round == ROUND_MORE                                       ? 0
               : round == ROUND_LEASED && relay->poll_us > LEASE_WAIT_US ? LEASE_WAIT_US
                                                                         : relay->poll_us;
}

/* False when the relay is to end: stopped, or stopping with nothing left that could be done in time. */
static bool pause_until(struct chappe_relay *relay, int64_t until_us, bool idle)
{
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;
        bool go_on;

        chappe_mutex_lock(relay->executor, relay->mutex);
        while (outcome == CHAPPE_WAIT_SIGNALLED && !relay->woken && !relay->stopping && now_us(relay) < until_us)
                outcome = chappe_condition_wait(relay->executor, relay->changed, relay->mutex, until_us);
        go_on = outcome != CHAPPE_WAIT_STOPPED && !(relay->stopping && (idle || now_us(relay) >= relay->stop_us));
        relay->woken = false;
        chappe_mutex_unlock(relay->executor, relay->mutex);
        return go_on;
}

static void run(void *argument)
{
        struct chappe_relay *relay = argument;
        enum round round;

        do {
                round = publish_round(relay);
                if (round == ROUND_EMPTY)
                        prune(relay);
        } while (round != ROUND_STOPPED &&
                 pause_until(relay, now_us(relay) + pause_after(relay, round), round != ROUND_MORE));
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
        relay->pruned_us = now_us(relay);
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
        relay->stop_us = now_us(relay) + timeout_ms * 1000;
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
