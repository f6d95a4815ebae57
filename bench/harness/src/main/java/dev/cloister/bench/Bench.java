package dev.cloister.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.Engines;
import dev.cloister.bench.mode.ColdMode;
import dev.cloister.bench.mode.GrowMode;
import dev.cloister.bench.mode.InstancesMode;
import dev.cloister.bench.mode.Mode;
import dev.cloister.bench.mode.PeakMode;
import dev.cloister.bench.mode.Settings;
import dev.cloister.bench.mode.StopsMode;
import dev.cloister.bench.mode.ThroughputMode;
import dev.cloister.bench.mode.WarmUpMode;
import dev.cloister.bench.report.Report;
import dev.cloister.bench.workload.Catalog;
import dev.cloister.bench.workload.Workload;
import dev.cloister.bench.workload.Workload.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The command line of `scripts/bench`.
@Command(
    name = "bench",
    description = "Runs WebAssembly engines side by side and prints one table.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class Bench implements Callable<Integer> {
  private static final int QUICK_SECONDS = 50;

  /// One of a kind each, for `--quick` without names.
  private static final List<String> QUICK =
      List.of("fib", "hashmap", "json", "matrix64", "regex", "vectors", "gc", "exceptions");

  private enum Question {
    PEAK,
    COLD,
    INSTANCES,
    GROW,
    WARMUP,
    THROUGHPUT,
    STOPS
  }

  private enum Build {
    FIXED,
    GROWABLE,
    BOTH
  }

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "Workloads; all if none is named.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = "peak (default), cold, instances, grow, warmup, throughput or stops.",
      defaultValue = "peak")
  private Question question = Question.PEAK;

  @Option(
      names = "--memory",
      paramLabel = "BUILD",
      description =
          "fixed, growable or both (default): the kernels' builds; NAME+grow is growable.",
      defaultValue = "both")
  private Build build = Build.BOTH;

  @Option(
      names = "--engines",
      split = ",",
      paramLabel = "ENGINE",
      description =
          "Columns, of ${COMPLETION-CANDIDATES}"
              + " (default: v8, our tiers and the peers; with --quick v8 and our tiers).",
      completionCandidates = EngineNames.class)
  private @Nullable List<String> engines;

  @Option(names = "--quick", description = "About a minute: fewer rounds, shorter warm-up.")
  private boolean isQuick;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Samples of each cell (default 7, quick and throughput 3, warmup 1).")
  private @Nullable Integer rounds;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      description = "The longest warm-up, of the wall (default 30, quick 3).")
  private @Nullable Integer warmUpSeconds;

  @Option(
      names = "--fresh",
      description = "With --mode cold: in processes that have done nothing before.")
  private boolean isFresh;

  @Option(
      names = "--cpus",
      paramLabel = "LIST",
      description = "Where workers run, for taskset (default: the last two CPUs; `all` for any).")
  private @Nullable String cpus;

  @Option(
      names = "--strict",
      description =
          "Fails if hot code of ours is left to the JVM's interpreter or its first compiler.")
  private boolean isStrict;

  @Option(names = "--json", description = "Prints JSON, with every sample, in place of the table.")
  private boolean isJson;

  @Option(names = "--list", description = "Lists the workloads and engines.")
  private boolean isList;

  private static final class EngineNames implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return Engines.NAMES.iterator();
    }
  }

  private final Path root = Path.of(System.getProperty("bench.root"));
  private final Path home = Path.of(System.getProperty("bench.home"));
  private final Path corpora = Path.of(System.getProperty("corpora"));

  private Bench() {}

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Bench()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Path log = home.resolveSibling("workers.log");
    Files.deleteIfExists(log);
    Engines found = new Engines(home, root, log, cpus());
    List<Column> columns = found.start(engines());
    Catalog catalog = Catalog.read(root.resolve("bench/workloads"), corpora);
    if (isList) {
      list(catalog, found);
      return 0;
    }
    if (columns.isEmpty()) {
      found.absent().forEach((name, reason) -> System.err.println(name + " is absent: " + reason));
      return 1;
    }
    Mode mode = mode(settings(log), catalog);
    List<Workload> workloads = choose(catalog, mode);
    Report report = mode.run(workloads, columns, settings(log), this::progress);
    print(report, found, catalog);
    return report.hasWrong() || (isStrict && report.hasFault()) ? 1 : 0;
  }

  private Mode mode(Settings settings, Catalog catalog) {
    return switch (question) {
      case PEAK -> new PeakMode(settings);
      case COLD ->
          new ColdMode(settings, isFresh ? List.of() : catalog.runnable(), ColdMode.SETTLE_MILLIS);
      case INSTANCES -> new InstancesMode(settings);
      case GROW -> new GrowMode(settings, root.resolve("bench/workloads"));
      case WARMUP -> new WarmUpMode(settings);
      case THROUGHPUT -> new ThroughputMode(settings);
      case STOPS -> new StopsMode(settings, root.resolve("bench/workloads"));
    };
  }

  private Settings settings(Path log) {
    long seconds = isQuick ? QUICK_SECONDS : Integer.MAX_VALUE;
    int warmUp = warmUpSeconds != null ? warmUpSeconds : isQuick ? 3 : 30;
    return new Settings(
        isQuick ? 600 : 3_000,
        warmUp * 1_000,
        rounds != null ? rounds : defaultRounds(),
        isQuick ? 30 : 100,
        isQuick ? 30 : 300,
        System.nanoTime() + seconds * 1_000_000_000L,
        log);
  }

  private int defaultRounds() {
    return switch (question) {
      case WARMUP -> 1;
      case THROUGHPUT -> 3;
      case PEAK, COLD, INSTANCES, GROW, STOPS -> isQuick ? 3 : 7;
    };
  }

  private List<String> engines() {
    if (engines != null) {
      return engines;
    }
    if (question == Question.THROUGHPUT) {
      return Engines.EAGER;
    }
    if (question == Question.STOPS) {
      return Engines.STOPPED;
    }
    if (!isQuick) {
      return Engines.DEFAULTS;
    }
    List<String> chosen = new ArrayList<>(List.of("v8"));
    chosen.addAll(Engines.OURS);
    return chosen;
  }

  /// The guest and the engine's own threads need two; the last ones have the least to do with
  /// interrupts on most machines.
  private @Nullable String cpus() {
    if (cpus != null) {
      return cpus.equals("all") ? null : cpus;
    }
    int count = Runtime.getRuntime().availableProcessors();
    return IntStream.range(Math.max(0, count - 2), count)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(","));
  }

  /// Growable builds stand behind the fixed ones.
  private List<Workload> choose(Catalog catalog, Mode mode) throws IOException {
    List<String> wanted = names;
    if (wanted.isEmpty()) {
      wanted = mode.defaultWorkloads();
    }
    if (wanted.isEmpty()) {
      wanted =
          isQuick
              ? QUICK
              : catalog.all().stream().filter(mode::isDefault).map(Workload::name).toList();
    }
    boolean isNamed = !names.isEmpty();
    List<Workload> chosen = new ArrayList<>();
    for (String name : wanted) {
      boolean isGrowable = name.endsWith(Catalog.GROWABLE);
      String base =
          isGrowable ? name.substring(0, name.length() - Catalog.GROWABLE.length()) : name;
      Workload workload = catalog.find(base).orElse(null);
      if (workload == null) {
        if (!isNamed) {
          continue;
        }
        throw new CommandLine.ParameterException(
            new CommandLine(this), "no workload '" + name + "'; --list has all");
      }
      if (!isGrowable && (build != Build.GROWABLE || !hasBuilds())) {
        chosen.add(workload);
      }
      if (isGrowable || (build != Build.FIXED && hasBuilds())) {
        Catalog.growable(workload, home.resolveSibling("growable")).ifPresent(chosen::add);
      }
    }
    return chosen;
  }

  /// Only there does it matter what an engine may assume of a memory.
  private boolean hasBuilds() {
    return question == Question.PEAK;
  }

  private void list(Catalog catalog, Engines found) {
    for (Workload workload : catalog.all()) {
      String kind =
          switch (workload.task()) {
            case Task.Run run -> "run(" + run.n() + ")";
            case Task.Play _ -> "recorded run";
            case Task.Compile _ -> "a binary";
          };
      System.out.printf(
          Locale.ROOT,
          "%-16s %-12s %-14s %s%n",
          workload.name(),
          workload.group().label(),
          kind,
          workload.module());
    }
    catalog.missing().forEach(reason -> System.out.println("missing: " + reason));
    found.versions().forEach((name, text) -> System.out.println("engine " + name + ": " + text));
    found
        .absent()
        .forEach((name, why) -> System.out.println("engine " + name + ": absent, " + why));
  }

  private void print(Report report, Engines found, Catalog catalog) throws IOException {
    if (isJson) {
      ObjectMapper mapper = new ObjectMapper();
      ObjectNode json = report.json(mapper);
      found.versions().forEach(json.putObject("engines")::put);
      found.absent().forEach(json.putObject("absent")::put);
      System.out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json));
      return;
    }
    System.out.println(report.markdown());
    found.versions().forEach((name, text) -> System.out.println("- " + name + " is " + text));
    found.absent().forEach((name, why) -> System.out.println("- " + name + " is absent: " + why));
    catalog.missing().forEach(reason -> System.out.println("- missing: " + reason));
    System.out.printf(
        Locale.ROOT,
        "- %d CPUs, workers on %s; Java %s%n",
        Runtime.getRuntime().availableProcessors(),
        cpus() == null ? "any" : cpus(),
        Runtime.version());
  }

  private void progress(String text) {
    System.err.println(text);
  }
}
