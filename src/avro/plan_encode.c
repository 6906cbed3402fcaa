/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan of a type to itself the other way: from a struct to bytes. */
#include <string.h>

#include "avro/plan.h"
#include "avro/straight_line.h"

struct run {
        const struct chappe_plan *plan;
        struct chappe_buffer *buffer;
        struct chappe_plan_frame frames[CHAPPE_ENCODE_DEPTH];
        unsigned depth;
        int code;
        const char *reason;
};

/* What every array and map lies in. */
struct items {
        const uint8_t *at;
        size_t count;
};

/* Room for size bytes and a varint in front of them. Moves *at and *limit along. */
static bool make_room(struct run *run, uint8_t **at, uint8_t **limit, size_t size)
{
        struct chappe_buffer *buffer = run->buffer;

        buffer->length = (size_t)(*at - buffer->at);
        *at = chappe_buffer_reserve(buffer, size + CHAPPE_NUMBER_SIZE);
        if (!*at) {
                run->code = CHAPPE_E_NO_MEMORY;
                run->reason = "no memory to encode";
                return false;
        }
        *limit = buffer->at + buffer->capacity;
        return true;
}

static bool push(struct run *run, const struct chappe_instruction *instruction, const struct chappe_instruction *next,
                 const uint8_t *base)
{
        if (run->depth >= CHAPPE_ENCODE_DEPTH) {
                run->code = CHAPPE_E_VALUE_INVALID;
                run->reason = "the value is nested too deeply";
                return false;
        }
        run->frames[run->depth++] =
                (struct chappe_plan_frame){ .instruction = instruction, .next = next, .base = (uint8_t *)base };
        return true;
}

#define UNFIT(text)                                                                                                    \
        do {                                                                                                           \
                run->code = CHAPPE_E_VALUE_INVALID;                                                                    \
                run->reason = text;                                                                                    \
                goto failed;                                                                                           \
        } while (0)

#define ROOM(size)                                                                                                     \
        do {                                                                                                           \
                if (__builtin_expect((size_t)(limit - at) < (size_t)(size) + CHAPPE_NUMBER_SIZE, 0) &&                 \
                    !make_room(run, &at, &limit, size))                                                                \
                        goto failed;                                                                                   \
        } while (0)

#define PUT(type)                                                                                                      \
        do {                                                                                                           \
                ROOM(sizeof(type));                                                                                    \
                memcpy(at, field, sizeof(type));                                                                       \
                at += sizeof(type);                                                                                    \
        } while (0)

#define PUT_NUMBER(value)                                                                                              \
        do {                                                                                                           \
                ROOM(0);                                                                                               \
                at = chappe_put_number(at, value);                                                                     \
        } while (0)

