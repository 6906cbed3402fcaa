/* SPDX-License-Identifier: Apache-2.0 */
/* Initialisers for the operations table. A handler of another type does not compile: _Generic in C, an overload in C++.
 */
#include "write.h"

/* What is wanted of a handler. */
struct handler {
        const char *macro;    /* <MACRO>_HANDLER, that checks it */
        const char *function; /* that does so in C++ */
        const char *result;
        const char *parameters;
        const char *general; /* the runtime's type for all of its kind */
};

/* <MACRO>_HANDLER(h): h, checked, as the runtime's general handler type. */
static void write_check(const struct handler *handler, struct chappe_buffer *out)
{
        emit(out,
             "\n#ifdef __cplusplus\n"
             "static inline %s *%s(\n"
             "        %s (*handler)(%s))\n"
             "{\n        return reinterpret_cast<%s *>(handler);\n}\n"
             "#define %s(handler_) %s(handler_)\n",
             handler->general, handler->function, handler->result, handler->parameters, handler->general,
             handler->macro, handler->function);
        emit(out,
             "#else\n"
             "#define %s(handler_) \\\n"
             "        _Generic((handler_), \\\n"
             "                %s (*)(%s): \\\n"
             "                (%s *)(handler_))\n"
             "#endif\n",
             handler->macro, handler->result, handler->parameters, handler->general);
}

static const char *join(struct unit *unit, const char *stem, const char *ending)
{
        return gen_printf(unit->arena, "%s%s", stem, ending);
}

/* A row that consumes: with a handler of one event, or of several. */
static void write_consumes(struct unit *unit, const struct c_root *root, const char *batch, const char *member,
                           const struct handler *handler, struct chappe_buffer *out)
{
        const char *upper = name_upper(unit->arena, root->stem);

        write_check(handler, out);
        emit(out,
             "/* %s_CONSUMES%s(topic, handler, .retry = &policy …) */\n"
             "#define %s_CONSUMES%s(topic_, ...) \\\n"
             "        { .kind = CHAPPE_CONSUMES, .topic = (topic_), .type = &%s_type, \\\n"
             "          .%s = %s(CHAPPE_FIRST_OF(__VA_ARGS__, )), CHAPPE_REST_OF(__VA_ARGS__, ) }\n",
             upper, batch, upper, batch, root->stem, member, handler->macro);
}

static void write_event(struct unit *unit, const struct c_root *root, struct chappe_buffer *out)
{
        const char *upper = name_upper(unit->arena, root->stem), *tag = root->type->stem;
        const char *parameters = gen_printf(unit->arena, "struct chappe_context *, const struct %s *", tag);
        const struct handler one = { join(unit, upper, "_HANDLER"), join(unit, root->stem, "_handler"),
                                     "enum chappe_decision", parameters, "chappe_event_handler" };
        const struct handler several = { join(unit, upper, "_HANDLER_BATCH"), join(unit, root->stem, "_handler_batch"),
                                         "enum chappe_decision", join(unit, parameters, ", size_t"),
                                         "chappe_batch_handler" };

        write_consumes(unit, root, "", "on_event", &one, out);
        write_consumes(unit, root, "_BATCH", "on_batch", &several, out);
        emit(out,
             "/* %s_PRODUCES(topic, .key = \"id\" …) */\n"
             "#define %s_PRODUCES(...) \\\n"
             "        { .kind = CHAPPE_PRODUCES, .topic = CHAPPE_FIRST_OF(__VA_ARGS__, ), .type = &%s_type, \\\n"
             "          CHAPPE_REST_OF(__VA_ARGS__, ) }\n",
             upper, upper, root->stem);
        emit(out,
             "/* For tests, with <chappe/testkit.h>: puts an event into a topic. */\n"
             "#define %s_feed(kit_, topic_, event_) \\\n"
             "        chappe_testkit_feed((kit_), (topic_), &%s_type, \\\n"
             "                            1 ? (event_) : (const struct %s *)NULL)\n",
             root->stem, root->stem, tag);
}

static void write_request(struct unit *unit, const struct c_message *message, struct chappe_buffer *out)
{
        const char *upper = name_upper(unit->arena, message->stem);
        const char *parameters = gen_printf(unit->arena, "struct chappe_context *, const %s *, struct %s *",
                                            message->request->type->declaration, message->reply);

        const struct handler handler = { join(unit, upper, "_HANDLER"), join(unit, message->stem, "_handler"), "int",
                                         parameters, "chappe_request_handler" };

        write_check(&handler, out);
        emit(out,
             "/* %s_CALLS(topic, .timeout_ms = 500 …) */\n"
             "#define %s_CALLS(...) \\\n"
             "        { .kind = CHAPPE_CALLS, .topic = CHAPPE_FIRST_OF(__VA_ARGS__, ), .message = &%s_message, \\\n"
             "          CHAPPE_REST_OF(__VA_ARGS__, ) }\n",
             upper, upper, message->stem);
        emit(out,
             "/* %s_ANSWERS(topic, handler, …) */\n"
             "#define %s_ANSWERS(topic_, ...) \\\n"
             "        { .kind = CHAPPE_ANSWERS, .topic = (topic_), .message = &%s_message, \\\n"
             "          .on_request = %s_HANDLER(CHAPPE_FIRST_OF(__VA_ARGS__, )), CHAPPE_REST_OF(__VA_ARGS__, ) }\n",
             upper, upper, message->stem, upper);
}

void write_operations(struct unit *unit, struct chappe_buffer *out)
{
        for (struct c_root *root = unit->roots; root; root = root->next) {
                if (model_is_event(unit, root))
                        write_event(unit, root, out);
        }
        for (struct c_message *message = unit->messages; message; message = message->next)
                write_request(unit, message, out);
}
