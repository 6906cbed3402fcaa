/* SPDX-License-Identifier: Apache-2.0 */
/* Group membership: rebalances answered, shares drained, finished offsets committed. */
#include "flow/membership.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "flow/budget.h"
#include "flow/commits.h"
#include "flow/complaints.h"
#include "flow/flow.h"
#include "flow/intake.h"
#include "flow/missing.h"
#include "flow/positions.h"
#include "flow/replay.h"
#include "flow/watchdog.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define FINAL_COMMIT_US 5000000 /* how long giving up waits for its last commit */
#define LEAVE_MS        3000
#define EVENTS_A_PASS   64

enum phase {
        STEADY,
        DRAINING,   /* shares that are to go finish what runs */
        COMMITTING, /* their last commit is on its way */
};

struct chappe_membership {
        /* constant after opening */
        struct chappe_runtime *runtime;
        const struct chappe_broker_operations *broker;
        const struct chappe_channels *channels;
        struct chappe_handover *handover;
        struct chappe_control *control;
        int64_t commit_interval_us;
        int64_t drain_timeout_us;
        /* of the poll strand */
        struct chappe_consumer *consumer;
        struct chappe_assignment assignment;
        struct chappe_intake intake;
        struct chappe_commits commits;
        struct chappe_complaints complaints;
        struct chappe_watchdog watchdog;
        struct chappe_missing missing;
        int64_t next_commit_us;
        enum phase phase;
        int64_t phase_deadline_us;
        bool last_commit_begun;
        bool release_owed; /* the broker waits for our release */
        bool stopping;     /* everything goes, nothing comes */
        bool left;         /* the group, before the end */
        /* any strand */
        _Atomic bool assigned;
        char unfinished_list[250]; /* the poll strand's until drained is set */
        _Atomic bool drained;
        _Atomic size_t unfinished;
        _Atomic int failure;
};

static enum chappe_group_protocol protocol_of(const char *choice)
{
        static const char *const names[] = { [CHAPPE_GROUP_AUTO] = "auto",
                                             [CHAPPE_GROUP_EAGER] = "eager",
                                             [CHAPPE_GROUP_COOPERATIVE] = "cooperative",
                                             [CHAPPE_GROUP_CONSUMER] = "consumer" };
        enum chappe_group_protocol protocol = CHAPPE_GROUP_AUTO;
        while (strcmp(names[protocol], choice) != 0)
                protocol++;
        return protocol;
}

/* With more partitions than it has parts for, each has the least one all the same: it would stand still otherwise. */
static void budget_of(const struct chappe_membership *member, struct chappe_budget *ret_budget)
{
        const struct chappe_runtime *runtime = member->runtime;
        size_t bytes = (size_t)chappe_config_integer(runtime->config, "in_flight_bytes");
        chappe_budget_divide((size_t)chappe_config_integer(runtime->config, "in_flight_records"), bytes,
                             member->channels->partitions, ret_budget);
        if (ret_budget->beyond > 0)
                chappe_log_write(runtime->log, CHAPPE_LOG_BUDGET_SMALL,
                                 "in_flight_bytes (%zu) is little for the %zu partitions that this instance may get: "
                                 "what is fetched ahead of them may take %zu bytes more",
                                 bytes, member->channels->partitions, ret_budget->beyond);
}

typedef int use_config(struct chappe_membership *member, const struct chappe_consumer_config *config,
                       struct chappe_error *error);

static int open_consumer(struct chappe_membership *member, const struct chappe_consumer_config *config,
                         struct chappe_error *error)
{
        return member->broker->consumer_open(member->runtime->broker, config, &member->consumer, error);
}

static int check_consumer(struct chappe_membership *member, const struct chappe_consumer_config *config,
                          struct chappe_error *error)
{
        return member->broker->consumer_check ? member->broker->consumer_check(member->runtime->broker, config, error)
                                              : 0;
}

