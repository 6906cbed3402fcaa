/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog: questions, each with its alarm. */
#include "flow/watchdog.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/config.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define COMMITS_FAIL_US 30000000 /* a rebalance or an election refuses a few; that is no news */

static const struct watch {
        const char *label;
        int code;
        enum chappe_log_event raised;
        bool told; /* by a line of its own, elsewhere */
} watches[CHAPPE_WATCHES] = {
        [CHAPPE_WATCH_HANDLER] = { "kind=\"handler\"", CHAPPE_E_HANDLER_STUCK, CHAPPE_LOG_HANDLER_STUCK },
        [CHAPPE_WATCH_PARTITION] = { "kind=\"partition\"", CHAPPE_E_PARTITION_STALLED, CHAPPE_LOG_PARTITION_STALLED },
        [CHAPPE_WATCH_AGE] = { "kind=\"age\"", CHAPPE_E_RECORD_OLD, CHAPPE_LOG_RECORD_OLD },
        [CHAPPE_WATCH_COMMIT] = { "kind=\"commit\"", CHAPPE_E_COMMIT_REFUSED, CHAPPE_LOG_COMMITS_FAIL },
        [CHAPPE_WATCH_PARK] = { "kind=\"park\"", CHAPPE_E_PARK_FULL, CHAPPE_LOG_PARK_FULL },
        [CHAPPE_WATCH_OUTAGE] = { "kind=\"outage\"", CHAPPE_E_OUTAGE, CHAPPE_LOG_BREAKER_OPEN, true },
        [CHAPPE_WATCH_DEAD_LETTER] = { "kind=\"dead_letter\"", CHAPPE_E_DEAD_LETTER_HALTED, CHAPPE_LOG_HALTED },
        [CHAPPE_WATCH_TOPIC] = { "kind=\"topic\"", CHAPPE_E_TOPIC_MISSING, CHAPPE_LOG_TOPIC_MISSING },
};

int chappe_watchdog_init(struct chappe_watchdog *watchdog, const struct chappe_runtime *runtime,
                         struct chappe_handover *handover, const struct chappe_assignment *assignment,
                         struct chappe_error *error)
{
        watchdog->told = chappe_mutex_new(runtime->world->executor);
        if (!watchdog->told)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the watchdog");
        watchdog->runtime = runtime;
        watchdog->handover = handover;
        watchdog->assignment = assignment;
        watchdog->stuck_us = chappe_config_integer(runtime->config, "stuck_ms") * 1000;
        watchdog->age_us = chappe_config_integer(runtime->config, "unfinished_age_ms") * 1000;
        watchdog->longest = chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, "handler_running_seconds",
                                               "How long the handler that began first has been running.", NULL);
        watchdog->parked = chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, "parked_keys",
                                              "Keys whose record has failed and not yet finished.", NULL);
        watchdog->parked_bytes = chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, "parked_bytes",
                                                    "Bytes of the records of such keys.", NULL);
        for (int watch = 0; watch < CHAPPE_WATCHES; watch++)
                watchdog->gauges[watch] =
                        chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, "stuck",
                                           "1: what the kind names stands still, or goes badly.", watches[watch].label);
        return 0;
}

void chappe_watchdog_deinit(struct chappe_watchdog *watchdog)
{
        if (watchdog->told)
                chappe_mutex_free(watchdog->runtime->world->executor, watchdog->told);
}

static void judge(struct chappe_watchdog *watchdog, enum chappe_watch watch, bool bad, int64_t after_us,
                  const char *what, int64_t now_us)
{
        const struct watch *told = &watches[watch];
        enum chappe_alarm_change change = chappe_alarm_look(&watchdog->alarms[watch], bad, after_us, now_us);
        chappe_metric_set(watchdog->gauges[watch], watchdog->alarms[watch].raised);
        if (watchdog->alarms[watch].raised)
                snprintf(watchdog->said[watch], sizeof(watchdog->said[watch]), "%s", what);
        if (told->told)
                return;
        if (change == CHAPPE_ALARM_RAISED) {
                chappe_log_write(watchdog->runtime->log, told->raised, "%s", what);
        } else if (change == CHAPPE_ALARM_CLEARED) {
                chappe_log_write(watchdog->runtime->log, CHAPPE_LOG_STUCK_NO_MORE, "no longer so (E%d): %s", told->code,
                                 watchdog->said[watch]);
        }
}

