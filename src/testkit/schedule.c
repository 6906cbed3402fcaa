/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: drawn, striking at their times, told. */
#include "testkit/schedule.h"

#include <inttypes.h>
#include <stddef.h>
#include <utlist.h>

#define PAUSE_MAXIMUM_US  (12 * SECOND_US) /* twice the session */
#define OUTAGE_MAXIMUM_US (20 * SECOND_US)
#define AWAY_MAXIMUM_US   (12 * SECOND_US)
#define BURST_MAXIMUM_US  (4 * SECOND_US)
#define BURST_PPM         300000
#define SLOW_US           (3 * SECOND_US)
#define JUMP_MAXIMUM_MS   3600000

#define HOLD_MAXIMUM_US    (8 * SECOND_US)
#define SEEK_MAXIMUM_US    (12 * SECOND_US)
#define DELETED_MAXIMUM_US (20 * SECOND_US)
#define PARTITIONS_MAXIMUM 8  /* of a topic that grows */
#define TOPICS_MAXIMUM     16 /* of one service's to choose from */

/* share: of the chance of the usual trouble. What ends membership would end it for good in a burst. */
static const struct trouble {
        const char *what;
        size_t member; /* of chappe_sim_faults */
        uint32_t usual_percent;
        uint32_t burst_percent;
} troubles[] = {
        { "requests are slow", offsetof(struct chappe_sim_faults, slow_ppm), 100, 100 },
        { "records are refused", offsetof(struct chappe_sim_faults, delivery_failed_ppm), 100, 100 },
        { "acknowledgements are lost", offsetof(struct chappe_sim_faults, acknowledgement_lost_ppm), 100, 100 },
        { "retried records come twice", offsetof(struct chappe_sim_faults, duplicate_ppm), 100, 100 },
        { "sending queues are full", offsetof(struct chappe_sim_faults, queue_full_ppm), 100, 100 },
        { "commits are refused", offsetof(struct chappe_sim_faults, commit_failed_ppm), 200, 100 },
        { "answers to commits are lost", offsetof(struct chappe_sim_faults, commit_unknown_ppm), 200, 100 },
        { "heartbeats make groups assemble", offsetof(struct chappe_sim_faults, rebalance_ppm), 100, 100 },
        { "heartbeats put members out", offsetof(struct chappe_sim_faults, expulsion_ppm), 50, 60 },
};
#define TROUBLES (sizeof(troubles) / sizeof(troubles[0]))

static uint64_t draw_below(struct chappe_testkit *kit, uint64_t bound)
{
        return chappe_random_below(&kit->random, bound);
}

static struct chappe_testkit_instance *any_instance(struct chappe_testkit *kit)
{
        struct chappe_testkit_instance *instance;
        size_t count = 0;

        LL_FOREACH(kit->instances, instance)
        {
                count++;
        }
        instance = kit->instances;
        for (count = count ? draw_below(kit, count) : 0; count > 0; count--)
                instance = instance->next;
        return instance;
}

static bool concerns_a_topic(enum fault_kind kind)
{
        return kind >= FAULT_HOLD && kind <= FAULT_TOPIC_DELETED;
}

static bool concerns_an_instance(enum fault_kind kind)
{
        return kind == FAULT_CRASH || kind == FAULT_STOP || kind == FAULT_PAUSE || kind == FAULT_CLOCK_JUMP ||
               concerns_a_topic(kind);
}

static const char *topic_consumed(const struct chappe_testkit_instance *instance, uint64_t pick)
{
        const struct chappe_operation *operation = instance->config->operations;
        const char *topics[TOPICS_MAXIMUM];
        size_t count = 0;

        for (; operation->kind && count < TOPICS_MAXIMUM; operation++)
                if (operation->kind == CHAPPE_CONSUMES)
                        topics[count++] = operation->topic;
        return count ? topics[pick % count] : NULL;
}

