package dev.cloister.engine.codegen;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;

/// Estimates of what the class files of a code image take when all functions are in it.
///
/// They depend on the module and the kind alone, so that those who pay for code pay the same
/// whatever ran before, and whoever else runs the module. `ImageSizesTest` compares them with what
/// programs become.
public final class ImageSizes {
  /// What an image has whatever is in the module: its entry and the classes of the module.
  private static final int IMAGE_BYTES = 6 << 10;

  /// What a function takes besides its instructions: its method, its entry in the dispatch of its
  /// shape, its part of the frame of a class.
  private static final int FUNCTION_BYTES = 150;

  /// What a type takes: the class of its shape, if it is a structure, and its uses.
  private static final int TYPE_BYTES = 300;

  private ImageSizes() {}

  /// {@return about how many bytes the class files of a complete image take: for programs of
  /// compilers not less than they do, and at most some five times as many}
  public static long estimate(WasmModule module, CodeKind kind) {
    int firstOwn = module.importedFunctionCount();
    int functions = module.functionCount() - firstOwn;
    long bodyBytes =
        functions == 0
            ? 0
            : (long) module.bodyEnd(module.functionCount() - 1) - module.bodyOffset(firstOwn);
    return IMAGE_BYTES
        + (long) TYPE_BYTES * module.typeCount()
        + (long) FUNCTION_BYTES * functions
        + bytesPerByte(kind) * bodyBytes;
  }

  /// {@return what a byte of a function's body becomes}
  private static long bytesPerByte(CodeKind kind) {
    return switch (kind) {
      case BASELINE, OPTIMIZED, POLLED -> 5;
      case FUEL -> 7;
      case DEBUG -> 36;
    };
  }
}
