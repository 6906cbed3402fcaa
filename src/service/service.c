/* SPDX-License-Identifier: Apache-2.0 */
/* A service from its declaration to its end. */
#include "service/service.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "flow/replay.h"
#include "service/parts.h"

CHAPPE_CLEANUP_DEFINE(service, struct chappe_service *, (void)chappe_service_free)

_Static_assert(offsetof(struct chappe_service, runtime) == 0,
               "chappe_context_open finds the runtime at the service's address");

const char *chappe_version(void)
{
        return CHAPPE_VERSION;
}

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the service");
}

int64_t chappe_service_now_us(const struct chappe_service *service)
{
        return chappe_clock_monotonic_us(service->runtime.world->clock);
}

static const char *find_setting(const struct chappe_runtime *runtime, const char *name)
{
        return chappe_config_find(runtime->config, name);
}

/* The service's own settings in the form that the configuration knows. */
static int make_rules(struct chappe_service *service, struct chappe_error *error)
{
        const struct chappe_setting *settings = service->config->settings;
        size_t count = 0;

        while (settings && settings[count].name)
                count++;
        service->rules = calloc(count + 1, sizeof(*service->rules));
        if (!service->rules)
                return no_memory(error);
        for (size_t i = 0; i < count; i++)
                service->rules[i] = (struct chappe_setting_rule){
                        .name = settings[i].name,
                        .kind = settings[i].integer ? CHAPPE_SETTING_INTEGER : CHAPPE_SETTING_TEXT,
                        .default_value = settings[i].default_value,
                        .secret = settings[i].secret,
                        .help = settings[i].help,
                };
        return 0;
}

/* The environment is the process's: a simulated service has none. */
static int load_config(struct chappe_service *service, const struct chappe_service_options *options,
                       struct chappe_error *error)
{
        struct chappe_config_sources sources = {
                .extra = service->rules,
                .file = options->config_file,
                .environment = service->real ? environ : NULL,
                .settings = options->settings,
        };
        return chappe_config_load(&sources, &service->runtime.config, error);
}

/* What librdkafka would refuse is refused before anything starts, and with the place where it was written. */
static int check_properties(const struct chappe_service *service, struct chappe_error *error)
{
        const struct chappe_world *world = service->runtime.world;
        const struct chappe_config *config = service->runtime.config;
        size_t count = chappe_config_kafka_count(config);
        size_t before = chappe_config_count(config) - count;

        for (size_t n = 0; world->property_check && n < count; n++) {
                struct chappe_config_value written;
                struct chappe_property property;
                struct chappe_error why = { 0 };

                chappe_config_kafka_at(config, n, &property.name, &property.value);
                chappe_config_at(config, before + n, &written);
                if (world->property_check(&property, &why) < 0)
                        return chappe_fail(error, why.code, "%s: %s", written.origin, why.text);
        }
        return 0;
}

/* Unique among the service's instances: what was configured, else host and process; in simulation the seed stands for
 * both. */
static int name_instance(struct chappe_service *service, struct chappe_error *error)
{
        const char *configured = chappe_config_text(service->runtime.config, "instance");
        const char *group = chappe_config_text(service->runtime.config, "group");
        char host[256] = "host";
        int r;

        if (service->real)
                gethostname(host, sizeof(host) - 1);
        if (*configured)
                r = asprintf(&service->instance, "%s", configured);
        else if (service->real)
                r = asprintf(&service->instance, "%s-%s-%d", service->config->name, host, (int)getpid());
        else
                r = asprintf(&service->instance, "%s-%08x", service->config->name,
                             (unsigned)service->runtime.world->seed);
        if (r < 0)
                service->instance = NULL;
        service->group = strdup(*group ? group : service->config->name);
        return service->instance && service->group ? 0 : no_memory(error);
}

static int name_replay(struct chappe_service *service, struct chappe_error *error)
{
        const char *name = chappe_config_text(service->runtime.config, "replay");

        if (!*name)
                return 0;
        service->runtime.replay_name = name;
        return chappe_replay_check_name(name, error);
}

/* The index of a value among the choices of its rule. */
static int choice_index(const struct chappe_config *config, const char *name, const char *const *choices)
{
        const char *value = chappe_config_text(config, name);
        int i = 0;

        while (choices[i] && strcmp(choices[i], value) != 0)
                i++;
        return i;
}

static int open_log(struct chappe_service *service, struct chappe_error *error)
{
        static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
        static const char *const formats[] = { "auto", "pretty", "json", NULL };
        const struct chappe_config *config = service->runtime.config;
        /* A simulated fleet says nothing, unless somebody debugs a test. */
        bool heard = service->real || getenv("CHAPPE_TEST_LOG");
        struct chappe_log_config log = {
                .clock = service->runtime.world->clock,
                .service = service->config->name,
                .instance = service->instance,
                .level = (enum chappe_log_level)choice_index(config, "log_level", levels),
                .format = (enum chappe_log_format)choice_index(config, "log_format", formats),
                .descriptor = heard ? STDERR_FILENO : -1,
        };
        return chappe_log_new(&log, &service->runtime.log, error);
}

