/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of numbered SQL files as a table in C. */
#include "migrations.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

#include "names.h"

#define SQL_LIMIT (1u << 20) /* bytes of one file */

static void free_list(struct dirent ***list)
{
        free(*list);
}

static int is_sql(const struct dirent *entry)
{
        size_t length = strlen(entry->d_name);

        return length > 4 && strcmp(entry->d_name + length - 4, ".sql") == 0;
}

/* 001-name.sql with the number that is due. */
static int check_name(const char *folder, const char *file, int due, struct chappe_error *error)
{
        char *end;
        long number = isdigit((unsigned char)file[0]) ? strtol(file, &end, 10) : 0;

        if (number == 0 || end - file != 3 || *end != '-' || strlen(end) < 6)
                return chappe_fail(error, CHAPPE_E_USAGE, "%s/%s: a migration is called 001-name.sql", folder, file);
        if (number != due)
                return chappe_fail(error, CHAPPE_E_USAGE, "%s/%s: number %03d comes next", folder, file, due);
        return 0;
}

static int write_file(struct chappe_arena *arena, const char *folder, const char *name, int number,
                      struct chappe_buffer *out, struct chappe_error *error)
{
        const char *path = gen_printf(arena, "%s/%s", folder, name);
        CHAPPE_CLEANUP(string) char *text = malloc(SQL_LIMIT + 1);
        FILE *file = fopen(path, "re");
        size_t length = file && text ? fread(text, 1, SQL_LIMIT + 1, file) : 0;
        bool broken = !file || !text || ferror(file);

        if (file)
                fclose(file);
        if (broken)
                return chappe_fail(error, CHAPPE_E_IO, "%s: %s", path, strerror(errno));
        if (length > SQL_LIMIT)
                return chappe_fail(error, CHAPPE_E_LIMIT, "%s: longer than %u bytes", path, SQL_LIMIT);
        if (memchr(text, '\0', length))
                return chappe_fail(error, CHAPPE_E_USAGE, "%s: a NUL byte is no SQL", path);
        emit(out, "        { %d, \"%.*s\",\n        ", number, (int)(strlen(name) - 8), name + 4);
        emit_string(out, (struct chappe_text){ text, length });
        emit(out, " },\n");
        return 0;
}

/* orders from services/orders/migrations, as a C name. */
static const char *default_name(struct chappe_arena *arena, const char *folder)
{
        CHAPPE_CLEANUP(string) char *whole = realpath(folder, NULL);
        char *last = whole ? strrchr(whole, '/') : NULL;
        char *name;

        if (last && strcmp(last, "/migrations") == 0 && last > whole) {
                *last = '\0';
                last = strrchr(whole, '/');
        }
        name = (char *)name_stem(arena, last && last[1] ? last + 1 : "chappe");
        for (char *at = name; *at; at++) {
                if (!isalnum((unsigned char)*at))
                        *at = '_';
        }
        return isdigit((unsigned char)*name) ? gen_printf(arena, "_%s", name) : name;
}

int migrations_write(const char *folder, const char *name, struct chappe_buffer *out, struct chappe_error *error)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        __attribute__((cleanup(free_list))) struct dirent **list = NULL;
        int count = scandir(folder, &list, is_sql, alphasort), status = 0;

        if (count < 0)
                return chappe_fail(error, CHAPPE_E_IO, "%s: %s", folder, strerror(errno));
        emit(out, "/* Made by chappe-gen from numbered SQL files: change those instead. */\n#pragma once\n\n"
                  "#include <chappe/store.h>\n\n");
        emit(out, "static const struct chappe_migration %s_migrations[] = {\n",
             name ? name : default_name(arena, folder));
        for (int i = 0; i < count; i++) {
                if (status >= 0)
                        status = check_name(folder, list[i]->d_name, i + 1, error);
                if (status >= 0)
                        status = write_file(arena, folder, list[i]->d_name, i + 1, out, error);
                free(list[i]);
        }
        emit(out, "        { 0, NULL, NULL },\n};\n");
        return status;
}