static int execute(struct run *run, const uint8_t *base, struct chappe_error *error)
{
        const struct chappe_instruction *program = run->plan->program, *next = program, *instruction;
        uint8_t *at = run->buffer->at + run->buffer->length, *limit = run->buffer->at + run->buffer->capacity, *behind;
        char path[200];

        for (;;) {
                const uint8_t *field;

                instruction = next++;
                field = base + instruction->offset;
                switch ((enum chappe_op)instruction->op) {
                case CHAPPE_OP_BOOLEAN:
                        if (*field > 1)
                                UNFIT("a bool that is neither 0 nor 1");
                        PUT(bool);
                        break;
                case CHAPPE_OP_INT:
                        ROOM(0);
                        at = chappe_put_int(at, *(const int32_t *)field);
                        break;
                case CHAPPE_OP_LONG:
                        ROOM(0);
                        at = chappe_put_long(at, *(const int64_t *)field);
                        break;
                case CHAPPE_OP_FLOAT:
                        PUT(float);
                        break;
                case CHAPPE_OP_DOUBLE:
                        PUT(double);
                        break;
                case CHAPPE_OP_BYTES: {
                        const struct chappe_bytes *bytes = (const struct chappe_bytes *)field;

                        ROOM(bytes->length);
                        at = chappe_put_bytes(at, *bytes);
                        break;
                }
                case CHAPPE_OP_STRING: {
                        const struct chappe_text *text = (const struct chappe_text *)field;

                        ROOM(text->length);
                        behind = chappe_put_text(at, *text);
                        if (!behind)
                                UNFIT("a string that is not UTF-8");
                        at = behind;
                        break;
                }
                case CHAPPE_OP_FIXED:
                        ROOM(instruction->a);
                        memcpy(at, field, instruction->a);
                        at += instruction->a;
                        break;
                case CHAPPE_OP_ENUM:
                        if (*(const uint32_t *)field >= instruction->a)
                                UNFIT("a number that is no symbol of the enum");
                        PUT_NUMBER((uint64_t) * (const uint32_t *)field << 1);
                        break;
                case CHAPPE_OP_OPTIONAL:
                        PUT_NUMBER((*field ? 1 - instruction->a : instruction->a) << 1);
                        if (!*field)
                                next = program + instruction->b;
                        break;
                case CHAPPE_OP_UNION:
                        if (*(const uint32_t *)field >= instruction->b)
                                UNFIT("a number that is no branch of the union");
                        PUT_NUMBER((uint64_t) * (const uint32_t *)field << 1);
                        next = program + run->plan->jumps[instruction->a + *(const uint32_t *)field];
                        break;
                case CHAPPE_OP_BRANCH:
                        break;
                case CHAPPE_OP_JUMP:
                        next = program + instruction->b;
                        break;
                case CHAPPE_OP_ARRAY: {
                        const struct items *items = (const struct items *)field;

                        if (items->count > 0) {
                                if (!items->at)
                                        UNFIT("an array that has a count but no items");
                                if (!push(run, instruction, NULL, base))
                                        goto failed;
                                run->frames[run->depth - 1].left = run->frames[run->depth - 1].total = items->count;
                                run->frames[run->depth - 1].items = (uint8_t *)items->at;
                                PUT_NUMBER((uint64_t)items->count << 1);
                                base = items->at;
                                break;
                        }
                        PUT_NUMBER(0);
                        next = program + instruction->b;
                        break;
                }
                case CHAPPE_OP_NEXT: {
                        struct chappe_plan_frame *frame = &run->frames[run->depth - 1];

                        if (--frame->left > 0) {
                                base += CHAPPE_PLAN_STRIDE(frame->instruction->a);
                                next = frame->instruction + 1;
                                break;
                        }
                        PUT_NUMBER(0);
                        base = frame->base;
                        run->depth--;
                        break;
                }
                case CHAPPE_OP_POINTER:
                        field = *(const uint8_t *const *)field;
                        if (!field)
                                UNFIT("a pointer that is NULL");
                        /* fall through */
                case CHAPPE_OP_CALL:
                        if (!push(run, instruction, next, base))
                                goto failed;
                        base = field;
                        next = program + instruction->b;
                        break;
                case CHAPPE_OP_RETURN:
                        run->depth--;
                        base = run->frames[run->depth].base;
                        next = run->frames[run->depth].next;
                        break;
                case CHAPPE_OP_END:
                        run->buffer->length = (size_t)(at - run->buffer->at);
                        return 0;
                default:
                        UNFIT("a plan that cannot encode");
                }
        }
failed:
        return chappe_fail(error, run->code, "%s: %s",
                           chappe_plan_path_print(run->plan, instruction, run->frames, run->depth, path), run->reason);
}

int chappe_plan_encode(const struct chappe_plan *plan, const void *value, struct chappe_buffer *buffer,
                       struct chappe_error *error)
{
        size_t length = buffer->length;
        struct run run;
        int r;

        if (!plan->encodable)
                return chappe_fail(error, CHAPPE_E_USAGE, "only a plan of a type to itself can encode");
        if (plan->type && chappe_straight_encode(plan->type, value, buffer))
                return 0;
        run.plan = plan;
        run.buffer = buffer;
        run.depth = 0;
        r = chappe_buffer_reserve(buffer, CHAPPE_NUMBER_SIZE)
                    ? execute(&run, value, error)
                    : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to encode");
        if (r < 0)
                buffer->length = length;
        return r;
}
