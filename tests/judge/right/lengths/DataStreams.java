import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Answers each frame with a frame that has its bytes in reverse order. */
class DataStreams {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress())) {
      for (;;) {
        Socket conn = listener.accept();
        new Thread(() -> reverse(conn)).start();
      }
    }
  }

  static void reverse(Socket conn) {
    try (conn) {
      var in = new DataInputStream(conn.getInputStream());
      var out = new DataOutputStream(conn.getOutputStream());
      for (;;) {
        byte[] content = new byte[in.readUnsignedShort()];
        byte[] answer = new byte[content.length];
        in.readFully(content);
        for (int i = 0; i < content.length; i++) {
          answer[i] = content[content.length - 1 - i];
        }
        out.writeShort(answer.length);
        out.write(answer);
      }
    } catch (EOFException end) {
      // The client has ended, perhaps in the middle of a frame.
    } catch (IOException error) {
      System.err.println(error.getMessage());
    }
  }
}
