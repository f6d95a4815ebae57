package dev.cloister.engine.code;

import dev.cloister.engine.codegen.ChunkGenerator;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.runtime.CodeKind;
import java.util.Map;
import java.util.function.Supplier;

/// The class files of images of one kind: from the module's archive, or generated and added to it.
///
/// Only kinds that run for long are kept. On compile threads.
final class ImageArchive {
  private final CodeKind kind;
  private final ModulePlan plan;
  private final ClassFileArchive archive;

  /// @param archive that of the module
  ImageArchive(CodeKind kind, ModulePlan plan, ClassFileArchive archive) {
    this.kind = kind;
    this.plan = plan;
    this.archive =
        switch (kind) {
          case BASELINE, OPTIMIZED -> archive;
          case DEBUG, FUEL, POLLED -> ClassFileArchive.NONE;
        };
  }

  /// {@return the class files of a chunk by internal name, the first class first}
  Map<String, byte[]> chunk(int chunk) {
    String unit = kind.label() + "/C" + chunk;
    byte[] kept = archive.find(unit);
    ChunkBundle bundle = kept == null ? null : ChunkBundle.read(kept);
    if (bundle != null) {
      plan.restore(kind, chunk, bundle.facts());
      return bundle.files();
    }
    Map<String, byte[]> files = ChunkGenerator.chunk(kind, plan, chunk);
    if (archive != ClassFileArchive.NONE) {
      archive.add(unit, new ChunkBundle(files, plan.facts(kind, chunk)).toBytes());
    }
    return files;
  }

  /// {@return the class file of a class that is no chunk}
  ///
  /// @param name without the package
  /// @param generator makes it if it is not there
  byte[] other(String name, Supplier<byte[]> generator) {
    String unit = kind.label() + "/" + name;
    byte[] kept = archive.find(unit);
    if (kept != null) {
      return kept;
    }
    byte[] generated = generator.get();
    archive.add(unit, generated);
    return generated;
  }
}
