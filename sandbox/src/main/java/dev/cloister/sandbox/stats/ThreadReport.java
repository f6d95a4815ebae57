package dev.cloister.sandbox.stats;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the platform threads of this process do. Virtual threads are not among them.
///
/// Names of generated code are made of what guests call their functions, so none is shown.
public final class ThreadReport {
  private static final int MAX_FRAMES = 48;
  private static final long NANOS_IN_MILLI = 1_000_000;
  private static final String GUEST_CODE = "(guest code)";

  /// The loader of the program itself.
  private static final @Nullable String OWN_LOADER = ThreadReport.class.getClassLoader().getName();

  private ThreadReport() {}

  /// A thread.
  ///
  /// @param name its name
  /// @param state as Java has it: `RUNNABLE`, `WAITING` and so on
  /// @param cpuMillis its processor time so far
  /// @param blockedOn the class of what it waits for, null if that is nothing
  /// @param stack its calls, innermost first; those of guests are one line
  public record Row(
      String name, String state, long cpuMillis, @Nullable String blockedOn, List<String> stack) {}

  /// Looks at all threads; those that used most processor time come first.
  public static List<Row> threads() {
    ThreadMXBean bean = ManagementFactory.getThreadMXBean();
    return Arrays.stream(
            bean.dumpAllThreads(
                /* lockedMonitors= */ false, /* lockedSynchronizers= */ false, MAX_FRAMES))
        .filter(Objects::nonNull)
        .map(thread -> row(bean, thread))
        .sorted(Comparator.comparingLong(Row::cpuMillis).reversed().thenComparing(Row::name))
        .toList();
  }

  /// Returns how many threads wait for each other in a circle.
  public static int deadlockedThreads() {
    long @Nullable [] found = ManagementFactory.getThreadMXBean().findDeadlockedThreads();
    return found == null ? 0 : found.length;
  }

  private static Row row(ThreadMXBean bean, ThreadInfo thread) {
    long cpuNanos =
        bean.isThreadCpuTimeSupported() ? bean.getThreadCpuTime(thread.getThreadId()) : 0;
    return new Row(
        thread.getThreadName(),
        thread.getThreadState().name(),
        Math.max(0, cpuNanos) / NANOS_IN_MILLI,
        thread.getLockInfo() == null ? null : thread.getLockInfo().getClassName(),
        stack(Arrays.stream(thread.getStackTrace())));
  }

  /// Returns the frames as text, those of generated code as one for all that are beside each other.
  static List<String> stack(Stream<StackTraceElement> frames) {
    List<String> lines =
        frames.map(frame -> isOurs(frame) ? frame.toString() : GUEST_CODE).toList();
    return Stream.iterate(0, index -> index < lines.size(), index -> index + 1)
        .filter(index ->
            index == 0
                || !lines.get(index).equals(GUEST_CODE)
                || !lines.get(index - 1).equals(GUEST_CODE))
        .map(lines::get)
        .toList();
  }

  /// Whether a frame is of the JDK or of the program, rather than of code made at run time.
  private static boolean isOurs(StackTraceElement frame) {
    return frame.getModuleName() != null
        || (OWN_LOADER != null && OWN_LOADER.equals(frame.getClassLoaderName()));
  }
}
