/* SPDX-License-Identifier: Apache-2.0 */
/* Breakers at the handover: fed by what workers bring back, heeded by the poll strand. */
#include "flow/handover_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "observe/log.h"
#include "observe/metrics.h"

static struct chappe_metric *get_gauge(const struct chappe_runtime *runtime, const char *topic, const char *name,
                                       const char *help)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer label = { 0 };
        if (chappe_metrics_label(&label, "topic", topic) < 0 || chappe_buffer_append(&label, "", 1) < 0)
                return NULL;
        return chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, name, help, (const char *)label.at);
}

/* The operations of the topic speak with one voice: the first that has an opinion. */
static struct chappe_breaker_policy make_policy(const struct chappe_runtime *runtime,
                                                const struct chappe_channel *channel)
{
        int32_t percent = 0;
        for (size_t i = 0; percent == 0 && i < channel->consume_count; i++)
                percent = channel->consumes[i]->retry ? channel->consumes[i]->retry->breaker_percent : 0;
        if (percent == 0)
                percent = (int32_t)chappe_config_integer(runtime->config, "breaker_percent");
        return (struct chappe_breaker_policy){
                .percent = percent > 0 ? percent : 0,
                .keys = (int32_t)chappe_config_integer(runtime->config, "breaker_keys"),
                .wait_us = chappe_config_integer(runtime->config, "breaker_wait_ms") * 1000,
                .doubt_us = chappe_config_integer(runtime->config, "breaker_doubt_ms") * 1000,
        };
}

int chappe_handover_breakers_init(struct chappe_handover *handover, struct chappe_error *error)
{
        const struct chappe_runtime *runtime = handover->runtime;
        const struct chappe_channels *channels = runtime->channels;
        handover->breakers = calloc(channels->count + 1, sizeof(*handover->breakers));
        if (!handover->breakers)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
        for (size_t i = 0; i < channels->count; i++) {
                if (!chappe_channel_reads(&channels->at[i]))
                        continue;
                handover->breakers[i].policy = make_policy(runtime, &channels->at[i]);
                handover->breakers[i].gauge = get_gauge(runtime, channels->at[i].name, "breaker_open",
                                                        "1: so many keys of the topic fail that only probes run.");
                handover->breakers[i].paused_gauge =
                        get_gauge(runtime, channels->at[i].name, "paused",
                                  "1: nothing of the topic is taken or begun, on request.");
        }
        return 0;
}

void chappe_handover_breakers_deinit(struct chappe_handover *handover)
{
        free(handover->breakers);
        handover->breakers = NULL;
}

void chappe_handover_probe_begins(struct chappe_handover *handover, struct chappe_job *job)
{
        struct chappe_topic_breaker *breaker = chappe_handover_breaker_of(handover, job);
        chappe_breaker_probe_begins(&breaker->breaker);
        breaker->probes++;
}

static void end_probe(struct chappe_handover *handover, struct chappe_job *job, struct chappe_topic_breaker *breaker)
{
        struct chappe_breaker_run run = chappe_handover_run_of(job);
        job->task.probe = false;
        if (job->outcome == CHAPPE_OUTCOME_NONE)
                chappe_breaker_probe_unrun(&breaker->breaker);
        else
                chappe_breaker_probe_ends(&breaker->breaker, &breaker->policy, &job->suspect, &run);
        handover->breakers_stir = true;
}

void chappe_handover_note_unusual(struct chappe_handover *handover, struct chappe_job *job)
{
        struct chappe_topic_breaker *breaker = chappe_handover_breaker_of(handover, job);
        bool failed = job->outcome == CHAPPE_OUTCOME_FAILED;
        if (job->task.probe) {
                end_probe(handover, job, breaker);
        } else if (job->outcome != CHAPPE_OUTCOME_NONE) {
                struct chappe_breaker_run run = chappe_handover_run_of(job);
                handover->breakers_stir |=
                        chappe_breaker_note(&breaker->breaker, &breaker->policy, &job->suspect, &run);
        }
        if (failed && breaker->breaker.state != CHAPPE_BREAKER_CLOSED) {
                job->failures = 0; /* an attempt in an outage is none */
                job->first_us = job->ended_us;
        }
        job->outcome = CHAPPE_OUTCOME_NONE;
}

/* While none fails, what the breaker is asked for is who got through lately: an eighth of many will do, in turn from
 * everywhere. */
static size_t some_of(const struct chappe_breaker *breaker, size_t count, int64_t now_us, size_t *ret_first)
{
        size_t some = (count + 7) / 8;
        *ret_first = 0;
        if (!chappe_breaker_is_at_peace(breaker, now_us))
                return count;
        *ret_first = breaker->count * 5 % (count - some + 1);
        return some;
}

