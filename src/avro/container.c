/* SPDX-License-Identifier: Apache-2.0 */
/* Container files, read: a header with schema and codec, then blocks between sync marks. */
#include <chappe/container.h>

#include <inttypes.h>
#include <stdlib.h>

#include <chappe/straight.h>

#include "avro/block_codec.h"
#include "avro/plan_run.h"

#define METADATA_LIMIT 1000u
#define SYNC_SIZE      16u

#define ZERO_BYTE_VALUES 10000 /* in a block, of a schema whose values take no bytes */

struct entry {
        struct chappe_text key;
        struct chappe_bytes value;
};

struct chappe_container {
        char *name;
        const uint8_t *start, *at, *end;
        const uint8_t *sync;
        struct entry *entries;
        size_t entry_count;
        struct chappe_schema *schema;
        const struct chappe_block_codec *codec;
        struct chappe_buffer block;
        size_t block_at, block_left; /* the next value's place; values yet to come */
        uint64_t values;             /* read */
        struct chappe_decode_limits limits;
};

static int damaged(const struct chappe_container *container, struct chappe_error *error, const char *what)
{
        return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "%s at byte %zu: %s", container->name,
                           (size_t)(container->at - container->start), what);
}

static int add_entry(struct chappe_container *container, const struct entry *entry, struct chappe_error *error)
{
        struct entry *entries;

        if (container->entry_count == METADATA_LIMIT)
                return damaged(container, error, "more than 1000 entries of metadata");
        entries = realloc(container->entries, (container->entry_count + 1) * sizeof(*entries));
        if (!entries)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a file's metadata");
        entries[container->entry_count++] = *entry;
        container->entries = entries;
        return 0;
}

/* A map of bytes in blocks. */
static int read_metadata(struct chappe_container *container, struct chappe_error *error)
{
        size_t count;
        int r = 0;

        do {
                const uint8_t *at = chappe_take_any_count(container->at, container->end, &count);

                for (size_t i = 0; at && i < count && r >= 0; i++) {
                        struct entry entry;

                        at = chappe_take_text(at, container->end, &entry.key);
                        at = at ? chappe_take_bytes(at, container->end, &entry.value) : NULL;
                        if (at)
                                r = add_entry(container, &entry, error);
                }
                if (!at)
                        return damaged(container, error, "the metadata is cut off or malformed");
                container->at = at;
        } while (count > 0 && r >= 0);
        return r;
}

static bool find_entry(const struct chappe_container *container, const char *key, struct chappe_text *ret)
{
        for (size_t i = 0; i < container->entry_count; i++) {
                if (chappe_text_equal(container->entries[i].key, chappe_text(key))) {
                        *ret = (struct chappe_text){ (const char *)container->entries[i].value.at,
                                                     container->entries[i].value.length };
                        return true;
                }
        }
        return false;
}

static int read_header(struct chappe_container *container, const struct chappe_schema_limits *limits,
                       struct chappe_error *error)
{
        struct chappe_text schema, codec;
        int r;

        if (container->end - container->at < 4 || memcmp(container->at, "Obj\1", 4) != 0)
                return damaged(container, error, "it is no Avro container file");
        container->at += 4;
        r = read_metadata(container, error);
        if (r < 0)
                return r;
        if ((size_t)(container->end - container->at) < SYNC_SIZE || !find_entry(container, "avro.schema", &schema))
                return damaged(container, error, "the header has no schema or no sync mark");
        container->sync = container->at;
        container->at += SYNC_SIZE;
        if (!find_entry(container, "avro.codec", &codec))
                codec = chappe_text("null");
        container->codec = chappe_block_codec_find(codec);
        if (!container->codec)
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "%s: the codec '%.*s' is not supported",
                                   container->name, codec.length < 40 ? (int)codec.length : 40, codec.at);
        return chappe_schema_parse_within(container->name, schema, limits, &container->schema, error);
}

