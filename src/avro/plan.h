/* SPDX-License-Identifier: Apache-2.0 */
/* The program that a plan is: a flat array of instructions, run by one loop for decoding and one for encoding. */
#pragma once

#include <chappe/codec.h>

#include "avro/schema_model.h"

#define CHAPPE_PLAN_LENGTH_LIMIT  (1u << 20) /* instructions */
#define CHAPPE_PLAN_INLINE_LIMIT  4096u      /* instructions, beyond which repeated records are called instead */
#define CHAPPE_PLAN_DEFAULT_LIMIT (1u << 20) /* bytes of all defaults, encoded */

/* Offsets are bytes from the current base: the struct, or the item of an array, that is being filled. */
enum chappe_op {
        /* the same type on both sides: these also encode */
        CHAPPE_OP_BOOLEAN,
        CHAPPE_OP_INT,
        CHAPPE_OP_LONG,
        CHAPPE_OP_FLOAT,
        CHAPPE_OP_DOUBLE,
        CHAPPE_OP_BYTES,
        CHAPPE_OP_STRING,
        CHAPPE_OP_FIXED,    /* a: bytes */
        CHAPPE_OP_ENUM,     /* a: symbols */
        CHAPPE_OP_OPTIONAL, /* at offset: the flag; a: branch number of null; b: where to go on when it is null */
        CHAPPE_OP_UNION,    /* at offset: the branch number; a: first entry in the jump table; b: branches */
        CHAPPE_OP_BRANCH,   /* notes branch a at offset */
        CHAPPE_OP_JUMP,     /* b: target */
        CHAPPE_OP_ARRAY,   /* a: bytes of an item in C, least bytes encoded above them; the body follows; b: where to go
                              on */
        CHAPPE_OP_NEXT,    /* the end of the body of an array or map */
        CHAPPE_OP_POINTER, /* a: bytes of what it points to; b: its routine */
        CHAPPE_OP_CALL,    /* b: a routine, with the base moved by offset */
        CHAPPE_OP_RETURN,
        CHAPPE_OP_END,
        /* resolution: decoding only */
        CHAPPE_OP_INT_TO_LONG,
        CHAPPE_OP_INT_TO_FLOAT,
        CHAPPE_OP_INT_TO_DOUBLE,
        CHAPPE_OP_LONG_TO_FLOAT,
        CHAPPE_OP_LONG_TO_DOUBLE,
        CHAPPE_OP_FLOAT_TO_DOUBLE,
        CHAPPE_OP_ENUM_MAP, /* a: first entry in the jump table, the reader's symbols; b: symbols of the writer */
        CHAPPE_OP_SWITCH,   /* a union that the reader has not: a: first entry in the jump table; b: branches */
        CHAPPE_OP_PRESENT,  /* sets the flag of an optional */
        CHAPPE_OP_STORE_1,  /* a constant: a, with b above it for 8 bytes */
        CHAPPE_OP_STORE_4,
        CHAPPE_OP_STORE_8,
        CHAPPE_OP_DEFAULT, /* what follows reads a: offset, b: length in the plan's defaults */
        CHAPPE_OP_DEFAULT_END,
        CHAPPE_OP_SKIP,        /* a bytes */
        CHAPPE_OP_SKIP_VARINT, /* a of them */
        CHAPPE_OP_SKIP_LENGTH, /* bytes or string */
        CHAPPE_OP_SKIP_ARRAY,  /* a: least bytes of an item; the body follows; b: where to go on */
        CHAPPE_OP_SKIP_NEXT,
        CHAPPE_OP_MISMATCH, /* a: index of the reason */
};

/* The steps of the first of them, one function of the loop each, down to RETURN. */
#define CHAPPE_PLAN_SAME_STEPS(X)                                                                                      \
        X(BOOLEAN, boolean)                                                                                            \
        X(INT, int)                                                                                                    \
        X(LONG, long)                                                                                                  \
        X(FLOAT, float)                                                                                                \
        X(DOUBLE, double)                                                                                              \
        X(BYTES, bytes)                                                                                                \
        X(STRING, string)                                                                                              \
        X(FIXED, fixed)                                                                                                \
        X(ENUM, enum)                                                                                                  \
        X(OPTIONAL, optional)                                                                                          \
        X(UNION, union)                                                                                                \
        X(BRANCH, branch)                                                                                              \
        X(JUMP, jump)                                                                                                  \
        X(ARRAY, array)                                                                                                \
        X(NEXT, next)                                                                                                  \
        X(POINTER, pointer)                                                                                            \
        X(CALL, call)                                                                                                  \
        X(RETURN, return )

struct chappe_instruction {
        uint32_t op;
        uint32_t offset;
        uint32_t a, b;
};

/* Where an instruction belongs, for messages: from the routine around it down. Items and values of array and map are
 * "[]". */
struct chappe_plan_path {
        const struct chappe_plan_path *parent;
        const char *name;
};

struct chappe_plan {
        struct chappe_schema *writer, *reader;
        const struct chappe_layout *layout;
        const struct chappe_type *type; /* whose straight-line code is tried first; NULL without */
        struct chappe_instruction *program;
        uint32_t length;
        const struct chappe_plan_path **paths; /* one an instruction */
        uint32_t *jumps;
        const char **reasons;
        uint8_t *defaults;
        struct chappe_arena *arena; /* paths and reasons */
        bool encodable;             /* a type to itself */
        bool mismatch;              /* some data of the writer cannot be read */
};

/* a of CHAPPE_OP_ARRAY */
#define CHAPPE_PLAN_STRIDE_LIMIT (1u << 24)
#define CHAPPE_PLAN_STRIDE(a)    ((a) & (CHAPPE_PLAN_STRIDE_LIMIT - 1))
#define CHAPPE_PLAN_LEAST(a)     ((a) >> 24)

/* What an array, map or routine needs while it runs. */
struct chappe_plan_frame {
        const struct chappe_instruction *instruction; /* that opened it */
        const struct chappe_instruction *next;        /* where a routine returns to */
        uint8_t *base;                                /* of the struct around it */
        uint8_t *items;
        size_t left, total, capacity;
        const uint8_t *at, *end; /* the input around a default */
};

/* "$.lines[2].sku" for an instruction reached through these frames. */
const char *chappe_plan_path_print(const struct chappe_plan *plan, const struct chappe_instruction *instruction,
                                   const struct chappe_plan_frame *frames, unsigned depth, char buffer[200]);
