/*
 * The conversation of server.ts in C: one thread and epoll, with nothing
 * between the program and the system. What it reaches is the limit for the
 * others.
 *
 *   gcc -O2 -o tcp_epoll tcp_epoll.c && ./tcp_epoll PORT [GREETING_BYTES | silent]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct client {
    size_t sent;     /* bytes of the greeting that the system has taken */
    bool over;       /* it has said all that it had to say */
    uint32_t events; /* what epoll watches for */
    char lead[24];   /* "127.0.0.1:51234> " */
} *clients;          /* one place for each descriptor that there can be */

static char *greeting = "Message from the server.";
static size_t length = 24;
static int epoll;
static bool silent;

static bool watch(int fd, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    clients[fd].events = events;
    return epoll_ctl(epoll, operation, fd, &event) == 0;
}

/* Sends as much of the greeting as goes now. */
static void greet(int fd, struct client *c)
{
    ssize_t n = send(fd, greeting + c->sent, length - c->sent, MSG_NOSIGNAL);

    if (n >= 0)
        c->sent += n;
    else if (errno != EAGAIN)
        c->sent = length; /* it does not listen, but may have more to say */
}

/* Reads once, and prints line by line what is there. True: there may be more. */
static bool hear(int fd, struct client *c)
{
    char text[1024], *line = text, *stop;
    ssize_t n = recv(fd, text, sizeof text, 0);

    c->over = n == 0 || (n < 0 && errno != EAGAIN);
    for (; n > 0 && !silent && line < text + n; line = stop + 1) {
        if (!(stop = memchr(line, '\n', text + n - line)))
            stop = text + n; /* where the read ends the line ends */
        fputs(c->lead, stdout);
        fwrite(line, 1, stop - line, stdout);
        putchar('\n');
    }
    return n == sizeof text;
}

/* Watches for what a client still needs; if that is nothing, sees it off. */
static void attend(int fd, struct client *c)
{
    uint32_t next = c->sent < length ? EPOLLOUT : 0;

    if (!c->over)
        next |= EPOLLIN;
    if (next == c->events)
        return;
    if (!next || !watch(fd, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, next))
        close(fd);
}

/* Accepts all who wait; false if there is no descriptor for the next one. */
static bool accept_all(int listener)
{
    struct sockaddr_in peer;
    int fd;

    do {
        fd = accept4(listener, (void *)&peer, &(socklen_t){sizeof peer},
                     SOCK_NONBLOCK);
        if (fd < 0)
            continue;
        struct client *c = &clients[fd];
        *c = (struct client){0};
        snprintf(c->lead, sizeof c->lead, "%s:%d> ", inet_ntoa(peer.sin_addr),
                 ntohs(peer.sin_port));
        greet(fd, c);
        attend(fd, c);
    } while (fd >= 0 || errno == ECONNABORTED);
    return errno == EAGAIN;
}

/* Listens on 127.0.0.1, and tells the port. */
static int listen_on(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (void *)&at, size) < 0 || listen(fd, 511) < 0)
        err(1, "cannot listen on port %d", port);
    getsockname(fd, (void *)&at, &size);
    fprintf(stderr, "listening %d\n", ntohs(at.sin_port));
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[512];
    struct rlimit limit;
    sigset_t term;
    bool room = true;

    silent = argc > 2 && strcmp(argv[2], "silent") == 0;
    if (argc > 2 && !silent) {
        length = strtoul(argv[2], NULL, 10);
        greeting = malloc(length);
        for (size_t i = 0; i < length; i++)
            greeting[i] = 'a' + i % 26;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 1 << 20 ? limit.rlim_max : 1 << 20;
    setrlimit(RLIMIT_NOFILE, &limit);
    clients = calloc(limit.rlim_cur, sizeof *clients);
    epoll = epoll_create1(0);

    /* SIGTERM comes as one more descriptor that has something to read. */
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    int signals = signalfd(-1, &term, 0);
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 0);
    if (!watch(signals, EPOLL_CTL_ADD, EPOLLIN) ||
        !watch(listener, EPOLL_CTL_ADD, EPOLLIN | EPOLLET))
        err(1, "epoll_ctl");

    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    for (;;) {
        fflush(stdout); /* what one turn has gathered */
        int n = epoll_wait(epoll, events, 512, room ? -1 : 100);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            struct client *c = &clients[fd];
            if (fd == signals)
                return 0; /* which writes what is still in the buffer */
            if (fd == listener) {
                room = false;
                continue;
            }
            if (!c->over && events[i].events & ~EPOLLOUT)
                for (int turns = 64; turns > 0 && hear(fd, c); turns--)
                    continue; /* but nobody is heard for ever */
            if (c->sent < length)
                greet(fd, c);
            attend(fd, c);
        }
        if (!room)
            room = accept_all(listener);
    }
}
