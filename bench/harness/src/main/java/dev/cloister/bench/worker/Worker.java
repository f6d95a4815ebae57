package dev.cloister.bench.worker;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Executes the commands of the harness, one a line, fields separated by tabs:
///
/// | command | answer after `ok` |
/// | --- | --- |
/// | `version` | name and version of the engine |
/// | `compile FILE` | CPU and wall time, in nanoseconds |
/// | `call N` | a fresh instance is made and `run(N)` called: checksum, CPU and wall time |
/// | `trace FILE` | a trace is played and checked: checksum, CPU and wall time of the play |
/// | `repeat COUNT` | what was last called or played, COUNT times: CPU and wall time |
/// | `fresh COUNT` | the same, each time on a fresh instance: CPU and wall time of the calls |
/// | `instances COUNT` | makes and keeps so many: see below |
/// | `validate FILE COUNT` | it is decoded and validated: CPU of the process and wall time |
/// | `compile-all FILE COUNT` | and all of it is compiled: CPU of the process and wall time |
/// | `cycles COUNT` | makes, calls and closes so many, one after the other: see below |
/// | `grow PAGES` | grows a memory to so many pages, one at a time: see below |
/// | `usage` | CPU time of the whole process |
/// | `watch` | from now on what the JVM's compilers do is recorded: nothing |
/// | `sample` | from now on the guest's stack is, too: nothing |
/// | `watched` | what was seen so far: see [JitVerdict#toFields] |
/// | `stops FILE EXPORT COUNT` | our engine only: see [StopTrials#run] and, for `-`, `noise` |
/// | `share FILE QUARANTINE ROUNDS MILLIS` | our engine only: see [SharerTrial#run] |
///
/// The answer to `instances` is the median and the 99th percentile of the wall time, the median of
/// the first call, and the bytes of heap for each. That to `cycles` is the median and the 99th
/// percentile of the wall time to make one, and the CPU time of the whole process for a cycle.
///
/// The answer to `grow` is CPU and wall time of growing, which calls `run(1)` for each page, the
/// wall time of the worst call; then, for comparison, CPU and wall time of allocating and filling
/// one array of the final size, and wall time of copying that.
///
/// CPU time is that of the thread that calls the guest, so neither compilation in the background
/// nor other processes count. Whatever fails is answered by `failed REASON`; the worker goes on.
public final class Worker {
  private static final long STACK_BYTES = 16L << 20;
  private static final int VARIANT_BYTES = 8;
  private static final int PAGE_LOG2 = 16;
  private static final String GUEST = "guest";

  private final GuestEngine engine;
  private GuestEngine.@Nullable Module module;
  private GuestEngine.@Nullable Function function;
  private @Nullable Trace trace;
  private @Nullable JitWatch watch;
  private long argument;
  private int variants;

  private Worker(GuestEngine engine) {
    this.engine = engine;
  }

  /// Serves the harness until it closes the pipe. Guests run on one thread with a large stack.
  public static void serve(GuestEngine engine) throws InterruptedException {
    PrintStream out = System.out;
    System.setOut(System.err);
    Thread guest = new Thread(null, () -> new Worker(engine).loop(out), GUEST, STACK_BYTES);
    guest.start();
    guest.join();
    engine.close();
    // Engines have threads of their own.
    System.exit(0);
  }

