/* SPDX-License-Identifier: Apache-2.0 */
/* One lane for all keys of a partition while handlers are quick; one for each when that is not enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <chappe/publish.h>

#include "stage.h"

#define SECOND  INT64_C(1000000)
#define KEYS    20
#define WORKERS 8
#define FEW     500
#define MANY    12000
#define FAILING 100

static struct stage stage;
static int running, most_running, done;
static int64_t last_of_key[KEYS];
static bool disordered, publishes;
static int failures; /* records that fail once, from FAILING on: each of another key */
static int64_t failed_last;
static int64_t first_us = 8; /* that the first record takes */

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        int64_t *last = &last_of_key[event->n % KEYS];
        running++;
        if (running > most_running)
                most_running = running;
        disordered |= event->n < *last;
        *last = event->n;
        stage_nap(ctx, event->n == 0 ? first_us : 8);
        disordered |= *last != event->n;
        running--;
        if (event->n >= FAILING && event->n < FAILING + failures && event->n > failed_last) {
                failed_last = event->n;
                return chappe_retry(ctx, "not yet");
        }
        if (publishes && chappe_publish(ctx, &event_type, event) < 0)
                return CHAPPE_RETRY;
        done++;
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event, .partitions = 1 },
        { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type, .partitions = 1 },
        { 0 },
};

static bool all_done(void *context)
{
        return done == *(int *)context;
}

static void play(int records, const char *workers)
{
        memset(&stage, 0, sizeof(stage));
        running = most_running = done = 0;
        memset(last_of_key, 0, sizeof(last_of_key));
        disordered = false;
        failed_last = 0;
        stage.operations = operations;
        stage.settings[0] = workers;
        stage.settings[1] = "in_flight_records=2000";
        stage_open(&stage, 1, NULL);
        chappe_sim_topic_create(stage.sim, "in", 1);
        for (int n = 0; n < records; n++) {
                char key[8];
                snprintf(key, sizeof(key), "k%d", n % KEYS);
                stage_append(&stage, "in", 0, key, n);
        }
        stage_start(&stage, 0);
        stage_run(&stage, 120 * SECOND, all_done, &records);
        assert_int_equal(done, records);
        assert_false(disordered);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_quick_records_of_a_partition_run_in_the_order_of_the_log(void **state)
{
        (void)state;
        first_us = 15000; /* as what is done for the first time may; one is none */
        play(FEW, "workers=8");
        first_us = 8;
        assert_int_equal(most_running, 1);
}

static void test_a_partition_that_one_worker_cannot_keep_up_with_has_more(void **state)
{
        (void)state;
        play(MANY, "workers=8");
        assert_in_range(most_running, 2, WORKERS);
}

/* One of them would wait for the delivery of another. */
static void test_records_that_publish_have_lanes_by_key(void **state)
{
        (void)state;
        publishes = true;
        play(FEW, "workers=8");
        publishes = false;
        assert_in_range(most_running, 2, WORKERS);
}

/* When that fails, a worker has others of the same keys in its hand. */
static void test_no_record_passes_one_of_its_key_that_failed(void **state)
{
        (void)state;
        for (failures = 1; failures <= 3; failures++)
                play(FEW, "workers=1");
        failures = 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_quick_records_of_a_partition_run_in_the_order_of_the_log),
                cmocka_unit_test(test_a_partition_that_one_worker_cannot_keep_up_with_has_more),
                cmocka_unit_test(test_records_that_publish_have_lanes_by_key),
                cmocka_unit_test(test_no_record_passes_one_of_its_key_that_failed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
