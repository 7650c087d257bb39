// Loaded before libgit2 into `flotilla-worker fetch`: tells how much CPU lies between the moment
// when it turns to the server and the moment when it is done with it. Without this, the call can't
// be told apart from the start of the program.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

static struct timespec begin;

int git_remote_connect_ext(void *remote, int direction, const void *options) {
    int (*real)(void *, int, const void *) = dlsym(RTLD_NEXT, "git_remote_connect_ext");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    return real(remote, direction, options);
}

void git_remote_free(void *remote) {
    void (*real)(void *) = dlsym(RTLD_NEXT, "git_remote_free");
    struct timespec end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    // libgit2 frees remotes of its own too.
    if (begin.tv_sec != 0 || begin.tv_nsec != 0)
        fprintf(
            stderr, "fetch-clock %ld\n",
            (end.tv_sec - begin.tv_sec) * 1000000000L + (end.tv_nsec - begin.tv_nsec));
    begin = (struct timespec){0};
    real(remote);
}
