import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A web server by hand: one page, and 404 for all others. */
class WebByHand {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress())) {
      for (;;) {
        Socket conn = listener.accept();
        new Thread(() -> handle(conn)).start();
      }
    }
  }

  static void handle(Socket conn) {
    try (conn) {
      var in = new BufferedReader(new InputStreamReader(conn.getInputStream()));
      for (String first; (first = in.readLine()) != null;) {
        while (!in.readLine().isEmpty()) continue; // to the empty line
        conn.getOutputStream().write(answer(first.startsWith("GET / ")));
      }
    } catch (IOException error) {
      System.err.println(error.getMessage());
    }
  }

  static byte[] answer(boolean found) {
    String body = found ? "Gr\u00fc\u00df Gott!\n" : "not here\n";
    int length = body.getBytes(StandardCharsets.UTF_8).length;
    String head = "HTTP/1.1 " + (found ? "200 OK" : "404 Not Found")
        + "\r\nContent-Length: " + length + "\r\n\r\n";
    return (head + body).getBytes(StandardCharsets.UTF_8);
  }
}
