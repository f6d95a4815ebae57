package dev.cloister.engine.codegen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.runtime.MemoryOps;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Methods that C1 is to call and C2 to inline: both go by the size.
final class CalledByC1Test {
  /// `-XX:C1MaxInlineSize`, where nobody sets it.
  private static final int C1_INLINES = 35;

  /// {@return the size of the code of each method that a class has, by name and descriptor}
  private static Map<String, Integer> sizes(byte[] classFile) {
    Map<String, Integer> sizes = new HashMap<>();
    for (MethodModel method : ClassFile.of().parse(classFile).methods()) {
      CodeModel code = method.code().orElseThrow();
      String name = method.methodName().stringValue() + method.methodType().stringValue();
      sizes.put(name, ((CodeAttribute) code).codeLength());
    }
    return sizes;
  }

  /// {@return the value of an option of the product that is a number}
  private static int option(String name) throws Exception {
    Path root = Path.of(System.getProperty("project.root", ".."));
    List<String> options = Files.readAllLines(root.resolve("config/jvm.options"));
    String prefix = "-XX:" + name + "=";
    return options.stream()
        .filter(option -> option.startsWith(prefix))
        .mapToInt(option -> Integer.parseInt(option.substring(prefix.length())))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void checks_areTooLargeForC1_butNotForC2() throws Exception {
    WasmModule module =
        ModuleDecoder.decode(new ModuleBuilder().build(), WasmFeatures.ALL, WasmLimits.defaults());
    ModulePlan plan = new ModulePlan(module, new InstanceLayout(module));
    Map<String, Integer> sizes = sizes(new ModuleClassGenerator(plan).module());
    requireCalledByC1(sizes, Set.of("check(L" + Names.INSTANCE + ";)V", "capacity()I"));
  }

  @Test
  void accesses_areTooLargeForC1_butNotForC2() throws Exception {
    Map<String, Integer> sizes;
    try (InputStream in = MemoryOps.class.getResourceAsStream("MemoryOps.class")) {
      sizes = sizes(Objects.requireNonNull(in).readAllBytes());
    }
    Set<String> methods = new HashSet<>(sizes.keySet());
    methods.removeIf(method -> method.startsWith("<"));
    assertThat(methods).hasSize(24);
    requireCalledByC1(sizes, methods);
  }

  private static void requireCalledByC1(Map<String, Integer> sizes, Set<String> methods)
      throws Exception {
    int limit = Math.min(option("MaxInlineSize"), option("MaxTrivialSize"));
    for (String method : methods) {
      assertThat(sizes.get(method)).as(method).isBetween(C1_INLINES + 1, limit);
    }
  }
}
