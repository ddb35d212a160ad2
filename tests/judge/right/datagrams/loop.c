/* Sends each datagram back to where it came from. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
  static char buffer[65535];
  int own = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons(atoi(argv[argc - 1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(own, (void *)&address, sizeof address) < 0) return 1;
  for (;;) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t length =
        recvfrom(own, buffer, sizeof buffer, 0, (void *)&from, &size);
    if (length < 0) continue; /* it was about another datagram */
    sendto(own, buffer, length, 0, (void *)&from, size);
  }
}