static int open_metrics(struct chappe_service *service, struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer labels = { 0 };
        struct chappe_runtime *runtime = &service->runtime;

        runtime->metrics = chappe_metrics_new();
        if (!runtime->metrics)
                return no_memory(error);
        chappe_metrics_label(&labels, "service", service->config->name);
        chappe_buffer_printf(&labels, ",");
        chappe_metrics_label(&labels, "version", service->config->version ? service->config->version : "");
        chappe_buffer_printf(&labels, ",");
        chappe_metrics_label(&labels, "chappe", chappe_version());
        if (chappe_buffer_append(&labels, "", 1) < 0)
                return no_memory(error);
        chappe_metric_set(chappe_metrics_get(runtime->metrics, CHAPPE_GAUGE, "build_info", "What runs: always 1.",
                                             (const char *)labels.at),
                          1);
        return 0;
}

static int prepare(struct chappe_service *service, const struct chappe_service_options *options,
                   struct chappe_error *error)
{
        static const struct chappe_operation no_operations[1];
        struct chappe_runtime *runtime = &service->runtime;
        int r = make_rules(service, error);

        service->watched = chappe_mutex_new(runtime->world->executor);
        if (r == 0 && !service->watched)
                r = no_memory(error);
        if (r == 0)
                r = load_config(service, options, error);
        if (r == 0)
                r = check_properties(service, error);
        if (r == 0)
                r = name_replay(service, error);
        if (r == 0)
                r = name_instance(service, error);
        if (r == 0)
                r = open_log(service, error);
        if (r == 0)
                r = open_metrics(service, error);
        if (r < 0)
                return r;

        runtime->service = service->config->name;
        runtime->instance = service->instance;
        runtime->topic_prefix = chappe_config_text(runtime->config, "topic_prefix");
        runtime->operations = service->config->operations ? service->config->operations : no_operations;
        runtime->setting = find_setting;
        r = chappe_operations_check(runtime->operations, runtime->topic_prefix, error);
        return r < 0 ? r : chappe_flow_new(runtime, &runtime->flow, error);
}

int chappe_service_new(const struct chappe_service_config *config, const struct chappe_service_options *options,
                       struct chappe_service **ret_service, struct chappe_error *error)
{
        static const struct chappe_service_options none;
        assert(config && config->name && *config->name);

        if (!options)
                options = &none;
        CHAPPE_CLEANUP(service) struct chappe_service *service = calloc(1, sizeof(*service));
        if (!service)
                return no_memory(error);
        service->config = config;
        service->runtime.world = options->world ? options->world : chappe_world_system();
        service->real = service->runtime.world->executor == chappe_executor_threads();

        int r = prepare(service, options, error);
        if (r < 0)
                return r;
        *ret_service = CHAPPE_TAKE(service);
        return 0;
}

static int64_t left_ms(const struct chappe_service *service, int64_t deadline_us)
{
        int64_t left_us = deadline_us - chappe_service_now_us(service);
        return left_us > 0 ? left_us / 1000 : 0;
}

/* Stops what was started, last first; every part gets its turn, the first error is told. */
static int stop_parts(struct chappe_service *service, size_t count, int64_t deadline_us, struct chappe_error *error)
{
        int result = 0;

        while (count-- > 0) {
                const struct chappe_part *part = &chappe_parts[count];
                if (!part->stop)
                        continue;
                atomic_store(&service->activity, part->stopping);
                int r = part->stop(service, left_ms(service, deadline_us), result ? NULL : error);
                if (r < 0 && result == 0)
                        result = r;
        }
        return result;
}

static int start_parts(struct chappe_service *service, int64_t deadline_us, struct chappe_error *error)
{
        for (size_t n = 0; chappe_parts[n].starting; n++) {
                const struct chappe_part *part = &chappe_parts[n];
                if (!part->start)
                        continue;
                atomic_store(&service->activity, part->starting);
                int r = part->start(service, left_ms(service, deadline_us), error);
                if (r < 0) {
                        int64_t stop_us = chappe_config_integer(service->runtime.config, "stop_timeout_ms") * 1000;
                        stop_parts(service, n, chappe_service_now_us(service) + stop_us, NULL);
                        return r;
                }
        }
        return 0;
}

