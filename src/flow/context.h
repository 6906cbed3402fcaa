/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of chappe_context, and the hooks by which the floors above join in: the store's unit of work, the calls.
 */
#pragma once

#include <chappe/arena.h>
#include <chappe/context.h>
#include <chappe/operation.h>

#include "base/arena_inline.h"
#include "base/id.h"
#include "base/stopwatch.h"
#include "broker/world.h"
#include "flow/meters.h"
#include "wire/trace.h"

struct chappe_publisher;
struct chappe_context;

/* An encoded event on its way out; borrowed for the call. */
struct chappe_outgoing {
        const char *topic; /* with prefix */
        int32_t partition; /* or CHAPPE_PARTITION_BY_KEY */
        struct chappe_bytes key;
        struct chappe_bytes value;
        const struct chappe_header *headers;
        size_t header_count;
};

#define CHAPPE_WORK_SEEN 1

/* The store, as flow and rpc see it: one unit of work a record. NULL where a service has no store. All may wait. */
struct chappe_unit_of_work_operations {
        /* Has this event taken effect in this operation before? 1 yes, 0 no, negative. A request's stored reply (framed
         * bytes and headers) is put into the context's arena when there is one. */
        int (*seen)(struct chappe_context *ctx, struct chappe_text id, struct chappe_outgoing *ret_reply);
        /* Is a transaction open in this context? */
        bool (*open)(struct chappe_context *ctx);
        /* An event published while it is open: an outbox row. */
        int (*publish)(struct chappe_context *ctx, const struct chappe_outgoing *outgoing);
        /* Writes the inbox row (with the reply, if there is one; no row for an empty id) and commits; begins a
         * transaction by itself when a reply comes without one. 0 when it is durable; CHAPPE_WORK_SEEN: it had taken
         * effect before, and nothing of this run was kept. */
        int (*commit)(struct chappe_context *ctx, struct chappe_text id, const struct chappe_outgoing *reply);
        /* One more event takes effect in the open transaction, beside the one that commit will name: its inbox row. 0;
         * CHAPPE_WORK_SEEN: it had taken effect before, and the whole has to be rolled back. */
        int (*note)(struct chappe_context *ctx, struct chappe_text id);
        void (*rollback)(struct chappe_context *ctx);
};

struct chappe_log;
struct chappe_metrics;
struct chappe_payload;    /* flow/payload.h: frame + schema + plan: bytes to struct and back */
struct chappe_flow;       /* flow/flow.h */
struct chappe_deliveries; /* flow/deliveries.h */
struct chappe_channel;
struct chappe_channels;
struct chappe_plan;
struct chappe_writer;
struct chappe_replay; /* flow/replay.h */
struct chappe_config; /* config/config.h */
struct chappe_store_file;
struct chappe_calls;
struct chappe_answers;
struct chappe_called;

#define CHAPPE_FRAME_MOST 10 /* bytes in front of a payload that name its schema */

/* The latest event met: the next one with the same frame on the same topic needs no looking up. */
struct chappe_familiar {
        const struct chappe_channel *channel; /* NULL: none */
        const struct chappe_writer *writer;
        const struct chappe_operation *operation; /* that takes it; NULL: none does */
        const struct chappe_plan *plan;           /* to the operation's type; NULL: not looked up yet */
        size_t frame_length;
        uint8_t frame[CHAPPE_FRAME_MOST];
};

/* What all contexts of one service instance share. Constant once the service has started. */
struct chappe_runtime {
        const struct chappe_world *world;
        struct chappe_broker *broker;
        struct chappe_config *config;
        const char *service;
        const char *instance;     /* unique among the service's instances: "orders-1" */
        const char *topic_prefix; /* in front of every topic and group name; "" for none */
        const char *replay_name;  /* of the window that is run once more; NULL: live */
        const struct chappe_operation *operations;
        struct chappe_log *log;
        struct chappe_metrics *metrics;
        struct chappe_flow *flow; /* set by chappe_flow_new, like the next two */
        struct chappe_payload *payload;
        struct chappe_publisher *publisher;                /* from chappe_flow_start on */
        struct chappe_replay *replay;                      /* the same, where there is one */
        const struct chappe_channels *channels;            /* flow/channels.h: the operations by topic */
        const struct chappe_unit_of_work_operations *work; /* NULL: no store */
        struct chappe_store_file *store;                   /* the store's own, behind work */
        struct chappe_calls *calls;                        /* rpc's own; NULL: this service calls nobody */
        struct chappe_answers *answers;                    /* rpc's own; NULL: it answers nothing */
        /* rpc's, set before chappe_flow_start: what a worker does with a record of a topic that the service ANSWERS.
         * Tells the method by itself, sets ctx->operation, runs the handler, sends the reply with ctx->deliveries, so
         * that the request is finished only when the reply is delivered. Fills in ctx->event_id and trace itself. Its
         * decision is carried out as a handler's. */
        enum chappe_decision (*answer)(struct chappe_context *ctx);
        _Atomic uint64_t opened; /* contexts without a record, so far */
        _Atomic bool serving;    /* such contexts may be opened: not before the reply position is fixed */
        void *state;
        const char *(*setting)(const struct chappe_runtime *runtime,
                               const char *name); /* of the service's own; NULL: undeclared */
};

