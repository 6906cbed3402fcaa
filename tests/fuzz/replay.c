/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz harness once over each file of the directory in its argument: what fuzzing found stays found, with any
 * compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *directory, const char *name)
{
        static uint8_t bytes[1 << 20];
        char path[4096];
        FILE *file;
        uint8_t *exact;
        size_t size;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        file = fopen(path, "rb");
        if (!file)
                return -1;
        size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        exact = malloc(size + !size); /* of just that size, so that a sanitizer sees a read beyond it */
        if (!exact)
                return -1;
        for (size_t i = 0; i < size; i++)
                exact[i] = bytes[i];
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        return 0;
}

int main(int argc, char **argv)
{
        DIR *directory = argc > 1 ? opendir(argv[1]) : NULL;
        const struct dirent *entry;
        unsigned count = 0;

        if (!directory)
                return 1;
        while ((entry = readdir(directory))) {
                if (entry->d_name[0] != '.' && run(argv[1], entry->d_name) == 0)
                        count++;
        }
        closedir(directory);
        printf("%u inputs\n", count);
        return count > 0 ? 0 : 1;
}
