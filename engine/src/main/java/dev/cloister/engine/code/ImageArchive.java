package dev.cloister.engine.code;

import dev.cloister.engine.code.CompilationStatistics.Phase;
import dev.cloister.engine.codegen.ChunkGenerator;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.runtime.CodeKind;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The class files of images whose functions have certain tiers: from the module's archive, or
/// generated and added to it.
///
/// Only kinds that run for long are kept. On compile threads.
final class ImageArchive {
  private final FunctionTiers tiers;
  private final ModulePlan plan;
  private final ClassFileArchive archive;
  private final CompilationStatistics statistics;

  /// @param archive that of the module
  ImageArchive(
      FunctionTiers tiers,
      ModulePlan plan,
      ClassFileArchive archive,
      CompilationStatistics statistics) {
    this.statistics = statistics;
    this.tiers = tiers;
    this.plan = plan;
    this.archive =
        switch (tiers.kind()) {
          case BASELINE, OPTIMIZED -> archive;
          case DEBUG, FUEL, POLLED -> ClassFileArchive.NONE;
        };
  }

  /// {@return the class files of a chunk by internal name, the first class first}
  Map<String, byte[]> chunk(int chunk) {
    long start = System.nanoTime();
    CodeKind kind = plan.tierOf(tiers, chunk);
    if (archive.isNone()) {
      return generate(kind, chunk, start);
    }
    String unit = plan.tierLabel(tiers, chunk) + "/C" + chunk;
    byte[] kept = archive.find(unit);
    ChunkBundle bundle = kept == null ? null : ChunkBundle.read(kept);
    if (kept != null && bundle != null) {
      plan.restore(tiers, chunk, bundle.facts());
      statistics.add(Phase.LOAD, kind, start, kept.length);
      return bundle.files();
    }
    Map<String, byte[]> files = generate(kind, chunk, start);
    archive.add(unit, new ChunkBundle(files, plan.facts(tiers, chunk)).toBytes());
    return files;
  }

  private Map<String, byte[]> generate(CodeKind kind, int chunk, long start) {
    Map<String, byte[]> files = ChunkGenerator.chunk(tiers, plan, chunk);
    long bytes = files.values().stream().mapToLong(file -> file.length).sum();
    statistics.add(Phase.GENERATE, kind, start, bytes);
    return files;
  }

  /// {@return the class file of a class that is no chunk, which does not depend on tiers}
  ///
  /// @param name without the package
  /// @param generator makes it if it is not there
  byte[] other(String name, Supplier<byte[]> generator) {
    return Objects.requireNonNull(find(archive, statistics, name, () -> generator.get()));
  }

  /// {@return the class file of a class that is no chunk, from an archive, or generated and added
  /// to it; null if the generator does not know it}
  ///
  /// @param name without the package
  static byte @Nullable [] find(
      ClassFileArchive archive,
      CompilationStatistics statistics,
      String name,
      Supplier<byte @Nullable []> generator) {
    long start = System.nanoTime();
    byte[] kept = archive.find(name);
    if (kept != null) {
      statistics.add(Phase.LOAD, /* kind= */ null, start, kept.length);
      return kept;
    }
    byte[] generated = generator.get();
    if (generated != null) {
      statistics.add(Phase.GENERATE, /* kind= */ null, start, generated.length);
      archive.add(name, generated);
    }
    return generated;
  }
}