/* How long the oldest run takes already says it all. */
static void look_at_handlers(struct chappe_watchdog *watchdog, int64_t now_us)
{
        struct chappe_run run = { .began_us = now_us };
        char what[CHAPPE_WATCH_TEXT] = "";
        bool runs = chappe_runs_list(chappe_handover_runs(watchdog->handover), &run, 1) == 1;
        int64_t took_us = now_us - run.began_us;
        bool bad = runs && watchdog->stuck_us > 0 && took_us >= watchdog->stuck_us;
        chappe_metric_set(watchdog->longest, runs ? took_us / 1000000 : 0);
        if (bad)
                snprintf(what, sizeof(what),
                         "the handler of %s[%" PRId32 "]@%" PRId64 " has not come back for %" PRId64 " s",
                         run.channel->name, run.partition, run.offset, took_us / 1000000);
        judge(watchdog, CHAPPE_WATCH_HANDLER, bad, 0, what, now_us);
}

static void look_at_partitions(struct chappe_watchdog *watchdog, int64_t now_us)
{
        char what[CHAPPE_WATCH_TEXT] = "";
        for (size_t i = 0; i < watchdog->assignment->count; i++) {
                struct chappe_share *share = watchdog->assignment->shares[i];
                struct chappe_share_figures figures;
                chappe_handover_figures(watchdog->handover, share, &figures);
                bool still = figures.tasks > 0 && figures.changes == share->watched_changes && !figures.paused;
                share->watched_changes = figures.changes;
                chappe_alarm_look(&share->stalled, still, watchdog->stuck_us, now_us);
                if (share->stalled.raised && !what[0])
                        snprintf(what, sizeof(what),
                                 "%s[%" PRId32 "] stands still: of %zu records in hand from offset %" PRId64
                                 " on none has finished or was put off for %" PRId64 " s",
                                 share->topic, share->partition, figures.tasks, figures.watermark,
                                 (now_us - share->stalled.since_us) / 1000000);
        }
        judge(watchdog, CHAPPE_WATCH_PARTITION, what[0] != '\0', 0, what, now_us);
}

static void look_at_park(struct chappe_watchdog *watchdog, int64_t now_us)
{
        char what[CHAPPE_WATCH_TEXT];
        bool full;
        size_t bytes, troubled = chappe_handover_troubled(watchdog->handover, &bytes, &full);
        chappe_metric_set(watchdog->parked, (int64_t)troubled);
        chappe_metric_set(watchdog->parked_bytes, (int64_t)bytes);
        snprintf(what, sizeof(what),
                 "%zu keys with %zu bytes wait for another attempt (parked_keys, parked_bytes): nothing more is taken "
                 "until half of it has got on",
                 troubled, bytes);
        judge(watchdog, CHAPPE_WATCH_PARK, full, 0, what, now_us);
}

static void look_at_age(struct chappe_watchdog *watchdog, const struct chappe_oldest *oldest, int64_t now_us)
{
        char what[CHAPPE_WATCH_TEXT] = "";
        bool bad = oldest->share && watchdog->age_us > 0 && oldest->age_us >= watchdog->age_us;
        if (bad)
                snprintf(what, sizeof(what),
                         "%s[%" PRId32 "]@%" PRId64 " has been unfinished for %" PRId64
                         " s: the partition's commit stays there, and after a crash it runs again",
                         oldest->share->topic, oldest->share->partition, oldest->offset, oldest->age_us / 1000000);
        judge(watchdog, CHAPPE_WATCH_AGE, bad, 0, what, now_us);
}

