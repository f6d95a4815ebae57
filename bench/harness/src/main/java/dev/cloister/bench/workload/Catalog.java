package dev.cloister.bench.workload;

import dev.cloister.bench.workload.Workload.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The workloads that there are: those of this repository, and those of the corpora where they are
/// present. One of ours goes before one of the corpora of the same name.
public final class Catalog {
  /// What the name of a growable build ends with.
  public static final String GROWABLE = "+grow";

  private static final String BINARY = ".wasm";

  private static final String TRACE = ".trace.jsonl.gz";

  private final Map<String, Workload> workloads = new LinkedHashMap<>();
  private final List<String> missing = new ArrayList<>();

  private Catalog() {}

  /// Reads what there is.
  ///
  /// @param own the folder of our workloads
  /// @param corpora the folder of the corpora, which may be absent
  public static Catalog read(Path own, Path corpora) throws IOException {
    Catalog catalog = new Catalog();
    catalog.addOwn(own);
    if (Files.isDirectory(corpora)) {
      catalog.addKernels(corpora.resolve("bench"));
      catalog.addTraces(corpora.resolve("programs"), corpora.resolve("programs"));
      catalog.addTraces(own, corpora.resolve("programs"));
      catalog.addBinaries(corpora.resolve("programs"));
    } else {
      catalog.missing.add("the corpora are not at " + corpora + " (-Dcorpora, CLOISTER_CORPORA)");
    }
    return catalog;
  }

  /// {@return all workloads, without growable builds}
  public List<Workload> all() {
    return List.copyOf(workloads.values());
  }

  /// {@return those that do not lack their host}
  public List<Workload> runnable() {
    return workloads.values().stream()
        .filter(workload -> !(workload.task() instanceof Task.Compile))
        .toList();
  }

  /// {@return what of the catalog is absent on this machine, and why}
  public List<String> missing() {
    return List.copyOf(missing);
  }

  /// {@return a workload by name}
  public Optional<Workload> find(String name) {
    return Optional.ofNullable(workloads.get(name));
  }

  /// {@return the growable build of a workload, if it has one}
  ///
  /// @param folder where the binary is put
  public static Optional<Workload> growable(Workload workload, Path folder) throws IOException {
    if (!(workload.task() instanceof Task.Run)) {
      return Optional.empty();
    }
    Optional<byte[]> binary = GrowableModule.of(Files.readAllBytes(workload.module()));
    if (binary.isEmpty()) {
      return Optional.empty();
    }
    Files.createDirectories(folder);
    Path module = Files.write(folder.resolve(workload.name() + GROWABLE + ".wasm"), binary.get());
    return Optional.of(workload.growable(workload.name() + GROWABLE, module));
  }

  /// Our table: name, n, checksum, n of a cold start, its checksum, group.
  private void addOwn(Path folder) throws IOException {
    for (String[] fields : rows(folder)) {
      add(
          new Workload(
              fields[0],
              folder.resolve(fields[0] + ".wasm"),
              new Task.Run(number(fields[1]), fields[2], number(fields[3]), fields[4]),
              fields.length > 5 ? Group.of(fields[5]) : Group.COMPUTE,
              /* isGrowable= */ false));
    }
  }

  /// The table of the corpora: name, n, n of a cold start, a factor on warm-up times, for which
  /// there is no use here, and the checksums.
  private void addKernels(Path folder) throws IOException {
    for (String[] fields : rows(folder)) {
      add(
          new Workload(
              fields[0],
              folder.resolve(fields[0] + ".wasm"),
              new Task.Run(number(fields[1]), fields[4], number(fields[2]), fields[5]),
              group(fields[0]),
              /* isGrowable= */ false));
    }
  }

  /// Of what comes without a group.
  private static Group group(String name) {
    return switch (name) {
      case "simd" -> Group.SIMD;
      case "interp", "quickjs", "sqlite" -> Group.INTERPRETER;
      case "add", "tiny", "starlingmonkey" -> Group.BOUNDARY;
      default -> Group.COMPUTE;
    };
  }

  private List<String[]> rows(Path folder) throws IOException {
    Path table = folder.resolve("workloads.txt");
    if (!Files.exists(table)) {
      missing.add("no " + table);
      return List.of();
    }
    return Files.readAllLines(table).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(line -> line.trim().split("\\s+", -1))
        .toList();
  }

  /// @param programs where the modules are
  private void addTraces(Path folder, Path programs) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path trace : files.filter(file -> file.toString().endsWith(TRACE)).sorted().toList()) {
        String file = trace.getFileName().toString();
        String name = file.substring(0, file.length() - TRACE.length()).toLowerCase(Locale.ROOT);
        Group group = group(name);
        add(
            new Workload(
                name,
                programs.resolve(name + ".wasm"),
                new Task.Play(trace),
                group == Group.COMPUTE ? Group.PROGRAM : group,
                /* isGrowable= */ false));
      }
    }
  }

  /// Those without a trace.
  private void addBinaries(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path module : files.filter(file -> file.toString().endsWith(BINARY)).sorted().toList()) {
        String file = module.getFileName().toString();
        String name = file.substring(0, file.length() - BINARY.length());
        add(new Workload(name, module, new Task.Compile(), Group.BINARY, /* isGrowable= */ false));
      }
    }
  }

  private void add(Workload workload) {
    workloads.putIfAbsent(workload.name(), workload);
  }

  private static long number(String text) {
    return Long.parseLong(text);
  }
}
