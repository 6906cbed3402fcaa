/* SPDX-License-Identifier: Apache-2.0 */
/* A service of a project of its own, against an installed Chappe. */
#include <chappe/chappe.h>

#include "greet/hello.h"

static enum chappe_decision on_hello(struct chappe_context *ctx, const struct greet_hello *hello)
{
        chappe_log(ctx, CHAPPE_LEVEL_INFO, "hello %.*s", CHAPPE_TEXT(hello->who));
        return hello->mood == GREET_MOOD_GLAD ? CHAPPE_DONE : chappe_retry(ctx, "cheer up");
}

static const struct chappe_operation operations[] = {
        GREET_HELLO_CONSUMES("greet.hellos", on_hello),
        GREET_HELLO_PRODUCES("greet.hellos"),
        { 0 },
};

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &(struct chappe_service_config){
                .name = "greeter", .version = "1.0.0", .description = "Says hello.", .operations = operations });
}