static int with_config(struct chappe_membership *member, struct chappe_wake *bell, use_config *use,
                       struct chappe_error *error)
{
        const struct chappe_runtime *runtime = member->runtime;
        struct chappe_property properties[2] = {
                /* Of offsets that are not there any more; start_from is for groups that have none. */
                { "auto.offset.reset", "earliest" },
                { "group.instance.id", runtime->instance },
        };
        struct chappe_budget budget;
        budget_of(member, &budget);
        struct chappe_consumer_config config = {
                .group = member->channels->group,
                .ahead = budget.ahead,
                .protocol = protocol_of(chappe_config_text(runtime->config, "group_protocol")),
                .properties = properties,
                .property_count = chappe_config_boolean(runtime->config, "instance_static") ? 2 : 1,
                .ready = chappe_wake_ring,
                .context = bell,
        };
        return use(member, &config, error);
}

int chappe_membership_check(struct chappe_runtime *runtime, const struct chappe_channels *channels,
                            struct chappe_error *error)
{
        struct chappe_membership member = { .runtime = runtime,
                                            .broker = runtime->broker->operations,
                                            .channels = channels };
        return with_config(&member, NULL, check_consumer, error);
}

int chappe_membership_open(struct chappe_runtime *runtime, const struct chappe_channels *channels,
                           struct chappe_handover *handover, struct chappe_control *control, struct chappe_wake *bell,
                           struct chappe_membership **ret_member, struct chappe_error *error)
{
        struct chappe_membership *member = calloc(1, sizeof(*member));
        *ret_member = member;
        if (!member)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer");
        member->runtime = runtime;
        member->broker = runtime->broker->operations;
        member->channels = channels;
        member->handover = handover;
        member->control = control;
        member->missing.runtime = runtime;
        member->commit_interval_us = chappe_config_integer(runtime->config, "commit_interval_ms") * 1000;
        member->drain_timeout_us = chappe_config_integer(runtime->config, "drain_timeout_ms") * 1000;
        int status = chappe_watchdog_init(&member->watchdog, runtime, handover, &member->assignment, error);
        if (status == 0)
                status = with_config(member, bell, open_consumer, error);
        if (status < 0) {
                chappe_watchdog_deinit(&member->watchdog);
                free(member);
                *ret_member = NULL;
                return status;
        }
        member->intake = (struct chappe_intake){
                .runtime = runtime,
                .handover = handover,
                .assignment = &member->assignment,
                .consumer = member->consumer,
                .group = channels->group,
                .late = chappe_metrics_get(runtime->metrics, CHAPPE_COUNTER, "late_completions_total",
                                           "Records that finished after their partition had gone; they run again.",
                                           NULL),
                .fetched = chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, "fetched_records",
                                              "Records fetched and not taken yet.", NULL),
        };
        chappe_intake_init(&member->intake);
        member->commits = (struct chappe_commits){ .runtime = runtime,
                                                   .handover = handover,
                                                   .assignment = &member->assignment,
                                                   .consumer = member->consumer };
        return 0;
}

int chappe_membership_subscribe(struct chappe_membership *member, struct chappe_error *error)
{
        const char **topics = calloc(member->channels->count + 1, sizeof(const char *));
        if (!topics)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a subscription");
        size_t count = 0;
        for (size_t i = 0; i < member->channels->count; i++) {
                if (chappe_channel_reads(&member->channels->at[i]) &&
                    chappe_replay_has_topic(member->runtime->replay, member->channels->at[i].name))
                        topics[count++] = member->channels->at[i].name;
        }
        int status = member->broker->consumer_subscribe(member->consumer, topics, count, error);
        free(topics);
        return status;
}

static void log_positions(struct chappe_membership *member, enum chappe_log_event event, const char *what,
                          const struct chappe_consumer_event *told)
{
        char text[600];
        chappe_positions_format(told->positions, told->position_count, text, sizeof(text));
        chappe_log_write(member->runtime->log, event, "%s: %s", what, text);
}

