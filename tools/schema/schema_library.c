/* SPDX-License-Identifier: Apache-2.0 */
/* Reading schema files and finding definitions by name. */
#include "schema/schema_library.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/schema_walk.h"

#include "base/cleanup.h"

#define JSON_LEVELS        4 /* of a type within a record there are three, and the document has one */
#define JSON_LEVELS_AROUND 4 /* of a schema in a protocol */

struct schema_library {
        struct chappe_arena *arena;
        struct chappe_schema_limits limits; /* no zeros */
        const char *folders[SCHEMA_FOLDERS_LIMIT];
        size_t folder_count;
        size_t file_count;
        struct schema_file *files, **files_end;
        struct schema_definition *definitions, **definitions_end;
};

static void close_file(FILE **file)
{
        if (*file && *file != stdin)
                fclose(*file);
}

struct schema_library *schema_library_new(const char *const *folders, size_t count,
                                          const struct chappe_schema_limits *limits)
{
        struct schema_library *library = calloc(1, sizeof(*library));

        if (!library)
                return NULL;
        library->arena = chappe_arena_new(0);
        library->limits = *limits;
        library->files_end = &library->files;
        library->definitions_end = &library->definitions;
        if (!library->arena)
                return schema_library_free(library);
        for (size_t i = 0; i < count; i++)
                schema_library_add_folder(library, chappe_text(folders[i]));
        return library;
}

const struct chappe_schema_limits *schema_library_limits(const struct schema_library *library)
{
        return &library->limits;
}

int schema_library_parse(const struct schema_library *library, const char *name, const struct chappe_buffer *text,
                         struct chappe_schema **ret_schema, struct chappe_error *error)
{
        return chappe_schema_parse_within(name, (struct chappe_text){ (const char *)text->at, text->length },
                                          &library->limits, ret_schema, error);
}

bool schema_library_add_folder(struct schema_library *library, struct chappe_text folder)
{
        if (library->folder_count == SCHEMA_FOLDERS_LIMIT)
                return false;
        library->folders[library->folder_count++] = chappe_arena_printf(library->arena, "%.*s", CHAPPE_TEXT(folder)).at;
        return true;
}

/* Takes the last folder off a path: "." when there is none left, "/" at the top. */
static struct chappe_text parent(struct chappe_text path)
{
        while (path.length > 0 && path.at[path.length - 1] != '/')
                path.length--;
        while (path.length > 1 && path.at[path.length - 1] == '/')
                path.length--;
        return path.length > 0 ? path : chappe_text(".");
}

static bool ends_with_folder(struct chappe_text path, const char *name, size_t length)
{
        return path.length > length && path.at[path.length - length - 1] == '/' &&
               memcmp(path.at + path.length - length, name, length) == 0;
}

void schema_library_add_root(struct schema_library *library, const struct schema_file *file)
{
        CHAPPE_CLEANUP(string) char *whole = realpath(file->path, NULL);
        const struct chappe_json_node *root = file->document.root;
        const char *space = file->protocol ? schema_protocol_space(library, root) : schema_space(library, root, "");
        struct chappe_text folder = whole ? parent(chappe_text(whole)) : (struct chappe_text){ 0 };

        for (size_t end = strlen(space); end > 0;) {
                size_t start = end;

                while (start > 0 && space[start - 1] != '.')
                        start--;
                if (!ends_with_folder(folder, space + start, end - start))
                        return;
                folder = parent(folder);
                end = start > 0 ? start - 1 : 0;
        }
        if (folder.length > 0)
                schema_library_add_folder(library, folder);
}

struct schema_library *schema_library_free(struct schema_library *library)
{
        if (library)
                chappe_arena_free(library->arena);
        free(library);
        return NULL;
}

const struct schema_definition *schema_library_definitions(const struct schema_library *library)
{
        return library->definitions;
}

const struct schema_file *schema_library_files(const struct schema_library *library)
{
        return library->files;
}

struct chappe_arena *schema_library_arena(struct schema_library *library)
{
        return library->arena;
}

/* Where a comment that begins here ends: behind it, or at the end of the text. Java reads over comments in schema
 * files. */
