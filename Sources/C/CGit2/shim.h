#pragma once
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <git2/sys/stream.h>

// git_libgit2_opts is variadic, which Swift cannot call.
static inline int flotilla_git_option_int(int option, int value) {
    return git_libgit2_opts(option, value);
}
static inline int flotilla_git_option_path(int option, const char *path) {
    return git_libgit2_opts(option, path);
}
static inline int flotilla_git_option_size(int option, size_t value) {
    return git_libgit2_opts(option, value);
}
static inline int flotilla_git_search_path(int level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}

// A stream of our own. The order of the first four members is libgit2's own for a plain socket: its
// ssh transport takes the descriptor from there.
struct flotilla_stream {
    git_stream base;
    char *host;
    char *port;
    int socket;
    void *connection;
};
