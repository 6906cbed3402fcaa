/* SPDX-License-Identifier: Apache-2.0 */
/* The worker strand. */
#include "flow/worker.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "flow/batch.h"
#include "flow/complaints.h"
#include "flow/dead_letter.h"
#include "flow/handling.h"
#include "flow/job_key.h"
#include "flow/meters.h"
#include "flow/retry_schedule.h"
#include "observe/log.h"
#include "observe/metrics.h"

/* A batch is as large as this much work: a slow handler gets one job at a time, so that none waits behind it. */
#define BATCH_SHORT_US 200
#define BATCH_LONG_US  1000

/* Records of one order take effect one after another. Kept apart from their lane, which may change while they are in a
 * hand. */
struct order {
        const struct chappe_share *share;
        uint64_t identity;
};

struct chappe_worker {
        struct chappe_runtime *runtime;
        struct chappe_handover *handover;
        struct chappe_strand *strand;
        struct chappe_at_work *at_work;
        struct chappe_job **jobs; /* in its hand */
        struct order *failed;     /* of those in its hand that have to run again */
        size_t failed_count;
        int64_t schema_wait_us;
        int64_t doubt_ms;
        struct chappe_complaints complaints;
        struct chappe_random random;
        struct chappe_buffer scratch;
        struct chappe_context context;
};

/* Why the record failed, for its log line and its dead letter: the handler's words, else the error's. */
static void keep_reason(struct chappe_worker *worker, struct chappe_job *job, enum chappe_decision decision)
{
        struct chappe_context *ctx = &worker->context;
        free(job->reason);
        job->reason = NULL;
        job->reason_code = ctx->error.code;
        if (ctx->reason[0] && job->reason_code == 0)
                job->reason_code = decision == CHAPPE_RETRY ? CHAPPE_E_HANDLER_FAILED : CHAPPE_E_DEAD_LETTER;
        const char *error = ctx->error.code ? ctx->error.text : "";
        const char *between = ctx->reason[0] && error[0] ? ": " : "";
        if ((ctx->reason[0] || error[0]) && asprintf(&job->reason, "%s%s%s", ctx->reason, between, error) < 0)
                job->reason = NULL;
}

static void log_record(struct chappe_worker *worker, const struct chappe_job *job, enum chappe_log_event event,
                       const char *what)
{
        char code[16] = "";
        if (job->reason_code)
                snprintf(code, sizeof(code), "E%d", job->reason_code);
        struct chappe_log_field fields[] = { { "code", code[0] ? code : NULL } };
        chappe_log_write_fields(worker->runtime->log, event, fields, 1, "%s[%" PRId32 "]@%" PRId64 " %s: %s",
                                job->record.topic, job->record.partition, job->record.offset, what,
                                job->reason ? job->reason : "the handler gave no reason");
}

static void put_off(struct chappe_worker *worker, struct chappe_job *job, int64_t now_us)
{
        struct chappe_retry_policy policy = chappe_retry_policy_complete(job->operation ? job->operation->retry : NULL);
        job->verdict = CHAPPE_VERDICT_AGAIN;
        job->due_us = chappe_retry_due_us(&policy, job->task.attempt, now_us, &worker->random);
}

/* It is tried again and again. */
static void tell_stuck(struct chappe_worker *worker, const struct chappe_job *job, struct chappe_error *error,
                       int64_t now_us)
{
        if (error->code == CHAPPE_E_STOPPED || !chappe_complaints_tell_error(&worker->complaints, error, now_us))
                return;
        chappe_error_prefix(error, "the dead letter of %s[%" PRId32 "]@%" PRId64 " cannot be written",
                            job->record.topic, job->record.partition, job->record.offset);
        chappe_log_error(worker->runtime->log, CHAPPE_LOG_DEAD_LETTER_STUCK, error);
}

