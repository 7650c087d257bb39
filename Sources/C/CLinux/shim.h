#pragma once
// Without _GNU_SOURCE: it changes the fields of types that Swift's own Glibc module also declares,
// and then neither module can be used. What only _GNU_SOURCE declares is declared below.
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static const int flotilla_o_path = __O_PATH;

// System calls without a wrapper in Debian 12's C library, or whose wrapper Swift does not see.
static inline int flotilla_openat2(int directory, const char *path, uint64_t flags, uint64_t mode,
                                   uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
static inline int flotilla_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}
static inline int flotilla_renameat2(int from_directory, const char *from, int to_directory,
                                     const char *to, unsigned int flags) {
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}
// The beginning of struct statx, which <sys/stat.h> declares for _GNU_SOURCE only.
struct flotilla_statx {
    uint32_t filled, block_size;
    uint64_t attributes, other[5], known_attributes, rest[24];
};
// What the kernel says about a name itself: where a mount begins, and what may not be changed. -1 for
// an error. What a kernel or a file system does not tell is 0; mounts are told since Linux 5.8.
static const uint64_t flotilla_attribute_immutable = 0x10;
static const uint64_t flotilla_attribute_append_only = 0x20;
static const uint64_t flotilla_attribute_mount_root = 0x2000;
static inline int flotilla_attributes(int directory, const char *name, uint64_t *attributes) {
    struct flotilla_statx status = {0};
    int flags = AT_SYMLINK_NOFOLLOW | 0x800 /* AT_NO_AUTOMOUNT */;
    if (syscall(SYS_statx, directory, name, flags, 0U, &status) != 0) return -1;
    *attributes = status.attributes & status.known_attributes;
    return 0;
}
// Which kind of file system holds an open file, by its magic number; -1 for an error.
static inline long flotilla_file_system_kind(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (long)status.f_type : -1;
}
static inline int flotilla_syncfs(int descriptor) {
    return (int)syscall(SYS_syncfs, descriptor);
}
static inline int flotilla_pipe2(int ends[2], int flags) {
    return (int)syscall(SYS_pipe2, ends, flags);
}
static inline int flotilla_memfd_create(const char *name, unsigned int flags) {
    return (int)syscall(SYS_memfd_create, name, flags);
}
static inline long flotilla_readlinkat(int directory, const char *path, void *buffer,
                                       unsigned long size) {
    return readlinkat(directory, path, (char *)buffer, size);
}

// Swift imports no variadic functions.
static inline int flotilla_prctl(int option, unsigned long value) {
    return prctl(option, value, 0UL, 0UL, 0UL);
}

static inline int flotilla_close_range(unsigned int first, unsigned int last) {
    return (int)syscall(SYS_close_range, first, last, 0);
}

// The limits that a process gives itself, soft and hard, so that it can't raise them again. The
// names of the limits are an enumeration or a number, as the C library likes.
static const int flotilla_limit_core = RLIMIT_CORE;
static const int flotilla_limit_descriptors = RLIMIT_NOFILE;
static const int flotilla_limit_file = RLIMIT_FSIZE;
static const int flotilla_limit_memory = RLIMIT_AS;
static const int flotilla_limit_processes = RLIMIT_NPROC;
static inline int flotilla_set_limit(int limit, uint64_t value) {
    struct rlimit record;
    if (getrlimit(limit, &record) != 0) return -1;
    if (record.rlim_max != RLIM_INFINITY && record.rlim_max < value) value = record.rlim_max;
    record.rlim_cur = record.rlim_max = value;
    return setrlimit(limit, &record);
}

// The soft limit alone, which can be raised again. Gives what it was.
static inline int flotilla_change_soft_limit(int limit, uint64_t value, uint64_t *before) {
    struct rlimit record;
    if (getrlimit(limit, &record) != 0) return -1;
    *before = record.rlim_cur;
    record.rlim_cur = value;
    return setrlimit(limit, &record);
}

// Both <linux/fs.h> and <sys/mount.h> name them.
static const unsigned long flotilla_mount_bind = MS_BIND;
static const unsigned long flotilla_mount_recursive = MS_REC;
static const unsigned long flotilla_mount_private = MS_PRIVATE;

int unshare(int flags);
int setns(int descriptor, int kind);

// Through the C library and not the kernel, which would change only the calling thread.
int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved);

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
