/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caller and answerer are killed at every kind of step, deliveries fail, groups assemble again. Whatever the seed: a
 * call that is repeated under its key takes effect once and gets the first reply; every reply is that of its own
 * question; no call outlives its deadline.
 */
#include <sqlite3.h>

#include "parties.h"

#define SEEDS 500
#define CALLER    0
#define ANSWERER  1
#define QUESTIONS 8
#define KILLS     6
#define URI       "file:/call-crashes?vfs=memdb"

static struct stage stage;
static int kills;
static int asked;       /* questions answered so far: the caller's offset */
static int64_t handled; /* handler runs of all lives */
static int64_t answers_seen[QUESTIONS];

/* The reply depends on how often handlers ran, so that a second effect would show. */
static int on_double(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct question *question = request;
        struct answer_reply *reply = ret_reply;
        struct sqlite3_stmt *insert = chappe_store_statement(ctx, "INSERT INTO effects (n) VALUES (?)");

        if (!insert)
                return -1;
        sqlite3_bind_int64(insert, 1, question->n);
        if (sqlite3_step(insert) != SQLITE_DONE)
                return -1;
        reply->value.response.n = question->n * 1000000 + ++handled;
        return 0;
}

static const struct chappe_operation calls[] = {
        { .kind = CHAPPE_CALLS, .topic = "questions", .message = &double_message, .timeout_ms = 3000 }, { 0 }
};
static const struct chappe_operation answers[] = {
        { .kind = CHAPPE_ANSWERS, .topic = "questions", .message = &double_message, .on_request = on_double }, { 0 }
};

static void kill_sometimes(struct stage *at, struct party *party, const char *kind)
{
        (void)kind;
        if (kills < KILLS && !chappe_process_stopped(party->process) && chappe_random_chance(&at->random, 4000)) {
                kills++;
                chappe_process_kill(party->process);
        }
}

/* As a consumer does: the same event again until it is done. */
static void ask_all(struct party *party)
{
        while (asked < QUESTIONS && !chappe_executor_stopped(party->world.executor)) {
                int64_t began_us = chappe_clock_monotonic_us(party->world.clock);
                struct answer answer;
                char id[16];

                snprintf(id, sizeof(id), "event-%d", asked);
                int outcome = ask(party, id, asked, &answer, NULL);

                /* Sending may take its own time when the queue is full; nothing here fills it. */
                if (chappe_clock_monotonic_us(party->world.clock) - began_us > 3010000)
                        abort();
                if (outcome != 0 || chappe_executor_stopped(party->world.executor))
                        continue;
                answers_seen[asked++] = answer.n;
        }
}

static int64_t number(const char *sql)
{
        sqlite3 *connection;
        sqlite3_stmt *statement;
        int64_t found;

        assert_int_equal(sqlite3_open_v2(URI, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        found = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(connection);
        return found;
}

static bool any_ended(void *context)
{
        struct stage *at = context;

        return at->parties[CALLER].ended || at->parties[ANSWERER].ended;
}

static void run_until_all_is_asked(void)
{
        while (asked < QUESTIONS || !stage.parties[CALLER].ended) {
                enum chappe_fibers_end end =
                        chappe_fibers_run(stage.fibers, 3600 * SECOND, 50000000, any_ended, &stage);

                assert_int_equal(end, CHAPPE_FIBERS_DONE);
                for (int i = CALLER; i <= ANSWERER; i++) {
                        struct party *party = &stage.parties[i];

                        if (!party->ended || (i == CALLER && asked == QUESTIONS))
                                continue;
                        party_clear(party);
                        party_start(party);
                }
        }
}

static void run_seed(uint64_t seed, int *ret_kills)
{
        const struct chappe_sim_faults faults = { .delivery_failed_ppm = 10000,
                                                  .acknowledgement_lost_ppm = 10000,
                                                  .rebalance_ppm = 5000,
                                                  .duplicate_ppm = 10000 };
        struct chappe_store_anchor *anchor;

        print_message("# seed %llu\n", (unsigned long long)seed);
        kills = asked = 0;
        handled = 0;
        stage_open(&stage, seed, &faults);
        assert_int_equal(chappe_store_anchor_open(URI, &anchor, NULL), 0);
        chappe_sim_topic_create(stage.sim, "questions", 2);
        stage.step = kill_sometimes;
        stage.parties[CALLER].operations = calls;
        stage.parties[CALLER].script = ask_all;
        stage.parties[ANSWERER].operations = answers;
        stage.parties[ANSWERER].database = URI;
        party_start(&stage.parties[ANSWERER]);
        party_start(&stage.parties[CALLER]);
        run_until_all_is_asked();
        *ret_kills += kills;
        stage.step = NULL;
        stage_close(&stage);
        assert_int_equal(number("SELECT count(*) FROM effects"), QUESTIONS);
        assert_int_equal(number("SELECT count(DISTINCT n) FROM effects"), QUESTIONS);
        for (int i = 0; i < QUESTIONS; i++)
                assert_int_equal(answers_seen[i] / 1000000, i);
        chappe_store_anchor_close(anchor);
}

static void test_repeated_calls_take_effect_once_whoever_is_killed(void **state)
{
        int all_kills = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
                run_seed(seed, &all_kills);
        assert_true(all_kills > SEEDS);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_repeated_calls_take_effect_once_whoever_is_killed) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