int chappe_container_open(const char *name, const void *bytes, size_t length, struct chappe_container **ret_container,
                          struct chappe_error *error)
{
        return chappe_container_open_within(name, bytes, length, NULL, ret_container, error);
}

int chappe_container_open_within(const char *name, const void *bytes, size_t length,
                                 const struct chappe_schema_limits *limits, struct chappe_container **ret_container,
                                 struct chappe_error *error)
{
        struct chappe_container *container = calloc(1, sizeof(*container));
        int r;

        if (container)
                container->name = strdup(name);
        if (!container || !container->name) {
                chappe_container_close(container);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a file");
        }
        container->start = container->at = bytes;
        container->end = container->at + length;
        r = read_header(container, limits, error);
        if (r < 0)
                chappe_container_close(container);
        else
                *ret_container = container;
        return r;
}

struct chappe_container *chappe_container_close(struct chappe_container *container)
{
        if (!container)
                return NULL;
        chappe_schema_unref(container->schema);
        chappe_buffer_deinit(&container->block);
        free(container->entries);
        free(container->name);
        free(container);
        return NULL;
}

struct chappe_schema *chappe_container_schema(const struct chappe_container *container)
{
        return container->schema;
}

const char *chappe_container_codec(const struct chappe_container *container)
{
        return container->codec->name;
}

bool chappe_container_metadata(const struct chappe_container *container, size_t n, struct chappe_text *ret_key,
                               struct chappe_bytes *ret_value)
{
        if (n >= container->entry_count)
                return false;
        *ret_key = container->entries[n].key;
        *ret_value = container->entries[n].value;
        return true;
}

void chappe_container_limit(struct chappe_container *container, const struct chappe_decode_limits *limits)
{
        container->limits = *limits;
}

/* The next block, out of its compression. */
static int read_block(struct chappe_container *container, struct chappe_error *error)
{
        int64_t count = 0, size = 0;
        const uint8_t *at = chappe_take_long(container->at, container->end, &count);
        int r;

        at = at ? chappe_take_long(at, container->end, &size) : NULL;
        if (!at || count < 0 || size < 0 || size > container->end - at ||
            (size_t)(container->end - at - size) < SYNC_SIZE)
                return damaged(container, error, "a block is cut off or malformed");
        if (memcmp(at + size, container->sync, SYNC_SIZE) != 0)
                return damaged(container, error, "a block does not end with the file's sync mark");
        container->block.length = container->block_at = 0;
        r = size > CHAPPE_BLOCK_LIMIT
                    ? chappe_fail(error, CHAPPE_E_PAYLOAD_LIMIT, "a block of more than %u bytes", CHAPPE_BLOCK_LIMIT)
                    : container->codec->expand(at, (size_t)size, &container->block, error);
        if (r < 0) {
                chappe_error_prefix(error, "%s at byte %zu", container->name, (size_t)(container->at - container->start));
                return r;
        }
        if (count > ZERO_BYTE_VALUES && (uint64_t)count > container->block.length)
                return damaged(container, error, "a block with more values than bytes");
        container->block_left = (size_t)count;
        container->at = at + size + SYNC_SIZE;
        return 0;
}

int chappe_container_read(struct chappe_container *container, const struct chappe_plan *plan,
                          struct chappe_arena *arena, void *ret_value, struct chappe_error *error)
{
        size_t used = 0;
        int r;

        while (container->block_left == 0) {
                if (container->block_at < container->block.length)
                        return damaged(container, error, "bytes are left over in a block");
                if (container->at == container->end)
                        return 0;
                r = read_block(container, error);
                if (r < 0)
                        return r;
        }
        r = chappe_plan_decode_next(plan, container->block.at + container->block_at,
                                    container->block.length - container->block_at, arena, &container->limits,
                                    ret_value, &used, error);
        if (r < 0) {
                chappe_error_prefix(error, "%s, value %" PRIu64, container->name, container->values + 1);
                return r;
        }
        container->values++;
        container->block_at += used;
        container->block_left--;
        return 1;
}