static int64_t draw_duration_us(struct chappe_testkit *kit, enum fault_kind kind)
{
        static const int64_t maxima_us[] = {
                [FAULT_CRASH] = DOWN_MAXIMUM_US,
                [FAULT_STOP] = DOWN_MAXIMUM_US,
                [FAULT_PAUSE] = PAUSE_MAXIMUM_US,
                [FAULT_REBALANCE] = 1,
                [FAULT_OUTAGE] = OUTAGE_MAXIMUM_US,
                [FAULT_BROKER_AWAY] = AWAY_MAXIMUM_US,
                [FAULT_CLOCK_JUMP] = 1,
                [FAULT_HOLD] = HOLD_MAXIMUM_US,
                [FAULT_SEEK] = SEEK_MAXIMUM_US,
                [FAULT_GROWTH] = 1,
                [FAULT_RETENTION] = 1,
                [FAULT_TOPIC_DELETED] = DELETED_MAXIMUM_US,
                [FAULT_TROUBLE] = BURST_MAXIMUM_US,
        };

        return (int64_t)draw_below(kit, (uint64_t)maxima_us[kind]);
}

static void trouble_begins(struct chappe_timer *timer);
static void change_ends(struct chappe_timer *timer);
static void trouble_ends(struct chappe_timer *timer);
static void strike(struct chappe_timer *timer);

static struct fault *add(struct schedule *schedule, struct chappe_testkit *kit, enum fault_kind kind, int64_t within_us)
{
        struct fault *fault = &schedule->faults[schedule->count];

        if (schedule->count == FAULTS_MAXIMUM)
                return NULL;
        schedule->count++;
        *fault = (struct fault){ .kit = kit, .kind = kind };
        fault->at_us = (int64_t)draw_below(kit, (uint64_t)within_us);
        fault->for_us = draw_duration_us(kit, kind);
        fault->instance = concerns_an_instance(kind) ? any_instance(kit) : NULL;
        fault->pick =
                kind == FAULT_CLOCK_JUMP ? draw_below(kit, 2 * JUMP_MAXIMUM_MS) : chappe_random_next(&kit->random);
        fault->topic = fault->instance && concerns_a_topic(kind) ? topic_consumed(fault->instance, fault->pick) : NULL;
        fault->begin.fire = kind == FAULT_TROUBLE ? trouble_begins : strike;
        fault->end.fire = kind == FAULT_TROUBLE ? trouble_ends : change_ends;
        return fault;
}

static void add_some(struct schedule *schedule, struct chappe_testkit *kit, enum fault_kind kind, uint32_t count,
                     int64_t within_us)
{
        while (count-- > 0)
                add(schedule, kit, kind, within_us);
}

static void add_up_to(struct schedule *schedule, struct chappe_testkit *kit, enum fault_kind kind, uint32_t most,
                      int64_t within_us)
{
        if (most > 0)
                add_some(schedule, kit, kind, (uint32_t)draw_below(kit, most + 1), within_us);
}

static void add_trouble(struct schedule *schedule, struct chappe_testkit *kit, uint32_t ppm, int64_t within_us)
{
        for (size_t i = 0; ppm && i < TROUBLES; i++) {
                struct fault *fault = add(schedule, kit, FAULT_TROUBLE, 1);

                if (!fault)
                        return;
                fault->for_us = within_us;
                fault->trouble = i;
                fault->ppm = ppm * troubles[i].usual_percent / 100;
        }
}

static void add_burst(struct schedule *schedule, struct chappe_testkit *kit, int64_t within_us)
{
        struct fault *fault = add(schedule, kit, FAULT_TROUBLE, within_us);

        if (!fault)
                return;
        fault->trouble = fault->pick % TROUBLES;
        fault->ppm = BURST_PPM * troubles[fault->trouble].burst_percent / 100;
}