void chappe_handover_note_passed(struct chappe_handover *handover, struct chappe_job *const *jobs, size_t count)
{
        struct chappe_topic_breaker *breaker = chappe_handover_breaker_of(handover, jobs[0]);
        size_t first, some = some_of(&breaker->breaker, count, jobs[count - 1]->ended_us, &first);
        for (size_t i = first; i < first + some; i++) {
                struct chappe_breaker_run run = chappe_handover_run_of(jobs[i]);
                if (jobs[i]->outcome == CHAPPE_OUTCOME_PASSED)
                        chappe_breaker_note_passed(&breaker->breaker, &breaker->policy, &run);
        }
}

void chappe_handover_recall_suspect(struct chappe_handover *handover, const struct chappe_job *job, int64_t now_us)
{
        struct chappe_topic_breaker *breaker = chappe_handover_breaker_of(handover, job);
        chappe_breaker_recall(&breaker->breaker, &breaker->policy, &job->suspect,
                              chappe_job_key(job) ^ chappe_handover_salt(job), now_us);
}

bool chappe_handover_has_witness(struct chappe_handover *handover, const struct chappe_job *job)
{
        struct chappe_topic_breaker *breaker = chappe_handover_breaker_of(handover, job);
        return chappe_breaker_has_witness(&breaker->breaker, &breaker->policy, &job->suspect);
}

void chappe_handover_note_halt(struct chappe_handover *handover, struct chappe_job *job)
{
        chappe_lane_must(job->task.lane, &job->task);
        if (job->halting)
                return;
        job->halting = true;
        chappe_handover_breaker_of(handover, job)->halting++;
        handover->halting++;
        handover->breakers_stir = true;
}

void chappe_handover_end_halts(struct chappe_handover *handover, const struct chappe_released *released)
{
        for (struct chappe_task *task = released->tasks; task && handover->halting > 0; task = task->next) {
                struct chappe_job *job = chappe_job_of(task);
                if (!job->halting)
                        continue;
                job->halting = false;
                chappe_handover_breaker_of(handover, job)->halting--;
                handover->halting--;
                handover->breakers_stir = true;
        }
}

bool chappe_handover_gives_up(struct chappe_handover *handover, struct chappe_job *job, bool used_up)
{
        chappe_handover_lock(handover);
        if (!job->task.probe)
                chappe_handover_note_outcome(handover, job);
        struct chappe_topic_breaker *breaker = chappe_handover_breaker_of(handover, job);
        bool gives_up =
                chappe_breaker_gives_up(&breaker->breaker, &breaker->policy, &job->suspect, used_up, job->ended_us);
        chappe_handover_unlock(handover);
        return gives_up;
}

/* Without the lock: what the poll strand has just seen change. */
static void tell(struct chappe_handover *handover, struct chappe_topic_breaker *breaker, const char *topic)
{
        chappe_metric_set(breaker->gauge, breaker->told);
        breaker->changed = false;
        if (breaker->told)
                chappe_log_write(handover->runtime->log, CHAPPE_LOG_BREAKER_OPEN,
                                 "%s: so many keys fail that it looks like an outage: one record tries every %" PRId64
                                 " ms, the others wait, and none is given up until one gets through (should they be "
                                 "bad themselves and no good one come: breaker_percent=0)",
                                 topic, breaker->policy.wait_us / 1000);
        else if (breaker->lapsed)
                chappe_log_write(handover->runtime->log, CHAPPE_LOG_BREAKER_CLOSED,
                                 "%s: after %" PRId64 " s too few keys are left that fail, to be sure of an outage: "
                                 "they go on, and are given up in the end if none gets through",
                                 topic, breaker->lasted_us / 1000000);
        else
                chappe_log_write(handover->runtime->log, CHAPPE_LOG_BREAKER_CLOSED,
                                 "%s: a record got through after %" PRId64 " s; the others go on", topic,
                                 breaker->lasted_us / 1000000);
}

/* Under the lock. One share that has a record ready probes, another one each time; without such a one, whichever takes
 * a record first. */
static void hold_shares(struct chappe_handover *handover, const struct chappe_assignment *assignment, size_t channel,
                        enum chappe_breaker_state state, bool paused)
{
        const char *topic = handover->runtime->channels->at[channel].name;
        size_t first = handover->breakers[channel].probes;
        bool chosen = state != CHAPPE_BREAKER_PROBING;
        for (size_t i = 0; i < assignment->count; i++) {
                struct chappe_share *share = assignment->shares[(first + i) % assignment->count];
                if (share->topic != topic)
                        continue;
                share->paused = paused;
                share->scouts = !paused && state != CHAPPE_BREAKER_CLOSED;
                if (chosen || share->ready_lanes == 0)
                        chappe_dispatcher_hold(handover->dispatcher, share, state != CHAPPE_BREAKER_CLOSED);
                else
                        chosen = chappe_dispatcher_probe(handover->dispatcher, share);
        }
        for (size_t i = 0; !chosen && i < assignment->count; i++) {
                if (assignment->shares[i]->topic == topic)
                        (void)chappe_dispatcher_probe(handover->dispatcher, assignment->shares[i]);
        }
}

