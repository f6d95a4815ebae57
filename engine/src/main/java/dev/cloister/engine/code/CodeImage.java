package dev.cloister.engine.code;

import dev.cloister.engine.codegen.DispatchGenerator;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.ImageEntry;
import dev.cloister.engine.runtime.ImageSource;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A complete, statically linked picture of a module's code, in which each function has one
/// version.
///
/// Its chunks are generated and defined when they are first called. All images of a module agree on
/// names and calling convention, so an instance can be switched from one to another at a call from
/// outside. An image lives as long as its loader: its classes refer to it, so instances and frames
/// keep it, and its module as long as new calls may enter it.
public final class CodeImage {
  private final ImageAccount account;
  private final ModulePlan plan;
  private final Loader loader;
  private final ImageEntry entry;

  /// The bytes of the first class of each chunk and what belongs to it, 0 for those not defined.
  private final AtomicIntegerArray chunkBytes;

  private final Map<Integer, WasmCode> codes = new ConcurrentHashMap<>();

  /// Makes an image whose code is still to be generated.
  CodeImage(ImageAccount account, ModulePlan plan, ModuleLoader parent, CompileThreads threads) {
    this.account = account;
    this.plan = plan;
    this.chunkBytes = new AtomicIntegerArray(plan.chunkCount());
    this.loader = new Loader(parent.getName() + "-" + account.ordinal(), parent, threads);
    this.entry = loader.newEntry();
    account.setImage(this);
    account.manager().watch(loader, account);
  }

  /// {@return the position among the images of the module, in order of creation}
  public int ordinal() {
    return account.ordinal();
  }

  /// {@return how its code is made, but for the functions that [#tiers] names}
  public CodeKind kind() {
    return tiers().kind();
  }

  /// {@return how the code of each function is made}
  public FunctionTiers tiers() {
    return account.tiers();
  }

  /// {@return what outlives the image}
  ImageAccount account() {
    return account;
  }

  /// {@return the number of instances that run the image} Any thread.
  public int instanceCount() {
    return account.instanceCount();
  }

  /// {@return whether instances may enter the image} Any thread.
  public boolean isPublished() {
    return account.state() == CodeAccount.State.PUBLISHED;
  }

  /// {@return the code of an own function, or null if it was not defined yet} Any thread.
  ///
  /// @throws IndexOutOfBoundsException if there is no such function
  public @Nullable WasmCode code(int functionIndex) {
    Objects.checkIndex(functionIndex, plan.module().functionCount());
    int chunk = plan.chunkOf(functionIndex);
    int size = chunkBytes.get(chunk);
    if (size == 0 || functionIndex < plan.module().importedFunctionCount()) {
      return null;
    }
    return codes.computeIfAbsent(
        functionIndex,
        f -> new WasmCode(this, f, tiers().of(f), plan.shareOfChunk(f, size), account));
  }

  /// {@return the code of all own functions that were defined} Any thread.
  public List<WasmCode> codes() {
    return IntStream.range(plan.module().importedFunctionCount(), plan.module().functionCount())
        .mapToObj(this::code)
        .filter(Objects::nonNull)
        .toList();
  }

  /// {@return the code of those own functions of a chunk that were defined} Any thread.
  public List<WasmCode> codes(int chunk) {
    return plan.ownFunctions(chunk).mapToObj(this::code).filter(Objects::nonNull).toList();
  }

  /// {@return the number of own functions in a chunk}
  public int functionCount(int chunk) {
    return (int) plan.ownFunctions(chunk).count();
  }

  /// Keeps the code of the image from being freed until [#release], as a [CodeRefScope] does with
  /// one function. Any thread.
  public void retain() {
    account.pin();
  }

  /// Ends what [#retain] began. Any thread.
  public void release() {
    account.unpin();
  }

  /// {@return what an instance enters the image through}
  public ImageEntry entry() {
    return entry;
  }

  /// {@return the bytes of the class files that were defined so far} Any thread.
  public long codeBytes() {
    return account.bytes();
  }

  /// {@return the number of chunks that were generated so far} Any thread.
  public int generatedChunks() {
    return loader.chunks.takenCount();
  }

