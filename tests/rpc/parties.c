/* SPDX-License-Identifier: Apache-2.0 */
/* Services that call and answer each other on a simulated cluster. */
#include "parties.h"

#include <chappe/schema.h>

#include "config/config.h"
#include "flow/flow.h"
#include "observe/log.h"

static const struct chappe_layout text_layout = { CHAPPE_LAYOUT_STRING, sizeof(struct chappe_text), 0, 0, NULL };
static const struct chappe_layout long_layout = { CHAPPE_LAYOUT_LONG, sizeof(int64_t), 0, 0, NULL };
static const struct chappe_member question_members[] = { { "key", offsetof(struct question, key), &text_layout },
                                                         { "n", offsetof(struct question, n), &long_layout } };
static const struct chappe_member answer_members[] = { { "n", offsetof(struct answer, n), &long_layout } };
static const struct chappe_layout question_layout = { CHAPPE_LAYOUT_RECORD, sizeof(struct question), 2, 0,
                                                      question_members };
static const struct chappe_layout answer_layout = { CHAPPE_LAYOUT_RECORD, sizeof(struct answer), 1, 0, answer_members };

#define LONG_RECORD(name) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[{\"name\":\"n\",\"type\":\"long\"}]}"

struct chappe_type question_type = {
        .name = "test.DoubleRequest",
        .schema = "{\"type\":\"record\",\"name\":\"test.DoubleRequest\",\"fields\":"
                  "[{\"name\":\"key\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"long\"}]}",
        .layout = &question_layout,
        .key = "key",
};
struct chappe_type answer_type = { .name = "test.Doubled",
                                   .schema = LONG_RECORD("test.Doubled"),
                                   .layout = &answer_layout };
struct chappe_type refused_type = { .name = "test.Refused",
                                    .schema = LONG_RECORD("test.Refused"),
                                    .layout = &answer_layout };

static const struct chappe_message_error errors[] = { { REFUSED, &refused_type,
                                                        offsetof(struct answer_reply, value.refused) } };

const struct chappe_message double_message = {
        .protocol = "test.Test",
        .name = "double",
        .request = &question_type,
        .response = &answer_type,
        .reply_size = sizeof(struct answer_reply),
        .response_offset = offsetof(struct answer_reply, value.response),
        .errors = errors,
        .error_count = 1,
};

static void fingerprint(struct chappe_type *type)
{
        struct chappe_schema *schema;

        assert_int_equal(chappe_schema_parse(type->name, chappe_text(type->schema), &schema, NULL), 0);
        type->fingerprint = chappe_schema_fingerprint(schema);
        chappe_schema_unref(schema);
}

static void machine_step(void *context, struct chappe_process *process, const char *kind)
{
        struct stage *stage = context;

        for (int i = 0; stage->step && i < PARTIES; i++)
                if (stage->parties[i].process == process)
                        stage->step(stage, &stage->parties[i], kind);
}

static void world_step(void *context, const char *kind)
{
        chappe_process_step(((struct party *)context)->process, kind);
}

static int open_broker(void *context, const struct chappe_property *properties, size_t count,
                       struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct party *party = context;

        return chappe_sim_open(party->stage->sim, party->process, properties, count, ret_broker, error);
}

void stage_open(struct stage *stage, uint64_t seed, const struct chappe_sim_faults *faults)
{
        static const char *const names[PARTIES] = { "party-0", "party-1", "party-2" };
        const struct chappe_fibers_config config = {
                .seed = seed, .give_way_ppm = 100000, .wake_early_ppm = 10000, .step = machine_step, .context = stage
        };

        fingerprint(&question_type);
        fingerprint(&answer_type);
        fingerprint(&refused_type);
        *stage = (struct stage){ 0 };
        chappe_random_init(&stage->random, seed);
        stage->fibers = chappe_fibers_new(&config);
        stage->sim = chappe_sim_new(stage->fibers, faults);
        for (int i = 0; i < PARTIES; i++)
                stage->parties[i] = (struct party){ .stage = stage, .name = names[i] };
}

static void wait_for_stop(struct party *party)
{
        struct chappe_executor *executor = party->world.executor;
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;

        chappe_mutex_lock(executor, party->mutex);
        while (!party->stop && outcome != CHAPPE_WAIT_STOPPED)
                outcome = chappe_condition_wait(executor, party->changed, party->mutex, CHAPPE_FOREVER);
        chappe_mutex_unlock(executor, party->mutex);
}

