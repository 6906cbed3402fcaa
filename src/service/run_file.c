/* SPDX-License-Identifier: Apache-2.0 */
/* The run file: by it `chappe run` learns where a service's admin port is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "service/admin.h"
#include "service/notify.h"

static int io_failure(const char *path, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_IO, "run_file %s: %s", path, strerror(errno));
}

/* A replay has none: the file is that of the service which runs beside it by the same configuration. */
static const char *path_of(const struct chappe_service *service)
{
        return service->runtime.replay_name ? "" : chappe_config_text(service->runtime.config, "run_file");
}

/* It is written beside its place first, and moved there. */
static char *temporary_of(const char *path)
{
        char *temporary;

        return asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0 ? NULL : temporary;
}

int chappe_run_file_check(const struct chappe_service *service, struct chappe_error *error)
{
        const char *path = path_of(service);
        struct stat there;
        if (!*path)
                return 0;
        if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
                errno = EISDIR;
                return io_failure(path, error);
        }
        CHAPPE_CLEANUP(string) char *temporary = temporary_of(path);
        if (!temporary)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the run file");
        int file = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0)
                return io_failure(path, error);
        close(file);
        unlink(temporary);
        return 0;
}

int chappe_run_file_write(struct chappe_service *service, struct chappe_error *error)
{
        const char *path = path_of(service);
        if (!*path)
                return 0;

        CHAPPE_CLEANUP(string) char *temporary = temporary_of(path);
        if (!temporary)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the run file");

        json_t *content =
                json_pack("{s:s, s:s, s:s, s:i, s:i}", "service", service->config->name, "instance", service->instance,
                          "version", service->config->version ? service->config->version : "", "pid", (int)getpid(),
                          "admin_port", chappe_admin_port(service->admin));
        int r = content ? json_dump_file(content, temporary, JSON_COMPACT) : -1;
        json_decref(content);
        /* Readers see the whole file or none. */
        if (r < 0 || rename(temporary, path) < 0) {
                r = io_failure(path, error);
                unlink(temporary);
                return r;
        }
        return 0;
}

void chappe_run_file_remove(struct chappe_service *service)
{
        const char *path = path_of(service);

        if (*path)
                unlink(path);
}
