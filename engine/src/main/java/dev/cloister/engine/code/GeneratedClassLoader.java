package dev.cloister.engine.code;

import dev.cloister.engine.code.CompilationStatistics.Phase;
import dev.cloister.engine.codegen.Names;
import dev.cloister.engine.runtime.StackGuard;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A loader of generated classes, which are generated when they are first needed.
///
/// A class is needed in the middle of guest code, possibly at the end of its stack. So there is a
/// probe for room before anything else happens, and generation runs on another thread; only the
/// definition, which is the JVM's own work, is done here.
abstract class GeneratedClassLoader extends ClassLoader {
  static {
    registerAsParallelCapable();
  }

  private static final String PREFIX = Names.GENERATED.replace('/', '.');

  private final CompileThreads threads;
  private final AtomicLong definedBytes = new AtomicLong();

  /// @param name what stack traces call the loader
  GeneratedClassLoader(String name, ClassLoader parent, CompileThreads threads) {
    super(name, parent);
    this.threads = threads;
  }

  /// {@return the class file of a class of this loader, or null if it belongs to another one} Runs
  /// on a compile thread.
  ///
  /// @param name the binary name without the package of generated classes
  abstract byte @Nullable [] generate(String name);

  /// {@return the class file of a class of this loader if it was generated ahead, or null}
  byte @Nullable [] generated(String name) {
    return null;
  }

  /// A class of this loader is about to be defined.
  ///
  /// @param bytes the size of its file
  /// @throws dev.cloister.engine.error.LimitExceededException if there is too much code
  void beforeDefinition(String name, int bytes) {}

  /// A class of this loader was defined.
  void defined(String name) {}

  /// {@return the class, if a loader that is neither this one nor its parent has it}
  @Nullable Class<?> findElsewhere(String name) throws ClassNotFoundException {
    return null;
  }

  /// {@return whether the class with this name, without the package, is of this loader}
  abstract boolean owns(String name);

  @Override
  protected final Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PREFIX)) {
      return super.loadClass(name, resolve);
    }
    StackGuard.probe();
    String simpleName = name.substring(PREFIX.length());
    if (!owns(simpleName)) {
      Class<?> elsewhere = findElsewhere(simpleName);
      return elsewhere != null ? elsewhere : getParent().loadClass(name);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name, simpleName);
    }
  }

  private Class<?> define(String name, String simpleName) throws ClassNotFoundException {
    byte[] bytes = generated(simpleName);
    if (bytes == null) {
      bytes = threads.generate(() -> generate(simpleName));
    }
    if (bytes == null) {
      throw new ClassNotFoundException(name);
    }
    beforeDefinition(simpleName, bytes.length);
    long start = System.nanoTime();
    Class<?> defined = defineClass(name, bytes, 0, bytes.length);
    threads.statistics().add(Phase.DEFINE, /* kind= */ null, start, bytes.length);
    definedBytes.addAndGet(bytes.length);
    defined(simpleName);
    return defined;
  }

  /// {@return the bytes of all class files that were defined so far} Any thread.
  final long definedBytes() {
    return definedBytes.get();
  }
}
