/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated types on their own: schema and plan of a type to itself, compiled when first needed and kept for the life
 * of the process. The list only grows, so that readers need no lock; two threads may compile the same type at once, and
 * one of the two is dropped.
 */
#include <chappe/value.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "avro/plan.h"
#include "avro/straight_line.h"

struct own_plan {
        const struct chappe_type *type;
        struct chappe_schema *schema;
        struct chappe_plan *plan;
        struct own_plan *next; /* constant once listed */
};

static _Atomic(struct own_plan *) own_plans;

static const struct chappe_plan *find_from(const struct own_plan *own, const struct chappe_type *type)
{
        while (own && own->type != type)
                own = own->next;
        return own ? own->plan : NULL;
}

static struct own_plan *own_plan_free(struct own_plan *own)
{
        if (own) {
                chappe_plan_free(own->plan);
                chappe_schema_unref(own->schema);
        }
        free(own);
        return NULL;
}

static int compile(const struct chappe_type *type, struct own_plan **ret, struct chappe_error *error)
{
        static const struct chappe_schema_limits most = CHAPPE_SCHEMA_LIMITS_MOST;
        struct own_plan *own = calloc(1, sizeof(*own));
        int status;

        if (!own)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the plan of %s", type->name);
        own->type = type;
        status = chappe_schema_parse_within(type->name, chappe_text(type->schema), &most, &own->schema, error);
        if (status >= 0)
                status = chappe_plan_for_type(own->schema, own->schema, type, &own->plan, error);
        if (status < 0)
                own_plan_free(own);
        else
                *ret = own;
        return status;
}

int chappe_type_plan(const struct chappe_type *type, const struct chappe_plan **ret_plan, struct chappe_error *error)
{
        struct own_plan *own = NULL, *head = atomic_load_explicit(&own_plans, memory_order_acquire);
        int status;

        *ret_plan = find_from(head, type);
        if (*ret_plan)
                return 0;
        status = compile(type, &own, error);
        if (status < 0)
                return status;
        do {
                *ret_plan = find_from(head, type);
                if (*ret_plan) {
                        own_plan_free(own);
                        return 0;
                }
                own->next = head;
        } while (!atomic_compare_exchange_weak_explicit(&own_plans, &head, own, memory_order_acq_rel,
                                                        memory_order_acquire));
        *ret_plan = own->plan;
        return 0;
}

int chappe_type_decode(const struct chappe_type *type, const void *bytes, size_t length, struct chappe_arena *arena,
                       void *ret_value, struct chappe_error *error)
{
        const struct chappe_plan *plan;
        int status;

        if (chappe_straight_decode(type, bytes, length, arena, &chappe_decode_usual, ret_value))
                return 0;
        status = chappe_type_plan(type, &plan, error);
        return status < 0 ? status : chappe_plan_decode(plan, bytes, length, arena, NULL, ret_value, error);
}

/* Apart, so that the usual way needs no stack. */
static __attribute__((noinline)) int encode_by_plan(const struct chappe_type *type, const void *value,
                                                    struct chappe_buffer *buffer, struct chappe_error *error)
{
        const struct chappe_plan *plan;
        int status = chappe_type_plan(type, &plan, error);

        return status < 0 ? status : chappe_plan_encode(plan, value, buffer, error);
}

int chappe_type_encode(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer,
                       struct chappe_error *error)
{
        return chappe_straight_encode(type, value, buffer) ? 0 : encode_by_plan(type, value, buffer, error);
}

int chappe_type_print(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer,
                      struct chappe_error *error)
{
        const struct chappe_plan *plan;
        int status = chappe_type_plan(type, &plan, error);

        return status < 0 ? status : chappe_json_print_plain(plan->reader, type->layout, value, buffer, error);
}
