package dev.cloister.engine.code;

import dev.cloister.engine.codegen.CallShape;
import dev.cloister.engine.codegen.SignatureGenerator;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.types.DefinedType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The wrappers of imports and exports (V8 `WasmImportWrapperCache`): the classes of function
/// references, one loader for each call shape, shared by all modules.
///
/// A call shape is a canonical signature without what the JVM does not tell apart, so there are
/// fewer wrappers than signatures. Live modules are counted; a shape that none of them uses is held
/// weakly, and goes with the last reference to a function. Safe to use by any thread.
public final class SignatureClasses {
  private final CompileThreads threads;
  private final WeakTable<CallShape, Loader> loaders = new WeakTable<>();
  private final LongAdder lookUps = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private volatile @Nullable Consumer<WrapperCode> observer;

  /// Figures of this moment.
  ///
  /// @param signatures the shapes with a loader
  /// @param used those that live modules use
  /// @param references how often live modules use one
  /// @param bytes the class files of all
  /// @param hits how often a shape was there
  /// @param misses how often it was not
  public record Figures(
      int signatures, int used, long references, long bytes, long hits, long misses) {}

  /// Starts without any classes.
  public SignatureClasses(CompileThreads threads) {
    this.threads = threads;
  }

  /// {@return the loader of a shape's classes, which the caller keeps as long as it needs them}
  Loader loader(CallShape shape) {
    lookUps.increment();
    return loaders.get(
        shape,
        key -> {
          misses.increment();
          return new Loader(key, this, threads);
        });
  }

  /// Tells `told` of each wrapper that is defined from now on, or nobody.
  public void observe(@Nullable Consumer<WrapperCode> told) {
    observer = told;
  }

  /// {@return the wrappers that are there}
  public List<WrapperCode> wrappers() {
    List<WrapperCode> wrappers = new ArrayList<>();
    for (Loader loader : loaders.values()) {
      for (WrapperCode.Kind kind : WrapperCode.Kind.values()) {
        WrapperCode wrapper = loader.wrapper(kind);
        if (wrapper != null) {
          wrappers.add(wrapper);
        }
      }
    }
    return wrappers;
  }

  /// {@return figures of this moment}
  public Figures figures() {
    List<Loader> live = loaders.values();
    int used = 0;
    long references = 0;
    long bytes = 0;
    for (Loader loader : live) {
      int count = loader.references.get();
      used += count > 0 ? 1 : 0;
      references += count;
      bytes += loader.definedBytes();
    }
    long missed = misses.sum();
    return new Figures(live.size(), used, references, bytes, lookUps.sum() - missed, missed);
  }

  /// The loader of the classes of one shape.
  static final class Loader extends GeneratedClassLoader {
    static {
      registerAsParallelCapable();
    }

    private static final MethodType CONSTRUCTOR =
        MethodType.methodType(void.class, DefinedType.class, MethodHandle.class);
    private static final MethodType GENERIC =
        MethodType.methodType(FuncRef.class, DefinedType.class, MethodHandle.class);

    private final CallShape shape;
    private final SignatureClasses owner;
    private final AtomicInteger references = new AtomicInteger();

    /// The sizes of the class files by kind of wrapper, 0 for those not defined.
    private final Map<WrapperCode.Kind, Integer> sizes = new ConcurrentHashMap<>();

    private volatile @Nullable MethodHandle hostConstructor;

    private Loader(CallShape shape, SignatureClasses owner, CompileThreads threads) {
      super("wasm-signature", FuncRef.class.getClassLoader(), threads);
      this.shape = shape;
      this.owner = owner;
    }

    /// Counts a live module that uses the shape.
    void retain() {
      references.incrementAndGet();
    }

    /// Ends what [#retain] began.
    void release() {
      references.decrementAndGet();
    }

    @Nullable WrapperCode wrapper(WrapperCode.Kind kind) {
      int bytes = sizes.getOrDefault(kind, 0);
      return bytes == 0 ? null : new WrapperCode(kind, shape.toString(), bytes);
    }

    private WrapperCode.Kind kind(String name) {
      return fullName(name).equals(SignatureGenerator.hostClassName(shape))
          ? WrapperCode.Kind.IMPORT
          : WrapperCode.Kind.EXPORT;
    }

    @Override
    void beforeDefinition(String name, int bytes) {
      sizes.put(kind(name), bytes);
    }

    @Override
    void defined(String name) {
      Consumer<WrapperCode> told = owner.observer;
      WrapperCode wrapper = told == null ? null : wrapper(kind(name));
      if (told != null && wrapper != null) {
        told.accept(wrapper);
      }
    }

    @Override
    boolean owns(String name) {
      return true;
    }

    @Override
    byte @Nullable [] generate(String name) {
      if (fullName(name).equals(SignatureGenerator.referenceClassName(shape))) {
        return SignatureGenerator.reference(shape);
      }
      if (fullName(name).equals(SignatureGenerator.hostClassName(shape))) {
        return SignatureGenerator.host(shape);
      }
      return null;
    }

    private static String fullName(String name) {
      return "dev.cloister.generated." + name;
    }

    /// {@return a reference to the host function that `target` implements}
    FuncRef hostReference(DefinedType type, MethodHandle target) {
      try {
        MethodHandle constructor = hostConstructor;
        if (constructor == null) {
          // Two threads may come here at once; they find the same.
          Class<?> host = loadClass(SignatureGenerator.hostClassName(shape));
          constructor =
              MethodHandles.publicLookup().findConstructor(host, CONSTRUCTOR).asType(GENERIC);
          hostConstructor = constructor;
        }
        return (FuncRef) constructor.invokeExact(type, target);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("cannot make a host reference of shape " + shape, e);
      }
    }
  }
}
