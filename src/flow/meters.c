/* SPDX-License-Identifier: Apache-2.0 */
/* Thirteen series a partition. */
#include "flow/meters.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "flow/channels.h"
#include "observe/metrics.h"

static void look_up(struct chappe_meters *meters, struct chappe_metrics *metrics, const char *labels)
{
        const struct {
                struct chappe_metric **metric;
                enum chappe_metric_kind kind;
                const char *name, *help;
        } series[] = {
                { &meters->highest, CHAPPE_GAUGE, "partition_highest_seen_offset",
                  "Highest offset taken from the broker; -1: none yet." },
                { &meters->finished, CHAPPE_GAUGE, "partition_finished_offset",
                  "Everything before this offset is finished." },
                { &meters->committed, CHAPPE_GAUGE, "partition_committed_offset",
                  "Offset that the group has committed." },
                { &meters->in_flight, CHAPPE_GAUGE, "partition_in_flight_records", "Records taken and not finished." },
                { &meters->parked, CHAPPE_GAUGE, "partition_parked_keys",
                  "Keys whose record has failed and not yet finished." },
                { &meters->oldest, CHAPPE_GAUGE, "partition_oldest_unfinished_seconds",
                  "How long the oldest unfinished record has been in hand." },
                { &meters->handled, CHAPPE_COUNTER, "records_handled_total", "Records whose handler was done." },
                { &meters->retried, CHAPPE_COUNTER, "records_retried_total", "Attempts that failed and were put off." },
                { &meters->dead, CHAPPE_COUNTER, "dead_letters_total", "Records sent to the dead letter topic." },
                { &meters->batches, CHAPPE_COUNTER, "batches_handled_total",
                  "Times that a handler was done with several records at once." },
                { &meters->split, CHAPPE_COUNTER, "batches_split_total",
                  "Times that it was not, so that each of them ran by itself." },
                { &meters->handler_time, CHAPPE_HISTOGRAM, "handler_seconds",
                  "From taking a record in hand to the end of its handler." },
        };
        for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
                *series[i].metric = chappe_metrics_get(metrics, series[i].kind, series[i].name, series[i].help, labels);
}

static struct chappe_meters *make(struct chappe_metrics *metrics, const struct chappe_channel *channel,
                                  int32_t partition)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer label = { 0 };
        struct chappe_meters *meters = calloc(1, sizeof(*meters));
        if (!meters || chappe_metrics_label(&label, "topic", channel->name) < 0 ||
            chappe_buffer_printf(&label, ",partition=\"%" PRId32 "\"", partition) < 0 ||
            chappe_buffer_append(&label, "", 1) < 0) {
                free(meters);
                return NULL;
        }
        meters->channel = channel;
        meters->partition = partition;
        look_up(meters, metrics, (const char *)label.at);
        chappe_metric_set(meters->highest, -1);
        return meters;
}

const struct chappe_meters *chappe_meters_get(struct chappe_meters_table *table, struct chappe_metrics *metrics,
                                              const struct chappe_channel *channel, int32_t partition)
{
        for (struct chappe_meters *meters = table->first; meters; meters = meters->next) {
                if (meters->channel == channel && meters->partition == partition)
                        return meters;
        }
        struct chappe_meters *meters = make(metrics, channel, partition);
        if (!meters)
                return NULL;
        meters->next = table->first;
        table->first = meters;
        return meters;
}

void chappe_meters_rest(const struct chappe_meters *meters)
{
        chappe_metric_set(meters->in_flight, 0);
        chappe_metric_set(meters->parked, 0);
        chappe_metric_set(meters->oldest, 0);
}

void chappe_tally_turn(struct chappe_tally *tally, const struct chappe_meters *meters)
{
        if (tally->handled > 0)
                chappe_metric_add(tally->meters->handled, tally->handled);
        if (tally->runs > 0)
                chappe_metric_observe_short(tally->meters->handler_time, tally->runs, tally->runs_us);
        *tally = (struct chappe_tally){ .meters = meters };
}

void chappe_meters_deinit(struct chappe_meters_table *table)
{
        while (table->first) {
                struct chappe_meters *meters = table->first;
                table->first = meters->next;
                free(meters);
        }
}
