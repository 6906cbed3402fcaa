/* SPDX-License-Identifier: Apache-2.0 */
/* C names for Avro names. */
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/schema_library.h"

struct name_scope_entry {
        const char *name;
        struct name_scope_entry *next;
};

/* Words of C and C++, types that generated code uses, and object-like macros of common headers. In the order of strcmp.
 */
static const char *const reserved[] = {
        "BUFSIZ",
        "CHAR_BIT",
        "CLOCKS_PER_SEC",
        "EOF",
        "EXIT_FAILURE",
        "EXIT_SUCCESS",
        "FILE",
        "HUGE_VAL",
        "I",
        "INFINITY",
        "NAN",
        "NULL",
        "RAND_MAX",
        "SEEK_CUR",
        "SEEK_END",
        "SEEK_SET",
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "asm",
        "assert",
        "auto",
        "bitand",
        "bitor",
        "bool",
        "break",
        "case",
        "catch",
        "char",
        "char16_t",
        "char32_t",
        "char8_t",
        "class",
        "co_await",
        "co_return",
        "co_yield",
        "compl",
        "complex",
        "concept",
        "const",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "continue",
        "decltype",
        "default",
        "delete",
        "do",
        "double",
        "dynamic_cast",
        "else",
        "enum",
        "errno",
        "explicit",
        "export",
        "extern",
        "false",
        "float",
        "for",
        "friend",
        "goto",
        "i386",
        "if",
        "imaginary",
        "import",
        "inline",
        "int",
        "int16_t",
        "int32_t",
        "int64_t",
        "int8_t",
        "linux",
        "long",
        "module",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "noreturn",
        "not",
        "not_eq",
        "nullptr",
        "offsetof",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "register",
        "reinterpret_cast",
        "requires",
        "restrict",
        "return",
        "short",
        "signed",
        "size_t",
        "sizeof",
        "static",
        "static_assert",
        "static_cast",
        "stderr",
        "stdin",
        "stdout",
        "struct",
        "switch",
        "template",
        "this",
        "thread_local",
        "throw",
        "true",
        "try",
        "typedef",
        "typeid",
        "typename",
        "typeof",
        "typeof_unqual",
        "uint16_t",
        "uint32_t",
        "uint64_t",
        "uint8_t",
        "union",
        "unix",
        "unsigned",
        "using",
        "va_copy",
        "virtual",
        "void",
        "volatile",
        "wchar_t",
        "while",
        "xor",
        "xor_eq",
};

static int compare(const void *name, const void *entry)
{
        return strcmp(name, *(const char *const *)entry);
}

static bool ends_with(const char *name, const char *end)
{
        size_t length = strlen(name), wanted = strlen(end);

        return length > wanted && strcmp(name + length - wanted, end) == 0;
}

/* INT32_MAX, SIZE_MAX, UINT_LEAST8_WIDTH … of <stdint.h> and <limits.h>. */
static bool is_limit(const char *name)
{
        static const char *const beginnings[] = { "INT",  "UINT", "SIZE_",  "SSIZE_", "PTRDIFF_", "WCHAR_", "WINT_",
                                                  "SIG_", "LONG", "ULON",   "SHRT_",  "USHRT_",   "CHAR_",  "SCHAR_",
                                                  "LLON", "ULLO", "UCHAR_", "FLT_",   "DBL_",     "LDBL_" };

        if (!ends_with(name, "_MAX") && !ends_with(name, "_MIN") && !ends_with(name, "_WIDTH"))
                return false;
        for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
                if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
                        return true;
        }
        return false;
}

bool name_is_reserved(const char *name)
{
        return is_limit(name) ||
               bsearch(name, reserved, sizeof(reserved) / sizeof(*reserved), sizeof(*reserved), compare) != NULL;
}

/* Letters beyond ASCII, which not every compiler takes: é is u00e9. */
static const char *to_ascii(struct chappe_arena *arena, const char *name)
{
        char *ascii = gen_alloc(arena, strlen(name) * 5 / 2 + 1), *to = ascii;

        while (*name) {
                const unsigned char *at = (const unsigned char *)name;

                if (*at < 0x80) {
                        *to++ = *name++;
                } else if ((*at & 0xE0) == 0xC0 && at[1]) {
                        to += sprintf(to, "u%04x", (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu));
                        name += 2;
                } else if (at[1] && at[2]) {
                        to += sprintf(to, "u%04x", (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu));
                        name += 3;
                } else {
                        break;
                }
        }
        return ascii;
}

