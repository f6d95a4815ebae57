package dev.cloister.sandbox.cli;

import dev.cloister.engine.ModuleHandle;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;

/// How long the methods are that a module became, against the limits of the JVM.
///
/// @param largest the longest method, in bytes of bytecode
/// @param aboveJitLimit methods that HotSpot leaves to its interpreter unless told otherwise
/// @param aboveMethodLimit methods that no class file can hold
record MethodSizes(int largest, int aboveJitLimit, int aboveMethodLimit) {
  private static final int JIT_LIMIT_BYTES = 8_000;
  private static final int METHOD_LIMIT_BYTES = 65_535;

  /// Measures all methods with functions; generates them once more.
  static MethodSizes of(ModuleHandle module) {
    int[] sizes =
        module
            .classFiles()
            .flatMap(bytes -> ClassFile.of().parse(bytes).methods().stream())
            .mapToInt(MethodSizes::sizeBytes)
            .toArray();
    int largest = 0;
    int aboveJitLimit = 0;
    int aboveMethodLimit = 0;
    for (int size : sizes) {
      largest = Math.max(largest, size);
      aboveJitLimit += size > JIT_LIMIT_BYTES ? 1 : 0;
      aboveMethodLimit += size > METHOD_LIMIT_BYTES ? 1 : 0;
    }
    return new MethodSizes(largest, aboveJitLimit, aboveMethodLimit);
  }

  private static int sizeBytes(MethodModel method) {
    return method.findAttribute(Attributes.code()).map(code -> code.codeLength()).orElse(0);
  }
}
