/* An echo server with a process for each client. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void echo(int conn) {
  char buffer[4096];
  ssize_t length;
  while ((length = read(conn, buffer, sizeof buffer)) > 0) {
    for (ssize_t sent = 0, n; sent < length; sent += n) {
      n = send(conn, buffer + sent, length - sent, MSG_NOSIGNAL);
      if (n < 0) return; /* the client is gone */
    }
  }
}

int main(int argc, char **argv) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons(atoi(argv[argc - 1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  signal(SIGCHLD, SIG_IGN); /* the system forgets children that have ended */
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (void *)&address, sizeof address) < 0) return 1;
  if (listen(listener, 16) < 0) return 1;
  for (;;) {
    int conn = accept(listener, NULL, NULL);
    if (conn < 0) continue;
    if (fork() == 0) {
      close(listener);
      echo(conn);
      _exit(0);
    }
    close(conn);
  }
}
