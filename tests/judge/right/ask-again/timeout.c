/* Asks a server for the time, five times at most. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const char *question = "What time is it?";
  char answer[65535];
  int own = socket(AF_INET, SOCK_DGRAM, 0);
  struct timeval pause = {.tv_usec = 100 * 1000};
  struct sockaddr_in server = {.sin_family = AF_INET};
  server.sin_port = htons(atoi(argv[argc - 1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(own, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
  /* Connected, the socket takes datagrams of the server, and of nobody else. */
  if (connect(own, (void *)&server, sizeof server) < 0) return 1;
  for (int tries = 0; tries < 5; tries++) {
    send(own, question, strlen(question), 0);
    ssize_t length = recv(own, answer, sizeof answer, 0);
    if (length >= 0) return write(STDOUT_FILENO, answer, length) != length;
  }
  return 1;
}
