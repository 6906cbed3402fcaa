/* SPDX-License-Identifier: Apache-2.0 */
/* The C file. */
#include "write.h"

#include <inttypes.h>

static const char *straight(struct unit *unit, const struct c_root *root, const char *way)
{
        return straight_has(root) ? gen_printf(unit->arena, "root_%s_%s", way, root->stem) : "NULL";
}

/* Members by position: C++ before C++20 knows no other way. */
static void write_root(struct unit *unit, const struct c_root *root, struct chappe_buffer *out)
{
        emit(out, "\n%sconst struct chappe_type %s_type = {\n", root->published ? "" : "static ", root->stem);
        emit(out, "        /* name */ \"%s\",\n        /* schema */\n        ", chappe_schema_name(root->schema));
        emit_string(out, root->text);
        emit(out, ",\n        /* fingerprint */ UINT64_C(0x%016" PRIx64 "),\n        /* layout */ &tables.layout_%s,\n",
             chappe_schema_fingerprint(root->schema), root->type->stem);
        emit(out, "        /* key */ %s%s%s,\n", root->key ? "\"" : "", root->key ? root->key : "NULL",
             root->key ? "\"" : "");
        emit(out, "        /* decode */ %s,\n        /* encode */ %s,\n};\n", straight(unit, root, "decode"),
             straight(unit, root, "encode"));
}

static void write_errors(const struct c_message *message, struct chappe_buffer *out)
{
        emit(out, "\nstatic const struct chappe_message_error %s_errors[] = {\n", message->stem);
        for (const struct c_error *error = message->errors; error; error = error->next)
                emit(out, "        { %s, &%s_type, offsetof(struct %s, %s) },\n", error->constant, error->root->stem,
                     message->reply, error->member);
        emit(out, "};\n");
}

static void write_message(struct unit *unit, const struct c_message *message, struct chappe_buffer *out)
{
        size_t count = 0;

        for (const struct c_error *error = message->errors; error; error = error->next)
                count++;
        if (message->errors)
                write_errors(message, out);
        emit(out, "\nconst struct chappe_message %s_message = {\n", message->stem);
        emit(out, "        /* protocol */ \"%s\",\n        /* name */ \"%s\",\n", unit->protocol, message->avro);
        emit(out, "        /* request */ &%s_type,\n        /* response */ &%s_type,\n", message->request->stem,
             message->response->stem);
        emit(out,
             "        /* reply_size */ sizeof(struct %s),\n        /* response_offset */ offsetof(struct %s, "
             "response),\n",
             message->reply, message->reply);
        emit(out, "        /* errors */ %s%s,\n        /* error_count */ %zu,\n", count ? message->stem : "NULL",
             count ? "_errors" : "", count);
        emit(out, "        /* idempotency_field */ %s%s%s,\n", message->idempotency ? "\"" : "",
             message->idempotency ? message->idempotency : "NULL", message->idempotency ? "\"" : "");
        emit(out, "        /* one_way */ %s,\n};\n", message->one_way ? "true" : "false");
}

void write_source(struct unit *unit, struct chappe_buffer *out)
{
        emit(out, "/* Made by chappe-gen from %s: change that instead. */\n",
             emit_base_name(unit->arena, unit->file->path));
        emit(out, "#include \"%s\"\n\n#include <assert.h>\n\n#include <chappe/straight.h>\n\n", unit->header);
        write_layouts(unit, out);
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (model_is_used(root) && straight_has(root))
                        write_straight(unit, root, out);
        }
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (model_is_used(root))
                        write_root(unit, root, out);
        }
        for (struct c_message *message = unit->messages; message; message = message->next)
                write_message(unit, message, out);
}