void chappe_testkit_schedule_draw(struct schedule *schedule, struct chappe_testkit *kit,
                                  const struct chappe_testkit_faults *wanted, int64_t within_us)
{
        schedule->count = 0;
        add_some(schedule, kit, FAULT_CRASH, wanted->crashes, within_us);
        if (wanted->crashes && chappe_random_chance(&kit->random, 250000))
                add(schedule, kit, FAULT_CRASH, 1); /* the very first start */
        add_some(schedule, kit, FAULT_STOP, wanted->stops, within_us);
        add_some(schedule, kit, FAULT_PAUSE, wanted->pauses, within_us);
        add_some(schedule, kit, FAULT_REBALANCE, wanted->rebalances, within_us);
        add_some(schedule, kit, FAULT_OUTAGE, wanted->outages, within_us);
        add_some(schedule, kit, FAULT_BROKER_AWAY, wanted->brokers_away, within_us);
        add_some(schedule, kit, FAULT_CLOCK_JUMP, wanted->clock_jumps, within_us);
        add_up_to(schedule, kit, FAULT_HOLD, wanted->holds, within_us);
        add_up_to(schedule, kit, FAULT_SEEK, wanted->seeks, within_us);
        add_up_to(schedule, kit, FAULT_GROWTH, wanted->growths, within_us);
        add_up_to(schedule, kit, FAULT_RETENTION, wanted->retentions, within_us);
        add_up_to(schedule, kit, FAULT_TOPIC_DELETED, wanted->topics_deleted, within_us);
        for (uint32_t i = 0; i < wanted->bursts; i++)
                add_burst(schedule, kit, within_us);
        add_trouble(schedule, kit, wanted->trouble_ppm, within_us);
}

/* Of several that last the worst counts. */
static void apply_troubles(struct schedule *schedule, struct chappe_testkit *kit)
{
        struct chappe_sim_faults sum = { .slow_us = SLOW_US };

        for (size_t i = 0; i < schedule->count; i++) {
                const struct fault *fault = &schedule->faults[i];
                uint32_t *member = (uint32_t *)((char *)&sum + troubles[fault->trouble].member);

                if (fault->kind == FAULT_TROUBLE && fault->lasts && fault->ppm > *member)
                        *member = fault->ppm;
        }
        chappe_sim_set_faults(kit->sim, &sum);
}

static void trouble_begins(struct chappe_timer *timer)
{
        struct fault *fault = CHAPPE_CONTAINER(timer, struct fault, begin);

        fault->lasts = true;
        chappe_fibers_note(fault->kit->fibers, "trouble", troubles[fault->trouble].what, fault->ppm, fault->for_us);
        apply_troubles(fault->kit->schedule, fault->kit);
}

static void trouble_ends(struct chappe_timer *timer)
{
        struct fault *fault = CHAPPE_CONTAINER(timer, struct fault, end);

        fault->lasts = false;
        apply_troubles(fault->kit->schedule, fault->kit);
}

static void any_rebalance(struct chappe_testkit *kit, uint64_t pick)
{
        size_t count = 0;

        while (chappe_sim_group_at(kit->sim, count))
                count++;
        if (count > 0)
                chappe_sim_rebalance(kit->sim, chappe_sim_group_at(kit->sim, pick % count));
}

static void grow(struct chappe_testkit *kit, const char *topic, uint64_t pick)
{
        int32_t count = chappe_sim_partition_count(kit->sim, topic);
        int32_t grown = count + 1 + (int32_t)(pick % 3);

        if (count == 0 || count >= PARTITIONS_MAXIMUM)
                return;
        chappe_testkit_note_sight(kit, "a topic grew under its readers");
        chappe_sim_topic_grow(kit->sim, topic, grown < PARTITIONS_MAXIMUM ? grown : PARTITIONS_MAXIMUM);
}

