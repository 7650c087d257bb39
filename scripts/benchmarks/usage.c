// usage FILE PROGRAM ARGUMENTS...: runs a program to its end and writes to FILE what it cost: its
// status, seconds of wall and of CPU, and the largest resident size in KiB. A child begins with the
// peak of whoever forked it, so whoever measures one must be small.
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

int main(int count, char **words) {
    if (count < 3) return 2;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t child = vfork();
    if (child < 0) return 2;
    if (child == 0) {
        execv(words[2], words + 2);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) return 2;
    clock_gettime(CLOCK_MONOTONIC, &end);
    FILE *file = fopen(words[1], "w");
    if (!file) return 2;
    fprintf(
        file, "%d %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128,
        end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9,
        seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
    return fclose(file) == 0 ? 0 : 2;
}
