/* SPDX-License-Identifier: ISC */
/* check_reader - content and holes of one file, and what is no file. */
#include "config.h"
#include "tree/reader.h"

#include "tests/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/un.h>

static struct sl_error err;

/* Reads all, n bytes a call; holes are filled with zeros in out and counted. */
static size_t slurp(struct sl_reader *r, char *out, size_t n, uint64_t *holes)
{
    size_t at = 0, got = 99;
    uint64_t hole = 99;
    enum sl_code rc;
    *holes = 0;
    while ((rc = sl_reader_next(r, out + at, n, &got, &hole, &err)) == SL_OK) {
        ck_assert((got > 0) != (hole > 0));
        ck_assert_uint_le(got, n);
        if (hole)
            memset(out + at, 0, hole);
        at += got + hole;
        *holes += hole;
    }
    ck_assert_int_eq(rc, SL_EOF);
    ck_assert_uint_eq(r->pos, at);
    return at;
}

START_TEST(reads_in_pieces)
{
    static const size_t pieces[] = { 1, 2, 3, 7, 4096, 65536 };
    static char data[10000], out[70000];
    int top = scratch_make();
    struct sl_reader r;
    uint64_t holes;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + 1);
    scratch_file(top, "-f\n\xff", data, sizeof data);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        ck_assert_int_eq(sl_reader_open(&r, top, "-f\n\xff", &err), SL_OK);
        ck_assert_uint_eq(slurp(&r, out, pieces[i], &holes), sizeof data);
        ck_assert_int_eq(memcmp(out, data, sizeof data), 0);
        ck_assert(!sl_reader_changed(&r));
        sl_reader_close(&r);
        ck_assert_int_eq(r.fd, -1);
    }
    scratch_file(top, "empty", "", 0);
    ck_assert_int_eq(sl_reader_open(&r, top, "empty", &err), SL_OK);
    ck_assert_uint_eq(slurp(&r, out, 10, &holes), 0);
    sl_reader_close(&r);
    scratch_remove(top);
}
END_TEST

START_TEST(finds_holes)
{
    static char out[1 << 16];
    const uint64_t size = 5ull << 30, at = 3ull << 30;
    int top = scratch_make();
    struct sl_reader r;
    size_t got = 0, data = 0;
    uint64_t hole = 0, holes = 0;
    int fd = openat(top, "sparse", O_WRONLY | O_CREAT, 0644);
    ck_assert_int_eq(pwrite(fd, "middle", 6, (off_t)at), 6);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
    ck_assert_int_eq(sl_reader_open(&r, top, "sparse", &err), SL_OK);
    while (sl_reader_next(&r, out, sizeof out, &got, &hole, &err) == SL_OK) {
        holes += hole;
        if (got && r.pos - got <= at && at < r.pos)
            ck_assert_int_eq(memcmp(out + (at - (r.pos - got)), "middle", 6), 0);
        data += got;
    }
    ck_assert_uint_eq(holes + data, size);
    if (r.data_end != UINT64_MAX) /* else the file system does not tell */
        ck_assert_uint_le(data, 1 << 20);
    sl_reader_close(&r);
    scratch_remove(top);
}
END_TEST

START_TEST(only_a_hole)
{
    static char out[20000];
    int top = scratch_make();
    struct sl_reader r;
    uint64_t holes;
    int fd = openat(top, "hole", O_WRONLY | O_CREAT, 0644);
    ck_assert_int_eq(ftruncate(fd, 9999), 0);
    ck_assert_int_eq(sl_reader_open(&r, top, "hole", &err), SL_OK);
    ck_assert_uint_eq(slurp(&r, out, sizeof out, &holes), 9999);
    sl_reader_close(&r);
    ck_assert_int_eq(sl_reader_open(&r, top, "hole", &err), SL_OK);
    ck_assert_int_eq(ftruncate(fd, 10), 0);
    size_t got;
    ck_assert_int_eq(sl_reader_next(&r, out, sizeof out, &got, &holes, &err), SL_E_CHANGED);
    ck_assert(sl_reader_changed(&r));
    sl_reader_close(&r);
    close(fd);
    scratch_remove(top);
}
END_TEST

