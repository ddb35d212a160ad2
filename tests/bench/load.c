/*
 * Load: clients for a server on 127.0.0.1. Each holds the conversation of
 * client.ts, and every byte that it is told is checked. One thread, and no
 * memory allocated per conversation.
 *
 *   gcc -O2 -o load load.c
 *
 *   load tcp PORT CLIENTS SECONDS      one conversation after another, CLIENTS
 *                                      of them at once
 *   load hold PORT COUNT               COUNT connections at once, which stay
 *                                      until the end of standard input
 *   load down PORT BYTES               one connection, a greeting of BYTES
 *   load up PORT BYTES                 one connection, a message of BYTES
 *   load udp PORT OUTSTANDING SECONDS  questions and answers, OUTSTANDING of
 *                                      them at once
 *
 * Each prints one line of JSON (hold: two). What did not go as it should is
 * counted as failed; the first such thing is told in words on standard error,
 * and the exit code is 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char greeting[] = "Message from the server.";
static const char message[] = "Message sent from client-side.";

enum { GREETING = sizeof greeting - 1, MESSAGE = sizeof message - 1 };

#define SECOND UINT64_C(1000000000)

static struct sockaddr_in server = {.sin_family = AF_INET};

/* --- Failures ------------------------------------------------------------ */

static uint64_t failed;

/* Counts a failure, and tells the first one. */
static void fail(const char *format, ...)
{
    va_list values;

    if (failed++ > 0)
        return;
    va_start(values, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, values);
    fputs("\n", stderr);
    va_end(values);
}

/* --- Time ---------------------------------------------------------------- */

/* Nanoseconds since some moment in the past. */
static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

/*
 * A histogram as wide as time itself and never off by more than a 256th: below
 * 256 ns it counts each value, and then 128 steps from each power of two to the
 * next.
 */
static uint32_t histogram[64 * 128];
static uint64_t counted, longest;

static void count(uint64_t ns)
{
    int shift = ns < 256 ? 0 : 56 - __builtin_clzll(ns);

    histogram[shift * 128 + (ns >> shift)]++;
    counted++;
    if (ns > longest)
        longest = ns;
}

/* The time in microseconds within which a share of all was done. */
static double quantile(double share)
{
    uint64_t rank = share * counted, seen = 0, cell = 0, ns;

    if (counted == 0)
        return 0;
    while ((seen += histogram[cell]) <= rank)
        cell++;
    ns = cell;
    if (cell >= 256)
        ns = (2 * (cell % 128) + 257) << (cell / 128 - 2); /* its middle */
    return (ns < longest ? ns : longest) / 1e3;
}

/* --- Connecting ---------------------------------------------------------- */

/*
 * Connects a socket to the server.
 *
 * A client of this conversation is the first to say that it is done, and so it
 * is the client's end that stays in TIME_WAIT: for a minute its port cannot
 * lead to this server again. An address has some 28,000 ports for clients
 * (net.ipv4.ip_local_port_range). At 30,000 conversations a second they would
 * be used up in one, and well before that the system would search longer and
 * longer for a free one. But all of 127.0.0.0/8 is this machine, and ports are
 * counted for each address. So each connection comes from the next one of 250
 * addresses; together they are good for seven million conversations a minute.
 *
 * A port that bind() chooses has to be free for whatever may follow. With
 * IP_BIND_ADDRESS_NO_PORT connect() chooses it, and then it is enough that no
 * other connection has the same two ends.
 */
static bool dial(int fd)
{
    static uint32_t turn;
    struct sockaddr_in source = {.sin_family = AF_INET};

    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + turn++ % 250);
    return bind(fd, (void *)&source, sizeof source) == 0 &&
           (connect(fd, (void *)&server, sizeof server) == 0 ||
            errno == EINPROGRESS);
}

/* A socket to dial with. */
static int stream(int flags)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | flags, 0);

    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    return fd;
}

/*
 * Makes a socket good to dial with again when its conversation is over:
 * connect(2) calls this to dissolve the association. A new socket for each
 * conversation costs a third more, and then a server in C has to wait for us.
 */
static bool redial(int fd)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    return connect(fd, &none, sizeof none) == 0 && dial(fd);
}

/* Says the message, and that this was all. */
static bool answer(int fd)
{
    return send(fd, message, MESSAGE, MSG_NOSIGNAL) == MESSAGE &&
           shutdown(fd, SHUT_WR) == 0;
}

/* --- Many at once -------------------------------------------------------- */

/* One of those who talk at the same time. */
struct client {
    int fd;         /* -1: it has left */
    uint32_t got;   /* bytes of the greeting, or of the last answer */
    uint64_t start; /* when its conversation began */
    uint64_t asked; /* when it last asked (UDP) */
};

/* How one holds a conversation. */
struct manner {
    void (*arrive)(struct client *);
    void (*proceed)(struct client *);             /* something has come */
    void (*look)(struct client *, uint64_t time); /* has it taken too long? */
};

static int epoll, present;

