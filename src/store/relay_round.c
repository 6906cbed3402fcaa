/* SPDX-License-Identifier: Apache-2.0 */
/* One round of the relay. */
#include "store/relay_round.h"

#include <string.h>

#include "flow/publisher.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define LEASE_RENEW_US (CHAPPE_LEASE_MS * 1000 / 3)

int64_t chappe_relay_now_us(const struct chappe_relay *relay)
{
        return chappe_clock_monotonic_us(relay->clock);
}

static enum chappe_relay_round failed(struct chappe_relay *relay, const struct chappe_error *error)
{
        if (error->code == CHAPPE_E_STOPPED || chappe_executor_stopped(relay->executor))
                return CHAPPE_ROUND_STOPPED;
        chappe_log_error(relay->store->runtime->log, CHAPPE_LOG_RELAY_FAILED, error);
        return CHAPPE_ROUND_FAILED;
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
        relay->leased_us = status == 0 ? chappe_relay_now_us(relay) : 0;
        return status == 0 ? 1 : status;
}

static int keep_lease(struct chappe_relay *relay, struct chappe_error *error)
{
        if (relay->leased_us && chappe_relay_now_us(relay) - relay->leased_us < LEASE_RENEW_US)
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
        count = chappe_outbox_read(store, relay->arena, relay->rows, CHAPPE_RELAY_ROWS, error);
        status = chappe_look_end(store, count > 0, error); /* what was read may not be durable yet */
        return status < 0 ? status : count;
}

/* On the poll strand. */
static void passage_settled(struct chappe_deliveries *deliveries, void *context)
{
        struct chappe_passage *passage = context;
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
        struct chappe_passage *passage = &relay->passages[relay->passage_count];
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
                int64_t renew_us = chappe_relay_now_us(relay) + LEASE_RENEW_US;

                while (!(all = relay->under_way == 0) && outcome != CHAPPE_WAIT_STOPPED &&
                       chappe_relay_now_us(relay) < renew_us) {
                        if (relay->stopping && chappe_relay_now_us(relay) >= relay->stop_us)
                                break;
                        outcome = chappe_condition_wait(relay->executor, relay->changed, relay->mutex,
                                                        relay->stopping && relay->stop_us < renew_us ? relay->stop_us
                                                                                                     : renew_us);
                }
                bool over = relay->stopping && chappe_relay_now_us(relay) >= relay->stop_us;
                chappe_mutex_unlock(relay->executor, relay->mutex);
                if (over || outcome == CHAPPE_WAIT_STOPPED)
                        break;
                if (!all)
                        (void)keep_lease(relay, &error);
        }
        return all;
}

static bool arrived(struct chappe_relay *relay, const struct chappe_passage *passage)
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

enum chappe_relay_round chappe_relay_publish(struct chappe_relay *relay)
{
        struct chappe_error error = { 0 }, send_error = { 0 };
        int count = waits(relay, &error), sent, removed;

        if (count <= 0)
                return count < 0 ? failed(relay, &error) : CHAPPE_ROUND_EMPTY;
        int ours = keep_lease(relay, &error);
        if (ours <= 0)
                return ours < 0 ? failed(relay, &error) : CHAPPE_ROUND_LEASED;
        count = read_rows(relay, &error);
        if (count <= 0)
                return count < 0 ? failed(relay, &error) : CHAPPE_ROUND_EMPTY;
        sent = send_rows(relay, (size_t)count, &send_error);
        bool all = await_deliveries(relay);
        removed = remove_delivered(relay, &error);
        if (!all)
                return CHAPPE_ROUND_STOPPED;
        if (removed < 0)
                return failed(relay, &error);
        if (sent < 0)
                return failed(relay, &send_error);
        if ((size_t)removed < relay->passage_count) {
                chappe_fail(&error, CHAPPE_E_DELIVERY_FAILED, "%zu rows of the outbox were not delivered",
                            relay->passage_count - (size_t)removed);
                return failed(relay, &error);
        }
        return CHAPPE_ROUND_MORE;
}
