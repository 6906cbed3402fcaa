/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that fails once. The linker leads malloc and its kin here from Chappe's objects and the test's; what the C
 * library allocates for itself is not seen. */
#include "failing.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__wrap_reallocarray(void *at, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *at);

static unsigned counted, chosen;
static long in_use;

void failing_at(unsigned n)
{
        counted = 0;
        chosen = n;
}

bool failing_happened(void)
{
        return chosen && counted >= chosen;
}

long failing_in_use(void)
{
        return in_use;
}

static bool fails(void)
{
        return ++counted == chosen;
}

void *__wrap_malloc(size_t size)
{
        void *at = fails() ? NULL : __real_malloc(size);

        in_use += at != NULL;
        return at;
}

void *__wrap_calloc(size_t count, size_t size)
{
        void *at = fails() ? NULL : __real_calloc(count, size);

        in_use += at != NULL;
        return at;
}

void *__wrap_realloc(void *at, size_t size)
{
        void *new = fails() ? NULL : __real_realloc(at, size);

        in_use += !at && new;
        return new;
}

void *__wrap_reallocarray(void *at, size_t count, size_t size)
{
        return size && count > SIZE_MAX / size ? NULL : __wrap_realloc(at, count * size);
}

char *__wrap_strdup(const char *text)
{
        size_t size = strlen(text) + 1;
        char *copy = __wrap_malloc(size);

        return copy ? memcpy(copy, text, size) : NULL;
}

void __wrap_free(void *at)
{
        in_use -= at != NULL;
        __real_free(at);
}