/* The last thing that happens to a record: it is finished when its dead letter is delivered, and not before. */
static void bury(struct chappe_worker *worker, struct chappe_job *job, int64_t now_us)
{
        struct chappe_error error = { 0 };
        bool first = !job->burying;
        job->burying = true;
        if (chappe_dead_letter_send(worker->runtime, job, &error) == 0) {
                job->verdict = CHAPPE_VERDICT_BURIED;
                job->task.dead = true;
                if (first) {
                        log_record(worker, job, CHAPPE_LOG_RECORD_DEAD, "goes to the dead letter topic");
                        chappe_metric_add(job->meters->dead, 1);
                }
                return;
        }
        put_off(worker, job, now_us);
        tell_stuck(worker, job, &error, now_us);
}

/* It is kept although it had used up its attempts: they begin anew. */
static void keep(struct chappe_worker *worker, struct chappe_job *job, bool doubted_before, int64_t now_us)
{
        job->failures = 0;
        job->first_us = now_us;
        if (doubted_before || job->suspect.doubted_us == 0)
                return;
        chappe_log_write(worker->runtime->log, CHAPPE_LOG_RECORD_DOUBTED,
                         "%s[%" PRId32 "]@%" PRId64 " has used up its attempts, but other keys fail too and none gets "
                         "through: it is tried on until one does, or for %" PRId64 " ms (breaker_doubt_ms)",
                         job->record.topic, job->record.partition, job->record.offset, worker->doubt_ms);
}

/* An unknown schema is waited for by time, everything else by the operation's policy; what is no record's fault counts
 * for none, and what it went through in an outage is not held against it afterwards. */
static bool exhausted(struct chappe_worker *worker, struct chappe_job *job, int64_t now_us)
{
        if (job->reason_code == CHAPPE_E_SCHEMA_UNKNOWN)
                return now_us - job->first_us >= worker->schema_wait_us;
        job->outcome = job->reason_code == CHAPPE_E_STOPPED ? CHAPPE_OUTCOME_NONE : CHAPPE_OUTCOME_FAILED;
        if (chappe_retry_is_outage(job->reason_code))
                return false;
        struct chappe_retry_policy policy = chappe_retry_policy_complete(job->operation ? job->operation->retry : NULL);
        job->failures++;
        bool used_up = chappe_retry_exhausted(&policy, job->failures, job->first_us, now_us);
        bool doubted = job->suspect.doubted_us != 0;
        if (!used_up && !doubted)
                return false;
        if (chappe_handover_gives_up(worker->handover, job, used_up))
                return true;
        if (used_up || job->suspect.doubted_us == 0)
                keep(worker, job, doubted, now_us);
        return false;
}

/* After attempts 1, 2, 4, 8 and so on: one record that fails for a day is to be seen in the log, and not to fill it. */
static void tell_retry(struct chappe_worker *worker, const struct chappe_job *job, int64_t now_us)
{
        int32_t attempt = job->task.attempt;
        char what[96];
        if ((attempt & (attempt - 1)) != 0)
                return;
        snprintf(what, sizeof(what),
                 "failed in attempt %" PRId32 " and is tried again in %" PRId64 " ms at the earliest", attempt,
                 (job->due_us - now_us) / 1000);
        log_record(worker, job,
                   job->reason_code == CHAPPE_E_SCHEMA_UNKNOWN ? CHAPPE_LOG_SCHEMA_MISSING : CHAPPE_LOG_RECORD_RETRY,
                   what);
}

static inline void carry_out_done(struct chappe_worker *worker, struct chappe_job *job)
{
        job->verdict = CHAPPE_VERDICT_DONE;
        job->outcome = worker->context.operation ? CHAPPE_OUTCOME_PASSED : CHAPPE_OUTCOME_NONE;
        chappe_tally_handled(&worker->context.tally, job->meters);
}

