package dev.cloister.bench.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// Connections that send the same request again and again, each as soon as it has its answer or at
/// a pace. One thread, which does as little as it can: it shares the machine with what it measures.
///
/// Without pauses it never sleeps: whoever sends to a sleeping process on the same machine pays for
/// waking it, in a virtual machine several microseconds, which a server that is fast enough to keep
/// its client awake does not pay.
final class LoadClient implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 << 10;
  private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);

  private final Selector selector;
  private final List<Connection> connections = new ArrayList<>();
  private final ByteBuffer request;
  private long answers;
  private long otherAnswers;
  private Latencies latencies = new Latencies();

  /// What a stretch of load was.
  ///
  /// @param answers the answers with status 200
  /// @param otherAnswers those with another
  /// @param seconds how long it took
  /// @param latencies of all answers
  record Load(long answers, long otherAnswers, double seconds, Latencies latencies) {}

  /// Opens connections.
  LoadClient(URI server, byte[] request, int count) {
    this.request = ByteBuffer.allocateDirect(request.length).put(request).flip();
    try {
      selector = Selector.open();
      InetSocketAddress address = new InetSocketAddress(server.getHost(), server.getPort());
      for (int i = 0; i < count; i++) {
        SocketChannel channel = SocketChannel.open(address);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        Connection connection = new Connection(channel);
        channel.register(selector, SelectionKey.OP_READ, connection);
        connections.add(connection);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Loads for some time, without pauses.
  Load run(double seconds) {
    return run(seconds, 0);
  }

  /// Loads for some time.
  ///
  /// @param pauseNanos how long each connection waits before its next request
  Load run(double seconds, long pauseNanos) {
    answers = 0;
    otherAnswers = 0;
    latencies = new Latencies();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    try {
      for (int i = 0; i < connections.size(); i++) {
        Connection connection = connections.get(i);
        // Spread over the first pause, so that they do not march in step.
        connection.due = start + pauseNanos * i / connections.size();
      }
      long now = start;
      while (now < end) {
        long next = sendDue(now, end);
        if (pauseNanos == 0) {
          selector.selectNow();
        } else {
          long millis = Math.max(0, (next - System.nanoTime()) / 1_000_000);
          if (millis > 0) {
            selector.select(millis);
          } else {
            selector.selectNow();
            LockSupport.parkNanos(20_000);
          }
        }
        read(pauseNanos);
        now = System.nanoTime();
      }
      drain();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Load(answers, otherAnswers, (System.nanoTime() - start) / 1e9, latencies);
  }

  /// Sends what is due; returns when something will be.
  private long sendDue(long now, long end) throws IOException {
    long next = end;
    for (Connection connection : connections) {
      if (!connection.waits) {
        if (connection.due <= now) {
          connection.send();
        } else {
          next = Math.min(next, connection.due);
        }
      }
    }
    return next;
  }

  private void read(long pauseNanos) throws IOException {
    for (SelectionKey key : selector.selectedKeys()) {
      Connection connection = (Connection) key.attachment();
      if (connection.read()) {
        long now = System.nanoTime();
        latencies.add(now - connection.due);
        connection.due = now + pauseNanos;
        if (pauseNanos == 0) {
          connection.send();
        }
      }
    }
    selector.selectedKeys().clear();
  }

  /// Waits for the answers that are still to come.
  private void drain() throws IOException {
    while (connections.stream().anyMatch(connection -> connection.waits)) {
      selector.select(100);
      for (SelectionKey key : selector.selectedKeys()) {
        ((Connection) key.attachment()).read();
      }
      selector.selectedKeys().clear();
    }
  }

  @Override
  public void close() {
    try {
      for (Connection connection : connections) {
        connection.channel.close();
      }
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Connection {
    private final SocketChannel channel;
    private final ByteBuffer input = ByteBuffer.allocate(BUFFER_BYTES);

    /// From when on the request is waited for.
    private long due;

    private boolean waits;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }

    void send() throws IOException {
      waits = true;
      ByteBuffer bytes = request.duplicate();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    /// Reads what is there; returns whether the answer is complete.
    boolean read() throws IOException {
      if (channel.read(input) < 0) {
        throw new IOException("the server closed a connection");
      }
      int end = answerEnd();
      if (end < 0 || input.position() < end) {
        return false;
      }
      boolean isOk = input.get(9) == '2' && input.get(10) == '0' && input.get(11) == '0';
      if (isOk) {
        answers++;
      } else {
        otherAnswers++;
      }
      input.clear();
      waits = false;
      return true;
    }

    /// Where the answer ends, or -1 if its head is not complete.
    private int answerEnd() {
      byte[] bytes = input.array();
      int size = input.position();
      int length = 0;
      for (int i = 0; i + 3 < size; i++) {
        if (bytes[i] == '\r' && bytes[i + 2] == '\r') {
          return i + 4 + length;
        }
        if (bytes[i] == '\n' && isLength(bytes, i + 1, size)) {
          length = number(bytes, i + 1 + LENGTH.length, size);
        }
      }
      return -1;
    }

    private static boolean isLength(byte[] bytes, int from, int size) {
      if (from + LENGTH.length > size) {
        return false;
      }
      for (int i = 0; i < LENGTH.length; i++) {
        if ((bytes[from + i] | ' ') != (LENGTH[i] | ' ')) {
          return false;
        }
      }
      return true;
    }

    private static int number(byte[] bytes, int from, int size) {
      int value = 0;
      for (int i = from; i < size && bytes[i] != '\r'; i++) {
        if (bytes[i] != ' ') {
          value = 10 * value + bytes[i] - '0';
        }
      }
      return value;
    }
  }
}
