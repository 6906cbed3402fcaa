/* SPDX-License-Identifier: Apache-2.0 */
/* Shell patterns, divided by commas. */
#include "config/patterns.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* "a*, b" becomes "a*\0b\0\0". */
char *chappe_patterns_split(const char *setting)
{
        size_t length = strlen(setting), used = 0;
        char *list = calloc(1, length + 2);

        for (size_t i = 0; list && i < length; i++) {
                if (setting[i] != ',' && setting[i] != ' ')
                        list[used++] = setting[i];
                else if (used > 0 && list[used - 1] != '\0')
                        list[used++] = '\0';
        }
        return list;
}

bool chappe_patterns_match(const char *patterns, const char *name)
{
        for (; *patterns; patterns += strlen(patterns) + 1) {
                if (fnmatch(patterns, name, 0) == 0)
                        return true;
        }
        return false;
}