/*
 * Time is counted in a window that opens when the first client arrives. The
 * rate is the number of conversations that end within it, divided by its
 * length. When it has closed no other begins; those in flight are held to their
 * end and checked like all, but counted as `finished` and not in the rate. The
 * times that they took do count: to leave them out would leave out the slowest.
 */
static uint64_t window_end, completed, finished, lost;

static void watch(struct client *c)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
        err(1, "epoll_ctl");
}

/* A client leaves when time is over, or when its conversation has failed. */
static void leave(struct client *c)
{
    close(c->fd);
    c->fd = -1;
    present--;
}

/* Counts a conversation that went as it should; true if another may begin. */
static bool complete(struct client *c)
{
    uint64_t time = now();

    count(time - c->start);
    ++*(time < window_end ? &completed : &finished);
    return time < window_end;
}

/*
 * Lets clients arrive and holds their conversations. A hundred arrive at once,
 * and one more whenever something comes from the server: a thousand in a single
 * moment would be more than its backlog holds, and those whom it does not hold
 * try again only after a second.
 */
static void talk(const struct manner *manner, int clients, double seconds)
{
    struct client *all = calloc(clients, sizeof *all);
    struct epoll_event events[256];
    uint64_t time = now(), looked = time;
    int arrived = 0, n = 100;

    epoll = epoll_create1(0);
    window_end = time + seconds * SECOND;
    do {
        if (time >= window_end)
            n = 0;
        for (; n > 0 && arrived < clients; n--, present++)
            manner->arrive(&all[arrived++]);
        n = epoll_wait(epoll, events, 256, 100);
        for (int i = 0; i < n; i++)
            manner->proceed(events[i].data.ptr);
        if ((time = now()) - looked < SECOND / 10)
            continue;
        looked = time;
        for (int i = 0; i < arrived; i++) {
            if (all[i].fd >= 0)
                manner->look(&all[i], time);
        }
    } while (present > 0);
    free(all);
    printf("{\"conversations\":%" PRIu64 ",\"seconds\":%.3f,", completed,
           seconds);
    printf("\"finished\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"failed\":%" PRIu64,
           finished, lost, failed);
    printf(",\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n", quantile(0.5),
           quantile(0.99), longest / 1e3);
}

/* --- load tcp ------------------------------------------------------------ */

static void tcp_begin(struct client *c, bool (*connect)(int fd))
{
    c->got = 0;
    c->start = now();
    if (connect(c->fd))
        return;
    fail("connect: %s", strerror(errno));
    leave(c);
}

static void tcp_arrive(struct client *c)
{
    c->fd = stream(SOCK_NONBLOCK);
    tcp_begin(c, dial);
    if (c->fd >= 0)
        watch(c);
}

static void tcp_proceed(struct client *c)
{
    char bytes[1024];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n == 0 && c->got == GREETING)
        return complete(c) ? tcp_begin(c, redial) : leave(c);
    if (n < 0)
        fail("after %u bytes: %s", c->got, strerror(errno));
    else if (n == 0)
        fail("the stream ended after %u bytes", c->got);
    else if (n > GREETING - c->got || memcmp(bytes, greeting + c->got, n) != 0)
        fail("not the greeting: \"%.*s\"", (int)n, bytes);
    else if ((c->got += n) < GREETING || answer(c->fd))
        return;
    else
        fail("the message could not be sent: %s", strerror(errno));
    leave(c);
}

static void tcp_look(struct client *c, uint64_t time)
{
    if (time - c->start < 10 * SECOND)
        return;
    fail("a conversation has not ended within 10 s; %u bytes came", c->got);
    leave(c);
}

static const struct manner tcp = {tcp_arrive, tcp_proceed, tcp_look};

/* --- load udp ------------------------------------------------------------ */

static void udp_ask(struct client *c)
{
    c->asked = now();
    if (send(c->fd, message, MESSAGE, 0) == MESSAGE)
        return;
    fail("the question could not be sent: %s", strerror(errno));
    leave(c);
}

/* A connected socket is given nothing that comes from anybody else. */
static void udp_open(struct client *c)
{
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (connect(c->fd, (void *)&server, sizeof server) < 0)
        err(1, "no socket");
    watch(c);
}

static void udp_begin(struct client *c)
{
    c->start = now();
    udp_ask(c);
}

static void udp_arrive(struct client *c)
{
    udp_open(c);
    udp_begin(c);
}

static void udp_proceed(struct client *c)
{
    char bytes[1024];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n < 0)
        fail("no answer: %s", strerror(errno));
    else if (c->got > 0)
        fail("there are more answers than questions");
    else if (n == GREETING && memcmp(bytes, greeting, GREETING) == 0) {
        if (complete(c))
            return udp_begin(c);
        c->got = n;
        return;
    } else
        fail("not the answer: \"%.*s\"", (int)n, bytes);
    leave(c);
}

/* Asks again what was not answered: from another port, so that an answer that
 * comes late is not taken for that to the next question. After its last answer
 * a client waits a tenth of a second for one too many. */
static void udp_look(struct client *c, uint64_t time)
{
    if (time - c->asked < (c->got > 0 ? SECOND / 10 : SECOND))
        return;
    if (c->got > 0)
        return leave(c);
    lost++;
    if (time >= window_end)
        return leave(c);
    close(c->fd);
    udp_open(c);
    udp_ask(c);
}

