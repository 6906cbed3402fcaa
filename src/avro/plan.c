/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: made, freed, asked. */
#include <stdio.h>
#include <stdlib.h>

#include "avro/plan_build.h"

#define ARENA_LIMIT (64u << 20) /* paths and reasons of one plan */

/* Calls hold the number of their routine until all routines have their place. */
static void place_calls(struct chappe_plan_builder *builder)
{
        const struct chappe_plan_routine *routines = (const struct chappe_plan_routine *)builder->routines.at;
        uint32_t length = chappe_plan_position(builder);

        for (uint32_t i = 0; i < length; i++) {
                struct chappe_instruction *instruction = chappe_plan_at(builder, i);

                if (instruction->op == CHAPPE_OP_CALL || instruction->op == CHAPPE_OP_POINTER)
                        instruction->b = routines[instruction->b].start;
        }
}

/* Compiling one routine may ask for further ones. */
static void compile_routines(struct chappe_plan_builder *builder)
{
        for (size_t i = 0; !builder->failed && i < builder->routines.length / sizeof(struct chappe_plan_routine); i++) {
                struct chappe_plan_routine *routines = (struct chappe_plan_routine *)builder->routines.at,
                                           routine = routines[i];

                routines[i].start = builder->label = chappe_plan_position(builder);
                builder->path = NULL;
                builder->outer = routine.path;
                if (routine.reader)
                        chappe_plan_value(builder, routine.writer, routine.reader, routine.layout, 0);
                else
                        chappe_plan_skip_fields(builder, routine.writer);
                builder->label = chappe_plan_position(builder);
                chappe_plan_emit(builder, CHAPPE_OP_RETURN, 0, 0, 0);
        }
}

static int compile(struct chappe_plan_builder *builder)
{
        struct chappe_plan *plan = builder->plan;
        bool good = chappe_plan_value(builder, plan->writer->root, plan->reader->root, plan->layout, 0);

        builder->label = chappe_plan_position(builder);
        chappe_plan_emit(builder, CHAPPE_OP_END, 0, 0, 0);
        compile_routines(builder);
        if (!builder->failed && (!good || (builder->strict && plan->mismatch))) {
                if (builder->error)
                        *builder->error = builder->mismatch;
                return -CHAPPE_E_SCHEMA_INCOMPATIBLE;
        }
        if (!builder->failed)
                place_calls(builder);
        return builder->failed;
}

/* The plan owns what the builder has put together, complete or not. */
static void take(struct chappe_plan *plan, struct chappe_plan_builder *builder)
{
        plan->program = (struct chappe_instruction *)builder->program.at;
        plan->length = chappe_plan_position(builder);
        plan->paths = (const struct chappe_plan_path **)builder->paths.at;
        plan->jumps = (uint32_t *)builder->jumps.at;
        plan->reasons = (const char **)builder->reasons.at;
        plan->defaults = builder->defaults.at;
        chappe_buffer_deinit(&builder->routines);
}

static int plan_fill(struct chappe_plan *plan, bool strict, struct chappe_error *error)
{
        struct chappe_plan_builder builder = { .plan = plan, .error = error, .strict = strict };
        int r;

        plan->arena = chappe_arena_new(ARENA_LIMIT);
        if (!plan->arena || !plan->layout)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a plan");
        r = chappe_resolver_new(plan->writer, plan->reader, strict, &builder.resolver, error);
        if (r < 0)
                return r;
        r = compile(&builder);
        take(plan, &builder);
        if (chappe_resolver_failed(builder.resolver))
                r = chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to resolve schemas");
        chappe_resolver_free(builder.resolver);
        return r;
}

static bool has_aliases(const struct chappe_schema *schema)
{
        for (const struct chappe_schema_node *node = schema->nodes; node; node = node->next) {
                if (node->aliases.count > 0)
                        return true;
                for (uint32_t i = 0; node->kind == CHAPPE_SCHEMA_RECORD && i < node->count; i++) {
                        if (node->members[i].aliases.count > 0)
                                return true;
                }
        }
        return false;
}

/* Data of the one is data of the other. Among equal schemas with aliases, one may yet be read as another's field. */
static bool is_same(const struct chappe_schema *writer, const struct chappe_schema *reader)
{
        return writer == reader || chappe_text_equal(chappe_schema_text(writer), chappe_schema_text(reader)) ||
               (chappe_text_equal(writer->canonical, reader->canonical) && !has_aliases(reader));
}