static void gain(struct chappe_membership *member, const struct chappe_consumer_event *event, int64_t now_us)
{
        struct chappe_error error;
        struct chappe_position *starts = calloc(event->position_count + 1, sizeof(*starts));
        if (!starts) {
                atomic_store(&member->failure, CHAPPE_E_NO_MEMORY);
                return;
        }
        for (size_t i = 0; i < event->position_count; i++) {
                const struct chappe_position *position = &event->positions[i];
                const struct chappe_channel *channel = chappe_channels_find(member->channels, position->topic);
                starts[i] = *position;
                starts[i].metadata = NULL;
                if (channel && !member->stopping &&
                    chappe_replay_has(member->runtime->replay, position->topic, position->partition))
                        chappe_intake_gain(&member->intake, channel, position, now_us, &starts[i]);
                else if (starts[i].offset < 0)
                        starts[i].offset = CHAPPE_OFFSET_LATEST;
        }
        int status = member->broker->consumer_accept(member->consumer, starts, event->position_count, &error);
        free(starts);
        if (status == -CHAPPE_E_STOPPED)
                return;
        if (status < 0)
                chappe_log_error(member->runtime->log, CHAPPE_LOG_CONSUMER_ERROR, &error);
        log_positions(member, CHAPPE_LOG_PARTITIONS_GAINED, "gained", event);
        atomic_store(&member->assigned, true);
}

static void begin_draining(struct chappe_membership *member, int64_t deadline_us)
{
        if (member->phase == STEADY || deadline_us > member->phase_deadline_us)
                member->phase_deadline_us = deadline_us;
        member->phase = DRAINING;
        member->last_commit_begun = false;
}

static void revoke(struct chappe_membership *member, const struct chappe_consumer_event *event, int64_t now_us)
{
        log_positions(member, CHAPPE_LOG_PARTITIONS_REVOKED, "giving up", event);
        member->release_owed = true;
        for (size_t i = 0; i < event->position_count; i++) {
                struct chappe_share *share = chappe_assignment_find(&member->assignment, event->positions[i].topic,
                                                                    event->positions[i].partition);
                if (share)
                        chappe_handover_drain(member->handover, share);
        }
        begin_draining(member, now_us + member->drain_timeout_us);
}

static void release(struct chappe_membership *member)
{
        struct chappe_error error;
        member->release_owed = false;
        int status = member->broker->consumer_release(member->consumer, &error);
        if (status < 0 && status != -CHAPPE_E_STOPPED)
                chappe_log_error(member->runtime->log, CHAPPE_LOG_CONSUMER_ERROR, &error);
}

static void lose(struct chappe_membership *member, const struct chappe_consumer_event *event)
{
        log_positions(member, CHAPPE_LOG_PARTITIONS_LOST, "lost", event);
        atomic_store(&member->assigned, false); /* the group goes on without us, until it has us again */
        for (size_t i = 0; i < event->position_count; i++) {
                struct chappe_share *share = chappe_assignment_find(&member->assignment, event->positions[i].topic,
                                                                    event->positions[i].partition);
                if (share)
                        chappe_intake_drop(&member->intake, share);
        }
        release(member);
}

/* While brokers are away the client library says so several times a second. */
static void pass_on(struct chappe_membership *member, const struct chappe_error *told, int64_t now_us)
{
        struct chappe_error error = *told;
        if (chappe_complaints_tell_error(&member->complaints, &error, now_us))
                chappe_log_error(member->runtime->log, CHAPPE_LOG_CONSUMER_ERROR, &error);
}

static void complain(struct chappe_membership *member, const struct chappe_consumer_event *event, int64_t now_us)
{
        if (!event->fatal) {
                pass_on(member, &event->error, now_us);
                return;
        }
        chappe_log_error(member->runtime->log, CHAPPE_LOG_CONSUMER_DEAD, &event->error);
        atomic_store(&member->failure, event->error.code ? event->error.code : CHAPPE_E_CONSUMPTION_STOPPED);
        while (member->assignment.count > 0)
                chappe_intake_drop(&member->intake, member->assignment.shares[0]);
}

/* A commit, or the client by itself. */
static bool misses_a_topic(const struct chappe_consumer_event *event)
{
        return (event->kind == CHAPPE_CONSUMER_COMMITTED || event->kind == CHAPPE_CONSUMER_ERROR) &&
               event->error.code == CHAPPE_E_TOPIC_MISSING;
}

