import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;

/** Sends each datagram back to where it came from. */
class EchoPackets {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[args.length - 1]);
    try (var socket = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
      for (;;) {
        var packet = new DatagramPacket(new byte[65535], 65535);
        socket.receive(packet);
        socket.send(packet); // it has the sender's address, and the right length
      }
    }
  }
}
