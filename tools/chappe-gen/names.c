/* SPDX-License-Identifier: Apache-2.0 */
/* C names for Avro names. */
#include "names.h"

#include <ctype.h>
#include <stdlib.h>

#include "schema/schema_library.h"

struct name_scope_entry {
        const char *name;
        struct name_scope_entry *next;
};

/* Words of C and C++, and object-like macros that common headers define in lower or upper case. In the order of strcmp.
 */
static const char *const reserved[] = {
        "BUFSIZ",
        "EOF",
        "FILE",
        "I",
        "INFINITY",
        "NAN",
        "NULL",
        "_Alignas",
        "_Alignof",
        "_Atomic",
        "_Bool",
        "_Complex",
        "_Generic",
        "_Imaginary",
        "_Noreturn",
        "_Static_assert",
        "_Thread_local",
        "__DATE__",
        "__FILE__",
        "__LINE__",
        "__TIME__",
        "__alignof__",
        "__asm__",
        "__attribute__",
        "__const",
        "__extension__",
        "__func__",
        "__imag__",
        "__inline__",
        "__int128",
        "__label__",
        "__real__",
        "__restrict",
        "__thread",
        "__typeof__",
        "__volatile__",
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
        "linux",
        "long",
        "module",
        "mutable",
        "namespace",
        "new",
        "noexcept",
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
        "union",
        "unix",
        "unsigned",
        "using",
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

bool name_is_reserved(const char *name)
{
        return bsearch(name, reserved, sizeof(reserved) / sizeof(*reserved), sizeof(*reserved), compare) != NULL;
}

const char *name_stem(struct chappe_arena *arena, const char *full)
{
        char *stem = (char *)gen_printf(arena, "%s", schema_snake(arena, full));

        for (char *at = stem; *at; at++) {
                if (*at == '.')
                        *at = '_';
        }
        return stem;
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

const char *name_claim(struct chappe_arena *arena, struct name_scope *scope, const char *wanted)
{
        struct name_scope_entry *entry = gen_alloc(arena, sizeof(*entry));

        while (name_is_reserved(wanted) || name_is_taken(scope, wanted))
                wanted = gen_printf(arena, "%s_", wanted);
        *entry = (struct name_scope_entry){ wanted, scope->entries };
        scope->entries = entry;
        return wanted;
}
