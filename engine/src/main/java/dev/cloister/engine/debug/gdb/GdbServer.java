package dev.cloister.engine.debug.gdb;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.debug.Debugger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Lets LLDB, or another debugger that speaks the gdb remote protocol with its packets for
/// WebAssembly, debug guests: `process connect --plugin wasm connect://127.0.0.1:PORT`.
///
/// It listens on the loopback interface only and asks for no key: whoever may connect may read and
/// change everything of all isolates that are being debugged. One debugger at a time; connections
/// beyond it are closed. When it goes, its breakpoints go and its guests go on. Safe to use by any
/// thread.
public final class GdbServer implements AutoCloseable {
  private final ServerSocket listener;
  private final Supplier<List<Debugger>> debuggers;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private @Nullable GdbSession session;

  @GuardedBy("lock")
  private boolean closed;

  private GdbServer(ServerSocket listener, Supplier<List<Debugger>> debuggers) {
    this.listener = listener;
    this.debuggers = debuggers;
  }

  /// Starts to listen.
  ///
  /// @param port 0 for any that is free
  /// @param debuggers gives those of the isolates that are being debugged, at any time, by any
  ///   thread
  /// @throws IOException if the port cannot be had
  public static GdbServer start(int port, Supplier<List<Debugger>> debuggers) throws IOException {
    ServerSocket listener = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
    GdbServer server = new GdbServer(listener, debuggers);
    Thread.ofPlatform().daemon().name("cloister-gdb").start(server::accept);
    return server;
  }

  /// {@return the port}
  public int port() {
    return listener.getLocalPort();
  }

  /// Tells a debugger that is connected that the only guest has ended, and waits until it was told,
  /// but for a second at most.
  public void exit(int code) {
    GdbSession told;
    synchronized (lock) {
      told = session;
    }
    if (told != null) {
      told.exit(code);
    }
  }

  /// Ends the session and listens no longer.
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      if (session != null) {
        session.close();
      }
    }
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the debugger's port", e);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        socket.setTcpNoDelay(true);
        GdbSession begun = begin(socket);
        if (begun == null) {
          socket.close();
        } else {
          Thread.ofPlatform().daemon().name("cloister-gdb-session").start(() -> run(begun));
        }
      } catch (IOException _) {
        // The listener was closed, or a debugger went before it was there.
      }
    }
  }

  private @Nullable GdbSession begin(Socket socket) {
    synchronized (lock) {
      if (closed || session != null) {
        return null;
      }
    }
    GdbSession made = new GdbSession(socket, debuggers);
    synchronized (lock) {
      // Only this thread sets it, so there is still none.
      session = made;
    }
    return made;
  }

  private void run(GdbSession begun) {
    try {
      begun.run();
    } catch (IOException | InterruptedException _) {
      // The connection broke, which ends the session as an orderly end does.
    } finally {
      synchronized (lock) {
        session = null;
      }
    }
  }
}
