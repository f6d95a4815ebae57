package dev.cloister.bench.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which engines this machine can run.
///
/// Every worker on the JVM gets the product's own options, `config/jvm.options`, but for GraalWasm,
/// whose compiler is another; so differences are the engines' and not the flags'.
public final class Engines {
  /// Our engine, by the kind of code that it runs.
  public static final List<String> OURS = List.of("baseline", "optimized");

  /// The columns of a full run, in the order of the table. The first that is present is what ratios
  /// refer to.
  public static final List<String> DEFAULTS =
      List.of("v8", "baseline", "optimized", "endive", "graalwasm");

  /// Those that can compile a whole module at once, where only that is asked for.
  public static final List<String> EAGER = List.of("v8-liftoff", "baseline", "optimized");

  /// The columns where guests are stopped, which no other engine is asked for.
  public static final List<String> STOPPED = List.of("baseline", "optimized", "polled");

  /// All that there are.
  public static final List<String> NAMES =
      List.of(
          "v8",
          "v8-liftoff",
          "v8-turbofan",
          "baseline",
          "optimized",
          "fuel",
          "debug",
          "polled",
          "baseline-graal",
          "optimized-graal",
          "endive",
          "graalwasm");

  private static final String HEAP = "-Xmx4g";

  /// Our engine with the Graal compiler in the place of C2.
  private static final String GRAAL = "-graal";

  private static final Set<String> KINDS =
      Set.of("baseline", "optimized", "fuel", "debug", "polled");

  private final Path home;
  private final Path root;
  private final Path log;
  private final List<String> pin;
  private final Map<String, String> versions = new LinkedHashMap<>();
  private final Map<String, String> absent = new LinkedHashMap<>();

  /// Creates the finder.
  ///
  /// @param home the folder with the jars of the harness and of the peers, a folder each
  /// @param root the checkout
  /// @param cpus as `taskset -c` takes them, or null for wherever the system puts it
  public Engines(Path home, Path root, Path log, @Nullable String cpus) {
    this.home = home;
    this.root = root;
    this.log = log;
    pin = cpus != null && find("taskset") != null ? List.of("taskset", "-c", cpus) : List.of();
  }

  /// {@return the columns of these names that start and answer; why the others do not is in
  /// [#absent]}
  public List<Column> start(List<String> names) throws IOException {
    List<Column> present = new ArrayList<>();
    for (String name : names) {
      try {
        Column column = new Column(name, command(name), KINDS.contains(kind(name)));
        try (WorkerProcess worker = WorkerProcess.start(column, log, Duration.ofMinutes(1))) {
          versions.put(name, worker.ask("version")[0]);
          present.add(column);
        }
      } catch (WorkerException failure) {
        absent.put(name, String.valueOf(failure.getMessage()));
      }
    }
    return present;
  }

  /// {@return name and version of every column that is present}
  public Map<String, String> versions() {
    return versions;
  }

  /// {@return why a column is absent}
  public Map<String, String> absent() {
    return absent;
  }

  private List<String> command(String name) throws IOException {
    List<String> command = new ArrayList<>(pin);
    switch (name) {
      case "v8", "v8-liftoff", "v8-turbofan" -> {
        command.add(node());
        switch (name) {
          case "v8-liftoff" ->
              command.addAll(List.of("--liftoff-only", "--no-wasm-lazy-compilation"));
          case "v8-turbofan" ->
              command.addAll(List.of("--no-liftoff", "--no-wasm-lazy-compilation"));
          default -> {}
        }
        command.add("--expose-gc");
        command.add("--stack-size=8000");
        command.add(root.resolve("bench/node/worker.mjs").toString());
      }
      case "baseline",
          "optimized",
          "fuel",
          "debug",
          "polled",
          "baseline-graal",
          "optimized-graal" -> {
        addJava(command);
        if (name.endsWith(GRAAL)) {
          addGraal(command);
        }
        // It comes with the harness.
        command.addAll(
            List.of(
                "-cp",
                System.getProperty("java.class.path"),
                "dev.cloister.bench.worker.CloisterEngine",
                kind(name)));
      }
      case "endive" -> {
        addJava(command);
        command.addAll(List.of("-cp", jars(name), "dev.cloister.bench.endive.EndiveEngine"));
      }
      case "graalwasm" -> {
        Path folder = folder(name);
        command.addAll(
            List.of(
                java(),
                HEAP,
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+EnableJVMCI",
                "--upgrade-module-path=" + folder.resolve("compiler"),
                "--module-path=" + folder.resolve("modules"),
                "--add-modules=org.graalvm.polyglot,org.graalvm.wasm,org.graalvm.truffle.runtime",
                "--enable-native-access=org.graalvm.truffle",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                jars(name),
                "dev.cloister.bench.graalwasm.GraalWasmEngine"));
      }
      default -> throw new WorkerException("there is no engine of this name");
    }
    return command;
  }

  private void addJava(List<String> command) {
    command.add(java());
    command.add("@" + root.resolve("config/jvm.options"));
    command.add(HEAP);
    // So that what is garbage does not count as kept.
    command.add("-XX:-ExplicitGCInvokesConcurrent");
  }

  /// The libraries of GraalWasm include the compiler.
  private void addGraal(List<String> command) {
    command.addAll(
        List.of(
            "-XX:+UnlockExperimentalVMOptions",
            "-XX:+EnableJVMCI",
            "-XX:+UseJVMCICompiler",
            "--upgrade-module-path=" + folder("graalwasm").resolve("compiler")));
  }

  private static String kind(String name) {
    return name.endsWith(GRAAL) ? name.substring(0, name.length() - GRAAL.length()) : name;
  }

  private Path folder(String name) {
    Path folder = home.resolve(name);
    if (!Files.isDirectory(folder)) {
      throw new WorkerException("its libraries are not in " + folder);
    }
    return folder;
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static String node() {
    String named = System.getenv("CLOISTER_NODE");
    String found = named != null ? named : find("node");
    if (found == null) {
      throw new WorkerException("no `node` on the PATH, and no CLOISTER_NODE");
    }
    return found;
  }

  private String jars(String folder) throws IOException {
    try (Stream<Path> files = Files.list(folder(folder))) {
      return files
          .filter(file -> file.toString().endsWith(".jar"))
          .map(Path::toString)
          .sorted()
          .collect(Collectors.joining(System.getProperty("path.separator")));
    }
  }

  private static @Nullable String find(String program) {
    String path = System.getenv("PATH");
    if (path == null) {
      return null;
    }
    return Stream.of(path.split(System.getProperty("path.separator")))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElse(null);
  }
}
