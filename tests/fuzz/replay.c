/* SPDX-License-Identifier: ISC */
/* replay - runs a fuzz target, linked with it, over the files of the directories and the files that are its arguments. */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 * 1024 };

/* Input lives in memory of its exact size, so that a sanitizer finds a read beyond. */
static int run_file(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        return 1;
    memcpy(exact, data, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

static int run_dir(DIR *dir, const char *path, unsigned *count)
{
    int bad = 0;
    for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        char file[4096];
        if (d->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, d->d_name);
        bad |= run_file(file);
        ++*count;
    }
    closedir(dir);
    return bad;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    int bad = argc < 2;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        bad |= dir ? run_dir(dir, argv[i], &count) : run_file(argv[i]);
        count += !dir;
    }
    printf("%u inputs replayed\n", count);
    return bad || count == 0;
}
