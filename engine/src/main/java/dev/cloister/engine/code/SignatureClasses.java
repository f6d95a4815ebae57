package dev.cloister.engine.code;

import dev.cloister.engine.codegen.CallShape;
import dev.cloister.engine.codegen.SignatureGenerator;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.types.DefinedType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/// The classes of function references, one loader for each call shape, shared by all modules.
///
/// Held weakly: a shape's classes live as long as a module that uses it. Safe to use by any thread.
public final class SignatureClasses {
  private final CompileThreads threads;
  private final WeakTable<CallShape, Loader> loaders = new WeakTable<>();

  /// Starts without any classes.
  public SignatureClasses(CompileThreads threads) {
    this.threads = threads;
  }

  /// {@return the loader of a shape's classes, which the caller keeps as long as it needs them}
  Loader loader(CallShape shape) {
    return loaders.get(shape, key -> new Loader(key, threads));
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
    private volatile @Nullable MethodHandle hostConstructor;

    private Loader(CallShape shape, CompileThreads threads) {
      super("wasm-signature", FuncRef.class.getClassLoader(), threads);
      this.shape = shape;
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
