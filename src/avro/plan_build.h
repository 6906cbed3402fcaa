/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the plan compiler share. */
#pragma once

#include "avro/plan.h"
#include "avro/resolve.h"

/* A record that is compiled once and called: to read it, or (reader NULL) to skip it. */
struct chappe_plan_routine {
        const struct chappe_schema_node *writer, *reader;
        const struct chappe_layout *layout;
        const struct chappe_plan_path *path; /* of the first call, for messages */
        uint32_t start;
};

/* What is to be compiled: reading a value of writer as reader into the place at offset. */
struct chappe_plan_site {
        const struct chappe_schema_node *writer, *reader;
        const struct chappe_layout *layout;
        uint32_t offset;
};

/* A record that is being compiled, innermost first: when it turns up again it is called. */
struct chappe_plan_open {
        const struct chappe_plan_site *site;
        const struct chappe_plan_open *outer;
};

struct chappe_plan_builder {
        struct chappe_plan *plan;
        struct chappe_resolver *resolver;
        struct chappe_error *error;
        struct chappe_buffer program, paths, jumps, reasons, defaults, routines;
        const struct chappe_plan_open *open;
        const struct chappe_plan_path *path;
        const struct chappe_plan_path *outer; /* path of the routine that is being compiled */
        uint32_t label; /* instructions before this one must not be merged with later ones: something jumps here */
        unsigned depth;
        bool strict;
        int failed;                   /* memory was short or a limit was reached: the status, and error says why */
        struct chappe_error mismatch; /* the first one */
};

uint32_t chappe_plan_position(const struct chappe_plan_builder *builder);
struct chappe_instruction *chappe_plan_at(struct chappe_plan_builder *builder, uint32_t position);
/* Appends an instruction; returns its position. */
uint32_t chappe_plan_emit(struct chappe_plan_builder *builder, enum chappe_op op, uint32_t offset, uint32_t a,
                          uint32_t b);
/* Makes an earlier instruction (its b) go on behind the last one. */
void chappe_plan_land(struct chappe_plan_builder *builder, uint32_t position);
/* The same for jumps chained through b, each naming the one before it; UINT32_MAX ends the chain. */
void chappe_plan_land_all(struct chappe_plan_builder *builder, uint32_t last);
/* Appends entries to the jump table; returns the index of the first. */
uint32_t chappe_plan_jumps_new(struct chappe_plan_builder *builder, uint32_t count);
void chappe_plan_jump_set(struct chappe_plan_builder *builder, uint32_t index, uint32_t value);
/* The number of the routine for this record, known or new; calls hold it until all routines have their place. */
uint32_t chappe_plan_routine(struct chappe_plan_builder *builder, const struct chappe_schema_node *writer,
                             const struct chappe_schema_node *reader, const struct chappe_layout *layout);
/* Goes down one step of the path; the caller restores builder->path. */
void chappe_plan_enter(struct chappe_plan_builder *builder, const char *name);
/* Notes that something cannot be read, and emits an instruction that says so when data gets there. Returns false. */
bool chappe_plan_mismatch(struct chappe_plan_builder *builder, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The same without an instruction. */
void chappe_plan_note_mismatch(struct chappe_plan_builder *builder, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void chappe_plan_no_memory(struct chappe_plan_builder *builder);

/* Reads a value of writer into the place at offset. False when no value can ever be read. (plan_compile.c) */
bool chappe_plan_value(struct chappe_plan_builder *builder, const struct chappe_schema_node *writer,
                       const struct chappe_schema_node *reader, const struct chappe_layout *layout, uint32_t offset);
/* The same where the writer has a union, and where only the reader has. (plan_union.c) */
bool chappe_plan_writer_union(struct chappe_plan_builder *builder, const struct chappe_plan_site *site);
bool chappe_plan_reader_union(struct chappe_plan_builder *builder, const struct chappe_plan_site *site);
/* Reads and forgets a value. (plan_skip.c) */
void chappe_plan_skip(struct chappe_plan_builder *builder, const struct chappe_schema_node *node);
void chappe_plan_skip_fields(struct chappe_plan_builder *builder, const struct chappe_schema_node *record);
/* Sets the place at offset to the field's default. (plan_default.c) */
void chappe_plan_default(struct chappe_plan_builder *builder, const struct chappe_schema_member *field,
                         const struct chappe_layout *layout, uint32_t offset);
