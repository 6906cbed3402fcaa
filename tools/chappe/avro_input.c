/* SPDX-License-Identifier: Apache-2.0 */
/* An Avro container file to read from: as it lies on the disk, or through a pipe. */
#include "avro_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_LIMIT (1u << 30) /* bytes kept of a pipe, which cannot be read twice */

static int read_pipe(const char *path, int file, struct avro_input *input)
{
        ssize_t got = 1;

        while (got > 0) {
                uint8_t *at = chappe_buffer_reserve(&input->piped, 65536);

                if (!at)
                        return command_fail_io(path, ENOMEM);
                got = read(file, at, 65536);
                if (got < 0 && errno != EINTR)
                        return command_fail_io(path, errno);
                input->piped.length += got > 0 ? (size_t)got : 0;
                if (input->piped.length > PIPE_LIMIT)
                        return command_fail_io(path, EFBIG);
                got = got < 0 ? 1 : got;
        }
        return EXIT_DONE;
}

static int read_file(const char *path, int file, struct avro_input *input)
{
        struct stat status;

        if (fstat(file, &status) < 0)
                return command_fail_io(path, errno);
        if (S_ISDIR(status.st_mode))
                return command_fail_io(path, EISDIR);
        if (!S_ISREG(status.st_mode))
                return read_pipe(path, file, input);
        if (status.st_size == 0)
                return EXIT_DONE; /* there is nothing to map */
        input->mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (input->mapped == MAP_FAILED) {
                input->mapped = NULL;
                return command_fail_io(path, errno);
        }
        input->length = (size_t)status.st_size;
        return EXIT_DONE;
}

int avro_input_open(const struct command_line *line, const char *path, struct avro_input *ret_input)
{
        bool standard = strcmp(path, "-") == 0;
        int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), status;
        struct schema_limits limits;
        struct chappe_error error;

        *ret_input = (struct avro_input){ 0 };
        if (file < 0)
                return command_fail_io(path, errno);
        path = standard ? "standard input" : path;
        status = read_file(path, file, ret_input);
        if (!standard)
                close(file);
        if (status != EXIT_DONE)
                return status;
        status = schema_limits_of(line, &limits);
        if (status != EXIT_DONE)
                return status;
        if (chappe_container_open_within(path, ret_input->mapped ? ret_input->mapped : (void *)ret_input->piped.at,
                                         ret_input->mapped ? ret_input->length : ret_input->piped.length,
                                         &limits.schema, &ret_input->container, &error) < 0)
                return command_fail(&error);
        chappe_container_limit(ret_input->container, &limits.decode);
        return EXIT_DONE;
}

void avro_input_close(struct avro_input *input)
{
        chappe_container_close(input->container);
        chappe_buffer_deinit(&input->piped);
        if (input->mapped)
                munmap(input->mapped, input->length);
}
