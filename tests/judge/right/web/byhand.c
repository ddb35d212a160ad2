/* A web server by hand: one page, and 404 for all others. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(FILE *out, const char *request) {
  int found = strncmp(request, "GET / ", 6) == 0;
  const char *body = found ? "Grüß Gott!\n" : "not here\n";
  fprintf(out, "HTTP/1.1 %s\r\n", found ? "200 OK" : "404 Not Found");
  fprintf(out, "Content-Type: text/plain; charset=utf-8\r\n");
  fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
  fflush(out);
}

static void serve(FILE *in, FILE *out) {
  char first[1024] = "", line[1024];
  while (fgets(line, sizeof line, in)) {
    if (strcmp(line, "\r\n") == 0) { /* the request is complete */
      answer(out, first);
      first[0] = '\0';
    } else if (first[0] == '\0') {
      strcpy(first, line);
    }
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