/* Under the lock. Nothing runs but what tries to write its dead letter. */
static void halt_shares(struct chappe_handover *handover, const struct chappe_assignment *assignment, const char *topic)
{
        for (size_t i = 0; i < assignment->count; i++) {
                struct chappe_share *share = assignment->shares[i];
                if (share->topic != topic)
                        continue;
                share->paused = share->scouts = false;
                chappe_dispatcher_halt(handover->dispatcher, share);
        }
}

/* Under the lock. Is it still of concern? */
static bool heed_one(struct chappe_handover *handover, const struct chappe_assignment *assignment, size_t n,
                     int64_t now_us)
{
        struct chappe_topic_breaker *breaker = &handover->breakers[n];
        enum chappe_breaker_state state = chappe_breaker_look(&breaker->breaker, &breaker->policy, now_us);
        bool open = state != CHAPPE_BREAKER_CLOSED;
        bool halts = breaker->halting > 0;
        bool paused = breaker->paused;
        if (!open && !halts && !paused && !breaker->told && !breaker->halted && !breaker->waited)
                return false;
        if (halts && !paused)
                halt_shares(handover, assignment, handover->runtime->channels->at[n].name);
        else
                hold_shares(handover, assignment, n, paused ? CHAPPE_BREAKER_OPEN : state, paused);
        breaker->halted = halts;
        breaker->waited = paused;
        breaker->lapsed = breaker->breaker.lapsed;
        breaker->lasted_us = now_us - breaker->breaker.opened_us;
        breaker->changed = open != breaker->told;
        breaker->told = open;
        return open || halts || paused;
}

int64_t chappe_handover_heed_breakers(struct chappe_handover *handover, const struct chappe_assignment *assignment,
                                      int64_t now_us)
{
        const struct chappe_channels *channels = handover->runtime->channels;
        int64_t due_us = INT64_MAX;
        chappe_handover_lock(handover);
        bool stir = handover->breakers_stir || handover->breakers_open > 0;
        if (!stir) {
                chappe_handover_unlock(handover);
                return due_us;
        }
        handover->breakers_stir = false;
        handover->breakers_open = 0;
        for (size_t i = 0; i < channels->count; i++) {
                if (!heed_one(handover, assignment, i, now_us))
                        continue;
                const struct chappe_breaker *breaker = &handover->breakers[i].breaker;
                handover->breakers_open++;
                if (breaker->state == CHAPPE_BREAKER_OPEN && breaker->probe_us < due_us)
                        due_us = breaker->probe_us;
        }
        chappe_handover_conclude(handover, &(struct chappe_released){ 0 });
        for (size_t i = 0; i < channels->count; i++) {
                if (handover->breakers[i].changed)
                        tell(handover, &handover->breakers[i], channels->at[i].name);
        }
        return due_us;
}

void chappe_handover_pause(struct chappe_handover *handover, size_t channel, bool paused)
{
        chappe_handover_lock(handover);
        bool news = handover->breakers[channel].paused != paused;
        handover->breakers[channel].paused = paused;
        handover->breakers_stir = true;
        chappe_handover_unlock(handover);
        if (!news)
                return;
        chappe_metric_set(handover->breakers[channel].paused_gauge, paused);
        chappe_log_write(handover->runtime->log, paused ? CHAPPE_LOG_PAUSED : CHAPPE_LOG_RESUMED, "%s is %s",
                         handover->runtime->channels->at[channel].name, paused ? "paused" : "resumed");
}

ptrdiff_t chappe_handover_paused(struct chappe_handover *handover)
{
        const struct chappe_channels *channels = handover->runtime->channels;
        ptrdiff_t found = -1;
        chappe_handover_lock(handover);
        for (size_t i = 0; i < channels->count && found < 0; i++)
                found = handover->breakers[i].paused ? (ptrdiff_t)i : -1;
        chappe_handover_unlock(handover);
        return found;
}

static void note_hold(struct chappe_hold *hold, size_t channel, bool held)
{
        if (held && hold->count++ == 0)
                hold->first = channel;
}

void chappe_handover_holds(struct chappe_handover *handover, struct chappe_holds *ret_holds)
{
        *ret_holds = (struct chappe_holds){ 0 };
        chappe_handover_lock(handover);
        for (size_t i = 0; i < handover->runtime->channels->count; i++) {
                note_hold(&ret_holds->outages, i, handover->breakers[i].told);
                note_hold(&ret_holds->letters, i, handover->breakers[i].halted);
        }
        chappe_handover_unlock(handover);
}
