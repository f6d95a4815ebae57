package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.types.FuncType;

/// Numbers the instructions of a function at which a call can end or another one can be running.
///
/// In code that counts, where a segment is paid for is a site of its own, before its first
/// instruction. The line number of generated code is the ordinal of the site among those of its JVM
/// method, from 1; the sites of regions in it belong to other methods. Nothing is kept for it but
/// how the function is divided: the offset of a site is found by reading the body again up to it.
public final class Sites {
  /// The line number of calls of regions: what runs is shown by the frame of the region.
  public static final int REGION_CALL = 0;

  private Sites() {}

  /// {@return whether an instruction can trap, call or throw}
  static boolean isSite(Opcode opcode) {
    return switch (opcode.immediates()) {
      case MEMORY_ACCESS,
          MEMORY_ACCESS_LANE,
          FUNCTION,
          TYPE_TABLE,
          TABLE,
          TABLE_TABLE,
          ELEMENT_TABLE,
          MEMORY,
          MEMORY_MEMORY,
          DATA_MEMORY,
          TYPE,
          TYPE_FIELD,
          TYPE_COUNT,
          TYPE_DATA,
          TYPE_ELEMENT,
          TYPE_TYPE,
          HEAP_TYPE,
          TAG ->
          true;
      default ->
          switch (opcode) {
            case UNREACHABLE,
                LOOP,
                I32_DIV_S,
                I32_DIV_U,
                I32_REM_S,
                I32_REM_U,
                I64_DIV_S,
                I64_DIV_U,
                I64_REM_S,
                I64_REM_U,
                I32_TRUNC_F32_S,
                I32_TRUNC_F32_U,
                I32_TRUNC_F64_S,
                I32_TRUNC_F64_U,
                I64_TRUNC_F32_S,
                I64_TRUNC_F32_U,
                I64_TRUNC_F64_S,
                I64_TRUNC_F64_U,
                REF_AS_NON_NULL,
                ARRAY_LEN,
                REF_I31,
                I31_GET_S,
                I31_GET_U,
                THROW_REF ->
                true;
            default -> false;
          };
    };
  }

  /// {@return a cursor at the first instruction of an own function}
  static InstructionReader instructions(WasmModule module, int functionIndex) {
    InstructionReader reader = module.bodyInstructions(functionIndex);
    for (int groups = reader.readLocalGroups(); groups > 0; groups--) {
      reader.readLocalCount();
      reader.readLocalType();
    }
    return reader;
  }

  /// {@return the module offset of a site, or that of the body if there is no such site}
  ///
  /// @param kind that of the code
  /// @param method the name of the JVM method, one of the function's
  /// @param line the line number in it; 0 stands for where it begins
  public static int offset(
      ModulePlan plan, CodeKind kind, int functionIndex, String method, int line) {
    SplitPlan split = plan.split(kind, functionIndex);
    FuelSegments segments = FuelSegments.of(kind, plan.module(), functionIndex);
    InstructionReader reader = instructions(plan.module(), functionIndex);
    int part = method.indexOf('_') + 1;
    SplitPlan.Region region = null;
    if (part > 0 && !method.substring(part).equals(Names.BODY)) {
      region = split.region(Integer.parseInt(method.substring(part)));
      reader.reset(region.start(), region.end());
    }
    if (line == 0) {
      return reader.position();
    }
    for (int sites = 0; !reader.atEnd(); ) {
      SplitPlan.Region inner = split.regionAt(reader.position(), region);
      if (inner != null) {
        reader.reset(inner.end(), reader.end());
        continue;
      }
      sites += segments.costAt(reader.position()) == null ? 0 : 1;
      sites += isSite(reader.next()) ? 1 : 0;
      if (line > 0 && sites >= line) {
        return reader.offset();
      }
    }
    return plan.module().bodyOffset(functionIndex);
  }

  /// {@return the letters of all locals of a function, parameters first}
  static String locals(WasmModule module, int functionIndex) {
    FuncType signature = module.signature(functionIndex);
    StringBuilder locals = new StringBuilder(CallShape.of(signature).params());
    InstructionReader reader = module.bodyInstructions(functionIndex);
    for (int groups = reader.readLocalGroups(); groups > 0; groups--) {
      int count = reader.readLocalCount();
      locals.repeat(JvmKind.of(reader.readLocalType()).code(), count);
    }
    return locals.toString();
  }
}