static void serve(struct party *party)
{
        struct chappe_runtime *runtime = &party->runtime;

        party->status = chappe_flow_start(runtime->flow, 60000, &party->error);
        if (party->status < 0)
                return;
        if (party->script)
                party->script(party);
        else
                wait_for_stop(party);
        chappe_flow_drain(runtime->flow, 5000, NULL);
        chappe_calls_stop(runtime);
        chappe_flow_stop(runtime->flow, 20000, NULL);
}

static void connect(struct party *party)
{
        struct chappe_runtime *runtime = &party->runtime;

        party->status = open_broker(party, NULL, 0, &runtime->broker, &party->error);
        if (party->status < 0)
                return;
        party->status = chappe_answers_open(runtime, &party->error);
        if (party->status == 0)
                party->status = chappe_calls_open(runtime, 20000, &party->error);
        if (party->status == 0)
                serve(party);
        chappe_calls_close(runtime);
        chappe_answers_close(runtime);
        runtime->broker->operations->close(runtime->broker);
}

static void live(void *argument)
{
        static const struct chappe_migration migrations[] = { { 1, "effects", "CREATE TABLE effects (n INTEGER)" },
                                                              { 0 } };
        struct party *party = argument;
        struct chappe_runtime *runtime = &party->runtime;
        const struct chappe_config_sources sources = { .settings = party->settings };

        assert_int_equal(chappe_config_load(&sources, &runtime->config, &party->error), 0);
        runtime->metrics = chappe_metrics_new();
        if (getenv("CHAPPE_TEST_LOG"))
                chappe_log_new(&(struct chappe_log_config){ .clock = party->world.clock,
                                                            .service = party->name,
                                                            .instance = party->name,
                                                            .level = CHAPPE_LEVEL_DEBUG,
                                                            .descriptor = 2 },
                               &runtime->log, NULL);
        party->status = party->database ? chappe_store_open(runtime, migrations, 10000, &party->error) : 0;
        if (party->status == 0)
                party->status = chappe_flow_new(runtime, &runtime->flow, &party->error);
        if (party->status == 0)
                connect(party);
        chappe_flow_free(runtime->flow);
        chappe_store_close(runtime);
        chappe_log_free(runtime->log);
        chappe_config_free(runtime->config);
        party->ended = true;
}

void party_start(struct party *party)
{
        struct stage *stage = party->stage;
        uint64_t life = (uint64_t)(++party->lives) * 100 + (uint64_t)(party - stage->parties);

        party->process = chappe_process_new(stage->fibers, party->name);
        party->world = (struct chappe_world){
                .clock = chappe_process_clock(party->process),
                .executor = chappe_process_executor(party->process),
                .broker_open = open_broker,
                .context = party,
                .seed = life,
                .database = party->database,
                .step = world_step,
        };
        party->runtime = (struct chappe_runtime){
                .world = &party->world,
                .service = party->name,
                .instance = party->name,
                .topic_prefix = "",
                .operations = party->operations,
                .state = party,
        };
        party->mutex = chappe_mutex_new(party->world.executor);
        party->changed = chappe_condition_new(party->world.executor);
        party->stop = party->ended = false;
        if (chappe_strand_start(party->world.executor, "main", live, party, &party->strand, NULL) < 0) {
                party->strand = NULL;
                party->ended = true;
        }
}

void party_clear(struct party *party)
{
        assert_true(party->ended);
        chappe_condition_free(party->world.executor, party->changed);
        chappe_mutex_free(party->world.executor, party->mutex);
        chappe_strand_join(party->world.executor, party->strand);
        assert_int_equal(chappe_process_leftovers(party->process), 0);
        chappe_process_free(party->process);
        chappe_metrics_free(party->runtime.metrics);
        party->runtime.metrics = NULL;
        party->process = NULL;
}

static bool has_ended(void *context)
{
        return ((struct party *)context)->ended;
}