  /// {@return the chunks that were defined, in the order in which they were first needed}
  int[] definedChunks() {
    return loader.chunks.takenOrder();
  }

  /// Has chunks defined and verified ahead, a few at a time and in this order, by threads that have
  /// nothing else to do.
  void loadAhead(int[] chunks) {
    BitSet expected = new BitSet();
    for (int chunk : chunks) {
      expected.set(chunk);
    }
    loader.chunks.expect(expected);
    loader.loadAhead(chunks, 0);
  }

  /// Generates and defines all code that is not there yet.
  void generateAll() {
    loader.loadAll();
  }

  /// Has the code of some functions generated ahead of their first call.
  void generateAhead(BitSet functions) {
    functions.stream().map(plan::chunkOf).distinct().forEach(loader.chunks::generateLater);
  }

  /// Generates and defines the code of some functions that is not there yet.
  void generate(BitSet functions) {
    loader.load(chunksOf(functions));
  }

  /// Has the code of some functions generated, when a compile thread has time.
  void generateLater(BitSet functions) {
    chunksOf(functions).stream().forEach(loader.chunks::generateLater);
  }

  private BitSet chunksOf(BitSet functions) {
    BitSet chunks = new BitSet();
    functions.stream().forEach(f -> chunks.set(plan.chunkOf(f)));
    return chunks;
  }

  private final class Loader extends GeneratedClassLoader implements ImageSource {
    static {
      registerAsParallelCapable();
    }

    /// How many chunks are generated ahead of the one that is defined, when all are.
    private static final int WINDOW = 16;

    /// How many chunks are defined ahead before others have their turn.
    private static final int AHEAD = 4;

    private final CompileThreads threads;
    private final ModuleLoader parent;
    private final ImageArchive archive;
    private final ChunkFiles chunks;
    private volatile @Nullable ImageEntry entered;

    Loader(String name, ModuleLoader parent, CompileThreads threads) {
      super(name, parent, threads);
      this.parent = parent;
      this.threads = threads;
      this.archive = new ImageArchive(tiers(), plan, parent.archive(), threads.statistics());
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
    void beforeDefinition(String name, int bytes) {
      account.charge(bytes);
      if (isChunk(name)) {
        chunkBytes.addAndGet(index(name), bytes);
      }
    }

    @Override
    void defined(String name) {
      if (isChunk(name) && name.indexOf('_') < 0) {
        chunks.generateCallees(index(name));
        CodeObserver observer = parent.observer();
        if (observer != null) {
          observer.defined(CodeImage.this, index(name));
        }
      }
    }

    private static boolean isChunk(String name) {
      return name.charAt(0) == 'C' && !name.equals("Code");
    }

    private static int index(String name) {
      int part = name.indexOf('_');
      return Integer.parseInt(name, 1, part < 0 ? name.length() : part, 10);
    }

    @Override
    public void enterThrough(ImageEntry made) {
      entered = made;
    }

    ImageEntry newEntry() {
      try {
        Class.forName("dev.cloister.generated.Code", /* initialize= */ true, this);
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException("the entry of an image is missing", e);
      }
      ImageEntry made = entered;
      if (made == null) {
        throw new IllegalStateException("an image has no entry");
      }
      return made;
    }

    /// @param from the first of them that is not defined yet
    void loadAhead(int[] wanted, int from) {
      if (from < wanted.length) {
        threads.runLater(() -> {
          int end = Math.min(from + AHEAD, wanted.length);
          if (link(wanted, from, end)) {
            loadAhead(wanted, end);
          }
        });
      }
    }

    private boolean link(int[] wanted, int from, int end) {
      try {
        for (int i = from; i < end; i++) {
          // Initialization, which does nothing else, has the class verified.
          Class.forName("dev.cloister.generated.C" + wanted[i], /* initialize= */ true, this);
        }
        return true;
      } catch (LimitExceededException _) {
        // Too much code, or a function that is too large: whoever needs it will be told.
        return false;
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException("a class of the image is missing", e);
      }
    }

    void load(BitSet wanted) {
      wanted.stream().forEach(chunks::generateLater);
      try {
        for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
          loadClass("dev.cloister.generated.C" + i);
        }
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException("a class of the image is missing", e);
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