/* Of one partition in two all. */
static void let_records_go(struct chappe_testkit *kit, const char *topic, uint64_t pick)
{
        int32_t count = chappe_sim_partition_count(kit->sim, topic);
        int32_t partition = count ? (int32_t)(pick % (uint64_t)count) : 0;
        int64_t low = chappe_sim_beginning(kit->sim, topic, partition);
        int64_t end = chappe_sim_end(kit->sim, topic, partition);
        int64_t before = low + 1 + (int64_t)(pick / 64 % (uint64_t)(end - low + 1));

        if (end == low)
                return;
        chappe_testkit_note_sight(kit, "records were gone before their time");
        chappe_sim_records_delete(kit->sim, topic, partition, pick / 32 % 2 ? end : before);
}

static void delete_topic(struct fault *fault)
{
        struct chappe_testkit *kit = fault->kit;

        fault->partitions = chappe_sim_partition_count(kit->sim, fault->topic);
        if (fault->partitions > 0 && chappe_sim_topic_delete(kit->sim, fault->topic) == 0)
                chappe_testkit_note_sight(kit, "a topic was deleted under its readers");
}

static void change(struct fault *fault)
{
        struct chappe_testkit *kit = fault->kit;
        int64_t now_ms = chappe_testkit_now_ms(kit);

        if (fault->kind == FAULT_HOLD)
                chappe_testkit_hold(fault->instance, fault->topic);
        else if (fault->kind == FAULT_SEEK)
                chappe_testkit_seek(fault->instance, fault->topic, now_ms - fault->for_us / 1000);
        else if (fault->kind == FAULT_GROWTH)
                grow(kit, fault->topic, fault->pick);
        else if (fault->kind == FAULT_RETENTION)
                let_records_go(kit, fault->topic, fault->pick);
        else if (fault->kind == FAULT_TOPIC_DELETED)
                delete_topic(fault);
        fault->lasts = fault->kind == FAULT_HOLD || fault->kind == FAULT_TOPIC_DELETED;
}

/* A held topic goes on, one that was deleted is made anew, unless somebody did so already. */
static void end_change(struct fault *fault)
{
        if (!fault->lasts)
                return;
        fault->lasts = false;
        if (fault->kind == FAULT_HOLD)
                chappe_testkit_hold(fault->instance, NULL);
        else if (fault->kind == FAULT_TOPIC_DELETED && fault->partitions > 0)
                chappe_sim_topic_create(fault->kit->sim, fault->topic, fault->partitions);
}

static void change_ends(struct chappe_timer *timer)
{
        end_change(CHAPPE_CONTAINER(timer, struct fault, end));
}

static void strike(struct chappe_timer *timer)
{
        struct fault *fault = CHAPPE_CONTAINER(timer, struct fault, begin);
        struct chappe_testkit *kit = fault->kit;
        struct chappe_process *process = fault->instance ? fault->instance->process : NULL;
        int64_t until_us = chappe_fibers_now_us(kit->fibers) + fault->for_us;

        if ((fault->kind == FAULT_OUTAGE || fault->kind == FAULT_BROKER_AWAY) && until_us > kit->away_until_us)
                kit->away_until_us = until_us;
        if (fault->kind == FAULT_REBALANCE)
                any_rebalance(kit, fault->pick);
        else if (fault->kind == FAULT_OUTAGE)
                chappe_sim_unavailable(kit->sim, until_us);
        else if (fault->kind == FAULT_BROKER_AWAY)
                chappe_sim_node_away(kit->sim, (int)(fault->pick % CHAPPE_SIM_NODES), until_us);
        else if (fault->kind == FAULT_CRASH && fault->instance)
                chappe_testkit_plan_crash(kit, fault->instance, fault->pick, fault->for_us);
        else if (fault->kind == FAULT_STOP && fault->instance)
                chappe_testkit_instance_ask_to_stop(fault->instance, fault->for_us);
        else if (fault->kind == FAULT_PAUSE && process)
                chappe_testkit_instance_pause(fault->instance, until_us);
        else if (fault->kind == FAULT_CLOCK_JUMP && process)
                chappe_process_clock_jump(process, (int64_t)fault->pick - JUMP_MAXIMUM_MS);
        else if (concerns_a_topic(fault->kind) && fault->topic)
                change(fault);
}

