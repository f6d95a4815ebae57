package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.codegen.Names;
import dev.cloister.engine.util.IntVector;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// The class files of an image's chunks, from when they are generated until they are defined.
///
/// A chunk is small, so that little is generated which never runs. When one is taken, because
/// something in it is called for the first time, those that its functions call are generated ahead
/// on other threads while it begins to run. Safe to use by any thread.
///
/// Classes are taken on guest stacks, where little room may be left: what is called there uses
/// nothing that would have to be linked or initialised first.
final class ChunkFiles {
  /// The most chunks that are generated ahead and not taken: of those that a function could call,
  /// many never are.
  private static final int MAX_AHEAD = 256;

  private static final int NO_CHUNK = -1;

  /// Generates a chunk, ahead.
  private record Ahead(ChunkFiles files, int chunk) implements Runnable {
    @Override
    public void run() {
      files.generateAhead(chunk);
    }
  }

  /// Generates what the functions of a chunk call, ahead.
  private record Callees(ChunkFiles files, int chunk) implements Runnable {
    @Override
    public void run() {
      files.findCallees(chunk);
    }
  }

  private final ImageArchive archive;
  private final ModulePlan plan;
  private final CompileThreads threads;
  private final Object lock = new Object();

  /// The chunks whose generation has begun and that were not taken.
  @GuardedBy("lock")
  private final Map<Integer, FutureTask<Map<String, byte[]>>> begun = new HashMap<>();

  /// The chunks that were taken.
  @GuardedBy("lock")
  private final BitSet taken = new BitSet();

  /// The same in their order.
  @GuardedBy("lock")
  private final IntVector takenOrder = new IntVector();

  /// The chunks that an earlier run took, which are loaded ahead in any case.
  private volatile BitSet expected = new BitSet();

  /// The further classes of chunks that were taken, by internal name.
  @GuardedBy("lock")
  private final Map<String, byte[]> parts = new HashMap<>();

  /// @param archive where chunks come from
  ChunkFiles(ImageArchive archive, ModulePlan plan, CompileThreads threads) {
    this.archive = archive;
    this.plan = plan;
    this.threads = threads;
    // Links and initialises what a guest will come to.
    generateCallees(NO_CHUNK);
    takeIfGenerated(NO_CHUNK, "");
  }

  /// {@return the number of chunks that were taken}
  int takenCount() {
    synchronized (lock) {
      return taken.cardinality();
    }
  }

  /// {@return the chunks that were taken, in order} Any thread.
  int[] takenOrder() {
    synchronized (lock) {
      return takenOrder.toArray();
    }
  }

  /// Sets which chunks somebody has loaded ahead, so that nothing else is for their sake.
  void expect(BitSet chunks) {
    expected = (BitSet) chunks.clone();
  }

  /// Takes the first class of a chunk, or another one after the first, if it is generated.
  ///
  /// @param name without the package
  byte @Nullable [] takeIfGenerated(int chunk, String name) {
    FutureTask<Map<String, byte[]>> task;
    synchronized (lock) {
      byte[] part = parts.remove(Names.GENERATED.concat(name));
      if (part != null) {
        return part;
      }
      task = begun.get(chunk);
      if (task == null || !task.isDone()) {
        return null;
      }
    }
    return take(chunk, name, task);
  }

  /// Takes a class of a chunk, generating the chunk if it is not. On a compile thread.
  ///
  /// @param name without the package
  byte @Nullable [] take(int chunk, String name) {
    FutureTask<Map<String, byte[]>> task;
    synchronized (lock) {
      byte[] part = parts.remove(Names.GENERATED.concat(name));
      if (part != null) {
        return part;
      }
      task = begin(chunk);
    }
    task.run();
    return take(chunk, name, task);
  }

  @GuardedBy("lock")
  private FutureTask<Map<String, byte[]>> begin(int chunk) {
    return begun.computeIfAbsent(chunk, _ -> new FutureTask<>(() -> archive.chunk(chunk)));
  }

  private byte @Nullable [] take(int chunk, String name, FutureTask<Map<String, byte[]>> task) {
    Map<String, byte[]> files;
    try {
      files = result(task);
    } finally {
      synchronized (lock) {
        // After a failure the next one tries again.
        begun.remove(chunk, task);
      }
    }
    String fileName = Names.GENERATED.concat(name);
    boolean isFirst = name.indexOf('_') < 0;
    if (isFirst) {
      synchronized (lock) {
        if (!taken.get(chunk)) {
          taken.set(chunk);
          takenOrder.add(chunk);
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          if (!file.getKey().equals(fileName)) {
            parts.put(file.getKey(), file.getValue());
          }
        }
      }
    }
    return files.get(fileName);
  }

  private static Map<String, byte[]> result(FutureTask<Map<String, byte[]>> task) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException _) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw CompileThreads.rethrow(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Has the chunks generated ahead that the functions of a chunk call directly.
  void generateCallees(int chunk) {
    threads.runLater(new Callees(this, chunk));
  }

  private void findCallees(int chunk) {
    if (chunk == NO_CHUNK || expected.get(chunk)) {
      return;
    }
    BitSet callees = plan.calleesOf(chunk);
    for (int i = callees.nextSetBit(0); i >= 0; i = callees.nextSetBit(i + 1)) {
      if (isWanted(i)) {
        generateLater(i);
      }
    }
  }

  /// Has a chunk generated ahead.
  void generateLater(int chunk) {
    threads.runLater(new Ahead(this, chunk));
  }

  private boolean isWanted(int chunk) {
    synchronized (lock) {
      return !taken.get(chunk) && !begun.containsKey(chunk) && begun.size() < MAX_AHEAD;
    }
  }

  private void generateAhead(int chunk) {
    FutureTask<Map<String, byte[]>> task;
    synchronized (lock) {
      if (!isWanted(chunk)) {
        return;
      }
      task = begin(chunk);
    }
    // What it fails with is kept for the one who takes it.
    task.run();
  }
}
