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
    catalog.addKernels(own);
    if (Files.isDirectory(corpora)) {
      catalog.addKernels(corpora.resolve("bench"));
      catalog.addTraces(corpora.resolve("programs"));
    } else {
      catalog.missing.add("the corpora are not at " + corpora + " (-Dcorpora, CLOISTER_CORPORA)");
    }
    return catalog;
  }

  /// {@return all workloads, without growable builds}
  public List<Workload> all() {
    return List.copyOf(workloads.values());
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
    return Optional.of(workload.with(workload.name() + GROWABLE, module));
  }

  /// The table `workloads.txt`; that of the corpora has a column more, a factor on warm-up times,
  /// for which there is no use here.
  private void addKernels(Path folder) throws IOException {
    Path table = folder.resolve("workloads.txt");
    if (!Files.exists(table)) {
      missing.add("no " + table);
      return;
    }
    for (String line : Files.readAllLines(table)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] fields = line.trim().split("\\s+", -1);
      boolean isOurs = fields.length == 5;
      Task task =
          isOurs
              ? new Task.Run(number(fields[1]), fields[2], number(fields[3]), fields[4])
              : new Task.Run(number(fields[1]), fields[4], number(fields[2]), fields[5]);
      add(new Workload(fields[0], folder.resolve(fields[0] + ".wasm"), task));
    }
  }

  private void addTraces(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path trace : files.filter(file -> file.toString().endsWith(TRACE)).sorted().toList()) {
        String file = trace.getFileName().toString();
        String name = file.substring(0, file.length() - TRACE.length()).toLowerCase(Locale.ROOT);
        add(new Workload(name, folder.resolve(name + ".wasm"), new Task.Play(trace)));
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
