import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Greets each client in a thread of its own, and reads it to its end. */
class FirstServer {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress())) {
      for (;;) {
        Socket conn = listener.accept();
        new Thread(() -> greet(conn)).start();
      }
    }
  }

  static void greet(Socket conn) {
    try (conn) {
      conn.getOutputStream().write("Message from the server.".getBytes());
      conn.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException error) {
      System.err.println(error.getMessage());
    }
  }
}