  /// {@return the name of the jar that a class is from, for versions that no library tells}
  public static String jarOf(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    String path = source == null ? "" : source.getLocation().getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private void loop(PrintStream out) {
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] fields = line.split("\t", -1);
        out.println(answer(fields));
        out.flush();
      }
    } catch (IOException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private String answer(String[] fields) {
    try {
      return "ok\t"
          + switch (fields[0]) {
            case "version" -> engine.version();
            case "compile" -> compile(Path.of(fields[1]));
            case "call" -> call(Long.parseLong(fields[1]));
            case "trace" -> trace(Path.of(fields[1]));
            case "repeat" -> repeat(Integer.parseInt(fields[1]));
            case "fresh" -> fresh(Integer.parseInt(fields[1]));
            case "instances" -> instances(Integer.parseInt(fields[1]));
            case "validate" -> whole(fields, engine::validate);
            case "compile-all" -> whole(fields, engine::compileAll);
            case "cycles" -> cycles(Integer.parseInt(fields[1]));
            case "grow" -> grow(Integer.parseInt(fields[1]));
            case "watch" -> watch();
            case "sample" -> sample();
            case "watched" -> requireWatch().read().toFields();
            case "usage" -> String.valueOf(processCpuNanos());
            default -> engine.special(fields);
          };
    } catch (Exception | StackOverflowError | OutOfMemoryError | LinkageError failure) {
      // Goes to the log of the harness.
      failure.printStackTrace();
      String text = failure + (failure.getCause() == null ? "" : ": " + failure.getCause());
      return "failed\t" + text.lines().findFirst().orElse("").replace('\t', ' ');
    }
  }

  private String compile(Path file) throws IOException {
    byte[] wasm = Files.readAllBytes(file);
    Clock clock = new Clock();
    module = engine.compile(wasm);
    return clock.read();
  }

  private String call(long n) {
    Clock clock = new Clock();
    GuestEngine.Function run = requireModule().instantiate(GuestEngine.Host.NONE).function("run");
    long checksum = run.call(n)[0];
    String times = clock.read();
    function = run;
    argument = n;
    trace = null;
    return javaScriptNumber(Double.longBitsToDouble(checksum)) + "\t" + times;
  }

  private String trace(Path file) throws IOException {
    Trace read = Trace.read(file);
    Clock clock = new Clock();
    try (TracePlay played = TracePlay.play(requireModule(), read)) {
      String times = clock.read();
      String checksum = played.checkMemory();
      trace = read;
      function = null;
      return checksum + "\t" + times;
    }
  }

  private String repeat(int count) {
    GuestEngine.Function run = function;
    Trace played = trace;
    Clock clock = new Clock();
    for (int i = 0; i < count; i++) {
      if (run != null) {
        run.call(argument);
      } else if (played != null) {
        TracePlay.play(requireModule(), played).close();
      } else {
        throw new IllegalStateException("nothing to repeat");
      }
    }
    return clock.read();
  }

  private String fresh(int count) {
    long cpu = 0;
    long wall = 0;
    for (int i = 0; i < count; i++) {
      GuestEngine.Instance instance = requireModule().instantiate(GuestEngine.Host.NONE);
      GuestEngine.Function run = instance.function("run");
      Clock clock = new Clock();
      run.call(argument);
      cpu += clock.cpuNanos();
      wall += clock.wallNanos();
      instance.close();
    }
    return cpu + "\t" + wall;
  }

  private String instances(int count) {
    GuestEngine.Module source = requireModule();
    List<GuestEngine.Instance> kept = new ArrayList<>(count);
    long[] made = new long[count];
    long[] called = new long[count];
    long heapBefore = heapBytes();
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      GuestEngine.Instance instance = source.instantiate(GuestEngine.Host.NONE);
      made[i] = System.nanoTime() - start;
      kept.add(instance);
    }
    long heap = heapBytes() - heapBefore;
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      kept.get(i).function("run").call(1);
      called[i] = System.nanoTime() - start;
    }
    Arrays.sort(made);
    Arrays.sort(called);
    return String.format(
        Locale.ROOT,
        "%d\t%d\t%d\t%d",
        made[count / 2],
        made[count - 1 - count / 100],
        called[count / 2],
        Math.max(0, heap / count));
  }

  private String whole(String[] fields, Consumer<byte[]> step) throws IOException {
    byte[] wasm = Files.readAllBytes(Path.of(fields[1]));
    int count = Integer.parseInt(fields[2]);
    long cpu = 0;
    long wall = 0;
    System.gc();
    for (int i = 0; i < count; i++) {
      byte[] variant = variant(wasm);
      long cpuBefore = processCpuNanos();
      long wallBefore = System.nanoTime();
      step.accept(variant);
      cpu += processCpuNanos() - cpuBefore;
      wall += System.nanoTime() - wallBefore;
    }
    return cpu + "\t" + wall;
  }

  /// Each time with another custom section at the end, for engines that know modules again.
  private byte[] variant(byte[] wasm) {
    byte[] variant = Arrays.copyOf(wasm, wasm.length + VARIANT_BYTES);
    variants++;
    ByteBuffer.wrap(variant, wasm.length, VARIANT_BYTES)
        .put((byte) 0)
        .put((byte) (VARIANT_BYTES - 2))
        .put((byte) 1)
        .put((byte) 'v')
        .putInt(variants);
    return variant;
  }

  private String cycles(int count) {
    GuestEngine.Module source = requireModule();
    long[] made = new long[count];
    long cpu = processCpuNanos();
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      GuestEngine.Instance instance = source.instantiate(GuestEngine.Host.NONE);
      made[i] = System.nanoTime() - start;
      instance.function("run").call(1);
      instance.close();
    }
    cpu = processCpuNanos() - cpu;
    Arrays.sort(made);
    return made[count / 2] + "\t" + made[count - 1 - count / 100] + "\t" + cpu / count;
  }

  private String grow(int pages) {
    GuestEngine.Instance instance = requireModule().instantiate(GuestEngine.Host.NONE);
    GuestEngine.Function run = instance.function("run");
    long worst = 0;
    Clock growing = new Clock();
    for (int size = 2; size <= pages; size++) {
      long start = System.nanoTime();
      double answer = Double.longBitsToDouble(run.call(1)[0]);
      worst = Math.max(worst, System.nanoTime() - start);
      if (answer != size) {
        throw new IllegalStateException("with " + size + " pages, run(1) is " + answer);
      }
    }
    String grown = growing.read();
    instance.close();
    Clock filling = new Clock();
    byte[] array = new byte[pages << PAGE_LOG2];
    Arrays.fill(array, (byte) 1);
    String filled = filling.read();
    long start = System.nanoTime();
    int sum = Arrays.copyOf(array, array.length)[array.length - 1];
    long copied = System.nanoTime() - start;
    if (sum != 1) {
      throw new IllegalStateException("the copy is another");
    }
    return grown + "\t" + worst + "\t" + filled + "\t" + copied;
  }

  private String watch() {
    String prefix =
        engine
            .generatedPrefix()
            .orElseThrow(() -> new UnsupportedOperationException("guests become no classes"));
    watch = JitWatch.start(prefix, GUEST);
    return "";
  }

  private String sample() {
    requireWatch().sample();
    return "";
  }

  private JitWatch requireWatch() {
    JitWatch started = watch;
    if (started == null) {
      throw new IllegalStateException("nothing is watched");
    }
    return started;
  }

  private GuestEngine.Module requireModule() {
    GuestEngine.Module compiled = module;
    if (compiled == null) {
      throw new IllegalStateException("no module is compiled");
    }
    return compiled;
  }

  private static long heapBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long processCpuNanos() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      return system.getProcessCpuTime();
    }
    throw new UnsupportedOperationException("the CPU time of the process");
  }

  /// As ECMAScript prints it, so that checksums compare as text; without its exponents, which begin
  /// at 1e21 and below 1e-6.
  static String javaScriptNumber(double value) {
    if (!Double.isFinite(value)) {
      return String.valueOf(value);
    }
    String text = new BigDecimal(String.valueOf(value)).toPlainString();
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  /// CPU time of the thread, and time of the wall, since it was made.
  private static final class Clock {
    private final long wall = System.nanoTime();
    private final long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();

    long cpuNanos() {
      return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu;
    }

    long wallNanos() {
      return System.nanoTime() - wall;
    }

    String read() {
      return cpuNanos() + "\t" + wallNanos();
    }
  }
}
