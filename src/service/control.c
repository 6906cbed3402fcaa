/* SPDX-License-Identifier: Apache-2.0 */
/* Consumption held and moved at run time. */
#include <chappe/control.h>

#include "flow/replay.h"
#include "service/service.h"

static int not_running(const struct chappe_service *service, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_SERVICE_STATE, "%s does not run", service->config->name);
}

static int set_paused(struct chappe_service *service, const char *topic, bool paused, struct chappe_error *error)
{
        struct chappe_executor *executor = service->runtime.world->executor;

        chappe_mutex_lock(executor, service->watched);
        bool running = atomic_load(&service->phase) == CHAPPE_PHASE_RUNNING;
        int status =
                running ? chappe_flow_pause(service->runtime.flow, topic, paused, error) : not_running(service, error);
        chappe_mutex_unlock(executor, service->watched);
        return status;
}

int chappe_service_pause(struct chappe_service *service, const char *topic, struct chappe_error *error)
{
        return set_paused(service, topic, true, error);
}

int chappe_service_resume(struct chappe_service *service, const char *topic, struct chappe_error *error)
{
        return set_paused(service, topic, false, error);
}

int chappe_service_seek(struct chappe_service *service, const char *topic, int64_t time_ms, int64_t timeout_ms,
                        struct chappe_error *error)
{
        if (atomic_load(&service->phase) != CHAPPE_PHASE_RUNNING)
                return not_running(service, error);
        return chappe_flow_seek(service->runtime.flow, topic, time_ms, timeout_ms, error);
}

int chappe_service_replayed(struct chappe_service *service, int64_t timeout_ms, struct chappe_replayed *ret_replayed,
                            struct chappe_error *error)
{
        struct chappe_replay_state state = { 0 };
        int status;

        *ret_replayed = (struct chappe_replayed){ 0 };
        if (!service->runtime.replay)
                return chappe_fail(error, CHAPPE_E_SERVICE_STATE, "%s runs no replay", service->config->name);
        status = chappe_replay_wait(service->runtime.replay, timeout_ms, &state, error);
        *ret_replayed = (struct chappe_replayed){ state.over, state.finished, state.failed, state.left };
        return status;
}
