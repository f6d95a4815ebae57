package dev.cloister.engine.code;

import dev.cloister.engine.codegen.ChunkGenerator;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import java.util.Map;
import java.util.function.Supplier;

/// The class files of images whose functions have certain tiers: from the module's archive, or
/// generated and added to it.
///
/// Only kinds that run for long are kept. On compile threads.
final class ImageArchive {
  private final FunctionTiers tiers;
  private final ModulePlan plan;
  private final ClassFileArchive archive;

  /// @param archive that of the module
  ImageArchive(FunctionTiers tiers, ModulePlan plan, ClassFileArchive archive) {
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
    if (archive.isNone()) {
      return ChunkGenerator.chunk(tiers, plan, chunk);
    }
    String unit = plan.tierLabel(tiers, chunk) + "/C" + chunk;
    byte[] kept = archive.find(unit);
    ChunkBundle bundle = kept == null ? null : ChunkBundle.read(kept);
    if (bundle != null) {
      plan.restore(tiers, chunk, bundle.facts());
      return bundle.files();
    }
    Map<String, byte[]> files = ChunkGenerator.chunk(tiers, plan, chunk);
    archive.add(unit, new ChunkBundle(files, plan.facts(tiers, chunk)).toBytes());
    return files;
  }

  /// {@return the class file of a class that is no chunk, which does not depend on tiers}
  ///
  /// @param name without the package
  /// @param generator makes it if it is not there
  byte[] other(String name, Supplier<byte[]> generator) {
    byte[] kept = archive.find(name);
    if (kept != null) {
      return kept;
    }
    byte[] generated = generator.get();
    archive.add(name, generated);
    return generated;
  }
}
