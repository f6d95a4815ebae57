package dev.cloister.engine.stats;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/// Writes what happens in an engine to a file, a line for each event, by a thread of its own.
///
/// A line is the time, the event, and what is known of it as `key=value`. Where events come faster
/// than they can be written some are left out, and their number is a line of its own.
public final class TraceFile implements EngineListener, AutoCloseable {
  private static final int MAX_WAITING = 10_000;

  /// Ends the thread.
  private static final String END = "";

  private final InstantSource clock;
  private final PrintWriter out;
  private final BlockingQueue<String> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final AtomicLong dropped = new AtomicLong();
  private final Thread writer;

  private TraceFile(PrintWriter out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
    this.writer = new Thread(this::write, "cloister-trace");
    writer.setDaemon(true);
  }

  /// Opens a file, to whose end lines are added, and begins to write.
  ///
  /// @throws IOException if it cannot be written
  public static TraceFile open(Path file, InstantSource clock) throws IOException {
    PrintWriter out =
        new PrintWriter(
            Files.newBufferedWriter(
                file,
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND));
    TraceFile trace = new TraceFile(out, clock);
    trace.writer.start();
    return trace;
  }

  @Override
  public void moduleDecoded(ModuleDecoded event) {
    add("module-decoded", event);
  }

  @Override
  public void moduleCompiled(ModuleCompiled event) {
    add("module-compiled", event);
  }

  @Override
  public void compileJobChanged(CompileJobInfo job) {
    add("compile-job", job);
  }

  @Override
  public void moduleInstantiated(ModuleInstantiated event) {
    add("module-instantiated", event);
  }

  @Override
  public void generationPublished(GenerationPublished event) {
    add("generation-published", event);
  }

  @Override
  public void generationRetired(GenerationRetired event) {
    add("generation-retired", event);
  }

  @Override
  public void codeCollected(CodeCollected event) {
    add("code-collected", event);
  }

  @Override
  public void codePersisted(CodePersisted event) {
    add("code-persisted", event);
  }

  @Override
  public void codeNotPersisted(CodeNotPersisted event) {
    add("code-not-persisted", event);
  }

  private void add(String name, Record event) {
    // As a record writes itself: the name of its class, then `key=value, …` in brackets.
    String text = event.toString();
    String members = text.substring(text.indexOf('[') + 1, text.length() - 1);
    String line = clock.instant() + " event=" + name + " " + members;
    if (!waiting.offer(line.replace('\n', ' ').replace('\r', ' '))) {
      dropped.incrementAndGet();
    }
  }

  private void write() {
    boolean isInterrupted = false;
    while (!isInterrupted) {
      try {
        String line = waiting.take();
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
          out.println(clock.instant() + " event=dropped count=" + lost);
        }
        if (line.equals(END)) {
          return;
        }
        out.println(line);
        if (waiting.isEmpty()) {
          out.flush();
        }
      } catch (InterruptedException _) {
        isInterrupted = true;
      }
    }
  }

  /// Writes what has happened so far and closes the file.
  @Override
  public void close() {
    boolean isInterrupted = false;
    boolean isEnded = false;
    while (!isEnded) {
      try {
        if (writer.isAlive()) {
          waiting.put(END);
          writer.join();
        }
        isEnded = true;
      } catch (InterruptedException _) {
        isInterrupted = true;
      }
    }
    out.close();
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
