import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Answers each line with the number of its characters. */
class LineReader {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress())) {
      for (;;) {
        Socket conn = listener.accept();
        new Thread(() -> count(conn)).start();
      }
    }
  }

  static void count(Socket conn) {
    try (conn) {
      var in = new BufferedReader(
          new InputStreamReader(conn.getInputStream(), StandardCharsets.UTF_8));
      for (String line; (line = in.readLine()) != null;) {
        long characters = line.codePoints().count(); // length() counts halves
        conn.getOutputStream().write((characters + "\n").getBytes());
      }
    } catch (IOException error) {
      System.err.println(error.getMessage());
    }
  }
}
