package dev.cloister.engine.codegen;

import java.util.List;
import org.objectweb.asm.ClassWriter;

/// What generated class files depend on besides the module and the settings.
public final class GeneratorVersion {
  private GeneratorVersion() {}

  /// {@return a class of each code base that has a part in generating class files}
  public static List<Class<?>> codeBases() {
    return List.of(GeneratorVersion.class, ClassWriter.class);
  }
}
