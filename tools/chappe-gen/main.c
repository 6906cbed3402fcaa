/* SPDX-License-Identifier: Apache-2.0 */
/* chappe-gen: schemas and migrations to C. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "schema/schema_limits.h"

#include "migrations.h"
#include "write.h"

#define FOLDERS_LIMIT  32
#define SETTINGS_LIMIT 32

static const char help[] = "usage: chappe-gen [-I FOLDER]... [-o FOLDER] [--set LIMIT=N]...\n"
                           "                  [--depfile FILE] FILE.avsc|.avpr\n"
                           "       chappe-gen migrations [--name NAME] [-o HEADER] FOLDER\n"
                           "\n"
                           "Writes NAME.h and NAME.c for a schema or protocol, or a header with the\n"
                           "migrations of a folder.\n"
                           "\n"
                           "  -I, --include FOLDER  where to look for types that a schema names but does not\n"
                           "                        define\n"
                           "  -o, --output PATH     folder for header and C file (default: here); the header\n"
                           "                        of migrations (default: standard output)\n"
                           "  -s, --set LIMIT=N     another limit for schemas, by its name: schema_text\n"
                           "                        (262144 bytes), schema_depth (64), schema_fixed\n"
                           "                        (1048576 bytes), schema_branches (256); repeatable\n"
                           "      --depfile FILE    also write a make rule: which files were read\n"
                           "      --name NAME       migrations: the table is NAME_migrations\n"
                           "      --version, --help\n"
                           "\n"
                           "Exit codes: 0 written, 1 an error in the input (nothing is written), 2 wrong\n"
                           "usage.\n";

struct options {
        const char *folders[FOLDERS_LIMIT];
        size_t folder_count;
        const char *settings[SETTINGS_LIMIT + 1];
        size_t setting_count;
        const char *output, *depfile, *name;
};

static int report(const struct chappe_error *error)
{
        fprintf(stderr, "chappe-gen: E%d %s\n", error->code, error->text);
        return 1;
}

static int misuse(const char *text)
{
        fprintf(stderr, "chappe-gen: %s (chappe-gen --help)\n", text);
        return 2;
}

static int write_depfile(struct unit *unit, const char *path, const char *target)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer out = { 0 };

        emit(&out, "%s:", target);
        for (const struct schema_file *file = schema_library_files(unit->library); file; file = file->next)
                emit(&out, " %s", file->path);
        emit(&out, "\n");
        return emit_file(path, &out, unit->error);
}

static int write_unit(struct unit *unit, const char *stem, const struct options *options)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer header = { 0 }, source = { 0 };
        const char *base = gen_printf(unit->arena, "%s%s%s", options->output ? options->output : "",
                                      options->output ? "/" : "", stem);
        const char *header_path = gen_printf(unit->arena, "%s.h", base), *path = gen_printf(unit->arena, "%s.c", base);
        int status;

        write_header(unit, &header);
        write_source(unit, &source);
        status = emit_file(header_path, &header, unit->error);
        if (status >= 0)
                status = emit_file(path, &source, unit->error);
        if (status >= 0 && options->depfile)
                status = write_depfile(unit, options->depfile, header_path);
        if (status < 0) { /* all of them, or none */
                unlink(header_path);
                unlink(path);
        }
        return status;
}

/* One of the limits of schemas, with a value? */
static bool is_limit(const char *setting)
{
        static const char names[] = SCHEMA_LIMIT_NAMES;

        for (const char *at = names; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
                if (strncmp(at, setting, strcspn(at, ",")) == 0)
                        return true;
        }
        return false;
}

static int load(struct unit *unit, const char *path, const struct options *options)
{
        const struct chappe_config_sources sources = { .settings = options->settings };
        struct schema_limits limits;
        int status = schema_limits_load(&sources, &limits, unit->error);

        if (status < 0)
                return status;
        unit->library = schema_library_new(options->folders, options->folder_count, &limits.schema);
        if (!unit->library)
                return chappe_fail(unit->error, CHAPPE_E_NO_MEMORY, "out of memory");
        unit->arena = schema_library_arena(unit->library);
        return schema_library_load(unit->library, path, &unit->file, unit->error);
}

static int write_out(struct unit *unit, const char *path, const struct options *options)
{
        const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        const char *end = strrchr(file, '.');
        const char *name = gen_printf(unit->arena, "%.*s", end ? (int)(end - file) : (int)strlen(file), file);
        int status;

        unit->header = gen_printf(unit->arena, "%s.h", name);
        status = unit->file->protocol ? model_protocol(unit) : model_schema(unit, name);
        if (status >= 0)
                status = write_unit(unit, name, options);
        for (struct c_root *root = unit->roots; root; root = root->next)
                chappe_schema_unref(root->schema);
        return status;
}

static int generate(const char *path, const struct options *options)
{
        struct chappe_error error = { 0 };
        struct unit unit = { .error = &error };
        int status = load(&unit, path, options);

        if (status >= 0)
                status = write_out(&unit, path, options);
        schema_library_free(unit.library);
        return status < 0 ? report(&error) : 0;
}

static int migrations(const char *folder, const struct options *options)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer out = { 0 };
        struct chappe_error error = { 0 };
        int status = migrations_write(folder, options->name, &out, &error);

        if (status >= 0 && options->output)
                status = emit_file(options->output, &out, &error);
        else if (status >= 0 && (fwrite(out.at, 1, out.length, stdout) != out.length || fflush(stdout) != 0))
                status = chappe_fail(&error, CHAPPE_E_IO, "standard output refuses the text");
        return status < 0 ? report(&error) : 0;
}

int main(int argc, char **argv)
{
        static const struct option known[] = {
                { "include", required_argument, NULL, 'I' }, { "output", required_argument, NULL, 'o' },
                { "set", required_argument, NULL, 's' },     { "depfile", required_argument, NULL, 'd' },
                { "name", required_argument, NULL, 'n' },    { "version", no_argument, NULL, 'v' },
                { "help", no_argument, NULL, 'h' },          { 0 },
        };
        struct options options = { 0 };
        int option;

        while ((option = getopt_long(argc, argv, "I:o:s:", known, NULL)) >= 0) {
                switch (option) {
                case 'I':
                        if (options.folder_count == FOLDERS_LIMIT)
                                return misuse("too many include folders");
                        options.folders[options.folder_count++] = optarg;
                        break;
                case 'o':
                        options.output = optarg;
                        break;
                case 's':
                        if (!is_limit(optarg))
                                return misuse("--set takes LIMIT=N, a limit of schemas: " SCHEMA_LIMIT_NAMES);
                        if (options.setting_count == SETTINGS_LIMIT)
                                return misuse("too many limits");
                        options.settings[options.setting_count++] = optarg;
                        break;
                case 'd':
                        options.depfile = optarg;
                        break;
                case 'n':
                        options.name = optarg;
                        break;
                case 'v':
                        return printf("chappe-gen %s\n", CHAPPE_VERSION) < 0;
                case 'h':
                        return fputs(help, stdout) < 0;
                default:
                        return 2;
                }
        }
        if (argc - optind == 2 && strcmp(argv[optind], "migrations") == 0)
                return migrations(argv[optind + 1], &options);
        if (argc - optind != 1)
                return misuse("one schema file, please");
        if (strcmp(argv[optind], "-") == 0)
                return misuse("standard input has no name for the header: one schema file, please");
        return generate(argv[optind], &options);
}
