/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: what is settled, read from and written to the commits of their group. */
#include "service/letters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/starred.h"
#include "flow/flow.h"

#define GROUP "chappe-dlq"

CHAPPE_CLEANUP_DEFINE(letters, struct chappe_letters *, (void)chappe_letters_close)

struct chappe_text chappe_letters_origin(struct chappe_client *client, const char *topic)
{
        const char *pattern = chappe_config_text(client->service->runtime.config, "dead_letter_topic");

        return chappe_starred_check("dead_letter_topic", pattern, NULL) < 0 ? (struct chappe_text){ 0 }
                                                                            : chappe_starred_origin(pattern, topic);
}

/* The names, copied; where to replay to is told by the name of the dead letter topic. */
static int keep_names(struct chappe_letters *letters, const char *topic, const char *group, struct chappe_error *error)
{
        struct chappe_text origin = chappe_letters_origin(letters->client, topic);

        letters->topic = strdup(topic);
        letters->group = group ? strdup(group) : chappe_flow_topic(&letters->client->service->runtime, GROUP);
        letters->origin = strndup(origin.at ? origin.at : "", origin.length);
        return letters->topic && letters->group && letters->origin
                       ? 0
                       : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");
}

static int count_partitions(struct chappe_letters *letters, struct chappe_broker *broker, struct chappe_error *error)
{
        const char *names[] = { letters->topic };
        struct chappe_topic_description *topics;
        size_t count;
        int status = broker->operations->topics_describe(broker, names, 1, chappe_client_timeout_ms(letters->client),
                                                         &topics, &count, error);

        if (status < 0)
                return status;
        letters->partition_count = count > 0 ? topics[0].partition_count : 0;
        free(topics);
        if (letters->partition_count == 0)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", letters->topic);
        letters->settled = calloc((size_t)letters->partition_count, sizeof(*letters->settled));
        return letters->settled ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");
}

/* An offset beyond the end was committed for a topic of the same name that is no more. */
static int load_partition(struct chappe_letters *letters, const struct chappe_position *committed,
                          struct chappe_error *error)
{
        int64_t low, high;
        int status =
                chappe_client_watermarks(letters->client, letters->topic, committed->partition, &low, &high, error);

        if (status < 0)
                return status;
        bool former = committed->offset > high;

        if (chappe_settled_load(&letters->settled[committed->partition], former ? 0 : committed->offset,
                                former ? NULL : committed->metadata, low) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");
        return 0;
}

static int load(struct chappe_letters *letters, struct chappe_broker *broker, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL, *metadata = NULL;
        size_t count = (size_t)letters->partition_count;
        struct chappe_position *positions = memory = calloc(count, sizeof(*positions));
        int status;

        if (!positions)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");
        for (size_t i = 0; i < count; i++)
                positions[i] = (struct chappe_position){ letters->topic, (int32_t)i, CHAPPE_OFFSET_NONE, NULL };
        status = broker->operations->group_committed(broker, letters->group, positions, count,
                                                     chappe_client_timeout_ms(letters->client), &metadata, error);
        for (size_t i = 0; i < count && status >= 0; i++)
                status = load_partition(letters, &positions[i], error);
        return status;
}

int chappe_letters_open(struct chappe_client *client, const char *topic, const char *group,
                        struct chappe_letters **ret_letters, struct chappe_error *error)
{
        CHAPPE_CLEANUP(letters) struct chappe_letters *letters = calloc(1, sizeof(*letters));
        struct chappe_broker *broker;
        int status;

        if (!letters)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");
        letters->client = client;
        status = keep_names(letters, topic, group, error);
        if (status >= 0)
                status = chappe_revivals_init(&letters->revivals, client->service->runtime.world->executor, error);
        if (status >= 0) /* at once: a broker opened before the start would not outlive it */
                status = chappe_client_start(client, NULL, error);
        if (status >= 0)
                status = chappe_client_broker(client, &broker, error);
        if (status >= 0)
                status = count_partitions(letters, broker, error);
        if (status >= 0)
                status = load(letters, broker, error);
        if (status < 0)
                return status;
        *ret_letters = CHAPPE_TAKE(letters);
        return 0;
}

struct chappe_letters *chappe_letters_close(struct chappe_letters *letters)
{
        if (!letters)
                return NULL;
        chappe_revivals_deinit(&letters->revivals);
        for (int32_t i = 0; i < letters->partition_count && letters->settled; i++)
                chappe_settled_deinit(&letters->settled[i]);
        free(letters->settled);
        free(letters->topic);
        free(letters->group);
        free(letters->origin);
        free(letters->target);
        free(letters);
        return NULL;
}

static int settle(struct chappe_letters *letters, int32_t partition, struct chappe_offset_run run,
                  struct chappe_error *error)
{
        if (run.from > run.to)
                return 0;
        letters->changed = true;
        return chappe_settled_add(&letters->settled[partition], run) < 0
                       ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters")
                       : 0;
}

int chappe_letters_discard(struct chappe_letters *letters, int32_t partition, int64_t offset,
                           struct chappe_error *error)
{
        if (partition < 0 || partition >= letters->partition_count)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "%s has no partition %" PRId32, letters->topic,
                                   partition);
        return settle(letters, partition, (struct chappe_offset_run){ offset, offset }, error);
}

