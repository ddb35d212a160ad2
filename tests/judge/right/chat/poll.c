/* A chat in one loop: poll() says who has something to say. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64, LINE = 4096 };
static struct pollfd polled[1 + MOST]; /* the first is the listener */
static char waiting[1 + MOST][LINE];   /* half lines */
static size_t length[1 + MOST];
static int count = 1;

static void join(int conn) {
  const char *greeting = "Welcome.\n";
  if (count > MOST) return (void)close(conn);
  send(conn, greeting, strlen(greeting), MSG_NOSIGNAL);
  polled[count] = (struct pollfd){.fd = conn, .events = POLLIN};
  length[count++] = 0;
}

static void leave(int i) {
  close(polled[i].fd);
  count--; /* the last one takes the place */
  polled[i] = polled[count];
  length[i] = length[count];
  memcpy(waiting[i], waiting[count], LINE);
}

/* Sends all complete lines to all but the speaker; keeps the rest. */
static void pass_on(int speaker) {
  char *line = waiting[speaker], *newline;
  while ((newline = memchr(line, '\n', length[speaker]))) {
    size_t size = newline + 1 - line;
    for (int i = 1; i < count; i++)
      if (i != speaker) send(polled[i].fd, line, size, MSG_NOSIGNAL);
    length[speaker] -= size;
    memmove(line, line + size, length[speaker]);
  }
}

static int hear(int i) {
  size_t room = LINE - length[i];
  ssize_t got = room ? read(polled[i].fd, waiting[i] + length[i], room) : 0;
  if (got <= 0) return 0;
  length[i] += got;
  pass_on(i);
  return 1;
}

int main(int argc, char **argv) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons(atoi(argv[argc - 1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (void *)&address, sizeof address) < 0) return 1;
  if (listen(listener, 16) < 0) return 1;
  polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
  while (poll(polled, count, -1) > 0) {
    for (int i = count - 1; i > 0; i--)
      if (polled[i].revents && !hear(i)) leave(i);
    if (polled[0].revents) join(accept(listener, NULL, NULL));
  }
}
