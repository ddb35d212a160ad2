import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;

/** Asks a server for the time, five times at most. */
class AskAgain {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    byte[] question = "What time is it?".getBytes();
    var answer = new DatagramPacket(new byte[65535], 65535);
    try (var socket = new DatagramSocket()) {
      // Connected, the socket takes datagrams of the server, and of nobody else.
      socket.connect(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(100);
      for (int tries = 0; tries < 5; tries++) {
        socket.send(new DatagramPacket(question, question.length));
        try {
          socket.receive(answer);
        } catch (SocketTimeoutException late) {
          continue;
        }
        System.out.write(answer.getData(), 0, answer.getLength());
        System.out.flush();
        return;
      }
    }
    System.err.println("no answer");
    System.exit(1);
  }
}