const char *name_stem(struct chappe_arena *arena, const char *full)
{
        char *stem = (char *)to_ascii(arena, schema_snake(arena, full));

        for (char *at = stem; *at; at++) {
                if (*at == '.')
                        *at = '_';
        }
        return stem;
}

const char *name_tag(struct chappe_arena *arena, const char *full)
{
        static const char *const system[] = { "iovec",    "itimerspec", "lconv",    "msghdr",  "option", "sigaction",
                                              "sockaddr", "stat",       "timespec", "timeval", "tm",     NULL };
        const char *stem = name_stem(arena, full);
        bool taken = strcmp(stem, "chappe") == 0 || strncmp(stem, "chappe_", 7) == 0;

        for (size_t i = 0; system[i] && !taken; i++)
                taken = strcmp(stem, system[i]) == 0;
        return taken ? gen_printf(arena, "%s_", stem) : stem;
}

const char *name_of_file(struct chappe_arena *arena, const char *file)
{
        bool digit = isdigit((unsigned char)*file);
        char *name = (char *)gen_printf(arena, "%s%s", digit ? "schema_" : "", file);

        for (char *at = name; *at; at++) {
                if (!isalnum((unsigned char)*at))
                        *at = '_';
        }
        return name_tag(arena, name);
}

const char *name_upper(struct chappe_arena *arena, const char *name)
{
        char *upper = (char *)gen_printf(arena, "%s", name);

        for (char *at = upper; *at; at++)
                *at = (char)toupper((unsigned char)*at);
        return upper;
}

bool name_is_taken(const struct name_scope *scope, const char *name)
{
        for (const struct name_scope_entry *entry = scope->entries; entry; entry = entry->next) {
                if (strcmp(entry->name, name) == 0)
                        return true;
        }
        return false;
}

/* What begins with two underscores, or one and a capital, belongs to the compiler: __LINE__, __cplusplus, _LP64. */
static const char *leave_to_compiler(struct chappe_arena *arena, const char *name)
{
        if (name[0] != '_' || (name[1] != '_' && !isupper((unsigned char)name[1])))
                return name;
        name = gen_printf(arena, "%s%s", name, name[1] == '_' ? "_" : "__");
        return name[1] == '_' && ends_with(name, "__") && !ends_with(name, "___") ? gen_printf(arena, "%s_", name)
                                                                                  : name;
}

static bool is_free(struct chappe_arena *arena, const struct name_scope *scope, const char *stem,
                    const char *const *endings)
{
        bool free = !name_is_reserved(stem);

        for (; *endings && free; endings++) {
                const char *name = name_with_ending(arena, stem, *endings);

                free = !name_is_reserved(name) && !name_is_taken(scope, name);
        }
        return free;
}

const char *name_with_ending(struct chappe_arena *arena, const char *stem, const char *ending)
{
        bool upper = ending[0] && isupper((unsigned char)ending[1]);

        return gen_printf(arena, "%s%s", upper ? name_upper(arena, stem) : stem, ending);
}

const char *name_claim_all(struct chappe_arena *arena, struct name_scope *scope, const char *wanted,
                           const char *const *endings)
{
        wanted = leave_to_compiler(arena, to_ascii(arena, wanted));
        while (!is_free(arena, scope, wanted, endings))
                wanted = gen_printf(arena, "%s_", wanted);
        for (; *endings; endings++) {
                struct name_scope_entry *entry = gen_alloc(arena, sizeof(*entry));

                *entry = (struct name_scope_entry){ name_with_ending(arena, wanted, *endings), scope->entries };
                scope->entries = entry;
        }
        return wanted;
}

const char *name_claim(struct chappe_arena *arena, struct name_scope *scope, const char *wanted)
{
        return name_claim_all(arena, scope, wanted, (const char *const[]){ "", NULL });
}
