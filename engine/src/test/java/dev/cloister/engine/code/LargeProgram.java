package dev.cloister.engine.code;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.objectweb.asm.ClassVisitor;

/// A program of its own: compiles a large module, makes an instance, calls it, then generates all
/// of its code, in a heap of a few times its size.
final class LargeProgram {
  private static final int HEAP_FACTOR = 8;

  private LargeProgram() {}

  /// Returns the command that runs the program with a module.
  static List<String> command(Path module) throws IOException {
    String classPath =
        Stream.of(LargeProgram.class, Instance.class, ClassVisitor.class)
            .map(LargeProgram::location)
            .distinct()
            .collect(Collectors.joining(File.pathSeparator));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    return List.of(
        java.toString(),
        "-Xmx" + HEAP_FACTOR * Files.size(module) / 1024 + "k",
        "-cp",
        classPath,
        LargeProgram.class.getName(),
        module.toString());
  }

  /// Returns the folder or jar that a class was read from; that of the module would not do, as
  /// tests are patched into it.
  private static String location(Class<?> type) {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    String url = Objects.requireNonNull(type.getResource(file)).toString();
    String root = url.substring(0, url.length() - file.length());
    return Path.of(URI.create(root.replaceFirst("^jar:", "").replaceFirst("!$", ""))).toString();
  }

  /// Compiles the module in file `args[0]`.
  public static void main(String[] args) throws IOException {
    try (WasmEngine engine = new WasmEngine(EngineConfig.defaults());
        EngineIsolate isolate = engine.addIsolate("large");
        Store store = new Store(HeapLimiter.UNLIMITED);
        ModuleHandle module = engine.compile(isolate, Files.readAllBytes(Path.of(args[0])))) {
      Instance instance =
          module.instantiate(
              store,
              (_, _, type) ->
                  type instanceof FuncExternType function
                          && function.type().composite() instanceof FuncType signature
                      ? HostFunction.of(
                          signature,
                          (_, _) -> {
                            throw new IllegalStateException("nothing is imported");
                          })
                      : null);
      FuncRef allocate = instance.exportedFunction("cabi_realloc");
      Object first = allocate.call(0, 0, 8, 64)[0];
      if (!Integer.valueOf(2_395_808).equals(first)) {
        throw new IllegalStateException("allocated at " + first);
      }
      module.generateAll();
      if (module.codeBytes() < Files.size(Path.of(args[0]))) {
        throw new IllegalStateException("bytes of code: " + module.codeBytes());
      }
    }
  }
}
