package dev.cloister.isolate.wasi;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Input from a stream.
///
/// A stream cannot say whether its end has come without waiting for it. So from the moment at which
/// somebody asks whether it is readable, a thread reads ahead, one chunk at a time.
final class StreamInput implements InputSource {
  private static final int CHUNK_BYTES = 8 << 10;
  private static final byte[] NO_BYTES = {};

  private final InputStream stream;

  private final Object lock = new Object();

  @GuardedBy("lock")
  private boolean readsAhead;

  /// What was read ahead; empty while the thread is to read on.
  @GuardedBy("lock")
  private byte[] chunk = NO_BYTES;

  @GuardedBy("lock")
  private int position;

  @GuardedBy("lock")
  private boolean ended;

  @GuardedBy("lock")
  private @Nullable IOException failure;

  StreamInput(InputStream stream) {
    this.stream = stream;
  }

  @Override
  public boolean isReadable() {
    synchronized (lock) {
      if (!readsAhead) {
        readsAhead = true;
        Thread.ofPlatform().daemon().name("cloister-stdin").start(this::readAhead);
      }
      return hasOutcome();
    }
  }

  @Override
  public int read(byte[] into, int from, int length) {
    try {
      synchronized (lock) {
        if (readsAhead) {
          return readChunk(into, from, length);
        }
      }
      return stream.read(into, from, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1; // the guest is being stopped
    }
  }

  @GuardedBy("lock")
  private boolean hasOutcome() {
    return position < chunk.length || ended;
  }

  @GuardedBy("lock")
  private int readChunk(byte[] into, int from, int length)
      throws IOException, InterruptedException {
    while (!hasOutcome()) {
      lock.wait();
    }
    if (position < chunk.length) {
      int count = Math.min(length, chunk.length - position);
      System.arraycopy(chunk, position, into, from, count);
      position += count;
      lock.notifyAll();
      return count;
    }
    if (failure != null) {
      throw failure;
    }
    return -1;
  }

  private void readAhead() {
    byte[] buffer = new byte[CHUNK_BYTES];
    try {
      boolean goesOn = true;
      while (goesOn) {
        int count = stream.read(buffer, 0, buffer.length);
        goesOn = count >= 0 && hand(buffer, count);
      }
      end(null);
    } catch (IOException e) {
      end(e);
    }
  }

  /// Hands `count` bytes over and waits until they are taken; false if the thread is to end.
  private boolean hand(byte[] buffer, int count) {
    synchronized (lock) {
      chunk = Arrays.copyOf(buffer, count);
      position = 0;
      lock.notifyAll();
      try {
        while (position < chunk.length) {
          lock.wait();
        }
      } catch (InterruptedException _) {
        return false; // nobody interrupts it
      }
      return true;
    }
  }

  private void end(@Nullable IOException cause) {
    synchronized (lock) {
      failure = cause;
      ended = true;
      lock.notifyAll();
    }
  }
}
