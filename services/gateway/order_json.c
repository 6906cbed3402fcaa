/* SPDX-License-Identifier: Apache-2.0 */
/* An order as a client posts it, checked member by member. */
#include "gateway/order_json.h"

#include <jansson.h>

#define LINES_MAXIMUM 1000
#define TEXT_MAXIMUM  1000

bool gateway_order_id_valid(struct chappe_text order_id)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

        if (order_id.length == 0 || order_id.length > 80)
                return false;
        for (size_t i = 0; i < order_id.length; i++) {
                if (!memchr(allowed, order_id.at[i], sizeof(allowed) - 1))
                        return false;
        }
        return true;
}

/* fallback NULL: the member must be there. where: "" or "lines[3]." */
static int read_text(const json_t *object, const char *where, const char *name, const char *fallback,
                     struct chappe_arena *arena, struct chappe_text *ret_text, struct chappe_error *error)
{
        const json_t *value = json_object_get(object, name);

        if (!value && fallback) {
                *ret_text = chappe_text(fallback);
                return 0;
        }
        if (!value)
                return chappe_fail(error, CHAPPE_E_USAGE, "%s%s: missing", where, name);
        if (!json_is_string(value))
                return chappe_fail(error, CHAPPE_E_USAGE, "%s%s: not a string", where, name);
        if (json_string_length(value) > TEXT_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_USAGE, "%s%s: longer than %d bytes", where, name, TEXT_MAXIMUM);
        *ret_text =
                chappe_arena_text(arena, (struct chappe_text){ json_string_value(value), json_string_length(value) });
        return ret_text->at ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
}

static int read_integer(const json_t *object, const char *where, const char *name, int64_t least, int64_t most,
                        int64_t *ret_value, struct chappe_error *error)
{
        const json_t *value = json_object_get(object, name);

        if (!value)
                return chappe_fail(error, CHAPPE_E_USAGE, "%s%s: missing", where, name);
        if (!json_is_integer(value))
                return chappe_fail(error, CHAPPE_E_USAGE, "%s%s: not an integer", where, name);
        *ret_value = json_integer_value(value);
        if (*ret_value < least || *ret_value > most)
                return chappe_fail(error, CHAPPE_E_USAGE, "%s%s: %lld is not between %lld and %lld", where, name,
                                   (long long)*ret_value, (long long)least, (long long)most);
        return 0;
}

static int refuse_unknown(json_t *object, const char *where, const char *const *known, struct chappe_error *error)
{
        const char *name;
        json_t *value;

        json_object_foreach(object, name, value)
        {
                const char *const *at = known;
                while (*at && strcmp(*at, name) != 0)
                        at++;
                if (!*at)
                        return chappe_fail(error, CHAPPE_E_USAGE, "%s%.60s: unknown", where, name);
        }
        return 0;
}

static int read_line(json_t *object, size_t index, struct chappe_arena *arena, struct shop_order_line *ret_line,
                     struct chappe_error *error)
{
        static const char *const known[] = { "sku", "description", "quantity", "unit_price", NULL };
        char where[32];
        int64_t quantity;
        int status;

        snprintf(where, sizeof(where), "lines[%zu].", index);
        if (!json_is_object(object))
                return chappe_fail(error, CHAPPE_E_USAGE, "lines[%zu]: not an object", index);
        if ((status = refuse_unknown(object, where, known, error)) < 0 ||
            (status = read_text(object, where, "sku", NULL, arena, &ret_line->sku, error)) < 0 ||
            (status = read_text(object, where, "description", "", arena, &ret_line->description, error)) < 0 ||
            (status = read_integer(object, where, "quantity", 1, INT32_MAX, &quantity, error)) < 0 ||
            (status = read_integer(object, where, "unit_price", 0, INT64_MAX, &ret_line->unit_price, error)) < 0)
                return status;
        if (ret_line->sku.length == 0)
                return chappe_fail(error, CHAPPE_E_USAGE, "%ssku: empty", where);
        ret_line->quantity = (int32_t)quantity;
        return 0;
}

static int add_up(const struct shop_order_line *line, int64_t *total)
{
        int64_t price;

        return __builtin_mul_overflow(line->unit_price, line->quantity, &price) ||
                               __builtin_add_overflow(*total, price, total)
                       ? -1
                       : 0;
}

static int read_lines(const json_t *root, struct chappe_arena *arena, struct shop_order_placed *ret_order,
                      struct chappe_error *error)
{
        const json_t *array = json_object_get(root, "lines");
        size_t count = json_array_size(array);