static size_t comment_end(const char *text, size_t at, size_t length)
{
        bool line = text[at + 1] == '/';
        size_t start = at + 2;

        for (at = start; at < length; at++) {
                if (line && text[at] == '\n')
                        return at;
                if (!line && at > start && text[at - 1] == '*' && text[at] == '/')
                        return at + 1;
        }
        return length;
}

/* Comments become spaces, so that what is behind them keeps its line and byte. */
static void blank_comments(char *text, size_t length)
{
        bool quoted = false;

        for (size_t at = 0; at + 1 < length; at++) {
                if (quoted && text[at] == '\\') {
                        at++;
                } else if (text[at] == '"') {
                        quoted = !quoted;
                } else if (!quoted && text[at] == '/' && (text[at + 1] == '/' || text[at + 1] == '*')) {
                        size_t end = comment_end(text, at, length);

                        for (; at < end; at++) {
                                if (text[at] != '\n')
                                        text[at] = ' ';
                        }
                        at--;
                }
        }
}

static int read_text(struct schema_library *library, const char *path, struct chappe_text *ret,
                     struct chappe_error *error)
{
        __attribute__((cleanup(close_file))) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };
        size_t most = SCHEMA_FILE_FACTOR * library->limits.schema_text;

        if (!file)
                return chappe_fail(error, CHAPPE_E_IO, "%s: %s", path, strerror(errno));
        while (buffer.length <= most) {
                uint8_t *at = chappe_buffer_reserve(&buffer, 16384);
                size_t got = at ? fread(at, 1, 16384, file) : 0;

                if (got == 0)
                        break;
                buffer.length += got;
        }
        if (ferror(file))
                return chappe_fail(error, CHAPPE_E_IO, "%s: %s", path, strerror(errno));
        if (buffer.length > most)
                return chappe_fail(error, CHAPPE_E_SCHEMA_LIMIT, "%s: longer than %zu bytes (%u times schema_text)",
                                   path, most, SCHEMA_FILE_FACTOR);
        if (buffer.length > 0)
                blank_comments((char *)buffer.at, buffer.length);
        *ret = chappe_arena_text(library->arena, (struct chappe_text){ (const char *)buffer.at, buffer.length });
        return 0;
}

/* The header's name as others include it: the path below an include folder, or else the bare file name. */
static const char *include_name(struct schema_library *library, const char *path)
{
        const char *below = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

        for (size_t i = 0; i < library->folder_count; i++) {
                CHAPPE_CLEANUP(string) char *folder = realpath(library->folders[i], NULL);
                CHAPPE_CLEANUP(string) char *whole = realpath(path, NULL);
                size_t length = folder ? strlen(folder) : 0;

                if (whole && folder && strncmp(whole, folder, length) == 0 && whole[length] == '/') {
                        below = chappe_arena_text(library->arena, chappe_text(whole + length + 1)).at;
                        break;
                }
        }
        size_t stem = strrchr(below, '.') ? (size_t)(strrchr(below, '.') - below) : strlen(below);

        return chappe_arena_printf(library->arena, "%.*s.h", (int)stem, below).at;
}

static struct schema_file *find_file(const struct schema_library *library, const char *path)
{
        for (struct schema_file *file = library->files; file; file = file->next) {
                if (strcmp(file->path, path) == 0)
                        return file;
        }
        return NULL;
}

static const struct schema_definition *find_definition(const struct schema_library *library, const char *name)
{
        for (const struct schema_definition *definition = library->definitions; definition;
             definition = definition->next) {
                if (strcmp(definition->name, name) == 0)
                        return definition;
        }
        return NULL;
}

/* Is the one definition written like the other, apart from white space? */
static bool same_text(const struct schema_definition *a, const struct schema_file *file,
                      const struct chappe_json_node *json)
{
        const char *one = a->file->document.text.at + a->json->at, *one_end = a->file->document.text.at + a->json->end;
        const char *two = file->document.text.at + json->at, *two_end = file->document.text.at + json->end;

        while (one < one_end && two < two_end) {
                if (isspace((unsigned char)*one))
                        one++;
                else if (isspace((unsigned char)*two))
                        two++;
                else if (*one++ != *two++)
                        return false;
        }
        return one == one_end && two == two_end;
}

struct collecting {
        struct schema_library *library;
        struct schema_file *file;
        struct chappe_error *error;
};

