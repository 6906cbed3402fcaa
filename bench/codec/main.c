/* SPDX-License-Identifier: Apache-2.0 */
/* codec-bench LIBRARY WORK MESSAGE COUNT: one work on one message, COUNT times; for valgrind to count. */
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/less/order_placed.h"
#include "bench/less/superhero.h"
#include "bench/next/order_placed.h"
#include "bench/next/superhero.h"
#include "bench/superhero.h"
#include "shop/order_placed.h"

static const struct codec_message messages[] = {
        { "superhero", &bench_superhero_type, &bench_next_superhero_type, &bench_less_superhero_type,
          "{\"id\":234765,\"affiliation_id\":9867,\"name\":\"Wolverine\",\"life\":85.25,\"energy\":32.75,\"powers\":["
          "{\"id\":2345,\"name\":\"Bone Claws\",\"damage\":5,\"energy\":1.15,\"passive\":false},"
          "{\"id\":2346,\"name\":\"Regeneration\",\"damage\":-2,\"energy\":0.55,\"passive\":true},"
          "{\"id\":2347,\"name\":\"Adamant skeleton\",\"damage\":-10,\"energy\":0,\"passive\":true}]}" },
        { "order", &shop_order_placed_type, &bench_next_order_placed_type, &bench_less_order_placed_type,
          "{\"order_id\":\"536365\",\"kind\":\"sale\",\"customer\":\"17850\",\"country\":\"GB\",\"currency\":\"GBP\","
          "\"total\":10132,\"placed_at\":\"2010-12-01T08:26:00.000Z\",\"exchange_rate\":null,\"lines\":["
          "{\"sku\":\"85123A\",\"description\":\"HANGING T-LIGHT\",\"quantity\":6,\"unit_price\":255},"
          "{\"sku\":\"71053\",\"description\":\"METAL LANTERN\",\"quantity\":6,\"unit_price\":339},"
          "{\"sku\":\"84406B\",\"description\":\"CUPID COAT HANGER\",\"quantity\":8,\"unit_price\":275}]}" },
};

void codec_need(int status, const struct chappe_error *error)
{
        if (status >= 0)
                return;
        fprintf(stderr, "codec-bench: E%d %s\n", error->code, error->text);
        exit(1);
}

static struct codec_sample sample_of(const struct codec_message *message)
{
        struct codec_sample sample = { .message = message, .arena = chappe_arena_new(0) };
        struct chappe_error error = { 0 };
        struct chappe_schema *schema;

        sample.value = calloc(1, message->type->layout->size);
        codec_need(chappe_schema_parse(message->name, chappe_text(message->type->schema), &schema, &error), &error);
        codec_need(chappe_json_read_plain(schema, message->type->layout, chappe_text(message->json), sample.arena,
                                          sample.value, &error),
                   &error);
        codec_need(chappe_type_encode(message->type, sample.value, &sample.bytes, &error), &error);
        chappe_schema_unref(schema);
        return sample;
}

static void sample_free(struct codec_sample *sample)
{
        chappe_buffer_deinit(&sample->bytes);
        chappe_arena_free(sample->arena);
        free(sample->value);
}

int main(int argc, char **argv)
{
        for (size_t i = 0; argc == 5 && i < sizeof(messages) / sizeof(*messages); i++) {
                struct codec_sample sample;

                if (strcmp(argv[3], messages[i].name) != 0)
                        continue;
                sample = sample_of(&messages[i]);
                printf("{\"bytes\": %zu, \"value\": %s}\n", sample.bytes.length, messages[i].json);
                if (strcmp(argv[1], "chappe") == 0)
                        codec_work(&sample, argv[2], atol(argv[4]));
                else
                        codec_oracle(&sample, argv[2], atol(argv[4]));
                sample_free(&sample);
                return 0;
        }
        fprintf(stderr, "usage: codec-bench chappe|avro-c WORK superhero|order COUNT\n");
        return 2;
}