static bool serve_events(struct chappe_membership *member, int64_t now_us)
{
        struct chappe_consumer_event event;
        int served = 0;
        for (; served < EVENTS_A_PASS; served++) {
                member->broker->consumer_poll(member->consumer, &event);
                if (event.kind == CHAPPE_CONSUMER_NOTHING)
                        break;
                if (misses_a_topic(&event))
                        chappe_missing_suspect(&member->missing);
                if (event.kind == CHAPPE_CONSUMER_GAINED)
                        gain(member, &event, now_us);
                else if (event.kind == CHAPPE_CONSUMER_REVOKED)
                        revoke(member, &event, now_us);
                else if (event.kind == CHAPPE_CONSUMER_LOST)
                        lose(member, &event);
                else if (event.kind == CHAPPE_CONSUMER_COMMITTED)
                        chappe_commits_ended(&member->commits, &event, now_us);
                else if (event.kind == CHAPPE_CONSUMER_PARTITION_END)
                        chappe_intake_reach_end(&member->intake, event.positions);
                else if (event.kind == CHAPPE_CONSUMER_ERROR)
                        complain(member, &event, now_us);
        }
        return served == EVENTS_A_PASS;
}

static bool all_drained(struct chappe_membership *member)
{
        for (size_t i = 0; i < member->assignment.count; i++) {
                struct chappe_share *share = member->assignment.shares[i];
                if (share->state == CHAPPE_SHARE_DRAINING && !chappe_handover_drained(member->handover, share))
                        return false;
        }
        return true;
}

/* "in[0] 3 from offset 17, …", as far as there is room. */
static void list_unfinished(struct chappe_membership *member, const struct chappe_share *share,
                            const struct chappe_share_figures *figures)
{
        size_t used = strlen(member->unfinished_list);
        snprintf(member->unfinished_list + used, sizeof(member->unfinished_list) - used,
                 "%s%s[%" PRId32 "] %zu from offset %" PRId64, used > 0 ? ", " : "", share->topic, share->partition,
                 figures->tasks, figures->watermark);
}

/* A stop waits for handlers that still run, for as long as it may; the group need not: until we leave it, partitions
 * are ours that nobody works on. */
static void leave_early(struct chappe_membership *member, size_t unfinished)
{
        struct chappe_error error;
        struct chappe_run run;
        if (unfinished == 0 && chappe_runs_list(chappe_handover_runs(member->handover), &run, 1) == 0)
                return;
        member->left = true;
        if (member->broker->consumer_leave(member->consumer, LEAVE_MS, &error) < 0)
                chappe_log_error(member->runtime->log, CHAPPE_LOG_CONSUMER_ERROR, &error);
}

/* The shares that drained go; what they still have in hand is late from now on. */
static void give_up(struct chappe_membership *member)
{
        size_t unfinished = 0;
        member->unfinished_list[0] = '\0';
        for (size_t i = member->assignment.count; i > 0; i--) {
                struct chappe_share *share = member->assignment.shares[i - 1];
                if (share->state != CHAPPE_SHARE_DRAINING || share->recalled)
                        continue;
                struct chappe_share_figures figures;
                chappe_handover_figures(member->handover, share, &figures);
                unfinished += figures.tasks;
                if (figures.tasks > 0)
                        list_unfinished(member, share, &figures);
                chappe_intake_drop(&member->intake, share);
        }
        if (unfinished > 0)
                chappe_log_write(
                        member->runtime->log, CHAPPE_LOG_DRAIN_OVER,
                        "%zu records were unfinished when partitions had to be given up (%s); they run again elsewhere",
                        unfinished, member->unfinished_list);
        member->phase = STEADY;
        if (member->release_owed)
                release(member);
        if (member->stopping) {
                atomic_store(&member->unfinished, unfinished);
                atomic_store(&member->drained, true);
                leave_early(member, unfinished);
        }
}

static void advance(struct chappe_membership *member, int64_t now_us)
{
        if (member->phase == DRAINING && (all_drained(member) || now_us >= member->phase_deadline_us)) {
                member->phase = COMMITTING;
                member->phase_deadline_us = now_us + FINAL_COMMIT_US;
        }
        if (member->phase != COMMITTING)
                return;
        if (!member->commits.busy && !member->last_commit_begun) {
                member->last_commit_begun = true;
                if (chappe_commits_start(&member->commits, now_us) == 1)
                        return;
        }
        if (!member->commits.busy || now_us >= member->phase_deadline_us)
                give_up(member);
}

