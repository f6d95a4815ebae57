package dev.cloister.engine.code;

import dev.cloister.engine.codegen.Names;
import dev.cloister.engine.codegen.StructGenerator;
import dev.cloister.engine.codegen.StructShape;
import dev.cloister.engine.runtime.GcHeap;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.DefinedType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/// The classes of structures, one loader for each shape, shared by all modules.
///
/// Held weakly: a shape's class lives as long as a module that uses it, or an object. Safe to use
/// by any thread.
public final class StructClasses {
  private final CompileThreads threads;
  private final WeakTable<StructShape, Loader> loaders = new WeakTable<>();

  /// Starts without any classes.
  public StructClasses(CompileThreads threads) {
    this.threads = threads;
  }

  /// {@return the loader of a shape's class, which the caller keeps as long as it needs it}
  Loader loader(StructShape shape) {
    return loaders.get(
        shape,
        key -> {
          StructShape parent = key.parent();
          return new Loader(key, parent == null ? null : loader(parent), threads);
        });
  }

  /// {@return the bytes of all class files} Any thread.
  public long bytes() {
    return loaders.values().stream().mapToLong(Loader::definedBytes).sum();
  }

  /// The loader of the class of one shape.
  static final class Loader extends GeneratedClassLoader {
    static {
      registerAsParallelCapable();
    }

    private static final MethodType GENERIC =
        MethodType.methodType(WasmStruct.class, DefinedType.class, GcHeap.class);

    private final StructShape shape;
    private final @Nullable Loader superLoader;
    private @Nullable MethodHandle create;

    private Loader(StructShape shape, @Nullable Loader superLoader, CompileThreads threads) {
      super("wasm-struct", WasmStruct.class.getClassLoader(), threads);
      this.shape = shape;
      this.superLoader = superLoader;
    }

    @Override
    boolean owns(String name) {
      return name.equals(shape.loadedName());
    }

    @Override
    @Nullable Class<?> findElsewhere(String name) throws ClassNotFoundException {
      if (superLoader == null) {
        throw new ClassNotFoundException(name);
      }
      return superLoader.loadClass(binaryName(name));
    }

    @Override
    byte[] generate(String name) {
      return StructGenerator.generate(shape);
    }

    private static String binaryName(String name) {
      return Names.GENERATED.replace('/', '.') + name;
    }

    /// {@return an object with default values}
    WasmStruct create(DefinedType type, GcHeap heap) {
      try {
        return (WasmStruct) constructor().invokeExact(type, heap);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("cannot make a structure of shape " + shape, e);
      }
    }

    private synchronized MethodHandle constructor() throws ReflectiveOperationException {
      MethodHandle known = create;
      if (known == null) {
        Class<?> struct = loadClass(binaryName(shape.loadedName()));
        known =
            MethodHandles.publicLookup()
                .findStatic(struct, "create", GENERIC.changeReturnType(struct))
                .asType(GENERIC);
        create = known;
      }
      return known;
    }
  }
}
