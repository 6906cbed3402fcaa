/* SPDX-License-Identifier: Apache-2.0 */
/* The header. */
#include "write.h"

static void write_includes(struct unit *unit, struct chappe_buffer *out)
{
        emit(out, "#pragma once\n\n#include <stddef.h>\n\n");
        if (unit->messages)
                emit(out, "#include <chappe/call.h>\n");
        emit(out, "#include <chappe/codec.h>\n#include <chappe/operation.h>\n#include <chappe/publish.h>\n#include "
                  "<chappe/value.h>\n");
        for (const struct c_type *type = unit->types; type; type = type->next) {
                bool first = type->include != NULL;

                for (const struct c_type *before = unit->types; before != type && first; before = before->next)
                        first = !before->include || strcmp(before->include, type->include) != 0;
                if (first)
                        emit(out, "\n#include \"%s\"\n", type->include);
        }
        emit(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
}

static void write_reply(const struct c_message *message, struct chappe_buffer *out)
{
        emit(out,
             "\n/* What comes back: the response, or the error that the outcome names. */\nstruct %s {\n        union "
             "{\n",
             message->reply);
        emit(out, "                %s response;\n", message->response->type->declaration);
        for (const struct c_error *error = message->errors; error; error = error->next)
                emit(out, "                %s %s; /* %s */\n", error->root->type->declaration, error->member,
                     error->constant);
        emit(out, "        };\n};\n");
}

static void write_outcomes(struct unit *unit, struct chappe_buffer *out)
{
        int value = 0;

        if (!unit->outcomes)
                return;
        emit(out,
             "\n/* How a call can end other than with its response (0) or without an answer (negative). */\nenum "
             "%s_outcome {\n",
             unit->protocol_stem);
        for (const struct c_outcome *outcome = unit->outcomes; outcome; outcome = outcome->next) {
                emit_doc(out, "        ", outcome->doc);
                emit(out, "        %s = %d,\n", outcome->constant, ++value);
        }
        emit(out, "};\n");
}

static void write_publish(const struct c_root *root, struct chappe_buffer *out)
{
        const char *tag = root->type->stem;

        emit(out,
             "\n/* Publishes to the topic for which the service's table PRODUCES it; see chappe_publish. */\n"
             "static inline int %s_publish(struct chappe_context *ctx, const struct %s *event)\n"
             "{\n        return chappe_publish(ctx, &%s_type, event);\n}\n",
             root->stem, tag, root->stem);
        emit(out,
             "\nstatic inline int %s_publish_to(struct chappe_context *ctx, const char *topic,\n"
             "                                  const struct %s *event)\n"
             "{\n        return chappe_publish_to(ctx, topic, &%s_type, event);\n}\n",
             root->stem, tag, root->stem);
}

static void write_codec(const struct c_root *root, struct chappe_buffer *out)
{
        const char *type = root->type->declaration;

        emit(out,
             "\n/* Bytes written with the same schema, without a frame; see chappe_type_decode. */\n"
             "static inline int %s_decode(const void *bytes, size_t length, struct chappe_arena *arena,\n"
             "                            %s *ret_value, struct chappe_error *error)\n"
             "{\n        return chappe_type_decode(&%s_type, bytes, length, arena, ret_value, error);\n}\n",
             root->stem, type, root->stem);
        emit(out,
             "\nstatic inline int %s_encode(const %s *value, struct chappe_buffer *buffer,\n"
             "                            struct chappe_error *error)\n"
             "{\n        return chappe_type_encode(&%s_type, value, buffer, error);\n}\n",
             root->stem, type, root->stem);
}

static void write_whole(const struct c_root *root, struct chappe_buffer *out)
{
        const char *type = root->type->declaration, *stem = root->stem;

        emit(out,
             "\n/* Everything zero, empty, absent. What it pointed to belongs to its arena. */\n"
             "static inline void %s_clear(%s *value)\n"
             "{\n        memset(value, 0, sizeof(*value));\n}\n",
             stem, type);
        emit(out,
             "\n/* A deep copy; see chappe_type_copy. */\n"
             "static inline int %s_copy(const %s *value, struct chappe_arena *arena,\n"
             "                            %s *ret_value, struct chappe_error *error)\n"
             "{\n        return chappe_type_copy(&%s_type, value, arena, ret_value, error);\n}\n",
             stem, type, type, stem);
        emit(out,
             "\n/* Avro's sort order. */\n"
             "static inline int %s_compare(const %s *a, const %s *b)\n"
             "{\n        return chappe_type_compare(&%s_type, a, b);\n}\n"
             "\nstatic inline uint64_t %s_hash(const %s *value)\n"
             "{\n        return chappe_type_hash(&%s_type, value);\n}\n",
             stem, type, type, stem, stem, type, stem);
        emit(out,
             "\n/* Appends it as plain JSON. */\n"
             "static inline int %s_print(const %s *value, struct chappe_buffer *buffer,\n"
             "                            struct chappe_error *error)\n"
             "{\n        return chappe_type_print(&%s_type, value, buffer, error);\n}\n",
             stem, type, stem);
}

static void write_stub(const struct c_message *message, struct chappe_buffer *out)
{
        emit(out, "\nextern const struct chappe_message %s_message;\n\n", message->stem);
        emit_doc(out, "", message->doc);
        if (message->one_way) {
                emit(out,
                     "/* Sends it, and waits for nobody: 0, or negative when it is not accepted; see chappe_send. */\n"
                     "static inline int %s(struct chappe_context *ctx, const %s *request)\n"
                     "{\n        return chappe_send(ctx, &%s_message, request);\n}\n",
                     message->stem, message->request->type->declaration, message->stem);
                return;
        }
        emit(out,
             "/* Calls it and waits: 0 with the response, a declared error's outcome, negative without an answer; see "
             "chappe_call. */\n"
             "static inline int %s(struct chappe_context *ctx, const %s *request,\n"
             "                     struct %s *ret_reply)\n"
             "{\n        return chappe_call(ctx, &%s_message, request, ret_reply);\n}\n",
             message->stem, message->request->type->declaration, message->reply, message->stem);
}

void write_header(struct unit *unit, struct chappe_buffer *out)
{
        emit(out, "/* Made by chappe-gen from %s: change that instead. */\n",
             emit_base_name(unit->arena, unit->file->path));
        write_includes(unit, out);
        for (struct c_root *root = unit->roots; root; root = root->next)
                write_type(root->type, out);
        write_pending_types(unit, out);
        write_outcomes(unit, out);
        for (struct c_message *message = unit->messages; message; message = message->next)
                write_reply(message, out);
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (!root->published)
                        continue;
                emit(out, "\nextern const struct chappe_type %s_type;\n", root->stem);
                if (model_is_event(unit, root))
                        write_publish(root, out);
                write_codec(root, out);
                write_whole(root, out);
        }
        for (struct c_message *message = unit->messages; message; message = message->next)
                write_stub(message, out);
        write_operations(unit, out);
        emit(out, "\n#ifdef __cplusplus\n}\n#endif\n");
}
