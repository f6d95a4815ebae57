package dev.cloister.engine.code;

import dev.cloister.engine.codegen.DispatchGenerator;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.ImageEntry;
import org.jspecify.annotations.Nullable;

/// A complete, statically linked picture of a module's code, in which each function has one
/// version.
///
/// Its chunks are generated and defined when they are first called. All images of a module agree on
/// names and calling convention, so an instance can be switched from one to another at a call from
/// outside. An image without instances and frames is unloaded with its loader.
public final class CodeImage {
  private final int ordinal;
  private final CodeKind kind;
  private final Loader loader;
  private final ImageEntry entry;

  /// Makes an image whose code is still to be generated.
  ///
  /// @param ordinal 0 for the first image of a module
  /// @param archive where the module's class files are kept
  CodeImage(
      int ordinal,
      CodeKind kind,
      ModulePlan plan,
      ModuleLoader parent,
      CompileThreads threads,
      ClassFileArchive archive) {
    this.ordinal = ordinal;
    this.kind = kind;
    this.loader =
        new Loader(
            parent.getName() + "-" + ordinal,
            new ImageArchive(kind, plan, archive),
            plan,
            parent,
            threads);
    this.entry = loader.newEntry();
  }

  /// {@return the position among the images of the module, in order of creation}
  public int ordinal() {
    return ordinal;
  }

  /// {@return how its code is made}
  public CodeKind kind() {
    return kind;
  }

  /// {@return what an instance enters the image through}
  public ImageEntry entry() {
    return entry;
  }

  /// {@return the bytes of the class files that were defined so far} Any thread.
  public long codeBytes() {
    return loader.definedBytes();
  }

  /// {@return the number of chunks that were generated so far} Any thread.
  public int generatedChunks() {
    return loader.chunks.takenCount();
  }

  /// Generates and defines all code that is not there yet.
  void generateAll() {
    loader.loadAll();
  }

  private static final class Loader extends GeneratedClassLoader {
    static {
      registerAsParallelCapable();
    }

    /// How many chunks are generated ahead of the one that is defined, when all are.
    private static final int WINDOW = 16;

    private final ImageArchive archive;
    private final ModulePlan plan;
    private final ChunkFiles chunks;

    Loader(
        String name,
        ImageArchive archive,
        ModulePlan plan,
        ModuleLoader parent,
        CompileThreads threads) {
      super(name, parent, threads);
      this.archive = archive;
      this.plan = plan;
      this.chunks = new ChunkFiles(archive, plan, threads);
    }

    @Override
    boolean owns(String name) {
      char first = name.charAt(0);
      return (first == 'C' || first == 'D') && !name.startsWith("signature.");
    }

    @Override
    byte @Nullable [] generate(String name) {
      if (isChunk(name)) {
        return chunks.take(index(name), name);
      }
      return archive.other(name, () -> dispatch(name));
    }

    private byte[] dispatch(String name) {
      if (name.equals("Code")) {
        return DispatchGenerator.entry(plan);
      }
      int index = index(name);
      int part = name.indexOf('_');
      return part < 0
          ? DispatchGenerator.dispatch(plan, index)
          : DispatchGenerator.part(plan, index, Integer.parseInt(name.substring(part + 1)));
    }

    @Override
    byte @Nullable [] generated(String name) {
      return isChunk(name) ? chunks.takeIfGenerated(index(name), name) : null;
    }

    @Override
    void defined(String name) {
      if (isChunk(name) && name.indexOf('_') < 0) {
        chunks.generateCallees(index(name));
      }
    }

    private static boolean isChunk(String name) {
      return name.charAt(0) == 'C' && !name.equals("Code");
    }

    private static int index(String name) {
      int part = name.indexOf('_');
      return Integer.parseInt(name, 1, part < 0 ? name.length() : part, 10);
    }

    ImageEntry newEntry() {
      try {
        return (ImageEntry) loadClass("dev.cloister.generated.Code").getConstructor().newInstance();
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot make the entry of an image", e);
      }
    }

    void loadAll() {
      try {
        for (int i = 0; i < plan.chunkCount(); i++) {
          if (i % WINDOW == 0) {
            for (int ahead = i; ahead < Math.min(i + 2 * WINDOW, plan.chunkCount()); ahead++) {
              chunks.generateLater(ahead);
            }
          }
          loadClass("dev.cloister.generated.C" + i);
        }
        for (int i = 0; i < plan.shapeCount(); i++) {
          loadClass("dev.cloister.generated.D" + i);
          for (int part = 0; part < DispatchGenerator.parts(plan, i); part++) {
            loadClass("dev.cloister.generated.D" + i + "_" + part);
          }
        }
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException("a class of the image is missing", e);
      }
    }
  }
}
