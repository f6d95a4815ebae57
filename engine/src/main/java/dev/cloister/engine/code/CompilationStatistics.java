package dev.cloister.engine.code;

import dev.cloister.engine.runtime.CodeKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/// Where the time of compiling goes, and how many bytes come out, by phase and kind of code.
///
/// Times are of the wall and of all threads together. Any thread; also at the end of a guest's
/// stack, so nothing here has to be linked or initialised late.
public final class CompilationStatistics {
  /// A part of the way from the bytes of a module to its classes.
  public enum Phase {
    /// Decodes the bytes and validates the bodies, or finds that they have been; bytes of Wasm.
    DECODE,
    /// Lays the module out in classes; bytes of Wasm.
    PLAN,
    /// Generates class files; their bytes.
    GENERATE,
    /// Takes class files that were kept; their bytes.
    LOAD,
    /// Gives class files to the JVM, which parses them; verification comes later. Their bytes.
    DEFINE
  }

  /// What happened in a phase.
  ///
  /// @param kind that of the code, or null where it does not matter
  /// @param count how often
  /// @param nanos how long, of all threads together
  /// @param bytes how much
  public record Row(Phase phase, @Nullable CodeKind kind, long count, long nanos, long bytes) {}

  private static final Phase[] PHASES = Phase.values();
  private static final CodeKind[] KINDS = CodeKind.values();
  private static final int FIGURES = 3;

  /// Count, nanoseconds and bytes for each phase and kind; the kind that does not matter is last.
  private final AtomicLongArray figures =
      new AtomicLongArray(PHASES.length * (KINDS.length + 1) * FIGURES);

  /// Starts with nothing.
  public CompilationStatistics() {}

  /// Notes that something was done.
  ///
  /// @param kind that of the code, or null where it does not matter
  /// @param sinceNanos when it was begun, of `System.nanoTime`
  public void add(Phase phase, @Nullable CodeKind kind, long sinceNanos, long bytes) {
    int first = position(phase, kind);
    figures.getAndAdd(first, 1);
    figures.getAndAdd(first + 1, System.nanoTime() - sinceNanos);
    figures.getAndAdd(first + 2, bytes);
  }

  @SuppressWarnings("EnumOrdinal") // Positions in an array that nobody else sees.
  private static int position(Phase phase, @Nullable CodeKind kind) {
    int column = kind == null ? KINDS.length : kind.ordinal();
    return (phase.ordinal() * (KINDS.length + 1) + column) * FIGURES;
  }

  /// {@return what happened so far, without rows of nothing}
  ///
  /// @param reset whether to begin anew; what happens meanwhile is in this or the next result
  public List<Row> rows(boolean reset) {
    List<Row> rows = new ArrayList<>();
    for (Phase phase : PHASES) {
      for (int column = 0; column <= KINDS.length; column++) {
        CodeKind kind = column == KINDS.length ? null : KINDS[column];
        int first = position(phase, kind);
        long count = take(first, reset);
        long nanos = take(first + 1, reset);
        long bytes = take(first + 2, reset);
        if (count > 0) {
          rows.add(new Row(phase, kind, count, nanos, bytes));
        }
      }
    }
    return rows;
  }

  private long take(int position, boolean reset) {
    return reset ? figures.getAndSet(position, 0) : figures.get(position);
  }
}