/* What of the file is as it was written: one number for every eight bytes. */
static void numbers(int top, const char *name, size_t bytes)
{
    int fd = openat(top, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    static uint64_t some[4096];
    for (uint64_t n = 0; n < bytes; n += sizeof some) {
        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
            some[i] = n + 8 * i;
        ck_assert_int_eq(write(fd, some, sizeof some), sizeof some);
    }
    close(fd);
}

START_TEST(views)
{
    enum { SIZE = 11 << 20, HOLE = 1 << 20, HOLE_LEN = 3 << 20 };
    static const struct { uint64_t at, len; } parts[] = { { 0, SIZE }, { 5 * (1 << 20) + 12345, 1 << 20 }, { SIZE - 100000, 100000 }, { 77, 5000000 } };
    int top = scratch_make();
    struct sl_reader r;
    const uint8_t *data;
    size_t got;
    uint64_t hole, number;
    numbers(top, "f", SIZE);
    int fd = openat(top, "f", O_WRONLY);
    bool holes = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HOLE, HOLE_LEN) == 0;
    close(fd);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint64_t all = 0, left_out = 0;
        ck_assert_int_eq(sl_reader_part(&r, parts[i].at, parts[i].len, &err), SL_OK);
        while (sl_reader_view(&r, &data, &got, &hole, &err) == SL_OK) {
            uint64_t at = parts[i].at + all;
            ck_assert((got > 0) != (hole > 0) && got <= SL_READER_VIEW_MAX);
            for (size_t k = (8 - at % 8) % 8; k + 8 <= got; k += 8) {
                memcpy(&number, data + k, 8);
                ck_assert_uint_eq(number, holes && at + k >= HOLE && at + k < HOLE + HOLE_LEN ? 0 : at + k);
            }
            all += got + hole;
            left_out += hole;
        }
        ck_assert_uint_eq(all, parts[i].len);
        ck_assert(!holes || i == 1 || i == 2 || left_out > 0);
    }
    ck_assert(!sl_reader_changed(&r));
    sl_reader_close(&r);
    scratch_remove(top);
}
END_TEST

/* Pages that go while they are looked at are zeros then, the run goes on, and it is said. */
START_TEST(views_what_goes)
{
    enum { SIZE = 6 << 20, LEFT = 8192 };
    int top = scratch_make();
    struct sl_reader r, other;
    const uint8_t *data, *still;
    size_t got;
    uint64_t hole;
    numbers(top, "f", SIZE);
    numbers(top, "g", SIZE);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    ck_assert_int_eq(sl_reader_open(&other, top, "g", &err), SL_OK);
    ck_assert_int_eq(sl_reader_view(&other, &still, &got, &hole, &err), SL_OK);
    ck_assert_int_eq(sl_reader_view(&r, &data, &got, &hole, &err), SL_OK);
    ck_assert_uint_gt(got, 4 * LEFT);
    int fd = openat(top, "f", O_WRONLY);
    ck_assert_int_eq(ftruncate(fd, LEFT), 0);
    ck_assert_uint_eq(data[LEFT - 8], (LEFT - 8) % 256);
    for (size_t i = LEFT; i < got; i++)
        ck_assert_uint_eq(data[i], 0);
    ck_assert(sl_reader_changed(&r));
    ck_assert_int_eq(sl_reader_view(&r, &data, &got, &hole, &err), SL_E_CHANGED);
    sl_reader_close(&r);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    ck_assert_int_eq(sl_reader_view(&r, &data, &got, &hole, &err), SL_OK);
    ck_assert_uint_eq(got, LEFT);
    sl_reader_close(&r);
    ck_assert_uint_eq(still[8], 8);
    ck_assert(!sl_reader_changed(&other));
    ck_assert_int_eq(ftruncate(fd, SIZE), 0);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    ck_assert_int_eq(ftruncate(fd, LEFT), 0);        /* before a window is there at all */
    enum sl_code rc;
    while ((rc = sl_reader_view(&r, &data, &got, &hole, &err)) == SL_OK)
        ;
    ck_assert_int_eq(rc, SL_E_CHANGED);
    sl_reader_close(&r);
    sl_reader_close(&other);
    close(fd);
    scratch_remove(top);
}
END_TEST

/* Any other SIGBUS ends the process, as ever. */
START_TEST(views_nothing_else)
{
    int top = scratch_make(), status = 0;
    struct sl_reader r;
    const uint8_t *data;
    size_t got;
    uint64_t hole;
    numbers(top, "f", 1 << 20);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    ck_assert_int_eq(sl_reader_view(&r, &data, &got, &hole, &err), SL_OK);
    pid_t child = fork();
    if (child == 0) {
        int fd = openat(top, "f", O_RDWR);
        const volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 8 << 20);
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        _exit(p[0]);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);      /* sanitizers exit */
    sl_reader_close(&r);
    scratch_remove(top);
}
END_TEST