static int plan_compile(struct chappe_schema *writer, struct chappe_schema *reader, const struct chappe_layout *layout,
                        bool strict, struct chappe_plan **ret_plan, struct chappe_error *error)
{
        struct chappe_plan *plan = calloc(1, sizeof(*plan));
        int r;

        if (!plan)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a plan");
        /* Nodes of the same schema are the same: nothing needs resolving then, and aliases have nothing to say. */
        if (is_same(writer, reader))
                writer = reader;
        plan->writer = chappe_schema_ref(writer);
        plan->reader = chappe_schema_ref(reader);
        plan->layout = layout;
        plan->encodable = writer == reader;
        r = plan_fill(plan, strict, error);
        if (r < 0)
                plan = chappe_plan_free(plan);
        else
                *ret_plan = plan;
        return r;
}

int chappe_plan_new(struct chappe_schema *writer, struct chappe_schema *reader, const struct chappe_layout *layout,
                    struct chappe_plan **ret_plan, struct chappe_error *error)
{
        return plan_compile(writer, reader, layout, false, ret_plan, error);
}

int chappe_plan_for_type(struct chappe_schema *writer, struct chappe_schema *reader, const struct chappe_type *type,
                         struct chappe_plan **ret_plan, struct chappe_error *error)
{
        int r = plan_compile(writer, reader, type->layout, false, ret_plan, error);

        if (r >= 0 && (*ret_plan)->encodable)
                (*ret_plan)->type = type;
        return r;
}

struct chappe_plan *chappe_plan_free(struct chappe_plan *plan)
{
        if (!plan)
                return NULL;
        free(plan->program);
        free(plan->paths);
        free(plan->jumps);
        free(plan->reasons);
        free(plan->defaults);
        chappe_arena_free(plan->arena);
        chappe_schema_unref(plan->writer);
        chappe_schema_unref(plan->reader);
        free(plan);
        return NULL;
}

/* A plan is compiled and thrown away: one set of rules, and all of them are asked. */
int chappe_schema_check(const struct chappe_schema *writer, const struct chappe_schema *reader,
                        struct chappe_error *error)
{
        struct chappe_schema *shared_writer = (struct chappe_schema *)writer,
                             *shared_reader = (struct chappe_schema *)reader;
        const struct chappe_layout *layout = chappe_schema_layout(shared_reader, error);
        struct chappe_plan *plan;
        int r;

        if (!layout)
                return error && error->code ? -error->code : -CHAPPE_E_SCHEMA_LIMIT;
        r = plan_compile(shared_writer, shared_reader, layout, true, &plan, error);
        if (r >= 0)
                chappe_plan_free(plan);
        return r < 0 ? r : 0;
}

static const char *step_back(char *start, char *at, const char *format, const char *name, size_t index)
{
        char step[80];
        int length = snprintf(step, sizeof(step), format, name, index);

        return at - start > length ? memcpy(at - length, step, (size_t)length) : NULL;
}

/* From the innermost step outwards; what does not fit any more is left out in front. */
const char *chappe_plan_path_print(const struct chappe_plan *plan, const struct chappe_instruction *instruction,
                                   const struct chappe_plan_frame *frames, unsigned depth, char buffer[200])
{
        const struct chappe_plan_path *path = plan->paths[instruction - plan->program];
        const char *at = buffer + 199, *longer = at;

        buffer[199] = '\0';
        while (longer && (path || depth > 0)) {
                if (path && path->name[0] != '[') {
                        longer = step_back(buffer + 4, (char *)at, ".%.60s", path->name, 0);
                        path = path->parent;
                } else if (path) {
                        while (depth > 1 && !frames[depth - 1].items)
                                depth--;
                        depth--;
                        longer = step_back(buffer + 4, (char *)at, "%s[%zu]", "",
                                           frames[depth].total - frames[depth].left);
                        path = path->parent;
                } else {
                        depth--;
                        if (frames[depth].next)
                                path = plan->paths[frames[depth].instruction - plan->program];
                }
                at = longer ? longer : at;
        }
        return longer ? memcpy((char *)at - 1, "$", 1) : memcpy((char *)at - 4, "$...", 4);
}