static void carry_out_other(struct chappe_worker *worker, struct chappe_job *job, enum chappe_decision decision)
{
        int64_t now_us = chappe_clock_monotonic_us(worker->runtime->world->clock);
        job->ended_us = now_us;
        keep_reason(worker, job, decision);
        if (decision == CHAPPE_DEAD_LETTER || exhausted(worker, job, now_us)) {
                if (job->failures == 0)
                        job->failures = 1;
                bury(worker, job, now_us);
                return;
        }
        put_off(worker, job, now_us);
        chappe_metric_add(job->meters->retried, 1);
        tell_retry(worker, job, now_us);
}

static void begin(struct chappe_job *job, int64_t now_us)
{
        job->began_us = job->ended_us = now_us;
        if (job->first_us == 0)
                job->first_us = now_us;
}

/* Killed on the way: nothing that it did or decided may have an effect. */
static bool killed(const struct chappe_worker *worker, struct chappe_job *job)
{
        if (!chappe_killed(worker->runtime->world))
                return false;
        job->verdict = CHAPPE_VERDICT_AGAIN;
        job->due_us = INT64_MAX;
        return true;
}

/* In line: of all that happens to a record here, what others share costs most. */
static inline __attribute__((always_inline)) void run(struct chappe_worker *worker, struct chappe_job *job,
                                                      int64_t now_us)
{
        struct chappe_context *ctx = &worker->context;
        begin(job, now_us);
        if (job->burying || job->condemned) {
                bury(worker, job, now_us);
                return;
        }
        chappe_context_reset(ctx, &job->record, &job->deliveries);
        ctx->attempt = job->task.attempt;
        enum chappe_decision decision = chappe_handle(ctx, job);
        if (killed(worker, job))
                return;
        if (decision == CHAPPE_DONE)
                carry_out_done(worker, job);
        else
                carry_out_other(worker, job, decision);
}

/* Who of them is to blame shows when each runs by itself. That it failed together with others is no attempt of its own.
 */
static void split(struct chappe_worker *worker, struct chappe_job **jobs, size_t count)
{
        const struct chappe_context *ctx = &worker->context;
        for (size_t i = 0; i < count; i++)
                jobs[i]->task.alone = true;
        chappe_metric_add(jobs[0]->meters->split, 1);
        chappe_log_write(worker->runtime->log, CHAPPE_LOG_BATCH_SPLIT,
                         "%s[%" PRId32 "]@%" PRId64 " to %" PRId64
                         ": %zu records failed together%s%s: each runs by itself",
                         jobs[0]->record.topic, jobs[0]->record.partition, jobs[0]->record.offset,
                         jobs[count - 1]->record.offset, count, ctx->reason[0] || ctx->error.code ? ": " : "",
                         ctx->reason[0]    ? ctx->reason
                         : ctx->error.code ? ctx->error.text
                                           : "");
}

/* Handed back unrun, but for what was published in its name while it ran with others: that must come first. */
static void come_back(struct chappe_job *job, int64_t now_us)
{
        bool clean = atomic_load(&job->deliveries.outstanding) == 1 && chappe_deliveries_result(&job->deliveries) == 0;
        job->verdict = clean ? CHAPPE_VERDICT_UNRUN : CHAPPE_VERDICT_AGAIN;
        job->due_us = now_us;
}

/* Returns how many of them, from the first on, that settled; 0: the first is to run by itself. */
static size_t run_together(struct chappe_worker *worker, struct chappe_job **jobs, size_t count, int64_t now_us)
{
        enum chappe_decision decision;
        for (size_t i = 0; i < count; i++)
                begin(jobs[i], now_us);
        chappe_context_reset(&worker->context, &jobs[0]->record, &jobs[0]->deliveries);
        count = chappe_batch_handle(&worker->context, jobs, count, &decision);
        if (count == 0)
                return 0;
        if (decision != CHAPPE_DONE && !chappe_killed(worker->runtime->world)) {
                split(worker, jobs, count);
                return 0;
        }
        chappe_metric_add(jobs[0]->meters->batches, 1);
        for (size_t i = 0; i < count; i++) {
                jobs[i]->leader = i > 0 ? jobs[0] : NULL;
                if (!killed(worker, jobs[i]))
                        carry_out_done(worker, jobs[i]);
        }
        return count;
}