struct reading {
        struct chappe_letters *letters;
        const struct chappe_letters_read *read;
        int64_t *next; /* by partition: one behind what was read */
        struct chappe_error *error;
        int status;
};

/* Offsets that no record has (a transaction's marker, a compacted tail) need nothing. */
static int pass_gap(struct reading *reading, const struct chappe_client_record *record)
{
        int64_t from = reading->next[record->partition];

        reading->next[record->partition] = record->offset + 1;
        return settle(reading->letters, record->partition, (struct chappe_offset_run){ from, record->offset - 1 },
                      reading->error);
}

static bool on_record(void *context, const struct chappe_client_record *record)
{
        struct reading *reading = context;
        bool settled = chappe_settled_has(&reading->letters->settled[record->partition], record->offset);

        reading->status = pass_gap(reading, record);
        if (reading->status < 0)
                return false;
        return (settled && !reading->read->settled) || reading->read->letter(reading->read->context, record, settled);
}

int chappe_letters_read(struct chappe_letters *letters, const struct chappe_letters_read *read,
                        struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL, *places = NULL;
        size_t count = (size_t)letters->partition_count;
        struct chappe_client_position *positions = memory = calloc(count, sizeof(*positions));
        struct reading reading = {
                .letters = letters, .read = read, .next = calloc(count, sizeof(int64_t)), .error = error
        };
        struct chappe_client_read wanted = { .from = CHAPPE_FROM_POSITIONS,
                                             .positions = positions,
                                             .to_end = true,
                                             .raw = read->raw,
                                             .bare = read->bare,
                                             .headers = true,
                                             .record = on_record,
                                             .context = &reading };

        places = reading.next;
        if (!positions || !reading.next)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to read dead letters");
        for (int32_t i = 0; i < letters->partition_count; i++) {
                int64_t from = read->settled ? 0 : letters->settled[i].watermark;

                reading.next[i] = letters->settled[i].watermark;
                if (read->partition < 0 || read->partition == i)
                        positions[wanted.position_count++] = (struct chappe_client_position){ letters->topic, i, from };
        }
        int status = chappe_client_read(letters->client, &wanted, error);

        return reading.status < 0 ? reading.status : status;
}

static void settle_delivered(struct chappe_letters *letters, struct chappe_error *error, int *status)
{
        struct chappe_revivals *revivals = &letters->revivals;

        for (size_t i = 0; i < revivals->count; i++) {
                const struct chappe_revival *revival = &revivals->at[i];
                int failure = chappe_deliveries_result(&revival->deliveries);
                int told = failure == 0 ? settle(letters, revival->partition,
                                                 (struct chappe_offset_run){ revival->offset, revival->offset }, error)
                                        : chappe_fail(error, -failure, "%s[%" PRId32 "]@%" PRId64 " was not delivered",
                                                      letters->topic, revival->partition, revival->offset);
                *status = *status < 0 ? *status : told;
        }
        revivals->count = 0;
}

/* One partition of the commit: its text lives in texts. */
static int tell(struct chappe_letters *letters, int32_t partition, char *text, struct chappe_position *ret_position,
                struct chappe_error *error)
{
        int status = chappe_settled_print(&letters->settled[partition], text);

        *ret_position = (struct chappe_position){ letters->topic, partition, letters->settled[partition].watermark,
                                                  text[0] ? text : NULL };
        if (status == -CHAPPE_E_LIMIT)
                return chappe_fail(error, CHAPPE_E_LIMIT,
                                   "%s[%" PRId32 "]: too many scattered dead letters are settled to note them all in "
                                   "4,096 characters: settle the oldest of the rest first",
                                   letters->topic, partition);
        return status < 0 ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters") : 0;
}

static int commit(struct chappe_letters *letters, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL, *writing = NULL;
        size_t count = (size_t)letters->partition_count;
        struct chappe_position *positions = memory = calloc(count, sizeof(*positions));
        char *texts = writing = malloc(count * CHAPPE_PROGRESS_SIZE);
        struct chappe_broker *broker;
        int status = positions && texts ? chappe_client_broker(letters->client, &broker, error)
                                        : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for dead letters");

        for (int32_t i = 0; i < letters->partition_count && status >= 0; i++)
                status = tell(letters, i, texts + (size_t)i * CHAPPE_PROGRESS_SIZE, &positions[i], error);
        if (status >= 0)
                status = broker->operations->group_commit(broker, letters->group, positions, count,
                                                          chappe_client_timeout_ms(letters->client), error);
        if (status >= 0)
                letters->changed = false;
        return status;
}

int chappe_letters_save(struct chappe_letters *letters, struct chappe_error *error)
{
        int status = 0;

        chappe_revivals_await(&letters->revivals);
        settle_delivered(letters, error, &status);
        int committed = letters->changed ? commit(letters, status < 0 ? NULL : error) : 0;

        return status < 0 ? status : committed;
}
