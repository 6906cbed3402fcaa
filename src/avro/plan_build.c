/* SPDX-License-Identifier: Apache-2.0 */
/* Putting a program together: instructions, jumps, routines, reasons. */
#include <stdarg.h>
#include <stdio.h>

#include "avro/plan_build.h"

void chappe_plan_no_memory(struct chappe_plan_builder *builder)
{
        if (!builder->failed)
                builder->failed = chappe_fail(builder->error, CHAPPE_E_NO_MEMORY, "no memory for a plan");
}

static void append(struct chappe_plan_builder *builder, struct chappe_buffer *buffer, const void *bytes, size_t size)
{
        if (chappe_buffer_append(buffer, bytes, size) < 0)
                chappe_plan_no_memory(builder);
}

uint32_t chappe_plan_position(const struct chappe_plan_builder *builder)
{
        return (uint32_t)(builder->program.length / sizeof(struct chappe_instruction));
}

struct chappe_instruction *chappe_plan_at(struct chappe_plan_builder *builder, uint32_t position)
{
        return (struct chappe_instruction *)builder->program.at + position;
}

/* Neighbouring skips become one, and so do two floats that lie side by side in both worlds. */
static bool merge(struct chappe_plan_builder *builder, enum chappe_op op, uint32_t offset, uint32_t a)
{
        uint32_t position = chappe_plan_position(builder);
        struct chappe_instruction *last = position > builder->label ? chappe_plan_at(builder, position - 1) : NULL;
        uint32_t sum;

        if (last && last->op == CHAPPE_OP_FLOAT && op == CHAPPE_OP_FLOAT && last->offset + 4 == offset) {
                last->op = CHAPPE_OP_DOUBLE; /* eight bytes as they are */
                return true;
        }
        if (!last || last->op != op || (op != CHAPPE_OP_SKIP && op != CHAPPE_OP_SKIP_VARINT) ||
            __builtin_add_overflow(last->a, a, &sum))
                return false;
        last->a = sum;
        return true;
}

uint32_t chappe_plan_emit(struct chappe_plan_builder *builder, enum chappe_op op, uint32_t offset, uint32_t a,
                          uint32_t b)
{
        struct chappe_instruction instruction = { .op = op, .offset = offset, .a = a, .b = b };
        uint32_t position = chappe_plan_position(builder);

        if (builder->failed || merge(builder, op, offset, a))
                return position ? position - 1 : 0;
        if (position >= CHAPPE_PLAN_LENGTH_LIMIT) {
                builder->failed =
                        chappe_fail(builder->error, CHAPPE_E_SCHEMA_LIMIT,
                                    "the schemas need a plan of more than %u instructions", CHAPPE_PLAN_LENGTH_LIMIT);
                return 0;
        }
        append(builder, &builder->program, &instruction, sizeof(instruction));
        append(builder, &builder->paths, &builder->path, sizeof(builder->path));
        return builder->failed ? 0 : position;
}

void chappe_plan_land(struct chappe_plan_builder *builder, uint32_t position)
{
        if (builder->failed)
                return;
        builder->label = chappe_plan_position(builder);
        chappe_plan_at(builder, position)->b = builder->label;
}

void chappe_plan_land_all(struct chappe_plan_builder *builder, uint32_t last)
{
        while (!builder->failed && last != UINT32_MAX) {
                uint32_t before = chappe_plan_at(builder, last)->b;

                chappe_plan_land(builder, last);
                last = before;
        }
}

uint32_t chappe_plan_jumps_new(struct chappe_plan_builder *builder, uint32_t count)
{
        uint32_t first = (uint32_t)(builder->jumps.length / sizeof(uint32_t)), none = UINT32_MAX;

        for (uint32_t i = 0; i < count; i++)
                append(builder, &builder->jumps, &none, sizeof(none));
        return first;
}

void chappe_plan_jump_set(struct chappe_plan_builder *builder, uint32_t index, uint32_t value)
{
        if (!builder->failed)
                ((uint32_t *)builder->jumps.at)[index] = value;
}

uint32_t chappe_plan_routine(struct chappe_plan_builder *builder, const struct chappe_schema_node *writer,
                             const struct chappe_schema_node *reader, const struct chappe_layout *layout)
{
        struct chappe_plan_routine added = { writer, reader, layout, builder->path, UINT32_MAX };
        const struct chappe_plan_routine *routines = (const struct chappe_plan_routine *)builder->routines.at;
        uint32_t count = (uint32_t)(builder->routines.length / sizeof(added));

        for (uint32_t i = 0; i < count; i++) {
                if (routines[i].writer == writer && routines[i].reader == reader && routines[i].layout == layout)
                        return i;
        }
        append(builder, &builder->routines, &added, sizeof(added));
        return count;
}

void chappe_plan_enter(struct chappe_plan_builder *builder, const char *name)
{
        struct chappe_plan_path *path = chappe_arena_alloc(builder->plan->arena, sizeof(*path));

        if (!path) {
                chappe_plan_no_memory(builder);
                return;
        }
        *path = (struct chappe_plan_path){ builder->path, name };
        builder->path = path;
}

/* The path so far, with "[]" for items. */
static void print_path(const struct chappe_plan_path *path, char *buffer, size_t size)
{
        size_t length;

        if (!path)
                return;
        print_path(path->parent, buffer, size);
        length = strlen(buffer);
        snprintf(buffer + length, size - length, "%s%s", path->name[0] == '[' ? "" : ".", path->name);
}

/* The first one is kept for the case that it fails the whole plan. */
static void keep_first(struct chappe_plan_builder *builder, const char *text)
{
        char path[180] = "$";

        if (builder->plan->mismatch)
                return;
        print_path(builder->outer, path, sizeof(path));
        print_path(builder->path, path, sizeof(path));
        chappe_fail(&builder->mismatch, CHAPPE_E_SCHEMA_INCOMPATIBLE, "%s: %s", path, text);
        builder->plan->mismatch = true;
}

void chappe_plan_note_mismatch(struct chappe_plan_builder *builder, const char *format, ...)
{
        char text[300];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        keep_first(builder, text);
}

bool chappe_plan_mismatch(struct chappe_plan_builder *builder, const char *format, ...)
{
        char text[300];
        const char *reason;
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        keep_first(builder, text);
        reason = chappe_arena_text(builder->plan->arena, chappe_text(text)).at;
        if (!reason) {
                chappe_plan_no_memory(builder);
                return false;
        }
        chappe_plan_emit(builder, CHAPPE_OP_MISMATCH, 0, (uint32_t)(builder->reasons.length / sizeof(reason)), 0);
        append(builder, &builder->reasons, &reason, sizeof(reason));
        return false;
}
