/* SPDX-License-Identifier: Apache-2.0 */
/* The registry as the runtime sees it: subjects, retries, and which failures may pass. */
#include "flow/schema_registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/bounds.h"
#include "flow/payload.h"
#include "observe/log.h"
#include "registry/registry.h"
#include "registry/rest.h"

#define ANNOUNCE_PAUSE_US 500000

/* How subjects are named; the values are places in the setting's list of choices. */
enum subjects {
        SUBJECTS_TOPIC,
        SUBJECTS_RECORD,
        SUBJECTS_TOPIC_RECORD,
};

struct chappe_schema_registry {
        /* constant after opening */
        struct chappe_runtime *runtime;
        struct chappe_rest *rest; /* NULL: the answers come from elsewhere */
        struct chappe_registry *registry;
        struct chappe_schema_backend others; /* find NULL: none */
        bool fingerprints;                   /* what is written is announced there */
        enum subjects subjects;
        int64_t deadline_us;
        struct chappe_mutex *mutex; /* what a pause waits on */
        struct chappe_condition *never;
};

static enum subjects subjects_setting(const struct chappe_runtime *runtime)
{
        const char *value = chappe_config_text(runtime->config, "subjects");
        if (strcmp(value, "record") == 0)
                return SUBJECTS_RECORD;
        return strcmp(value, "topic-record") == 0 ? SUBJECTS_TOPIC_RECORD : SUBJECTS_TOPIC;
}

int chappe_schema_sharing(const struct chappe_runtime *runtime, struct chappe_schema_sharing *ret_sharing,
                          struct chappe_error *error)
{
        bool registry = chappe_config_text(runtime->config, "registry")[0] != '\0';
        const char *framing = chappe_config_text(runtime->config, "framing");
        if (!registry && strcmp(framing, "confluent") == 0)
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE,
                                   "framing = confluent writes a registry's schema ids, and registry is not set");
        *ret_sharing = (struct chappe_schema_sharing){ .registry = registry,
                                                       .topic = !registry || strcmp(framing, "single-object") == 0 };
        return 0;
}

int chappe_schema_registry_new(struct chappe_runtime *runtime, const struct chappe_registry_source *source,
                               const struct chappe_schema_backend *others, int64_t deadline_us,
                               struct chappe_schema_registry **ret_registry, struct chappe_error *error)
{
        const struct chappe_world *world = runtime->world;
        struct chappe_schema_registry *registry = calloc(1, sizeof(*registry));
        struct chappe_registry_config config = {
                .clock = world->clock,
                .executor = world->executor,
                .source = *source,
                .enrol = chappe_config_boolean(runtime->config, "schemas_register"),
                .limits = chappe_schema_limits_configured(runtime->config),
        };
        *ret_registry = NULL;
        if (!registry)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the schema registry");
        registry->runtime = runtime;
        registry->subjects = subjects_setting(runtime);
        registry->deadline_us = deadline_us;
        if (others) {
                registry->others = *others;
                registry->fingerprints = strcmp(chappe_config_text(runtime->config, "framing"), "single-object") == 0;
        }
        registry->mutex = chappe_mutex_new(world->executor);
        registry->never = chappe_condition_new(world->executor);
        int status = registry->mutex && registry->never
                             ? chappe_registry_new(&config, &registry->registry, error)
                             : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the schema registry");
        if (status < 0)
                chappe_schema_registry_free(registry);
        else
                *ret_registry = registry;
        return status;
}

int chappe_schema_registry_open(struct chappe_runtime *runtime, const struct chappe_schema_backend *others,
                                int64_t deadline_us, struct chappe_schema_registry **ret_registry,
                                struct chappe_error *error)
{
        struct chappe_rest_config config = {
                .url = chappe_config_text(runtime->config, "registry"),
                .user = chappe_config_text(runtime->config, "registry_user"),
                .password = chappe_config_text(runtime->config, "registry_password"),
        };
        struct chappe_rest *rest;
        int status = chappe_rest_open(&config, &rest, error);
        if (status < 0)
                return status;
        struct chappe_registry_source source = chappe_rest_source(rest);
        status = chappe_schema_registry_new(runtime, &source, others, deadline_us, ret_registry, error);
        if (status < 0)
                chappe_rest_close(rest);
        else
                (*ret_registry)->rest = rest;
        return status;
}

struct chappe_schema_registry *chappe_schema_registry_free(struct chappe_schema_registry *registry)
{
        if (!registry)
                return NULL;
        struct chappe_executor *executor = registry->runtime->world->executor;
        chappe_registry_free(registry->registry);
        chappe_rest_close(registry->rest);
        chappe_condition_free(executor, registry->never);
        chappe_mutex_free(executor, registry->mutex);
        free(registry);
        return NULL;
}

/* NULL: a topic that is not in the operations table. Replies (topic NULL) are like requests. */
static bool carries_calls(const struct chappe_schema_registry *registry, const char *topic, bool *ret_known)
{
        const struct chappe_channel *channel = topic ? chappe_channels_find(registry->runtime->channels, topic) : NULL;
        *ret_known = !topic || channel;
        return !topic || (channel && (channel->calls || channel->answers));
}