static const struct manner udp = {udp_arrive, udp_proceed, udp_look};

/* --- One by one: load hold, down, up ------------------------------------- */

/* Connects; nothing is waited for longer than 10 s. -1: it failed. */
static int dial_patiently(void)
{
    struct timeval patience = {.tv_sec = 10};
    int fd = stream(0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (dial(fd))
        return fd;
    fail("connect: %s", strerror(errno));
    return -1;
}

/* Whether the greeting comes: MSG_WAITALL waits until all of it is there. */
static bool greeted(int fd)
{
    char bytes[GREETING];
    ssize_t n = recv(fd, bytes, GREETING, MSG_WAITALL);

    if (n == GREETING && memcmp(bytes, greeting, GREETING) == 0)
        return true;
    if (n < 0)
        fail("no greeting: %s", strerror(errno));
    else
        fail("not the greeting: \"%.*s\"", (int)n, bytes);
    return false;
}

/* Whether the stream ends here. */
static bool ended(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);

    if (n < 0)
        fail("no end of the stream: %s", strerror(errno));
    else if (n > 0)
        fail("the stream goes on after the greeting");
    return n == 0;
}

static void hold(int count)
{
    int *fds = calloc(count, sizeof *fds), held = 0, over = 0;
    char byte;

    for (; held < count; held++) {
        fds[held] = dial_patiently();
        if (fds[held] < 0 || !greeted(fds[held]))
            break; /* the next one would not be served either */
    }
    printf("{\"held\":%d,\"failed\":%d}\n", held, count - held);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    for (int i = 0; i < held; i++) {
        if (!answer(fds[i]))
            fail("the message could not be sent: %s", strerror(errno));
    }
    for (int i = 0; i < held; i++)
        over += ended(fds[i]);
    printf("{\"finished\":%d,\"failed\":%d}\n", over, held - over);
    free(fds);
}

static void print_transfer(uint64_t bytes, uint64_t time)
{
    printf("{\"bytes\":%" PRIu64 ",\"seconds\":%.6f,\"failed\":%" PRIu64 "}\n",
           bytes, time / 1e9, failed);
}

/* Takes the time from connecting to the last byte of the greeting. */
static void down(uint64_t length)
{
    static char expected[(1 << 18) + 26], bytes[1 << 18];
    uint64_t got = 0, start, time;

    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = 'a' + i % 26;
    start = now();
    int fd = dial_patiently();
    while (!failed && got < length) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            fail("the greeting stops after %" PRIu64 " bytes: %s", got,
                 n < 0 ? strerror(errno) : "the stream has ended");
        else if (got + n > length || memcmp(bytes, expected + got % 26, n) != 0)
            fail("too much, or a wrong byte, after %" PRIu64 " bytes", got);
        else
            got += n;
    }
    time = now() - start;
    if (!failed && shutdown(fd, SHUT_WR) == 0)
        ended(fd);
    print_transfer(got, time);
}

/* Takes the time from the first byte sent to the end of the stream, by which
 * the server says that it has read everything. */
static void up(uint64_t length)
{
    static char text[1000 * 256];
    uint64_t sent = 0, start;
    int fd = dial_patiently();
    bool fine = fd >= 0 && greeted(fd);

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 1000 == 999 ? '\n' : 'a' + i % 26;
    start = now();
    while (fine && sent < length) {
        size_t from = sent % sizeof text, most = sizeof text - from;
        ssize_t n = send(fd, text + from,
                         length - sent < most ? length - sent : most,
                         MSG_NOSIGNAL);
        if (n < 0)
            fail("after %" PRIu64 " bytes sent: %s", sent, strerror(errno));
        fine = n >= 0;
        sent += fine ? n : 0;
    }
    if (fine && shutdown(fd, SHUT_WR) == 0)
        ended(fd);
    print_transfer(sent, now() - start);
}

/* --- The command line ---------------------------------------------------- */

/* Reads a number from the command line. */
static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= least && value <= most))
        errx(2, "\"%s\" is not a number from %g to %g", text, least, most);
    return value;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool timed = strcmp(what, "tcp") == 0 || strcmp(what, "udp") == 0;
    struct rlimit limit;

    if (argc != (timed ? 5 : 4))
        errx(2, "usage: load tcp|udp PORT CLIENTS SECONDS, "
                "load hold PORT COUNT, load down|up PORT BYTES");
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons(number(argv[2], 1, 65535));
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    if (timed)
        talk(strcmp(what, "tcp") == 0 ? &tcp : &udp,
             number(argv[3], 1, 1e6), number(argv[4], 0, 3600));
    else if (strcmp(what, "hold") == 0)
        hold(number(argv[3], 1, 1e6));
    else if (strcmp(what, "down") == 0)
        down(number(argv[3], 0, 1e15));
    else if (strcmp(what, "up") == 0)
        up(number(argv[3], 0, 1e15));
    else
        errx(2, "there is no load \"%s\"", what);
    return failed > 0;
}
