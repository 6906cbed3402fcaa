/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the simulated cluster, seen from outside. */
#include <stdlib.h>

#include "broker/sim/sim_private.h"

static const char *const states[] = {
        [SIM_GROUP_EMPTY] = "Empty",
        [SIM_GROUP_PREPARING] = "PreparingRebalance",
        [SIM_GROUP_STABLE] = "Stable",
};

static struct sim_group *find(const struct chappe_sim *sim, const char *name)
{
        struct sim_group *group;

        HASH_FIND_STR(sim->groups, name, group);
        return group && !group->forgotten ? group : NULL;
}

static size_t count_all(const struct chappe_sim *sim)
{
        size_t count = 0;

        for (const struct sim_group *group = sim->groups; group; group = group->hh.next)
                count += !group->forgotten;
        return count;
}

static size_t size_of(const struct sim_group *group)
{
        size_t size = sizeof(struct chappe_group_description) + strlen(group->name) + 2;

        for (const struct sim_member *member = group->members; member; member = member->next)
                size += strlen(member->id) + 2;
        return size;
}

static void describe(const struct sim_group *group, struct chappe_group_description *description, char **names)
{
        description->name = *names;
        *names = stpcpy(*names, group->name) + 1;
        description->state = states[group->state];
        description->clients = *names;
        **names = '\0';
        for (const struct sim_member *member = group->members; member; member = member->next) {
                *names = stpcpy(stpcpy(*names, description->member_count++ ? ", " : ""), member->id);
        }
        ++*names;
}

int chappe_sim_admin_groups(struct chappe_broker *handle, const char *name, int64_t timeout_ms,
                            struct chappe_group_description **ret_groups, size_t *ret_count, struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        int status = chappe_sim_round_trip(broker, "broker.groups", timeout_ms, error);
        size_t count = name ? 1 : count_all(broker->sim), size = 1, n = 0;

        if (status < 0)
                return status;
        struct sim_group *only = name ? find(broker->sim, name) : NULL;

        for (struct sim_group *group = broker->sim->groups; group; group = group->hh.next)
                size += size_of(group);
        size += name ? sizeof(**ret_groups) + strlen(name) + 2 : 0;
        *ret_groups = calloc(1, size);
        if (!*ret_groups)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu groups", count);
        char *names = (char *)(*ret_groups + count);

        for (struct sim_group *group = name ? only : broker->sim->groups; group; group = group->hh.next) {
                if (group->forgotten)
                        continue;
                describe(group, &(*ret_groups)[n++], &names);
                if (name)
                        break;
        }
        if (name && !only) {
                (*ret_groups)[0] = (struct chappe_group_description){ strcpy(names, name), "Dead", "", 0 };
        }
        *ret_count = count;
        return 0;
}

int chappe_sim_admin_committed(struct chappe_broker *handle, const char *name, struct chappe_position *positions,
                               size_t count, int64_t timeout_ms, void **ret_memory, struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        int status = chappe_sim_round_trip(broker, "broker.committed", timeout_ms, error);
        size_t size = 1;

        if (status < 0)
                return status;
        const struct sim_group *group = find(broker->sim, name);

        for (size_t i = 0; i < count; i++) {
                const struct sim_committed *committed =
                        group ? chappe_sim_group_committed(group, positions[i].topic, positions[i].partition) : NULL;

                size += committed && committed->metadata ? strlen(committed->metadata) + 1 : 0;
        }
        char *at = *ret_memory = malloc(size);

        if (!at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for committed offsets");
        for (size_t i = 0; i < count; i++) {
                const struct sim_committed *committed =
                        group ? chappe_sim_group_committed(group, positions[i].topic, positions[i].partition) : NULL;

                positions[i].offset = committed ? committed->offset : CHAPPE_OFFSET_NONE;
                positions[i].metadata = committed && committed->metadata ? at : NULL;
                if (positions[i].metadata)
                        at = stpcpy(at, committed->metadata) + 1;
        }
        return 0;
}

int chappe_sim_admin_commit(struct chappe_broker *handle, const char *name, const struct chappe_position *positions,
                            size_t count, int64_t timeout_ms, struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        int status = chappe_sim_round_trip(broker, "broker.group_commit", timeout_ms, error);

        return status < 0 ? status
                          : chappe_sim_group_alter(chappe_sim_group_get(broker->sim, name), positions, count, error);
}

int chappe_sim_admin_delete(struct chappe_broker *handle, const char *name, int64_t timeout_ms,
                            struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        int status = chappe_sim_round_trip(broker, "broker.group_delete", timeout_ms, error);
        struct sim_group *group = status < 0 ? NULL : find(broker->sim, name);

        if (status < 0)
                return status;
        if (!group)
                return CHAPPE_GROUP_ABSENT;
        if (group->members)
                return chappe_fail(error, CHAPPE_E_GROUP_BUSY, "group %s has members", name);
        chappe_sim_group_forget(group);
        return 0;
}