static int name_subject(enum subjects subjects, const char *topic, const char *record, struct chappe_buffer *subject,
                        struct chappe_error *error)
{
        int status = 0;
        subject->length = 0;
        if (subjects == SUBJECTS_TOPIC)
                status = chappe_buffer_printf(subject, "%s-value", topic);
        else if (subjects == SUBJECTS_RECORD)
                status = chappe_buffer_printf(subject, "%s", record);
        else
                status = chappe_buffer_printf(subject, "%s-%s", topic, record);
        if (status < 0 || chappe_buffer_append(subject, "", 1) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a subject");
        return 0;
}

static int check_subject(struct chappe_schema_registry *registry, enum subjects subjects, const char *topic,
                         uint32_t id, struct chappe_schema *schema, struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer subject = { 0 };
        int status = name_subject(subjects, topic, chappe_schema_name(schema), &subject, error);
        return status < 0 ? status : chappe_registry_check(registry->registry, (const char *)subject.at, id, error);
}

/* Does the topic allow this id? */
static int check(struct chappe_schema_registry *registry, const char *topic, uint32_t id, struct chappe_schema *schema,
                 struct chappe_error *error)
{
        bool known;
        if (carries_calls(registry, topic, &known))
                return check_subject(registry, SUBJECTS_RECORD, topic, id, schema, error);
        int status = check_subject(registry, registry->subjects, topic, id, schema, error);
        if (known || status != -CHAPPE_E_SCHEMA_FOREIGN || registry->subjects == SUBJECTS_RECORD)
                return status;
        return check_subject(registry, SUBJECTS_RECORD, topic, id, schema, error);
}

/* A schema that the registry does not know may yet be registered, for a while; a registry that gives no answer of use
 * is an outage, however long. Both with its own words. */
static int judge(int status, struct chappe_error *error)
{
        switch (-status) {
        case CHAPPE_E_SCHEMA_NOT_FOUND:
                if (error)
                        error->code = CHAPPE_E_SCHEMA_UNKNOWN;
                return -CHAPPE_E_SCHEMA_UNKNOWN;
        case CHAPPE_E_REGISTRY_ANSWER: /* of a proxy, or while it starts */
        case CHAPPE_E_REGISTRY_REFUSED:
                if (error)
                        error->code = CHAPPE_E_REGISTRY_UNREACHABLE;
                return -CHAPPE_E_REGISTRY_UNREACHABLE;
        default:
                return status;
        }
}

static int find_id(struct chappe_schema_registry *registry, const char *topic, uint32_t id,
                   struct chappe_schema **ret_schema, struct chappe_error *error)
{
        struct chappe_schema *schema;
        int status = chappe_registry_get(registry->registry, id, &schema, error);
        if (status < 0)
                return status;
        status = check(registry, topic, id, schema, error);
        if (status < 0)
                chappe_schema_unref(schema);
        else
                *ret_schema = schema;
        return status;
}

static int find(void *context, const char *topic, const struct chappe_frame *frame, struct chappe_schema **ret_schema,
                struct chappe_error *error)
{
        struct chappe_schema_registry *registry = context;
        if (frame->framing == CHAPPE_FRAMING_SINGLE_OBJECT && registry->others.find)
                return registry->others.find(registry->others.context, topic, frame, ret_schema, error);
        uint32_t id = frame->schema_id;
        int status = 0;
        if (frame->framing == CHAPPE_FRAMING_HEADER)
                status = chappe_registry_guid(registry->registry, frame->guid, &id, error);
        else if (frame->framing != CHAPPE_FRAMING_CONFLUENT)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                                   "%s: the payload names schema %016" PRIx64
                                   " by its fingerprint, and this service takes schemas from a registry",
                                   topic, frame->fingerprint);
        if (status == 0)
                status = find_id(registry, topic, id, ret_schema, error);
        if (status < 0)
                chappe_error_prefix(error, "%s", topic);
        return judge(status, error);
}

/* Waits a little; false when there is no time left, or the process is stopping. */
static bool pause_before_again(struct chappe_schema_registry *registry)
{
        struct chappe_executor *executor = registry->runtime->world->executor;
        int64_t until_us = chappe_clock_monotonic_us(registry->runtime->world->clock) + ANNOUNCE_PAUSE_US;
        if (until_us > registry->deadline_us)
                return false;
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        chappe_mutex_lock(executor, registry->mutex);
        while (wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(executor, registry->never, registry->mutex, until_us);
        chappe_mutex_unlock(executor, registry->mutex);
        return wait != CHAPPE_WAIT_STOPPED;
}

static int announce(void *context, const char *topic, struct chappe_schema *schema, struct chappe_frame *ret_frame,
                    struct chappe_error *error)
{
        struct chappe_schema_registry *registry = context;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer subject = { 0 };
        if (registry->fingerprints)
                return registry->others.announce(registry->others.context, topic, schema, ret_frame, error);
        bool known;
        bool call = carries_calls(registry, topic, &known);
        int status = name_subject(call ? SUBJECTS_RECORD : registry->subjects, topic, chappe_schema_name(schema),
                                  &subject, error);
        if (status < 0)
                return status;
        *ret_frame = (struct chappe_frame){ .framing = CHAPPE_FRAMING_CONFLUENT };
        do
                status = chappe_registry_id(registry->registry, (const char *)subject.at, schema, &ret_frame->schema_id,
                                            error);
        while (status == -CHAPPE_E_REGISTRY_UNREACHABLE && pause_before_again(registry));
        if (status == 0)
                chappe_log_write(registry->runtime->log, CHAPPE_LOG_SCHEMA_ANNOUNCED,
                                 "%s is schema %" PRIu32 " of the registry, under subject %s",
                                 chappe_schema_name(schema), ret_frame->schema_id, (const char *)subject.at);
        return status;
}

struct chappe_schema_backend chappe_schema_registry_backend(struct chappe_schema_registry *registry)
{
        return (struct chappe_schema_backend){ find, announce, registry };
}
