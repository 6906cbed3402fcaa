/* SPDX-License-Identifier: Apache-2.0 */
/* The C file. */
#include "write.h"

#include <inttypes.h>

static void write_root(const struct c_root *root, struct chappe_buffer *out)
{
        const char *name = chappe_schema_name(root->schema);

        emit(out, "\n%sconst struct chappe_type %s_type = {\n", root->published ? "" : "static ", root->stem);
        emit(out, "        .name = \"%s\",\n        .schema =\n        ", name);
        emit_string(out, root->text);
        emit(out, ",\n        .fingerprint = UINT64_C(0x%016" PRIx64 "),\n        .layout = &layout_%s,\n",
             chappe_schema_fingerprint(root->schema), root->type->stem);
        if (root->key)
                emit(out, "        .key = \"%s\",\n", root->key);
        if (straight_has(root))
                emit(out, "        .decode = straight_decode_type_%s,\n        .encode = straight_encode_type_%s,\n",
                     root->stem, root->stem);
        emit(out, "};\n");
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
        if (message->errors)
                write_errors(message, out);
        emit(out, "\nconst struct chappe_message %s_message = {\n", message->stem);
        emit(out, "        .protocol = \"%s\",\n        .name = \"%s\",\n", unit->protocol, message->avro);
        emit(out, "        .request = &%s_type,\n        .response = &%s_type,\n", message->request->stem,
             message->response->stem);
        emit(out,
             "        .reply_size = sizeof(struct %s),\n        .response_offset = offsetof(struct %s, response),\n",
             message->reply, message->reply);
        if (message->errors)
                emit(out,
                     "        .errors = %s_errors,\n        .error_count = sizeof(%s_errors) / sizeof(*%s_errors),\n",
                     message->stem, message->stem, message->stem);
        if (message->idempotency)
                emit(out, "        .idempotency_field = \"%s\",\n", message->idempotency);
        emit(out, "};\n");
}

void write_source(struct unit *unit, struct chappe_buffer *out)
{
        emit(out, "/* Made by chappe-gen from %s: change that instead. */\n",
             strrchr(unit->file->path, '/') ? strrchr(unit->file->path, '/') + 1 : unit->file->path);
        emit(out, "#include \"%s\"\n\n#include <chappe/straight.h>\n\n", unit->header);
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (root->published || root->used)
                        write_layout(unit, root->type, out);
        }
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if ((root->published || root->used) && straight_has(root))
                        write_straight(unit, root, out);
        }
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (root->published || root->used)
                        write_root(root, out);
        }
        for (struct c_message *message = unit->messages; message; message = message->next)
                write_message(unit, message, out);
}
