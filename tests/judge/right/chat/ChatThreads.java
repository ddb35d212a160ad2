import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A chat with a thread for each person. */
class ChatThreads {
  static final Set<PrintWriter> people = ConcurrentHashMap.newKeySet();

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
      var out = new PrintWriter(conn.getOutputStream());
      people.add(out); // before the greeting: who has read it is surely in
      say(out, "Welcome.");
      try {
        for (String line; (line = in.readLine()) != null;) tellOthers(out, line);
      } finally {
        people.remove(out);
      }
    } catch (IOException error) {
      System.err.println(error.getMessage());
    }
  }

  static void tellOthers(PrintWriter speaker, String line) {
    for (PrintWriter other : people) if (other != speaker) say(other, line);
  }

  static void say(PrintWriter to, String line) {
    synchronized (to) {
      to.print(line + "\n");
      to.flush();
    }
  }
}