static __attribute__((noinline)) bool is_behind_failed(const struct chappe_worker *worker, const struct chappe_job *job)
{
        size_t n = worker->failed_count;
        uint64_t identity = chappe_job_identity(job);
        while (n > 0 && (worker->failed[n - 1].identity != identity || worker->failed[n - 1].share != job->task.share))
                n--;
        return n > 0;
}

/* Not behind one that has to run again, nor once its partition is given up: somebody else may be at it. */
static inline __attribute__((always_inline)) bool may_begin(const struct chappe_worker *worker,
                                                            const struct chappe_job *job)
{
        if (worker->failed_count > 0 && is_behind_failed(worker, job))
                return false;
        return !atomic_load_explicit(&job->task.share->closing, memory_order_relaxed) &&
               !chappe_killed(worker->runtime->world);
}

/* What was done since the last look counts too. */
static int64_t look(struct chappe_worker *worker)
{
        struct chappe_context *ctx = &worker->context;
        int64_t looked_us = ctx->watch.now_us;
        bool behind = ctx->watch.behind;
        int64_t now_us = chappe_stopwatch_look(&ctx->watch, worker->runtime->world->clock);
        if (behind)
                chappe_tally_lengthen(&ctx->tally, now_us - looked_us);
        return now_us;
}

/* A run ends as its handler did, if nothing that takes time came after that. */
static inline void end(struct chappe_worker *worker, const struct chappe_job *job)
{
        if (job->outcome != CHAPPE_OUTCOME_PASSED || worker->runtime->work)
                look(worker);
}

/* Together, or the first by itself. When that took long, or its partition went meanwhile, those that failed together
 * are handed back first. */
static size_t run_several(struct chappe_worker *worker, struct chappe_job **jobs, size_t count, int64_t began_us)
{
        size_t settled = run_together(worker, jobs, count, began_us);
        chappe_hand_keep(&worker->at_work->hand, settled > 0 ? settled : 1);
        if (settled > 0)
                return settled;
        int64_t now_us = look(worker);
        bool tried = jobs[0]->task.alone;
        if (may_begin(worker, jobs[0]) && (!tried || now_us <= began_us + BATCH_LONG_US))
                run(worker, jobs[0], now_us);
        else
                come_back(jobs[0], now_us);
        return 1;
}

/* How many of those at hand the handler is given at once, from this one on. */
static size_t claim_company(struct chappe_worker *worker, struct chappe_job **jobs)
{
        uint32_t together = jobs[0]->task.share->together;
        if (together <= 1)
                return 1;
        size_t count = chappe_batch_length(jobs, 1 + chappe_hand_claim_more(&worker->at_work->hand, together - 1));
        chappe_hand_keep(&worker->at_work->hand, count);
        return count;
}

/* Those of its hand, in order; handlers that have become slow give the rest of a large batch back, to whoever is idle.
 * Returns how many were looked at. */
static size_t run_batch(struct chappe_worker *worker, int64_t began_us)
{
        struct chappe_stopwatch *watch = &worker->context.watch;
        size_t looked_at = 0, passed_over = 0, settled;
        int64_t late_us = began_us + BATCH_LONG_US;
        worker->failed_count = 0;
        for (struct chappe_job **jobs = worker->jobs; chappe_hand_claim(&worker->at_work->hand); jobs += settled) {
                struct chappe_job *job = *jobs;
                settled = 1;
                job->verdict = CHAPPE_VERDICT_UNRUN;
                if (watch->now_us > late_us)
                        continue;
                looked_at++;
                if (!may_begin(worker, job)) {
                        passed_over++;
                        continue;
                }
                chappe_runs_begin(worker->at_work, job->channel, job->record.partition, job->record.offset,
                                  watch->now_us);
                size_t together = claim_company(worker, jobs);
                if (together > 1)
                        settled = run_several(worker, jobs, together, watch->now_us);
                else
                        run(worker, job, watch->now_us);
                looked_at += settled - 1;
                if (job->verdict == CHAPPE_VERDICT_AGAIN)
                        worker->failed[worker->failed_count++] =
                                (struct order){ job->task.share, chappe_job_identity(job) };
                end(worker, job);
        }
        worker->at_work->hand.ran = looked_at - passed_over;
        return looked_at;
}

