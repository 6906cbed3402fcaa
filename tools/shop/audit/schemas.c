/* SPDX-License-Identifier: Apache-2.0 */
/* From framed bytes to values. */
#include "shop/audit/schemas.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "shop/audit/books.h"
#include "shop/audit/reader.h"
#include "shop/clock.h"

#define UNKNOWN_SCHEMA_PATIENCE_MS 10000
#define REGISTRY_ANSWER_MAXIMUM    (1 << 20)

/* What a frame names: eight fingerprint bytes, or a registry's id in the last four. */
struct name {
        uint8_t bytes[8];
};

struct known {
        struct name name;
        avro_schema_t schema;
        avro_value_iface_t *iface;
        UT_hash_handle hh;
};

struct schemas {
        struct reader *reader; /* of the schema topic */
        char *topic;
        bool topic_added;
        char *registry;
        struct known *known;
};

struct schemas *schemas_new(const char *brokers, const char *topic, const char *registry)
{
        struct schemas *schemas = must(calloc(1, sizeof(*schemas)));

        schemas->topic = must(strdup(topic));
        schemas->registry = registry ? must(strdup(registry)) : NULL;
        schemas->reader = reader_new(brokers);
        return schemas->reader ? schemas : schemas_free(schemas);
}

struct schemas *schemas_free(struct schemas *schemas)
{
        struct known *known, *next;

        if (!schemas)
                return NULL;
        HASH_ITER(hh, schemas->known, known, next)
        {
                HASH_DEL(schemas->known, known);
                avro_value_iface_decref(known->iface);
                avro_schema_decref(known->schema);
                free(known);
        }
        reader_free(schemas->reader);
        free(schemas->registry);
        free(schemas->topic);
        free(schemas);
        return NULL;
}

static struct known *find(struct schemas *schemas, const struct name *name)
{
        struct known *known;

        HASH_FIND(hh, schemas->known, name, sizeof(*name), known);
        return known;
}

static struct known *learn(struct schemas *schemas, const struct name *name, const char *text, size_t length)
{
        avro_schema_t schema;

        if (find(schemas, name))
                return find(schemas, name);
        if (avro_schema_from_json_length(text, length, &schema)) {
                fprintf(stderr, "shop-auditor: a schema that avro-c does not read: %s\n", avro_strerror());
                return NULL;
        }
        struct known *known = must(calloc(1, sizeof(*known)));
        *known = (struct known){ .name = *name, .schema = schema, .iface = avro_generic_class_from_schema(schema) };
        HASH_ADD(hh, schemas->known, name, sizeof(known->name), known);
        return known;
}

/* What was shared since the last time. */
static void read_topic(struct schemas *schemas)
{
        rd_kafka_message_t *message;

        if (!schemas->topic_added)
                schemas->topic_added = reader_add(schemas->reader, schemas->topic, true) == READER_ADDED;
        if (!schemas->topic_added)
                return;
        while ((message = reader_next(schemas->reader, 200)) || !reader_at_end(schemas->reader)) {
                if (message && message->key_len == sizeof(struct name) && message->payload)
                        learn(schemas, message->key, message->payload, message->len);
                if (message)
                        rd_kafka_message_destroy(message);
        }
}

struct answer {
        char text[REGISTRY_ANSWER_MAXIMUM];
        size_t length;
};

static size_t on_answer(char *data, size_t size, size_t count, void *context)
{
        struct answer *answer = context;

        if (size * count > sizeof(answer->text) - answer->length)
                return 0;
        memcpy(answer->text + answer->length, data, size * count);
        answer->length += size * count;
        return size * count;
}

static void ask_registry(struct schemas *schemas, const struct name *name)
{
        struct answer *answer = must(calloc(1, sizeof(*answer)));
        CURL *curl = must(curl_easy_init());
        char url[1000];

        snprintf(url, sizeof(url), "%s/schemas/ids/%u", schemas->registry,
                 (unsigned int)name->bytes[4] << 24 | (unsigned int)name->bytes[5] << 16 |
                         (unsigned int)name->bytes[6] << 8 | name->bytes[7]);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        if (curl_easy_perform(curl) == CURLE_OK) {
                json_t *root = json_loadb(answer->text, answer->length, 0, NULL);
                const char *text = json_string_value(json_object_get(root, "schema"));
                if (text)
                        learn(schemas, name, text, strlen(text));
                json_decref(root);
        }
        curl_easy_cleanup(curl);
        free(answer);
}

/* The frame's name, and how long the frame is; 0 for no frame that is known. */
static size_t read_frame(const uint8_t *bytes, size_t length, struct name *ret_name)
{
        *ret_name = (struct name){ 0 };
        if (length >= 10 && bytes[0] == 0xc3 && bytes[1] == 0x01) {
                memcpy(ret_name->bytes, bytes + 2, 8);
                return 10;
        }
        if (length >= 5 && bytes[0] == 0) {
                memcpy(ret_name->bytes + 4, bytes + 1, 4);
                return 5;
        }
        return 0;
}

static struct known *schema_of(struct schemas *schemas, const struct name *name, bool by_registry)
{
        int64_t started = clock_ms();
        struct known *known = find(schemas, name);

        while (!known && clock_ms() - started < UNKNOWN_SCHEMA_PATIENCE_MS) {
                if (by_registry && !schemas->registry)
                        break;
                if (by_registry)
                        ask_registry(schemas, name);
                else
                        read_topic(schemas);
                known = find(schemas, name);
        }
        return known;
}

bool schemas_decode(struct schemas *schemas, const void *bytes, size_t length, avro_value_t *ret_value)
{
        struct name name;
        size_t frame = read_frame(bytes, length, &name);
        struct known *known = frame ? schema_of(schemas, &name, frame == 5) : NULL;

        if (!known) {
                fprintf(stderr, "shop-auditor: %s\n",
                        frame ? "the schema is nowhere to be found" : "the payload has no frame");
                return false;
        }
        avro_generic_value_new(known->iface, ret_value);
        avro_reader_t reader = avro_reader_memory((const char *)bytes + frame, (int64_t)(length - frame));
        int status = avro_value_read(reader, ret_value);
        avro_reader_free(reader);
        if (!status)
                return true;
        fprintf(stderr, "shop-auditor: %s\n", avro_strerror());
        avro_value_decref(ret_value);
        return false;
}

const char *value_text(avro_value_t *record, const char *name)
{
        avro_value_t member;
        const char *text;
        size_t size;

        if (avro_value_get_by_name(record, name, &member, NULL) || avro_value_get_string(&member, &text, &size))
                return "";
        return text;
}

const char *value_symbol(avro_value_t *record, const char *name)
{
        avro_value_t member;
        int symbol;

        if (avro_value_get_by_name(record, name, &member, NULL) || avro_value_get_enum(&member, &symbol))
                return "";
        return avro_schema_enum_get(avro_value_get_schema(&member), symbol);
}

int64_t value_long(avro_value_t *record, const char *name)
{
        avro_value_t member;
        int64_t value;

        if (avro_value_get_by_name(record, name, &member, NULL) || avro_value_get_long(&member, &value))
                return 0;
        return value;
}
