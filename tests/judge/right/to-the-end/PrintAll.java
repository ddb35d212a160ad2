import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** Prints all that the server says. */
class PrintAll {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var conn = new Socket(InetAddress.getLoopbackAddress(), port)) {
      conn.getInputStream().transferTo(System.out);
      System.out.flush();
    }
  }
}