/* What the last ones took, which the watch did not look at, counts too. */
static int64_t end_batch(struct chappe_worker *worker, int64_t began_us)
{
        struct chappe_context *ctx = &worker->context;
        int64_t took_us = look(worker) - began_us;
        worker->at_work->hand.took_us = took_us;
        chappe_tally_turn(&ctx->tally, NULL);
        chappe_runs_end(worker->at_work);
        return took_us;
}

static size_t next_batch_size(size_t size, int64_t took_us)
{
        if (took_us < BATCH_SHORT_US)
                return size < CHAPPE_HANDOVER_BATCH / 2 ? size * 2 : CHAPPE_HANDOVER_BATCH;
        return took_us > BATCH_LONG_US && size > 1 ? size / 2 : size;
}

static void work(void *argument)
{
        struct chappe_worker *worker = argument;
        const struct chappe_clock *clock = worker->runtime->world->clock;
        size_t count, size = 0;
        chappe_hand_fill(&worker->at_work->hand, worker->jobs, 0);
        while ((count = chappe_handover_exchange(worker->handover, &worker->at_work->hand, &size)) > 0) {
                int64_t began_us = chappe_stopwatch_look(&worker->context.watch, clock);
                size_t looked_at = run_batch(worker, began_us);
                int64_t took_us = end_batch(worker, began_us);
                size = looked_at < count && looked_at < size ? looked_at : next_batch_size(size, took_us);
        }
}

static struct chappe_worker *free_worker(struct chappe_worker *worker)
{
        chappe_arena_free(worker->context.arena);
        chappe_buffer_deinit(&worker->scratch);
        free(worker->jobs);
        free(worker->failed);
        free(worker);
        return NULL;
}

int chappe_worker_start(struct chappe_runtime *runtime, struct chappe_handover *handover, int n,
                        struct chappe_worker **ret_worker, struct chappe_error *error)
{
        char name[24];
        struct chappe_worker *worker = calloc(1, sizeof(*worker));
        if (!worker)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a worker");
        worker->runtime = runtime;
        worker->handover = handover;
        worker->at_work = &chappe_handover_runs(handover)->workers[n];
        worker->schema_wait_us = chappe_config_integer(runtime->config, "schema_wait_ms") * 1000;
        worker->doubt_ms = chappe_config_integer(runtime->config, "breaker_doubt_ms");
        chappe_random_init(&worker->random, runtime->world->seed + (uint64_t)n + 1);
        worker->context.runtime = runtime;
        worker->context.random = &worker->random;
        worker->context.scratch = &worker->scratch;
        worker->context.watch.quick_us = chappe_handover_quickness_us(handover);
        worker->context.arena = chappe_arena_new((size_t)chappe_config_integer(runtime->config, "in_flight_bytes"));
        worker->jobs = calloc(chappe_handover_most(handover), sizeof(struct chappe_job *));
        worker->failed = calloc(chappe_handover_most(handover), sizeof(struct order));
        snprintf(name, sizeof(name), "worker-%d", n);
        int status = worker->context.arena && worker->jobs && worker->failed
                             ? chappe_strand_start(runtime->world->executor, name, work, worker, &worker->strand, error)
                             : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a worker");
        *ret_worker = status < 0 ? free_worker(worker) : worker;
        return status;
}

struct chappe_worker *chappe_worker_join(struct chappe_worker *worker)
{
        if (!worker)
                return NULL;
        chappe_strand_join(worker->runtime->world->executor, worker->strand);
        return free_worker(worker);
}
