package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// Where memory accesses are calls, and of what; what they do is tested by [MemoryFormsTest].
final class LargeFunctionTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  /// A function that loads 32 bits, stores them, lets a function be called that lets memory grow,
  /// and loads 8 bits.
  private static ModuleBuilder module(boolean grows, int fill) {
    ModuleBuilder module = new ModuleBuilder().memory(MemoryType.of(Limits.of(1)));
    module.function(
        INT,
        code -> {
          for (int i = 0; i < fill; i++) {
            code.op(Opcode.NOP);
          }
          code.localGet(0).localGet(0).access(Opcode.I32_LOAD, 4);
          code.access(Opcode.I32_STORE, 0).localGet(0).call(1).op(Opcode.DROP);
          code.localGet(0).access(Opcode.I32_LOAD8_U, 9);
        });
    if (grows) {
      return module.function(INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0));
    }
    return module.function(INT, code -> code.localGet(0));
  }

  /// {@return what function 0 calls, in order}
  private static List<String> calls(CodeKind kind, ModuleBuilder builder) {
    WasmModule module =
        ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
    ModulePlan plan = new ModulePlan(module, new InstanceLayout(module));
    ClassModel code =
        ClassFile.of().parse(ChunkGenerator.chunk(kind, plan, 0).values().iterator().next());
    MethodModel function =
        code.methods().stream()
            .filter(method -> method.methodName().equalsString(Names.function(0)))
            .findFirst()
            .orElseThrow();
    List<String> calls = new ArrayList<>();
    function
        .code()
        .orElseThrow()
        .elementStream()
        .forEach(element -> {
          if (element instanceof InvokeInstruction call) {
            calls.add(call.name().stringValue() + call.type().stringValue());
          }
        });
    calls.removeIf(call -> call.startsWith("check(") || call.startsWith("f1"));
    return calls;
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"DEBUG", "FUEL", "POLLED"})
  void accesses_ofMemoryThatMayGrow_inLargeFunction_callWithTheMemory(CodeKind kind) {
    assertThat(calls(kind, module(/* grows= */ true, BytecodeSizes.LARGE_BODY_BYTES)))
        .containsExactly(
            "loadI32(L" + Names.HEAP_MEMORY + ";II)I",
            "storeI32(L" + Names.HEAP_MEMORY + ";III)V",
            "loadI8(L" + Names.HEAP_MEMORY + ";II)I");
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"DEBUG", "FUEL", "POLLED"})
  void accesses_ofMemoryThatNeverGrows_inLargeFunction_callWithTheArray(CodeKind kind) {
    List<String> calls = calls(kind, module(/* grows= */ false, BytecodeSizes.LARGE_BODY_BYTES));
    // A byte of an array is no call; only baseline code checks its address anew.
    calls.removeIf(call -> call.startsWith("checkIndex"));
    assertThat(calls).containsExactly("loadI32([BII)I", "storeI32([BIII)V");
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"DEBUG", "FUEL", "POLLED"})
  void accesses_inSmallFunction_areWrittenOut(CodeKind kind) {
    // The type of the function and the number of its locals are in its size, too.
    assertThat(calls(kind, module(/* grows= */ true, BytecodeSizes.LARGE_BODY_BYTES - 100)))
        .noneMatch(call -> call.startsWith("load") || call.startsWith("store"))
        .contains("capacity()I");
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.INCLUDE, names = "DEBUG")
  void accesses_ofDebuggableCode_areWrittenOut(CodeKind kind) {
    assertThat(calls(kind, module(/* grows= */ true, BytecodeSizes.LARGE_BODY_BYTES)))
        .noneMatch(call -> call.startsWith("loadI") || call.startsWith("storeI"));
  }
}
