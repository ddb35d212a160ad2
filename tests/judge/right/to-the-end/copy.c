/* Prints all that the server says. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int conn = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons(atoi(argv[argc - 1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(conn, (void *)&address, sizeof address) < 0) return 1;
  char buffer[1024];
  ssize_t length;
  while ((length = read(conn, buffer, sizeof buffer)) > 0)
    fwrite(buffer, 1, length, stdout);
  return length < 0;
}
