/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding and encoding twice. */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

void pair_open(struct pair *pair, const struct chappe_type *type)
{
        *pair = (struct pair){ .type = type };
        assert_int_equal(chappe_schema_parse(type->name, chappe_text(type->schema), &pair->schema, &pair->error), 0);
        assert_int_equal(chappe_plan_new(pair->schema, pair->schema, type->layout, &pair->plan, &pair->error), 0);
        pair->arena = chappe_arena_new(0);
        pair->other_arena = chappe_arena_new(0);
        pair->value = test_malloc(type->layout->size);
        pair->other = test_malloc(type->layout->size);
}

void pair_close(struct pair *pair)
{
        test_free(pair->value);
        test_free(pair->other);
        chappe_arena_free(pair->arena);
        chappe_arena_free(pair->other_arena);
        chappe_plan_free(pair->plan);
        chappe_schema_unref(pair->schema);
}

bool pair_decode(struct pair *pair, const uint8_t *bytes, size_t length)
{
        uint8_t *exact = malloc(length ? length : 1); /* so that a sanitizer sees a step beyond */
        int status, other;

        assert_non_null(exact);
        if (length)
                memcpy(exact, bytes, length);
        chappe_arena_reset(pair->arena);
        chappe_arena_reset(pair->other_arena);
        pair->error = pair->other_error = (struct chappe_error){ 0 };
        memset(pair->value, 0xA5, pair->type->layout->size); /* what was there is nobody's business */
        status = chappe_type_decode(pair->type, exact, length, pair->arena, pair->value, &pair->error);
        other = chappe_plan_decode(pair->plan, exact, length, pair->other_arena, NULL, pair->other, &pair->other_error);
        assert_int_equal(status, other);
        assert_string_equal(pair->error.text, pair->other_error.text);
        assert_int_equal(chappe_arena_used(pair->arena), chappe_arena_used(pair->other_arena));
        if (status == 0) { /* strings point into these bytes */
                struct chappe_buffer one = { 0 }, two = { 0 };

                assert_int_equal(chappe_type_encode(pair->type, pair->value, &one, &pair->error), 0);
                assert_int_equal(chappe_plan_encode(pair->plan, pair->other, &two, &pair->error), 0);
                assert_int_equal(one.length, two.length);
                assert_memory_equal(one.at, two.at, one.length);
                chappe_buffer_deinit(&one);
                chappe_buffer_deinit(&two);
        }
        free(exact);
        return status == 0;
}
