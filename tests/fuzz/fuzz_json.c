/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a schema, a newline, and JSON for it. What is read prints, and reads again to the same
 * text; what is read as plain JSON prints. */
#include <stdlib.h>

#include <chappe/codec.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is printed plainly reads plainly, though maybe as another branch of a union, or not for all its unions. */
static void check_plain(struct chappe_schema *schema, const struct chappe_layout *layout, void *value,
                        struct chappe_arena *arena)
{
        struct chappe_buffer plain = { 0 };
        struct chappe_error error;

        if (chappe_json_print_plain(schema, layout, value, &plain, &error) < 0)
                abort();
        if (chappe_json_read_plain(schema, layout, (struct chappe_text){ (const char *)plain.at, plain.length }, arena,
                                   value, &error) < 0 &&
            !strstr(error.text, "take too long"))
                abort();
        chappe_buffer_deinit(&plain);
}

static void check(struct chappe_schema *schema, const struct chappe_layout *layout, struct chappe_text json,
                  struct chappe_arena *arena)
{
        struct chappe_buffer first = { 0 }, second = { 0 };
        struct chappe_error error;
        void *value = malloc(layout->size);

        if (value && chappe_json_read(schema, layout, json, arena, value, &error) >= 0 &&
            chappe_json_print(schema, layout, value, &first, &error) >= 0) {
                if (chappe_json_read(schema, layout, (struct chappe_text){ (const char *)first.at, first.length },
                                     arena, value, &error) < 0 ||
                    chappe_json_print(schema, layout, value, &second, &error) < 0 || first.length != second.length ||
                    memcmp(first.at, second.at, first.length) != 0)
                        abort();
        }
        if (value && chappe_json_read_plain(schema, layout, json, arena, value, &error) >= 0)
                check_plain(schema, layout, value, arena);
        free(value);
        chappe_buffer_deinit(&first);
        chappe_buffer_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
        struct chappe_arena *arena = chappe_arena_new(0);
        const struct chappe_layout *layout;
        struct chappe_schema *schema;
        struct chappe_error error;

        if (newline && arena &&
            chappe_schema_parse("s", (struct chappe_text){ (const char *)data, (size_t)(newline - data) }, &schema,
                                &error) >= 0) {
                layout = chappe_schema_layout(schema, &error);
                if (layout && layout->size < (1 << 20))
                        check(schema, layout,
                              (struct chappe_text){ (const char *)newline + 1, size - (size_t)(newline + 1 - data) },
                              arena);
                chappe_schema_unref(schema);
        }
        chappe_arena_free(arena);
        return 0;
}