static void run_until_ended(struct party *party)
{
        struct chappe_fibers *fibers = party->stage->fibers;
        enum chappe_fibers_end end =
                chappe_fibers_run(fibers, chappe_fibers_now_us(fibers) + 120 * SECOND, 20000000, has_ended, party);
        struct chappe_buffer report = { 0 };

        if (!party->ended) {
                chappe_fibers_report(fibers, &report);
                print_message("%s does not end (%d)\n%.*s\n", party->name, end, (int)report.length,
                              (const char *)report.at);
                chappe_buffer_deinit(&report);
        }
        assert_true(party->ended);
}

void stage_run_script(struct stage *stage, int party)
{
        run_until_ended(&stage->parties[party]);
        if (stage->parties[party].status < 0 && !chappe_process_stopped(stage->parties[party].process))
                print_message("%s: %s\n", stage->parties[party].name, stage->parties[party].error.text);
}

void stage_run_for(struct stage *stage, int64_t for_us)
{
        (void)chappe_fibers_run(stage->fibers, chappe_fibers_now_us(stage->fibers) + for_us, 20000000, NULL, NULL);
}

void stage_close(struct stage *stage)
{
        for (int i = 0; i < PARTIES; i++) {
                struct party *party = &stage->parties[i];

                if (!party->process)
                        continue;
                party->stop = true;
                if (!party->ended)
                        chappe_condition_broadcast(party->world.executor, party->changed);
                run_until_ended(party);
                party_clear(party);
        }
        chappe_sim_free(stage->sim);
        chappe_fibers_free(stage->fibers);
}

int ask(struct party *party, const char *event_id, int64_t n, struct answer *ret_answer, struct chappe_error *ret_error)
{
        struct chappe_context *ctx = chappe_context_open((struct chappe_service *)&party->runtime, event_id, 0);
        const struct question question = { .key = { "k", 1 }, .n = n };
        struct answer_reply reply = { 0 };
        int outcome;

        assert_non_null(ctx);
        outcome = chappe_call(ctx, &double_message, &question, &reply);
        if (ret_answer)
                *ret_answer = reply.value.response;
        if (ret_error)
                *ret_error = *chappe_context_error(ctx);
        chappe_context_close(ctx);
        return outcome;
}

void nap(const struct chappe_world *world, int64_t for_us)
{
        struct chappe_mutex *mutex = chappe_mutex_new(world->executor);
        struct chappe_condition *never = chappe_condition_new(world->executor);
        int64_t until_us = chappe_clock_monotonic_us(world->clock) + for_us;

        chappe_mutex_lock(world->executor, mutex);
        while (chappe_condition_wait(world->executor, never, mutex, until_us) == CHAPPE_WAIT_SIGNALLED)
                ;
        chappe_mutex_unlock(world->executor, mutex);
        chappe_condition_free(world->executor, never);
        chappe_mutex_free(world->executor, mutex);
}

int64_t counter(struct party *party, const char *name)
{
        return chappe_metric_value(chappe_metrics_get(party->runtime.metrics, CHAPPE_COUNTER, name, "", NULL));
}

static size_t put_long(uint8_t *at, int64_t value)
{
        uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
        size_t used = 0;

        for (; zigzag > 127; zigzag >>= 7)
                at[used++] = (uint8_t)(zigzag | 0x80);
        at[used++] = (uint8_t)zigzag;
        return used;
}

static size_t put_frame(uint8_t *bytes, const struct chappe_type *type)
{
        bytes[0] = 0xc3;
        bytes[1] = 0x01;
        for (int i = 0; i < 8; i++)
                bytes[2 + i] = (uint8_t)(type->fingerprint >> (8 * i));
        return 10;
}

size_t frame_question(uint8_t *bytes, const char *key, int64_t n)
{
        size_t used = put_frame(bytes, &question_type);

        used += put_long(bytes + used, (int64_t)strlen(key));
        memcpy(bytes + used, key, strlen(key));
        used += strlen(key);
        return used + put_long(bytes + used, n);
}

int64_t read_answer(struct chappe_bytes value, const struct chappe_type *type)
{
        uint8_t frame[10];
        uint64_t zigzag = 0;

        put_frame(frame, type);
        assert_true(value.length > sizeof(frame));
        assert_memory_equal(value.at, frame, sizeof(frame));
        for (size_t i = sizeof(frame), shift = 0; i < value.length; i++, shift += 7)
                zigzag |= (uint64_t)(value.at[i] & 0x7f) << shift;
        return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}
