package dev.cloister.engine.code;

import dev.cloister.engine.codegen.CallShape;
import dev.cloister.engine.codegen.SignatureGenerator;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.LeafSource;
import dev.cloister.engine.types.DefinedType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
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
      loader.sizes.keySet().stream().sorted().map(loader::wrapper).forEach(wrappers::add);
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
  static final class Loader extends GeneratedClassLoader implements LeafSource {
    static {
      registerAsParallelCapable();
    }

    private static final MethodType CONSTRUCTOR =
        MethodType.methodType(void.class, DefinedType.class, MethodHandle.class);
    private static final MethodType GENERIC =
        MethodType.methodType(FuncRef.class, DefinedType.class, MethodHandle.class);
    private static final MethodType LEAF_CONSTRUCTOR =
        MethodType.methodType(void.class, DefinedType.class, Object.class);
    private static final MethodType GENERIC_LEAF =
        MethodType.methodType(FuncRef.class, DefinedType.class, Object.class);

    /// The leaves that have a class of their own; others are called as all functions are.
    private static final int MAX_LEAVES = 64;

    private static final int WARM_UP_CALLS = 150;

    private final CallShape shape;
    private final SignatureClasses owner;
    private final AtomicInteger references = new AtomicInteger();

    /// The sizes of the class files by name, without the package of generated classes.
    private final Map<String, Integer> sizes = new ConcurrentHashMap<>();

    /// The leaves by number. Only grows, one at a time.
    private final List<HostFunction.Unbound> leaves = new CopyOnWriteArrayList<>();

    private final Map<HostFunction.Unbound, MethodHandle> leafConstructors =
        new ConcurrentHashMap<>();

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

    private WrapperCode wrapper(String name) {
      return new WrapperCode(
          kind(name), "(" + shape.params() + ")" + shape.results(), sizes.getOrDefault(name, 0));
    }

    private WrapperCode.Kind kind(String name) {
      return fullName(name).equals(SignatureGenerator.referenceClassName(shape))
          ? WrapperCode.Kind.EXPORT
          : WrapperCode.Kind.IMPORT;
    }

    @Override
    void beforeDefinition(String name, int bytes) {
      sizes.put(name, bytes);
    }

    @Override
    void defined(String name) {
      Consumer<WrapperCode> told = owner.observer;
      if (told != null) {
        told.accept(wrapper(name));
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
      for (int i = 0; i < leaves.size(); i++) {
        if (fullName(name).equals(SignatureGenerator.leafClassName(shape, i))) {
          return SignatureGenerator.leaf(shape, i);
        }
      }
      return null;
    }

    private static String fullName(String name) {
      return "dev.cloister.generated." + name;
    }

    @Override
    public MethodHandle leafTarget(int number) {
      return leaves.get(number).leafTarget();
    }

    /// {@return a reference to a function of the host}
    FuncRef reference(DefinedType type, HostFunction function) {
      HostFunction.BoundLeaf leaf = function.leaf();
      MethodHandle constructor = leaf == null ? null : leafConstructor(leaf.function());
      if (leaf == null || constructor == null) {
        return hostReference(type, function.target());
      }
      try {
        return (FuncRef) constructor.invokeExact(type, leaf.receiver());
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("cannot make a leaf of shape " + shape, e);
      }
    }

    /// {@return what makes references to a leaf, or null if there are too many already}
    private @Nullable MethodHandle leafConstructor(HostFunction.Unbound leaf) {
      MethodHandle known = leafConstructors.get(leaf);
      return known == null ? newLeafConstructor(leaf) : known;
    }

    private @Nullable MethodHandle newLeafConstructor(HostFunction.Unbound leaf) {
      int number;
      synchronized (leaves) {
        number = leaves.indexOf(leaf);
        if (number < 0) {
          if (leaves.size() >= MAX_LEAVES) {
            return null;
          }
          number = leaves.size();
          leaves.add(leaf);
        }
      }
      try {
        // Two threads may come here at once; they find the same.
        Class<?> made = loadClass(SignatureGenerator.leafClassName(shape, number));
        warmUp(made);
        MethodHandle constructor =
            MethodHandles.publicLookup()
                .findConstructor(made, LEAF_CONSTRUCTOR)
                .asType(GENERIC_LEAF);
        leafConstructors.put(leaf, constructor);
        return constructor;
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot make a class of shape " + shape, e);
      }
    }

    /// Has the JDK link the call in a leaf's class, and make code for its handle, which it does
    /// when that was invoked 127 times: a guest may be at the end of its stack when it gets there,
    /// and what the JDK initialises there would be unusable for ever.
    private static void warmUp(Class<?> leaf) throws ReflectiveOperationException {
      MethodHandle call =
          MethodHandles.publicLookup()
              .findStatic(leaf, SignatureGenerator.LEAF_WARM_UP, MethodType.methodType(void.class));
      for (int i = 0; i < WARM_UP_CALLS; i++) {
        try {
          call.invokeExact();
        } catch (NullPointerException expected) {
          continue; // there is no receiver
        } catch (RuntimeException | Error e) {
          throw e;
        } catch (Throwable e) {
          throw new IllegalStateException("a leaf throws what is not declared", e);
        }
        throw new IllegalArgumentException("the leaf is no method of its receiver");
      }
    }

    /// {@return a reference to the host function that `target` implements}
    private FuncRef hostReference(DefinedType type, MethodHandle target) {
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
