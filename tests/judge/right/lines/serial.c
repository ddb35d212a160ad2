/* Answers each line with the number of its characters, in UTF-8. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes that begin a character: all but those that go on with one. */
static int begins(int byte) { return (byte & 0xc0) != 0x80; }

static void serve(FILE *in, FILE *out) {
  int count = 0, before = 0;
  for (int byte; (byte = getc(in)) != EOF; before = byte) {
    if (byte != '\n') {
      count += begins(byte);
      continue;
    }
    fprintf(out, "%d\n", count - (before == '\r'));
    if (fflush(out) == EOF) return;
    count = 0;
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
    FILE *in = fdopen(conn, "r"), *out = fdopen(dup(conn), "w");
    serve(in, out);
    fclose(out);
    fclose(in);
  }
}
