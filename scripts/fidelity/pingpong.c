/*
 * pingpong: the shortest honest ping-pong between two processes, to hold ipcmark's invoke against.
 *
 *     pingpong pipe|uds-stream|tcp SIZE CPU_A CPU_B MILLISECONDS
 *
 * The parent (on CPU_A) writes SIZE bytes and reads SIZE bytes back, the child (on CPU_B) answers; every call blocks.
 * Whoever sends writes the whole payload, whoever receives compares all of it, as ipcmark does. After a warm-up each
 * round is timed with one reading of the clock, the end of one being the start of the next. Prints one JSON object.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP_ROUNDS = 5000, WARM_UP_MS = 200, LARGEST = 1 << 20 };

/* Both ways of one process; the same descriptor twice if it is a socket. */
struct end {
    int in, out;
};

static void check(int ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "pingpong: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
        exit(1);
    }
}

static uint64_t now_ns(void) {
    struct timespec now;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void pin(size_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    check(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static void make_pipes(struct end ends[2]) {
    for (int way = 0; way < 2; way++) {
        int fds[2];
        check(pipe2(fds, O_CLOEXEC) == 0, "pipe2");
        check(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= 0, "F_SETPIPE_SZ"); /* as ipcmark does */
        ends[way].out = fds[1];
        ends[1 - way].in = fds[0];
    }
}

static void make_unix(struct end ends[2]) {
    int fds[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    for (int side = 0; side < 2; side++)
        ends[side].in = ends[side].out = fds[side];
}

static void make_tcp(struct end ends[2]) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(listener >= 0, "socket");
    check(bind(listener, (struct sockaddr *)&at, len) == 0, "bind");
    check(listen(listener, 1) == 0, "listen");
    check(getsockname(listener, (struct sockaddr *)&at, &len) == 0, "getsockname");
    int fds[2], on = 1;
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fds[0] >= 0, "socket");
    check(connect(fds[0], (struct sockaddr *)&at, len) == 0, "connect");
    fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    check(fds[1] >= 0, "accept4");
    check(close(listener) == 0, "close");
    for (int side = 0; side < 2; side++) {
        check(setsockopt(fds[side], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
        ends[side].in = ends[side].out = fds[side];
    }
}

static void drop(struct end end) {
    check(close(end.in) == 0, "close");
    if (end.out != end.in)
        check(close(end.out) == 0, "close");
}

static void write_all(int fd, const void *from, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, (const char *)from + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        check(n > 0, "write");
        done += (size_t)n;
    }
}

/* 0 if the peer has closed between two messages. */
static int read_all(int fd, void *to, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, (char *)to + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 && done == 0)
            return 0;
        check(n > 0, "read");
        done += (size_t)n;
    }
    return 1;
}

/* The sequence number, then words that follow from it and from their place. */
static void fill(uint64_t *payload, size_t words, uint64_t sequence) {
    uint64_t word = sequence;
    for (size_t i = 0; i < words; i++) {
        payload[i] = word;
        word += 0x9E3779B97F4A7C15u;
    }
}

static void verify(const uint64_t *payload, size_t words, uint64_t sequence) {
    uint64_t word = sequence, wrong = 0;
    for (size_t i = 0; i < words; i++) {
        wrong |= payload[i] ^ word;
        word += 0x9E3779B97F4A7C15u;
    }
    errno = 0;
    check(wrong == 0, "a payload is not as it was sent");
}

/* Requests and replies differ, so that nobody can answer with what they were sent. */
static uint64_t request(uint64_t round) { return 2 * round; }
static uint64_t reply(uint64_t round) { return 2 * round + 1; }

static void answer(struct end end, uint64_t *payload, size_t words) {
    for (uint64_t round = 0; read_all(end.in, payload, words * 8); round++) {
        verify(payload, words, request(round));
        fill(payload, words, reply(round));
        write_all(end.out, payload, words * 8);
    }
}

static void ask(struct end end, uint64_t *payload, size_t words, uint64_t round) {
    fill(payload, words, request(round));
    write_all(end.out, payload, words * 8);
    errno = 0;
    check(read_all(end.in, payload, words * 8), "the child is gone");
    verify(payload, words, reply(round));
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void measure(struct end end, uint64_t *payload, size_t words, uint64_t ms) {
    uint64_t round = 0, begin = now_ns(), end_ns = begin;
    while (round < WARM_UP_ROUNDS || end_ns - begin < WARM_UP_MS * 1000000u) {
        ask(end, payload, words, round++);
        end_ns = now_ns();
    }
    /* As many rounds as fill the time at the warm-up's pace: the loop below then has nothing to decide. */
    size_t rounds = (size_t)((double)ms * 1e6 * (double)round / (double)(end_ns - begin)) + 1;
    uint64_t *samples = malloc(rounds * sizeof *samples);
    check(samples != NULL, "malloc");
    memset(samples, 0xFF, rounds * sizeof *samples); /* no page fault in the timed loop */
    for (int i = 0; i < 8; i++) /* the scheduler may have moved on meanwhile */
        ask(end, payload, words, round++);
    begin = now_ns();
    for (size_t i = 0; i < rounds; i++) {
        ask(end, payload, words, round++);
        end_ns = now_ns();
        samples[i] = end_ns - begin;
        begin = end_ns;
    }
    qsort(samples, rounds, sizeof *samples, by_value);
    printf("{\"p50_ns\": %llu, \"p99_ns\": %llu, \"rounds\": %zu}\n", (unsigned long long)samples[rounds / 2],
           (unsigned long long)samples[rounds - 1 - rounds / 100], rounds);
    check(fflush(stdout) == 0, "writing the result");
    free(samples);
}

static size_t number(const char *text, long least, long most, long step) {
    char *rest;
    errno = 0;
    long value = strtol(text, &rest, 10);
    if (errno || rest == text || *rest || value < least || value > most || value % step) {
        fprintf(stderr, "pingpong: %s is not a multiple of %ld from %ld to %ld\n", text, step, least, most);
        exit(2);
    }
    return (size_t)value;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: pingpong pipe|uds-stream|tcp SIZE CPU_A CPU_B MILLISECONDS\n");
        return 2;
    }
    size_t words = number(argv[2], 8, LARGEST, 8) / 8;
    size_t cpus[2] = {number(argv[3], 0, CPU_SETSIZE - 1, 1), number(argv[4], 0, CPU_SETSIZE - 1, 1)};
    uint64_t ms = number(argv[5], 1, 60000, 1);
    struct end ends[2];
    if (strcmp(argv[1], "pipe") == 0) {
        make_pipes(ends);
    } else if (strcmp(argv[1], "uds-stream") == 0) {
        make_unix(ends);
    } else if (strcmp(argv[1], "tcp") == 0) {
        make_tcp(ends);
    } else {
        fprintf(stderr, "pingpong: %s is none of pipe, uds-stream, tcp\n", argv[1]);
        return 2;
    }
    check(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "signal"); /* a dead peer is an error of write, with a message */

    pid_t child = fork();
    check(child >= 0, "fork");
    int side = child == 0; /* parent 0, child 1 */
    pin(cpus[side]);
    drop(ends[1 - side]);
    uint64_t *payload = aligned_alloc(4096, (words * 8 + 4095) / 4096 * 4096);
    check(payload != NULL, "aligned_alloc");
    if (side == 1) {
        answer(ends[1], payload, words);
    } else {
        measure(ends[0], payload, words, ms);
        drop(ends[0]); /* the child reads the end and leaves */
        int status;
        check(waitpid(child, &status, 0) == child, "waitpid");
        errno = 0;
        check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child failed");
    }
    free(payload);
    return 0;
}