        if (!json_is_array(array) || count == 0)
                return chappe_fail(error, CHAPPE_E_USAGE, "lines: not an array of at least one line");
        if (count > LINES_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_USAGE, "lines: more than %d", LINES_MAXIMUM);

        struct shop_order_line *lines = chappe_arena_zalloc(arena, count * sizeof(*lines));
        if (!lines)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        for (size_t i = 0; i < count; i++) {
                int status = read_line(json_array_get(array, i), i, arena, &lines[i], error);
                if (status < 0)
                        return status;
                if (add_up(&lines[i], &ret_order->total) < 0)
                        return chappe_fail(error, CHAPPE_E_USAGE, "lines[%zu]: the total is beyond 64 bits", i);
        }
        ret_order->lines.items = lines;
        ret_order->lines.count = count;
        return 0;
}

static int read_kind(const json_t *root, enum shop_order_kind *ret_kind, struct chappe_error *error)
{
        const json_t *value = json_object_get(root, "kind");
        const char *kind = value ? json_string_value(value) : "sale";

        if (!kind || (strcmp(kind, "sale") != 0 && strcmp(kind, "return") != 0))
                return chappe_fail(error, CHAPPE_E_USAGE, "kind: neither \"sale\" nor \"return\"");
        *ret_kind = strcmp(kind, "sale") == 0 ? SHOP_ORDER_KIND_SALE : SHOP_ORDER_KIND_RETURN;
        return 0;
}

static int read_order(json_t *root, int64_t now_ms, struct chappe_arena *arena, struct shop_order_placed *ret_order,
                      struct chappe_error *error)
{
        static const char *const known[] = { "order_id", "kind",      "customer", "country",
                                             "currency", "placed_at", "lines",    NULL };
        int status;

        *ret_order = (struct shop_order_placed){ .placed_at = now_ms };
        if (!json_is_object(root))
                return chappe_fail(error, CHAPPE_E_USAGE, "the body is not a JSON object");
        if ((status = refuse_unknown(root, "", known, error)) < 0 ||
            (status = read_text(root, "", "order_id", NULL, arena, &ret_order->order_id, error)) < 0 ||
            (status = read_text(root, "", "customer", "", arena, &ret_order->customer, error)) < 0 ||
            (status = read_text(root, "", "country", NULL, arena, &ret_order->country, error)) < 0 ||
            (status = read_text(root, "", "currency", NULL, arena, &ret_order->currency, error)) < 0 ||
            (status = read_kind(root, &ret_order->kind, error)) < 0)
                return status;
        if (json_object_get(root, "placed_at") &&
            (status = read_integer(root, "", "placed_at", 0, INT64_MAX, &ret_order->placed_at, error)) < 0)
                return status;
        if (!gateway_order_id_valid(ret_order->order_id))
                return chappe_fail(error, CHAPPE_E_USAGE, "order_id: not 1 to 80 letters, digits, '.', '_' and '-'");
        if (ret_order->currency.length != 3)
                return chappe_fail(error, CHAPPE_E_USAGE, "currency: not three letters");
        return read_lines(root, arena, ret_order, error);
}

/* Of the content, whatever the order and spacing of the members. (FNV-1a) */
static int fingerprint_of(const json_t *root, int64_t *ret_fingerprint, struct chappe_error *error)
{
        char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
        uint64_t hash = 14695981039346656037u;

        if (!text)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        for (const char *at = text; *at; at++)
                hash = (hash ^ (uint8_t)*at) * 1099511628211u;
        free(text);
        *ret_fingerprint = (int64_t)hash;
        return 0;
}

int gateway_order_read(struct chappe_text body, int64_t now_ms, struct chappe_arena *arena,
                       struct shop_order_placed *ret_order, int64_t *ret_fingerprint, struct chappe_error *error)
{
        json_error_t problem;
        json_t *root = json_loadb(body.at ? body.at : "", body.length, JSON_REJECT_DUPLICATES, &problem);

        if (!root)
                return chappe_fail(error, CHAPPE_E_USAGE, "not JSON: line %d, column %d: %s", problem.line,
                                   problem.column, problem.text);
        int status = read_order(root, now_ms, arena, ret_order, error);
        if (status == 0)
                status = fingerprint_of(root, ret_fingerprint, error);
        json_decref(root);
        return status;
}
