/* SPDX-License-Identifier: Apache-2.0 */
/* What starts and stops with a service, in its order. */
#include "service/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "rpc/rpc.h"
#include "service/admin.h"
#include "store/store.h"

static int start_admin(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        /* A simulated service has no port of its own. */
        if (!service->real || !chappe_config_boolean(service->runtime.config, "admin"))
                return 0;
        int r = chappe_admin_start(service, &service->admin, error);
        if (r == 0)
                chappe_log_write(service->runtime.log, CHAPPE_LOG_ADMIN_LISTENS, "health and metrics at http://%s:%d",
                                 chappe_config_text(service->runtime.config, "admin_bind"),
                                 chappe_admin_port(service->admin));
        return r;
}

static int stop_admin(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        service->admin = chappe_admin_stop(service->admin);
        return 0;
}

int chappe_service_open_broker(struct chappe_service *service, struct chappe_error *error)
{
        struct chappe_runtime *runtime = &service->runtime;
        size_t count = chappe_config_kafka_count(runtime->config);
        bool named = false;

        struct chappe_property *properties = calloc(count + 1, sizeof(*properties));
        if (!properties)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the broker's properties");
        for (size_t i = 0; i < count; i++) {
                chappe_config_kafka_at(runtime->config, i, &properties[i].name, &properties[i].value);
                named = named || strcmp(properties[i].name, "client.id") == 0;
        }
        if (!named)
                properties[count++] = (struct chappe_property){ "client.id", service->instance };
        int r = runtime->world->broker_open(runtime->world->context, properties, count, &runtime->broker, error);
        free(properties);
        return r;
}

static int open_broker(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        return chappe_service_open_broker(service, error);
}

static int close_broker(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        service->runtime.broker->operations->close(service->runtime.broker);
        service->runtime.broker = NULL;
        return 0;
}

static int make_state(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        if (!service->config->state_new)
                return 0;

        struct chappe_error failure = { 0 };
        service->runtime.state = service->config->state_new(service, &failure);
        if (!service->runtime.state) {
                if (!failure.code)
                        chappe_fail(&failure, CHAPPE_E_SERVICE_STATE, "state_new of %s failed and did not say why",
                                    service->config->name);
                if (error)
                        *error = failure;
                return -failure.code;
        }
        return 0;
}

static int free_state(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        if (service->config->state_free && service->runtime.state)
                service->config->state_free(service->runtime.state);
        service->runtime.state = NULL;
        return 0;
}

static int open_store(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        if (!service->config->migrations)
                return 0;
        return chappe_store_open(&service->runtime, service->config->migrations, timeout_ms, error);
}

static int close_store(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        chappe_store_close(&service->runtime);
        return 0;
}

static int start_relay(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        return service->runtime.store ? chappe_store_relay_start(&service->runtime, error) : 0;
}

static int stop_relay(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        return chappe_store_relay_stop(&service->runtime, timeout_ms, error);
}

static int open_answers(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        return chappe_service_has(service, CHAPPE_ANSWERS) ? chappe_answers_open(&service->runtime, error) : 0;
}

static int close_answers(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        chappe_answers_close(&service->runtime);
        return 0;
}

static int open_calls(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        return chappe_service_has(service, CHAPPE_CALLS) ? chappe_calls_open(&service->runtime, timeout_ms, error) : 0;
}

static int close_calls(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        chappe_calls_close(&service->runtime);
        return 0;
}

static int stop_calls(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        chappe_calls_stop(&service->runtime);
        return 0;
}

size_t chappe_service_remarks(struct chappe_broker *broker, const char *ret_remarks[CHAPPE_REMARKS_MAXIMUM])
{
        size_t count = broker->operations->remarks
                               ? broker->operations->remarks(broker, ret_remarks, CHAPPE_REMARKS_MAXIMUM)
                               : 0;

        return count < CHAPPE_REMARKS_MAXIMUM ? count : CHAPPE_REMARKS_MAXIMUM;
}

static void log_remarks(struct chappe_service *service)
{
        const char *remarks[CHAPPE_REMARKS_MAXIMUM];
        size_t count = chappe_service_remarks(service->runtime.broker, remarks);

        for (size_t i = 0; i < count; i++)
                chappe_log_write(service->runtime.log, CHAPPE_LOG_BROKER_REMARK, "%s", remarks[i]);
}

static int start_flow(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        int r = chappe_flow_start(service->runtime.flow, timeout_ms, error);
        if (r == 0)
                log_remarks(service);
        return r;
}

static int stop_flow(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        return chappe_flow_stop(service->runtime.flow, timeout_ms, error);
}

static int drain_flow(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        int64_t budget_ms = chappe_config_integer(service->runtime.config, "drain_timeout_ms");
        return chappe_flow_drain(service->runtime.flow, budget_ms < timeout_ms ? budget_ms : timeout_ms, error);
}

static int start_front(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        /* The service's front is elsewhere: a replay only goes through its window. */
        if (service->runtime.replay_name)
                return 0;
        return service->config->started ? service->config->started(service, service->runtime.state, error) : 0;
}

static int stop_front(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error)
{
        (void)timeout_ms;
        (void)error;
        if (service->config->stopping && !service->runtime.replay_name)
                service->config->stopping(service, service->runtime.state);
        return 0;
}

/* In the order of flow/flow.h: handlers drain while events and replies can still leave, and everything is flushed last.
 */
const struct chappe_part chappe_parts[] = {
        { "opening the admin port", "closing the admin port", start_admin, stop_admin },
        { "opening the broker", "closing the broker", open_broker, close_broker },
        { "opening the store", "closing the store", open_store, close_store },
        { "making the service's state", "freeing the service's state", make_state, free_state },
        { "preparing answers", "closing answers", open_answers, close_answers },
        { "preparing calls", "closing calls", open_calls, close_calls, true },
        { "connecting to the brokers", "flushing and leaving the group", start_flow, stop_flow, true },
        { "making calls", "ending calls", NULL, stop_calls },
        { "starting the outbox's relay", "stopping the outbox's relay", start_relay, stop_relay },
        { "taking records", "waiting for running handlers", NULL, drain_flow },
        { "starting the service's front", "stopping the service's front", start_front, stop_front },
        { 0 },
};
