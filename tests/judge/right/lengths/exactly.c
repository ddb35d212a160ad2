/* Answers each frame with a frame that has its bytes in reverse order. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads exactly so many bytes; 0 if they do not come. */
static int take(int conn, unsigned char *bytes, size_t length) {
  return length == 0 || recv(conn, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

static int give(int conn, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(conn, bytes, length, MSG_NOSIGNAL);
    if (sent < 0) return 0;
    bytes += sent, length -= sent;
  }
  return 1;
}

static void serve(int conn) {
  static unsigned char frame[2 + 65535], answer[2 + 65535];
  while (take(conn, frame, 2)) {
    size_t length = frame[0] << 8 | frame[1];
    if (!take(conn, frame + 2, length)) return;
    answer[0] = frame[0], answer[1] = frame[1];
    for (size_t i = 0; i < length; i++) answer[2 + i] = frame[1 + length - i];
    if (!give(conn, answer, 2 + length)) return;
  }
}

int main(int argc, char **argv) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons(atoi(argv[argc - 1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (void *)&address, sizeof address) < 0) return 1;
  if (listen(listener, 16) < 0) return 1;
  for (;;) {
    int conn = accept(listener, NULL, NULL);
    if (conn < 0) continue;
    serve(conn);
    close(conn);
  }
}
