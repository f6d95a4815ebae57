package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.Checkpoint;
import java.util.List;

/// Decodes and validates constant expressions (Spec 3.4.15) in one pass, and declares the functions
/// that they mention. Reused for all expressions of a module; confined to one thread.
public final class ConstExprValidator {

  private final WasmModuleBuilder module;
  private final CodeState state;
  private final InstructionRules rules;

  /// Creates a validator for the expressions of `module`, of which so far only earlier sections and
  /// entries are known.
  public ConstExprValidator(WasmModuleBuilder module, WasmFeatures features, WasmLimits limits) {
    this.module = module;
    state = new CodeState(module, features, limits);
    rules = new InstructionRules(state);
  }

  /// Sets what the validation of the expressions to come passes now and then.
  public void use(Checkpoint checkpoint) {
    state.use(checkpoint);
  }

  /// Validates the expression that starts at `from` and yields `expected`.
  ///
  /// @param to where the section ends
  /// @return where the expression has ended
  /// @throws dev.cloister.engine.error.WasmException if it is not encoded well or not valid
  public int validate(byte[] bytes, int from, int to, ValueType expected) {
    InstructionReader reader = state.reader;
    state.clear();
    reader.reset(bytes, from, to);
    state.controls.push(Opcode.BLOCK, List.of(), List.of(expected));
    while (state.controls.depth() > 0) {
      state.work(1);
      Opcode opcode = reader.next();
      requireConstant(opcode);
      if (opcode == Opcode.REF_FUNC) {
        rules.applyConstantFunc();
        module.declareFunction(reader.index());
      } else {
        rules.apply(opcode);
      }
    }
    return reader.position();
  }

  private void requireConstant(Opcode opcode) {
    switch (opcode) {
      case I32_CONST, I64_CONST, F32_CONST, F64_CONST, V128_CONST, REF_NULL, REF_FUNC, END -> {}
      case STRUCT_NEW,
          STRUCT_NEW_DEFAULT,
          ARRAY_NEW,
          ARRAY_NEW_DEFAULT,
          ARRAY_NEW_FIXED,
          REF_I31,
          ANY_CONVERT_EXTERN,
          EXTERN_CONVERT_ANY -> {}
      case I32_ADD, I32_SUB, I32_MUL, I64_ADD, I64_SUB, I64_MUL -> {
        if (!state.features.has(WasmFeature.EXTENDED_CONST)) {
          throw state.invalid(
              "constant expression required: "
                  + opcode.mnemonic()
                  + " needs feature extended-const, which is switched off");
        }
      }
      case GLOBAL_GET -> requireConstantGlobal(state.reader.index());
      default ->
          throw state.invalid(
              "constant expression required: " + opcode.mnemonic() + " is not constant");
    }
  }

  private void requireConstantGlobal(int index) {
    GlobalType type = state.global(index);
    if (index >= module.importedGlobalCount()
        && !state.features.has(WasmFeature.GC)
        && !state.features.has(WasmFeature.EXTENDED_CONST)) {
      throw state.invalid(
          "unknown global "
              + index
              + ": it is not imported, and features gc and extended-const are switched off");
    }
    if (type.mutable()) {
      throw state.invalid("constant expression required: global " + index + " is mutable");
    }
  }
}