/* What a context says of one record: kept apart for each of a batch. */
struct chappe_context_part {
        const struct chappe_record *record;
        struct chappe_text event_id;
        struct chappe_trace trace;
        bool identified;
        uint32_t published;
        struct chappe_id_root ids;
        struct chappe_called *called;
};

/* The records of one run of a handler of several. */
struct chappe_batch {
        struct chappe_context_part *parts; /* but that of the selected one, which is in the context */
        uint8_t *events;                   /* decoded, one after another */
        size_t count;
        size_t selected;
};

struct chappe_context {
        struct chappe_runtime *runtime;
        struct chappe_arena *arena;
        struct chappe_batch *batch;               /* NULL: one record, or none */
        const struct chappe_operation *operation; /* NULL in an opened context */
        const struct chappe_record *record;       /* NULL in an opened context */
        struct chappe_text event_id;              /* this and trace: after chappe_context_identify */
        struct chappe_text correlation;           /* of the request being answered */
        struct chappe_trace trace;
        int64_t deadline_ms; /* wall clock; 0: none */
        int32_t attempt;
        uint32_t published;                   /* events so far: the n of the next derived id */
        struct chappe_id_root ids;            /* of what is published here; from the first event on */
        void *transaction;                    /* the store's own; NULL: none open */
        struct chappe_called *called;         /* rpc's own: the calls made so far */
        struct chappe_deliveries *deliveries; /* counts what this record still waits for; never NULL */
        struct chappe_error error;
        char reason[200]; /* of a retry or dead letter */
        bool identified;
        struct chappe_random *random;  /* of whoever works in this context */
        struct chappe_buffer *scratch; /* for encoding; kept from record to record */
        struct chappe_stopwatch watch; /* of a worker */
        struct chappe_familiar familiar;
        struct chappe_tally tally;
};

/* For another record, or none: everything that is not of whoever works here is forgotten; the arena is
 * reset. */
static inline void chappe_context_reset(struct chappe_context *ctx, const struct chappe_record *record,
                                        struct chappe_deliveries *deliveries)
{
        chappe_arena_clear(ctx->arena);
        ctx->batch = NULL;
        ctx->operation = NULL;
        ctx->record = record;
        ctx->event_id = (struct chappe_text){ 0 };
        ctx->correlation = (struct chappe_text){ 0 };
        ctx->trace = (struct chappe_trace){ 0 };
        ctx->deadline_ms = 0;
        ctx->attempt = 1;
        ctx->published = 0;
        ctx->transaction = NULL;
        ctx->called = NULL;
        ctx->deliveries = deliveries;
        ctx->error.code = 0;
        ctx->error.text[0] = '\0';
        ctx->reason[0] = '\0';
        ctx->identified = false;
}

/* What the context says of its record, put aside, and put back. */
void chappe_context_save(const struct chappe_context *ctx, struct chappe_context_part *ret_part);
void chappe_context_load(struct chappe_context *ctx, const struct chappe_context_part *part);

/* Fills in event_id and trace from the record's headers, once: parsing headers costs more than taking the record, so
 * that it is done only when somebody wants them. */
void chappe_context_identify(struct chappe_context *ctx);
/* A span for something that this context sends: of the trace that the record came with, else of a new one, the same for
 * all that is sent here. */
struct chappe_trace chappe_context_span(struct chappe_context *ctx);
/* The same for who has parsed and checked them already. */
void chappe_context_identify_by(struct chappe_context *ctx, const struct chappe_header *headers, size_t count);

/* Tells the simulation of a step worth crashing at. False when this process was killed there (or before): unwind, touch
 * nothing. */
static inline bool chappe_step(const struct chappe_world *world, const char *kind)
{
        if (!world->step)
                return true;
        world->step(world->context, kind);
        return !chappe_executor_stopped(world->executor);
}
/* Was it? */
static inline bool chappe_killed(const struct chappe_world *world)
{
        return world->step && chappe_executor_stopped(world->executor);
}