int chappe_service_start(struct chappe_service *service, struct chappe_error *error)
{
        int fresh = CHAPPE_PHASE_NEW;
        if (!atomic_compare_exchange_strong(&service->phase, &fresh, CHAPPE_PHASE_STARTING))
                return chappe_fail(error, CHAPPE_E_SERVICE_STATE, "%s was started before", service->config->name);

        int64_t begun_us = chappe_service_now_us(service);
        int64_t timeout_ms = chappe_config_integer(service->runtime.config, "start_timeout_ms");
        chappe_log_write(service->runtime.log, CHAPPE_LOG_SERVICE_STARTING, "%s %s starts (chappe %s)",
                         service->config->name, service->config->version ? service->config->version : "",
                         chappe_version());
        int r = start_parts(service, begun_us + timeout_ms * 1000, error);
        if (r < 0) {
                atomic_store(&service->phase, CHAPPE_PHASE_STOPPED);
                return r;
        }
        atomic_store(&service->activity, "taking records");
        atomic_store(&service->phase, CHAPPE_PHASE_RUNNING);
        chappe_log_write(service->runtime.log, CHAPPE_LOG_SERVICE_STARTED, "started in %lld ms",
                         (long long)(chappe_service_now_us(service) - begun_us) / 1000);
        return 0;
}

bool chappe_service_ready(struct chappe_service *service)
{
        struct chappe_executor *executor = service->runtime.world->executor;

        chappe_mutex_lock(executor, service->watched);
        bool ready = atomic_load(&service->phase) == CHAPPE_PHASE_RUNNING && chappe_flow_ready(service->runtime.flow) &&
                     chappe_flow_healthy(service->runtime.flow, NULL);
        chappe_mutex_unlock(executor, service->watched);
        return ready;
}

bool chappe_service_healthy(struct chappe_service *service, struct chappe_error *error)
{
        struct chappe_executor *executor = service->runtime.world->executor;

        chappe_mutex_lock(executor, service->watched);
        bool healthy = atomic_load(&service->phase) != CHAPPE_PHASE_RUNNING ||
                       chappe_flow_healthy(service->runtime.flow, error);
        chappe_mutex_unlock(executor, service->watched);
        return healthy;
}

bool chappe_service_trouble(struct chappe_service *service, struct chappe_error *error)
{
        struct chappe_executor *executor = service->runtime.world->executor;

        chappe_mutex_lock(executor, service->watched);
        bool trouble = atomic_load(&service->phase) == CHAPPE_PHASE_RUNNING &&
                       chappe_flow_trouble(service->runtime.flow, error);
        chappe_mutex_unlock(executor, service->watched);
        return trouble;
}

/* From here on nobody looks into the parts any more. */
static bool leave_running(struct chappe_service *service)
{
        struct chappe_executor *executor = service->runtime.world->executor;
        int running = CHAPPE_PHASE_RUNNING;

        chappe_mutex_lock(executor, service->watched);
        bool left = atomic_compare_exchange_strong(&service->phase, &running, CHAPPE_PHASE_STOPPING);
        chappe_mutex_unlock(executor, service->watched);
        return left;
}

int chappe_service_stop(struct chappe_service *service, struct chappe_error *error)
{
        if (!leave_running(service))
                return chappe_fail(error, CHAPPE_E_SERVICE_STATE, "%s does not run", service->config->name);

        int64_t timeout_ms = chappe_config_integer(service->runtime.config, "stop_timeout_ms");
        struct chappe_error failure = { 0 };
        size_t count = 0;

        while (chappe_parts[count].starting)
                count++;
        chappe_log_write(service->runtime.log, CHAPPE_LOG_SERVICE_STOPPING, "stopping");
        int r = stop_parts(service, count, chappe_service_now_us(service) + timeout_ms * 1000, &failure);
        atomic_store(&service->phase, CHAPPE_PHASE_STOPPED);
        if (r < 0) {
                chappe_log_error(service->runtime.log, CHAPPE_LOG_SERVICE_UNFINISHED, &failure);
                if (error)
                        *error = failure;
                return r;
        }
        chappe_log_write(service->runtime.log, CHAPPE_LOG_SERVICE_STOPPED, "stopped with nothing in flight");
        return 0;
}

struct chappe_service *chappe_service_free(struct chappe_service *service)
{
        if (!service)
                return NULL;
        if (atomic_load(&service->phase) == CHAPPE_PHASE_RUNNING)
                chappe_service_stop(service, NULL);
        chappe_flow_free(service->runtime.flow);
        chappe_metrics_free(service->runtime.metrics);
        chappe_log_free(service->runtime.log);
        chappe_config_free(service->runtime.config);
        if (service->watched)
                chappe_mutex_free(service->runtime.world->executor, service->watched);
        free(service->rules);
        free(service->instance);
        free(service->group);
        free(service);
        return NULL;
}

void *chappe_service_state(struct chappe_service *service)
{
        return service->runtime.state;
}

const char *chappe_service_setting(struct chappe_service *service, const char *name)
{
        return chappe_config_find(service->runtime.config, name);
}

bool chappe_service_has(const struct chappe_service *service, enum chappe_operation_kind kind)
{
        const struct chappe_operation *operation = service->runtime.operations;

        while (operation->kind != CHAPPE_END && operation->kind != kind)
                operation++;
        return operation->kind == kind;
}