void chappe_testkit_schedule_begin(struct schedule *schedule)
{
        for (size_t i = 0; i < schedule->count; i++) {
                struct fault *fault = &schedule->faults[i];
                struct chappe_testkit *kit = fault->kit;
                int64_t at_us = chappe_fibers_now_us(kit->fibers) + fault->at_us;

                if (kit->selection && kit->selection->without_fault[i])
                        continue;
                kit->faults_last = true;
                chappe_timer_set(kit->fibers, &fault->begin, at_us);
                if (fault->kind == FAULT_TROUBLE || fault->kind == FAULT_HOLD || fault->kind == FAULT_TOPIC_DELETED)
                        chappe_timer_set(kit->fibers, &fault->end, at_us + fault->for_us);
        }
}

void chappe_testkit_schedule_end(struct schedule *schedule)
{
        for (size_t i = 0; i < schedule->count; i++) {
                struct fault *fault = &schedule->faults[i];

                end_change(fault);
                fault->lasts = false;
                chappe_timer_cancel(fault->kit->fibers, &fault->begin);
                chappe_timer_cancel(fault->kit->fibers, &fault->end);
        }
}

static void print_change(const struct fault *fault, FILE *file)
{
        const char *who = fault->instance ? fault->instance->name : "nobody";
        const char *topic = fault->topic ? fault->topic : "nothing";
        double for_s = (double)fault->for_us / SECOND_US;

        if (fault->kind == FAULT_HOLD)
                fprintf(file, "%s pauses %s for %.3f s", who, topic, for_s);
        else if (fault->kind == FAULT_SEEK)
                fprintf(file, "%s goes to where %s was %.3f s ago", who, topic, for_s);
        else if (fault->kind == FAULT_GROWTH)
                fprintf(file, "%s grows by %d partitions", topic, 1 + (int)(fault->pick % 3));
        else if (fault->kind == FAULT_RETENTION)
                fprintf(file, "the oldest records of a partition of %s are gone", topic);
        else
                fprintf(file, "%s is deleted, and made anew %.3f s later", topic, for_s);
}

void chappe_testkit_fault_print(const struct fault *fault, FILE *file)
{
        const char *who = fault->instance ? fault->instance->name : "";
        double for_s = (double)fault->for_us / SECOND_US;

        fprintf(file, "%9.3f s ", (double)fault->at_us / SECOND_US);
        if (concerns_a_topic(fault->kind)) {
                print_change(fault, file);
                return;
        }
        if (fault->kind == FAULT_CRASH)
                fprintf(file, "%s is killed at a coming step, and starts again %.3f s later", who, for_s);
        else if (fault->kind == FAULT_STOP)
                fprintf(file, "%s is stopped, and starts again %.3f s later", who, for_s);
        else if (fault->kind == FAULT_PAUSE)
                fprintf(file, "%s stands still for %.3f s", who, for_s);
        else if (fault->kind == FAULT_REBALANCE)
                fprintf(file, "a group assembles again");
        else if (fault->kind == FAULT_OUTAGE)
                fprintf(file, "the cluster is away for %.3f s", for_s);
        else if (fault->kind == FAULT_BROKER_AWAY)
                fprintf(file, "broker %d is away for %.3f s", (int)(fault->pick % CHAPPE_SIM_NODES), for_s);
        else if (fault->kind == FAULT_CLOCK_JUMP)
                fprintf(file, "%s's clock jumps by %" PRId64 " ms", who, (int64_t)fault->pick - JUMP_MAXIMUM_MS);
        else
                fprintf(file, "%s, %" PRIu32 " in a million, for %.3f s", troubles[fault->trouble].what, fault->ppm,
                        for_s);
}
