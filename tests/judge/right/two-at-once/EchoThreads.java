import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** An echo server with a thread for each client. */
class EchoThreads {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress())) {
      for (;;) {
        Socket conn = listener.accept();
        new Thread(() -> echo(conn)).start();
      }
    }
  }

  static void echo(Socket conn) {
    try (conn) {
      conn.getInputStream().transferTo(conn.getOutputStream());
    } catch (IOException error) {
      System.err.println(error.getMessage());
    }
  }
}
