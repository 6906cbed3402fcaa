/* SPDX-License-Identifier: Apache-2.0 */
/* Names with a star. */
#include "config/starred.h"

#include <stdlib.h>
#include <string.h>

int chappe_starred_check(const char *setting, const char *pattern, struct chappe_error *error)
{
        const char *star = strchr(pattern, '*');

        if (!star || strchr(star + 1, '*') || !pattern[1])
                return chappe_fail(
                        error, CHAPPE_E_SETTING_VALUE,
                        "%s is \"%s\": it needs one *, which stands for a topic's name, and something beside it",
                        setting, pattern);
        return 0;
}

char *chappe_starred_make(const char *pattern, const char *name)
{
        const char *star = strchr(pattern, '*');
        size_t before = (size_t)(star - pattern), length = strlen(name), after = strlen(star + 1);
        char *made = malloc(before + length + after + 1);

        if (!made)
                return NULL;
        memcpy(made, pattern, before);
        memcpy(made + before, name, length);
        memcpy(made + before + length, star + 1, after + 1);
        return made;
}

struct chappe_text chappe_starred_origin(const char *pattern, const char *name)
{
        const char *star = strchr(pattern, '*');
        size_t before = (size_t)(star - pattern), after = strlen(star + 1), length = strlen(name);

        if (length <= before + after || strncmp(name, pattern, before) != 0 ||
            strcmp(name + length - after, star + 1) != 0)
                return (struct chappe_text){ 0 };
        return (struct chappe_text){ name + before, length - before - after };
}
