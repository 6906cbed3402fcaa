/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: a short while, and for the end of a client. rd_kafka_destroy waits for its threads, for ever when anything
 * is held. */
#include "broker/kafka/kafka.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"

/* librdkafka's threads look up once a second when they wait to connect again, and it may send its last figures
 * (KIP-714) for another; a busy machine adds to that. */
#define END_MS 5000

struct chappe_kafka_closing {
        rd_kafka_t *client;
        struct chappe_strand *strand;
        struct chappe_kafka_closing *next; /* of those left behind */
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;
        /* under mutex */
        bool ended;
        bool abandoned; /* by everybody who waited: the strand frees */
};

static struct chappe_kafka_closing *closing_free(struct chappe_kafka_closing *closing)
{
        struct chappe_executor *executor = chappe_executor_threads();

        chappe_condition_free(executor, closing->condition);
        chappe_mutex_free(executor, closing->mutex);
        free(closing);
        return NULL;
}

static void destroy(void *argument)
{
        struct chappe_executor *executor = chappe_executor_threads();
        struct chappe_kafka_closing *closing = argument;
        bool abandoned;

        /* The consumer was closed before, within its own limit; what rd_kafka_destroy would do by itself has none. */
        rd_kafka_destroy_flags(closing->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        chappe_mutex_lock(executor, closing->mutex);
        closing->ended = true;
        abandoned = closing->abandoned;
        chappe_condition_signal(executor, closing->condition);
        chappe_mutex_unlock(executor, closing->mutex);
        if (abandoned)
                closing_free(closing);
}

static int64_t end_deadline_us(void)
{
        return chappe_clock_monotonic_us(chappe_clock_system()) + END_MS * INT64_C(1000);
}

static bool wait_for_end(struct chappe_kafka_closing *closing, int64_t deadline_us, bool last)
{
        struct chappe_executor *executor = chappe_executor_threads();
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        bool ended;

        chappe_mutex_lock(executor, closing->mutex);
        while (!closing->ended && wait != CHAPPE_WAIT_TIMED_OUT)
                wait = chappe_condition_wait(executor, closing->condition, closing->mutex, deadline_us);
        ended = closing->ended;
        closing->abandoned = last && !ended;
        chappe_mutex_unlock(executor, closing->mutex);
        return ended;
}

static void leave_behind(struct chappe_kafka *kafka, struct chappe_kafka_closing *closing)
{
        chappe_mutex_lock(chappe_executor_threads(), kafka->mutex);
        LL_PREPEND(kafka->left_behind, closing);
        chappe_mutex_unlock(chappe_executor_threads(), kafka->mutex);
}

int chappe_kafka_destroy(struct chappe_kafka *kafka, rd_kafka_t *client, struct chappe_error *error)
{
        struct chappe_executor *executor = chappe_executor_threads();
        struct chappe_kafka_closing *closing = calloc(1, sizeof(*closing));
        int status;

        if (!closing)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "closing a broker connection");
        closing->client = client;
        closing->mutex = chappe_mutex_new(executor);
        closing->condition = chappe_condition_new(executor);
        status = closing->mutex && closing->condition
                         ? chappe_strand_start(executor, "kafka-close", destroy, closing, &closing->strand, error)
                         : chappe_fail(error, CHAPPE_E_NO_MEMORY, "closing a broker connection");
        if (status < 0) {
                closing_free(closing);
                return status;
        }
        if (!wait_for_end(closing, end_deadline_us(), false)) {
                leave_behind(kafka, closing);
                return chappe_fail(error, CHAPPE_E_BROKER_CLOSE,
                                   "the connection to %s did not end within %d ms and was left behind", kafka->servers,
                                   END_MS);
        }
        chappe_strand_join(executor, closing->strand);
        closing_free(closing);
        return 0;
}

void chappe_kafka_await_left_behind(struct chappe_kafka *kafka)
{
        int64_t deadline_us = end_deadline_us();

        while (kafka->left_behind) {
                struct chappe_kafka_closing *closing = kafka->left_behind;

                LL_DELETE(kafka->left_behind, closing);
                if (!wait_for_end(closing, deadline_us, true))
                        continue;
                chappe_strand_join(chappe_executor_threads(), closing->strand);
                closing_free(closing);
        }
}

void chappe_kafka_pause(int64_t pause_ms)
{
        struct chappe_executor *executor = chappe_executor_threads();
        struct chappe_mutex *mutex = chappe_mutex_new(executor);
        struct chappe_condition *condition = chappe_condition_new(executor);

        if (mutex && condition) {
                chappe_mutex_lock(executor, mutex);
                (void)chappe_condition_wait(executor, condition, mutex,
                                            chappe_clock_monotonic_us(chappe_clock_system()) + pause_ms * 1000);
                chappe_mutex_unlock(executor, mutex);
        }
        chappe_condition_free(executor, condition);
        chappe_mutex_free(executor, mutex);
}
