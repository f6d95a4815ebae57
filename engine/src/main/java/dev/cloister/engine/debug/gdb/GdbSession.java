package dev.cloister.engine.debug.gdb;

import dev.cloister.engine.debug.DebugEvents;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.debug.PausedGuest;
import dev.cloister.engine.debug.gdb.PacketReader.Event;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// A connection of a debugger, from its beginning to its end.
///
/// One thread reads packets, another answers them; guests that pause only wake the second.
final class GdbSession implements DebugEvents {
  /// How often isolates are looked for that are being debugged since.
  private static final long LOOK_MILLIS = 100;

  /// How long a guest is waited for that is to pause, before the debugger is told that none runs.
  private static final long INTERRUPT_MILLIS = 1_000;

  /// How long the end of the guest waits for the debugger to be told.
  private static final long EXIT_MILLIS = 1_000;

  /// How long a debugger that asks for the state of the target waits for a guest, and how often it
  /// is looked for.
  private static final long FIRST_GUEST_MILLIS = 500;

  private static final long FIRST_GUEST_STEP_MILLIS = 10;

  /// How many packets may wait for their answers.
  private static final int MAX_WAITING = 64;

  private final Socket socket;
  private final Supplier<List<Debugger>> debuggers;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Semaphore room = new Semaphore(MAX_WAITING);
  private final Set<Debugger> watched = new HashSet<>();
  private final GdbTarget target;
  private final CountDownLatch ended = new CountDownLatch(1);
  private boolean acknowledges = true;
  private byte[] lastSent = {};
  private long interruptNanos;
  private boolean isInterrupted;

  /// The code with which the only guest ended, if it did.
  private volatile int exitCode = -1;

  GdbSession(Socket socket, Supplier<List<Debugger>> debuggers) {
    this.socket = socket;
    this.debuggers = debuggers;
    this.target = new GdbTarget(debuggers);
  }

  @Override
  public void paused(PausedGuest guest) {
    events.add(new PacketReader.Look());
  }

  /// Tells the debugger that the guest has ended, and ends the session. Waits for that a while.
  void exit(int code) {
    exitCode = code & 0xFF;
    events.add(new PacketReader.Look());
    try {
      if (!ended.await(EXIT_MILLIS, TimeUnit.MILLISECONDS)) {
        close();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Answers until the debugger goes. On the session's thread.
  ///
  /// @throws IOException if the connection is broken
  void run() throws IOException, InterruptedException {
    Thread reader = Thread.ofPlatform().daemon().name("cloister-gdb-reader").start(this::read);
    try {
      OutputStream output = socket.getOutputStream();
      watch();
      while (answer(output, next())) {
        watch();
      }
    } finally {
      watched.forEach(debugger -> debugger.removeListener(this));
      target.detach();
      socket.close();
      reader.interrupt();
      ended.countDown();
    }
  }

  private Event next() throws InterruptedException {
    Event event = events.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    return event == null ? new PacketReader.Look() : event;
  }

  private void watch() {
    for (Debugger debugger : debuggers.get()) {
      if (watched.add(debugger)) {
        debugger.addListener(this);
      }
    }
  }

  /// {@return whether the session goes on}
  private boolean answer(OutputStream output, Event event) throws IOException {
    switch (event) {
      case PacketReader.Packet packet -> {
        room.release();
        return answer(output, packet.content());
      }
      case PacketReader.Damaged _ -> {
        room.release();
        if (acknowledges) {
          output.write('-');
          output.flush();
        }
      }
      case PacketReader.Refused _ -> {
        room.release();
        output.write(lastSent);
        output.flush();
      }
      case PacketReader.Interrupt _ -> {
        room.release();
        if (target.isRunning()) {
          target.interrupt();
          isInterrupted = true;
          interruptNanos = System.nanoTime();
        }
      }
      case PacketReader.End _ -> {
        return false;
      }
      case PacketReader.Look _ -> {
        if (exitCode >= 0) {
          send(output, "W" + PacketText.hex(new byte[] {(byte) exitCode}));
          return false;
        }
      }
    }
    sendStop(output);
    return true;
  }

  private boolean answer(OutputStream output, String packet) throws IOException {
    if (acknowledges) {
      output.write('+');
    }
    if (packet.equals("QStartNoAckMode")) {
      send(output, "OK");
      acknowledges = false;
      return true;
    }
    if (packet.startsWith("D")) {
      target.detach();
      send(output, "OK");
      return false;
    }
    if (packet.equals("?")) {
      awaitGuest();
    }
    String reply = target.handle(packet);
    if (reply != null) {
      send(output, reply);
    }
    output.flush();
    if (packet.startsWith("k")) {
      return false;
    }
    sendStop(output);
    return true;
  }

  /// Waits a while for a guest that is about to pause, since a debugger that connects expects one.
  private void awaitGuest() {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FIRST_GUEST_MILLIS);
    while (!target.hasGuest() && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(FIRST_GUEST_STEP_MILLIS));
    }
  }

  /// Tells the debugger that a guest pauses, if it waits for that.
  private void sendStop(OutputStream output) throws IOException {
    String stop = target.stopReply();
    if (stop == null && isInterrupted && target.isRunning()) {
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - interruptNanos);
      stop = millis < INTERRUPT_MILLIS ? null : target.stopWithoutGuest();
    }
    if (stop != null) {
      isInterrupted = false;
      send(output, stop);
    }
  }

  private void send(OutputStream output, String reply) throws IOException {
    lastSent = PacketText.frame(reply);
    output.write(lastSent);
    output.flush();
  }

  /// Reads packets as long as they are answered.
  private void read() {
    Event event = new PacketReader.End();
    try {
      PacketReader reader = new PacketReader(socket.getInputStream());
      do {
        room.acquire();
        event = reader.next();
        events.add(event);
      } while (!(event instanceof PacketReader.End));
    } catch (IOException | InterruptedException _) {
      // The debugger is gone or sends nonsense, or the session has ended.
      events.add(new PacketReader.End());
    }
  }

  /// Ends the session from outside.
  void close() {
    events.add(new PacketReader.End());
  }
}
