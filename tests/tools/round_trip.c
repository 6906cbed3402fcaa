/* SPDX-License-Identifier: Apache-2.0 */
/* usage: round_trip TYPES.so SEED: random data through each generated type of a library, whose function type_at lists
 * them. */
#include "pair.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <chappe/value.h>

#include "base/cleanup.h"

#include "random_datum.h"

#define ROUNDS 40

typedef const struct chappe_type *type_lister(size_t n);

static type_lister *type_at;
static uint64_t seed;

/* A deep copy is to its original as that is to itself (not equal, where a map has a key twice), and gives the same
 * bytes. */
static void check_copy(struct pair *pair, const struct chappe_buffer *datum)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        CHAPPE_CLEANUP(buffer) struct chappe_buffer one = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer two = { 0 };
        void *copy = test_malloc(pair->type->layout->size);

        chappe_arena_reset(pair->arena);
        assert_int_equal(
                chappe_type_decode(pair->type, datum->at, datum->length, pair->arena, pair->value, &pair->error), 0);
        assert_int_equal(chappe_type_copy(pair->type, pair->value, arena, copy, &pair->error), 0);
        assert_int_equal(chappe_type_compare(pair->type, pair->value, copy),
                         chappe_type_compare(pair->type, pair->value, pair->value));
        assert_true(chappe_type_hash(pair->type, pair->value) == chappe_type_hash(pair->type, copy));
        assert_int_equal(chappe_type_encode(pair->type, pair->value, &one, &pair->error), 0);
        assert_int_equal(chappe_type_encode(pair->type, copy, &two, &pair->error), 0);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.at, two.at, one.length);
        test_free(copy);
        chappe_arena_free(arena);
}

static void check_type(const struct chappe_type *type)
{
        struct chappe_random random;
        struct pair pair;

        pair_open(&pair, type);
        assert_true(chappe_schema_fingerprint(pair.schema) == type->fingerprint);
        chappe_random_init(&random, seed);
        for (unsigned round = 0; round < ROUNDS; round++) {
                CHAPPE_CLEANUP(buffer) struct chappe_buffer datum = { 0 };

                random_datum(&random, chappe_schema_root(pair.schema), 0, &datum);
                if (!pair_decode(&pair, datum.at, datum.length))
                        fail_msg("%s, round %u: %s", type->name, round, pair.error.text);
                check_copy(&pair, &datum);
                for (size_t length = 0; length < datum.length && length < 40; length++)
                        pair_decode(&pair, datum.at, length);
        }
        pair_close(&pair);
}

static void test_data_goes_through_every_type(void **state)
{
        const struct chappe_type *type;

        (void)state;
        for (size_t n = 0; (type = type_at(n)); n++)
                check_type(type);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_data_goes_through_every_type) };
        void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
        int failed;

        type_at = library ? (type_lister *)dlsym(library, "type_at") : NULL;
        if (!type_at) {
                fprintf(stderr, "usage: round_trip TYPES.so SEED; %s\n", argc == 3 ? dlerror() : "two arguments");
                return 2;
        }
        seed = strtoull(argv[2], NULL, 10);
        failed = cmocka_run_group_tests_name("round trip", tests, NULL, NULL);
        dlclose(library);
        return failed;
}