START_TEST(sees_changes)
{
    char out[100];
    int top = scratch_make();
    struct sl_reader r;
    size_t got = 0;
    uint64_t hole = 0;
    scratch_file(top, "f", "0123456789", 10);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    ck_assert_int_eq(sl_reader_next(&r, out, 4, &got, &hole, &err), SL_OK);
    usleep(20000);
    scratch_file(top, "f", "0123", 4);
    ck_assert_int_eq(sl_reader_next(&r, out, 4, &got, &hole, &err), SL_E_CHANGED);
    ck_assert(sl_reader_changed(&r));
    sl_reader_close(&r);
    ck_assert_int_eq(sl_reader_open(&r, top, "f", &err), SL_OK);
    scratch_file(top, "f", "0123456", 7);
    ck_assert_int_eq(sl_reader_next(&r, out, 100, &got, &hole, &err), SL_OK);
    ck_assert_uint_eq(got, 4); /* what was there at open */
    ck_assert_int_eq(sl_reader_next(&r, out, 100, &got, &hole, &err), SL_EOF);
    ck_assert(sl_reader_changed(&r));
    sl_reader_close(&r);
    scratch_remove(top);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    int top = scratch_make();
    struct sl_reader r;
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    snprintf(sun.sun_path, sizeof sun.sun_path, "%.80s/sock", scratch_path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    bool bound = bind(s, (const struct sockaddr *)&sun, sizeof sun) == 0;
    mkdirat(top, "dir", 0755);
    mkfifoat(top, "fifo", 0644);
    scratch_file(top, "f", "x", 1);
    ck_assert_int_eq(symlinkat("f", top, "link"), 0);
    ck_assert_int_eq(sl_reader_open(&r, top, "dir", &err), SL_E_TYPE);
    ck_assert_int_eq(sl_reader_open(&r, top, "fifo", &err), SL_E_TYPE);
    ck_assert_int_eq(sl_reader_open(&r, top, "link", &err), SL_E_TYPE);
    ck_assert_int_eq(sl_reader_open(&r, top, "sock", &err), bound ? SL_E_TYPE : SL_E_NOT_FOUND);
    ck_assert_int_eq(sl_reader_open(&r, top, "none", &err), SL_E_NOT_FOUND);
    ck_assert_str_eq(err.text, "cannot open 'none': No such file or directory");
    ck_assert_int_eq(r.fd, -1);
    sl_reader_close(&r);
    close(s);
    scratch_remove(top);
}
END_TEST

/* Who waits for a reader of a fifo was woken by a READ that was refused afterwards. */
START_TEST(opens_no_fifo)
{
    int top = scratch_make(), status = 0;
    struct sl_reader r;
    mkfifoat(top, "fifo", 0644);
    pid_t writer = fork();
    if (writer == 0)
        _exit(openat(top, "fifo", O_WRONLY | O_CLOEXEC) < 0);
    usleep(50000);
    ck_assert_int_eq(sl_reader_open(&r, top, "fifo", &err), SL_E_TYPE);
    usleep(50000);
    ck_assert_int_eq(waitpid(writer, &status, WNOHANG), 0);
    kill(writer, SIGKILL);
    waitpid(writer, &status, 0);
    scratch_remove(top);
}
END_TEST

/* A character device is an empty file, and not opened for reading; what is none is as ever. */
START_TEST(devices)
{
    struct sl_reader r;
    int dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC), top = scratch_make();
    size_t got = 1;
    uint64_t hole = 1;
    char buf[8];
    ck_assert_int_eq(sl_reader_open(&r, dev, "null", &err), SL_E_TYPE);
    ck_assert_int_eq(sl_reader_open_device(&r, dev, "null", &err), SL_OK);
    ck_assert_int_eq(sl_reader_next(&r, buf, sizeof buf, &got, &hole, &err), SL_EOF);
    ck_assert_int_lt((int)read(r.fd, buf, 1), 0);
    ck_assert(!sl_reader_changed(&r) && !sl_reader_goes_on(&r));
    ck_assert_int_eq(sl_reader_range(&r, 0, 1, &err), SL_E_CHANGED);
    sl_reader_close(&r);
    ck_assert_uint_eq(sl_reader_device_size(dev, "zero"), 0);
    ck_assert_uint_eq(sl_reader_device_size(dev, "there-is-none"), 0);
    scratch_file(top, "f", "content", 7);
    ck_assert_int_eq(sl_reader_open_device(&r, top, "f", &err), SL_OK);
    ck_assert_int_eq(sl_reader_next(&r, buf, sizeof buf, &got, &hole, &err), SL_OK);
    ck_assert_uint_eq(got, 7);
    sl_reader_close(&r);
    mkfifoat(top, "p", 0600);
    ck_assert_int_eq(symlinkat("/dev/null", top, "l"), 0);
    ck_assert_int_eq(sl_reader_open_device(&r, top, "p", &err), SL_E_TYPE);
    ck_assert_int_eq(sl_reader_open_device(&r, top, "l", &err), SL_E_TYPE);
    scratch_remove(top);
    close(dev);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, reads_in_pieces);
    tcase_add_test(tc, finds_holes);
    tcase_add_test(tc, only_a_hole);
    tcase_add_test(tc, views);
    tcase_add_test(tc, views_what_goes);
    tcase_add_test(tc, views_nothing_else);
    tcase_add_test(tc, sees_changes);
    tcase_add_test(tc, refuses_what_is_no_file);
    tcase_add_test(tc, opens_no_fifo);
    tcase_add_test(tc, devices);
}

int main(void)
{
    return scratch_run("reader", add);
}
