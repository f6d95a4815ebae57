package dev.cloister.engine.codegen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.util.Textifier;
import org.objectweb.asm.util.TraceMethodVisitor;

/// What the code generator emits for a module, as text, compared with a file of the source tree.
///
/// `-Dbless=true` writes the file instead. Each function is shown as Wasm and below it as bytecode;
/// names of Cloister's packages are shortened.
final class GoldenListing {
  private static final Path FOLDER =
      Path.of(
          System.getProperty("project.root", ".."),
          "engine/src/test/resources/dev/cloister/engine/codegen");

  private final StringBuilder text = new StringBuilder();

  private GoldenListing() {}

  /// Compares the methods of all functions of a module, in order, with the file `name`.
  static void assertMatches(String name, ModuleBuilder module) {
    assertMatches(name, CodeKind.BASELINE, module);
  }

  /// Compares the methods of all functions of a module in code of a kind with the file `name`.
  static void assertMatches(String name, CodeKind kind, ModuleBuilder module) {
    GoldenListing listing = new GoldenListing();
    ModulePlan plan = plan(module);
    for (int chunk = 0; chunk < plan.chunkCount(); chunk++) {
      var classes = ChunkGenerator.chunk(kind, plan, chunk);
      ClassNode code = read(Objects.requireNonNull(classes.get(Names.chunk(chunk))));
      for (MethodNode method : code.methods) {
        int function = Integer.parseInt(method.name.substring(1));
        WasmModule decoded = plan.module();
        if (!method.name.equals(Names.function(function))) {
          listing.line(";; calls of function " + function);
        } else if (function < decoded.importedFunctionCount()) {
          listing.line(";; import " + function + " " + decoded.signature(function));
        } else {
          WasmText.lines(decoded, function).forEach(line -> listing.line(";; " + line));
        }
        listing.method(method);
      }
    }
    listing.compare(name);
  }

  /// Compares methods of the class that dispatches calls of a shape with the file `name`.
  static void assertDispatchMatches(
      String name, ModuleBuilder module, int shape, Predicate<String> methods) {
    GoldenListing listing = new GoldenListing();
    listing.dispatch(read(DispatchGenerator.dispatch(plan(module), shape)), methods);
    listing.compare(name);
  }

  private void dispatch(ClassNode code, Predicate<String> methods) {
    for (MethodNode method : code.methods) {
      if (methods.test(method.name)) {
        method(method);
      }
    }
  }

  private static ModulePlan plan(ModuleBuilder module) {
    WasmModule decoded =
        ModuleDecoder.decode(module.build(), WasmFeatures.ALL, WasmLimits.defaults());
    return new ModulePlan(decoded, new InstanceLayout(decoded));
  }

  private static ClassNode read(byte[] classFile) {
    ClassNode node = new ClassNode();
    new ClassReader(classFile).accept(node, 0);
    return node;
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  private void method(MethodNode method) {
    Textifier printer = new Textifier();
    method.accept(new TraceMethodVisitor(printer));
    line(shorten(method.name + method.desc));
    flatten(printer.getText()).stream()
        .flatMap(String::lines)
        .map(line -> shorten(line.stripTrailing()))
        .forEach(this::line);
    line("");
  }

  private static List<String> flatten(List<?> parts) {
    List<String> flat = new ArrayList<>();
    StringBuilder all = new StringBuilder();
    for (Object part : parts) {
      all.append(part instanceof List<?> list ? String.join("", flatten(list)) : part);
    }
    flat.add(all.toString());
    return flat;
  }

  private static String shorten(String line) {
    return line.replace("dev/cloister/engine/", "").replace("dev/cloister/", "");
  }

  private void compare(String name) {
    Path file = FOLDER.resolve(name + ".txt");
    try {
      if (Boolean.getBoolean("bless")) {
        Files.createDirectories(FOLDER);
        Files.writeString(file, text);
        return;
      }
      assertThat(file).as("run once with -Dbless=true to write it").exists();
      List<String> expected = Files.readAllLines(file);
      assertThat(text.toString().lines().toList())
          .as("%s; if the change is meant, run with -Dbless=true and review the diff", file)
          .containsExactlyElementsOf(expected);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// {@return a module with functions of one type}
  static ModuleBuilder functions(FuncType type, List<Consumer<CodeBuilder>> bodies) {
    ModuleBuilder module = new ModuleBuilder();
    bodies.forEach(body -> module.function(type, body));
    return module;
  }

  /// {@return a module with one function}
  static ModuleBuilder function(FuncType type, Consumer<CodeBuilder> body) {
    return functions(type, List.of(body));
  }
}