static void judge_hold(struct chappe_watchdog *watchdog, enum chappe_watch watch, const struct chappe_hold *hold,
                       const char *why, int64_t now_us)
{
        char what[CHAPPE_WATCH_TEXT] = "", others[32] = "";
        if (hold->count > 1)
                snprintf(others, sizeof(others), " and %zu more", hold->count - 1);
        if (hold->count > 0)
                snprintf(what, sizeof(what), "%s%s: held, because %s",
                         watchdog->runtime->channels->at[hold->first].name, others, why);
        judge(watchdog, watch, hold->count > 0, 0, what, now_us);
}

/* What holds whole topics. */
static void look_at_holds(struct chappe_watchdog *watchdog, int64_t now_us)
{
        struct chappe_holds holds;
        chappe_handover_holds(watchdog->handover, &holds);
        judge_hold(watchdog, CHAPPE_WATCH_OUTAGE, &holds.outages, "so many keys fail that it looks like an outage",
                   now_us);
        judge_hold(watchdog, CHAPPE_WATCH_DEAD_LETTER, &holds.letters, "a dead letter of it cannot be written", now_us);
}

static void look_at_topics(struct chappe_watchdog *watchdog, const struct chappe_channel *missing, int64_t now_us)
{
        char what[CHAPPE_WATCH_TEXT] = "";
        if (missing)
                snprintf(what, sizeof(what),
                         "topic %s does not exist any more: nothing is read from it until it is made again",
                         missing->name);
        judge(watchdog, CHAPPE_WATCH_TOPIC, missing != NULL, 0, what, now_us);
}

static void tell_first_raised(const struct chappe_watchdog *watchdog, enum chappe_watch last,
                              struct chappe_error *ret_error)
{
        for (int watch = 0; watch <= (int)last; watch++) {
                if (watchdog->alarms[watch].raised) {
                        chappe_fail(ret_error, watches[watch].code, "%s", watchdog->said[watch]);
                        return;
                }
        }
        ret_error->code = 0;
}

void chappe_watchdog_look(struct chappe_watchdog *watchdog, const struct chappe_watched *watched, int64_t now_us)
{
        judge(watchdog, CHAPPE_WATCH_COMMIT, watched->commits_fail, COMMITS_FAIL_US,
              "no commit has gone through for a while: what finishes meanwhile would run again after a crash", now_us);
        look_at_park(watchdog, now_us);
        look_at_age(watchdog, &watched->oldest, now_us);
        look_at_holds(watchdog, now_us);
        look_at_topics(watchdog, watched->missing, now_us);
        look_at_handlers(watchdog, now_us);
        if (watchdog->stuck_us > 0)
                look_at_partitions(watchdog, now_us);
        chappe_mutex_lock(watchdog->runtime->world->executor, watchdog->told);
        tell_first_raised(watchdog, CHAPPE_WATCH_PARTITION, &watchdog->alarm);
        tell_first_raised(watchdog, CHAPPE_WATCHES - 1, &watchdog->trouble);
        chappe_mutex_unlock(watchdog->runtime->world->executor, watchdog->told);
}

static bool read_told(struct chappe_watchdog *watchdog, const struct chappe_error *told, struct chappe_error *error)
{
        chappe_mutex_lock(watchdog->runtime->world->executor, watchdog->told);
        bool wrong = told->code != 0;
        if (wrong && error)
                *error = *told;
        chappe_mutex_unlock(watchdog->runtime->world->executor, watchdog->told);
        return wrong;
}

bool chappe_watchdog_alarm(struct chappe_watchdog *watchdog, struct chappe_error *error)
{
        return read_told(watchdog, &watchdog->alarm, error);
}

bool chappe_watchdog_trouble(struct chappe_watchdog *watchdog, struct chappe_error *error)
{
        return read_told(watchdog, &watchdog->trouble, error);
}