static void commit_when_due(struct chappe_membership *member, int64_t now_us)
{
        chappe_commits_expire(&member->commits, now_us);
        if (member->intake.commit_wanted && !member->commits.busy) {
                member->intake.commit_wanted = false;
                (void)chappe_commits_start(&member->commits, now_us);
        }
        if (now_us < member->next_commit_us)
                return;
        member->next_commit_us = now_us + member->commit_interval_us;
        (void)chappe_commits_start(&member->commits, now_us);
        if (member->runtime->replay && chappe_intake_over(&member->intake))
                chappe_replay_look(member->runtime->replay);
        struct chappe_watched watched = { .commits_fail = member->commits.failing,
                                          .missing = chappe_missing_look(&member->missing, now_us) };
        chappe_intake_measure(&member->intake, now_us, &watched.oldest);
        chappe_watchdog_look(&member->watchdog, &watched, now_us);
        chappe_handover_rest(member->handover);
}

/* Moves what is asked for, and tells when it is moved. */
static void serve_control(struct chappe_membership *member)
{
        bool fresh;
        const struct chappe_channel *channel = chappe_control_wanted(member->control, &fresh);
        if (!channel)
                return;
        if (fresh)
                chappe_intake_move(&member->intake, channel, member->control->targets, member->control->target_count);
        if (!chappe_intake_moving(&member->intake, channel))
                chappe_control_done(member->control);
}

bool chappe_membership_serve(struct chappe_membership *member, int64_t now_us, int64_t *ret_deadline_us)
{
        if (member->left) {
                *ret_deadline_us = CHAPPE_FOREVER;
                return false;
        }
        bool more = serve_events(member, now_us);
        int64_t probe_us = chappe_handover_heed_breakers(member->handover, &member->assignment, now_us);
        more |= chappe_intake_take(&member->intake, now_us);
        serve_control(member);
        commit_when_due(member, now_us);
        advance(member, now_us);
        *ret_deadline_us = member->next_commit_us < probe_us ? member->next_commit_us : probe_us;
        if (member->phase != STEADY && member->phase_deadline_us < *ret_deadline_us)
                *ret_deadline_us = member->phase_deadline_us;
        if (now_us + CHAPPE_HELD_UP_US < *ret_deadline_us && member->broker->consumer_held_up &&
            member->broker->consumer_held_up(member->consumer))
                *ret_deadline_us = now_us + CHAPPE_HELD_UP_US;
        return more;
}

void chappe_membership_drain(struct chappe_membership *member, int64_t deadline_us)
{
        member->stopping = true;
        for (size_t i = 0; i < member->assignment.count; i++)
                chappe_handover_drain(member->handover, member->assignment.shares[i]);
        begin_draining(member, deadline_us);
}

bool chappe_membership_drained(struct chappe_membership *member, size_t *ret_unfinished)
{
        *ret_unfinished = atomic_load(&member->unfinished);
        return atomic_load(&member->drained);
}

const char *chappe_membership_unfinished(struct chappe_membership *member)
{
        return member->unfinished_list;
}

bool chappe_membership_assigned(struct chappe_membership *member)
{
        return atomic_load(&member->assigned);
}

int chappe_membership_failure(struct chappe_membership *member)
{
        return atomic_load(&member->failure);
}

bool chappe_membership_alarm(struct chappe_membership *member, struct chappe_error *error)
{
        return chappe_watchdog_alarm(&member->watchdog, error);
}

bool chappe_membership_trouble(struct chappe_membership *member, struct chappe_error *error)
{
        return chappe_watchdog_trouble(&member->watchdog, error);
}

int chappe_membership_close(struct chappe_membership *member, int64_t timeout_ms, struct chappe_error *error)
{
        if (!member)
                return 0;
        while (member->assignment.count > 0)
                chappe_intake_drop(&member->intake, member->assignment.shares[0]);
        int status = member->broker->consumer_close(member->consumer, timeout_ms, error);
        chappe_commits_deinit(&member->commits);
        chappe_assignment_deinit(&member->assignment);
        chappe_meters_deinit(&member->intake.meters);
        chappe_watchdog_deinit(&member->watchdog);
        free(member);
        return status;
}