static int note_definition(void *context, const struct chappe_json_node *json, const char *space)
{
        struct collecting *collecting = context;
        struct schema_library *library = collecting->library;
        const struct chappe_json_node *name = chappe_json_find(json, "name");
        struct schema_definition *definition;
        const struct schema_definition *other;
        const char *full;

        if (!name || name->kind != CHAPPE_JSON_STRING)
                return chappe_json_fail(&collecting->file->document, json, collecting->error, CHAPPE_E_SCHEMA_INVALID,
                                        "a %s needs a \"name\"", schema_type_word(json));
        full = schema_full_name(library, name->string, space);
        other = find_definition(library, full);
        if (other && same_text(other, collecting->file, json))
                return 0;
        if (other)
                return chappe_json_fail(&collecting->file->document, json, collecting->error, CHAPPE_E_SCHEMA_INVALID,
                                        "%s is defined otherwise in %s: give it a file of its own", full,
                                        other->file->path);
        definition = chappe_arena_zalloc(library->arena, sizeof(*definition));
        *definition = (struct schema_definition){
                .name = full,
                .space = space,
                .error = strcmp(schema_type_word(json), "error") == 0,
                .file = collecting->file,
                .json = json,
        };
        *library->definitions_end = definition;
        library->definitions_end = &definition->next;
        return 0;
}

int schema_library_load(struct schema_library *library, const char *path, struct schema_file **ret_file,
                        struct chappe_error *error)
{
        struct schema_file *file = find_file(library, path);
        struct collecting collecting = { library, NULL, error };
        int status;

        if (file) {
                *ret_file = file;
                return 0;
        }
        if (++library->file_count > SCHEMA_FILES_LIMIT)
                return chappe_fail(error, CHAPPE_E_SCHEMA_LIMIT, "%s: more than %d files", path, SCHEMA_FILES_LIMIT);
        file = chappe_arena_zalloc(library->arena, sizeof(*file));
        file->path = chappe_arena_text(library->arena, chappe_text(path)).at;
        file->include = include_name(library, path);
        file->protocol = strlen(path) > 5 && strcmp(path + strlen(path) - 5, ".avpr") == 0;
        file->document.name = file->path;
        file->document.syntax_code = CHAPPE_E_SCHEMA_SYNTAX;
        file->document.depth = (unsigned)(JSON_LEVELS * library->limits.schema_depth + JSON_LEVELS_AROUND);
        status = read_text(library, path, &file->document.text, error);
        if (status >= 0)
                status = chappe_json_parse(&file->document, library->arena, error);
        if (status < 0)
                return status;
        *library->files_end = file;
        library->files_end = &file->next;
        collecting.file = file;
        status = schema_walk_file(library, file, note_definition, &collecting, error);
        *ret_file = file;
        return status;
}

/* folder/shop/order_line.avsc for shop.OrderLine; plain: keep the name as it is written. */
static const char *candidate(struct schema_library *library, const char *folder, const char *name, bool plain,
                             const char *suffix)
{
        const char *dot = strrchr(name, '.');
        const char *last = dot ? dot + 1 : name;
        char *space = (char *)chappe_arena_text(library->arena, (struct chappe_text){ name, (size_t)(last - name) }).at;

        for (char *at = space; *at; at++) {
                if (*at == '.')
                        *at = '/';
        }
        return chappe_arena_printf(library->arena, "%s/%s%s%s", folder, space,
                                   plain ? last : schema_snake(library->arena, last), suffix)
                .at;
}

int schema_library_find(struct schema_library *library, const char *name, const struct schema_definition **ret,
                        struct chappe_error *error)
{
        *ret = find_definition(library, name);
        for (size_t i = 0; !*ret && i < library->folder_count * 2; i++) {
                const char *path = candidate(library, library->folders[i / 2], name, i % 2, ".avsc");
                struct schema_file *file;

                if (access(path, R_OK) < 0)
                        continue;
                int status = schema_library_load(library, path, &file, error);

                if (status < 0)
                        return status;
                *ret = find_definition(library, name);
        }
        return 0;
}

const char *schema_library_find_protocol(struct schema_library *library, const char *name)
{
        for (size_t i = 0; i < library->folder_count * 2; i++) {
                const char *path = candidate(library, library->folders[i / 2], name, i % 2, ".avpr");

                if (access(path, R_OK) == 0)
                        return path;
        }
        return NULL;
}
