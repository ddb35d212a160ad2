/*
 * The conversation of udp/server.ts in C: one loop of two calls that wait, with
 * nothing between the program and the system. What it reaches is the limit for
 * the others.
 *
 *   gcc -O2 -o udp_blocking udp_blocking.c && ./udp_blocking PORT [silent]
 */
#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t ended;

static void end(int signal)
{
    ended = signal;
}

/* Prints each line of a text, with the peer's address before it. */
static void print(struct sockaddr_in *peer, char *text, char *end)
{
    char *stop;

    do {
        if (!(stop = memchr(text, '\n', end - text)))
            stop = end;
        printf("%s:%d> ", inet_ntoa(peer->sin_addr), ntohs(peer->sin_port));
        fwrite(text, 1, stop - text, stdout);
        putchar('\n');
        text = stop + 1;
    } while (text < end);
}

int main(int argc, char **argv)
{
    static const char answer[] = "Message from the server.";
    static char text[1 << 16];
    struct sockaddr_in at = {.sin_family = AF_INET}, peer;
    struct timeval patience = {.tv_usec = 100000};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(argc > 1 ? atoi(argv[1]) : 0);
    if (bind(fd, (void *)&at, size) < 0)
        err(1, "cannot receive on port %d", ntohs(at.sin_port));
    getsockname(fd, (void *)&at, &size);
    fprintf(stderr, "listening %d\n", ntohs(at.sin_port));

    /* Lines are gathered, and out when nothing has come for a tenth of a
     * second: then there is time, and also for a look whether to end. */
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    signal(SIGTERM, end);
    while (!ended) {
        size = sizeof peer;
        ssize_t n = recvfrom(fd, text, sizeof text, 0, (void *)&peer, &size);
        if (n < 0) {
            fflush(stdout);
            continue;
        }
        if (argc < 3)
            print(&peer, text, text + n);
        sendto(fd, answer, sizeof answer - 1, 0, (void *)&peer, size);
    }
}
