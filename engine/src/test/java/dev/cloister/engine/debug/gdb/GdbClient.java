package dev.cloister.engine.debug.gdb;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// The debugger's end of a connection, as far as tests need it.
final class GdbClient implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 60_000;

  private final Socket socket;
  private boolean acknowledges = true;

  GdbClient(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(TIMEOUT_MILLIS);
  }

  /// Sends bytes as they are.
  void sendRaw(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /// Sends a packet.
  void send(String content) throws IOException {
    sendRaw(new String(PacketText.frame(content), StandardCharsets.ISO_8859_1));
  }

  /// Returns the byte that comes next, or -1.
  int read() throws IOException {
    return socket.getInputStream().read();
  }

  /// Returns the content of the next packet.
  String receive() throws IOException {
    InputStream input = socket.getInputStream();
    int c = input.read();
    while (c == '+') {
      c = input.read();
    }
    if (c != '$') {
      throw new IOException("no packet but " + c);
    }
    StringBuilder content = new StringBuilder();
    for (c = input.read(); c != '#'; c = input.read()) {
      if (c < 0) {
        throw new IOException("the packet ends early");
      }
      content.append((char) c);
    }
    String sum = "" + (char) input.read() + (char) input.read();
    if (Integer.parseInt(sum, 16) != PacketText.checksum(content.toString())) {
      throw new IOException("wrong checksum");
    }
    if (acknowledges) {
      sendRaw("+");
    }
    return content.toString();
  }

  /// Sends a packet and returns the answer.
  String ask(String content) throws IOException {
    send(content);
    return receive();
  }

  /// Ends acknowledgements.
  void endAcknowledgements() throws IOException {
    if (!ask("QStartNoAckMode").equals("OK")) {
      throw new IOException("acknowledgements go on");
    }
    acknowledges = false;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
