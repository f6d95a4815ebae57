package dev.cloister.engine.codegen;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.ANYREF;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.oracle.Operator;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// The bytecode of each group of instructions, so that a change of the code's shape is seen.
final class GoldenListingTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType TRIPLE = new FuncType(List.of(), List.of(I32, I64, F64));

  private static ModuleBuilder functions(FuncType type, List<Consumer<CodeBuilder>> bodies) {
    ModuleBuilder module = new ModuleBuilder();
    bodies.forEach(body -> module.function(type, body));
    return module;
  }

  private static ModuleBuilder function(FuncType type, Consumer<CodeBuilder> body) {
    return functions(type, List.of(body));
  }

  @Test
  void locals_areReadWhereTheyAreUsed() {
    GoldenListing.assertMatches(
        "locals",
        functions(
            BINARY,
            List.of(
                code -> code.localGet(0),
                // The old value of the local is still wanted when it is assigned.
                code -> code.localGet(0).localGet(1).localSet(0).localGet(0).i32Add(),
                code -> code.localGet(0).localTee(1).localGet(1).i32Add(),
                code -> {
                  int wide = code.local(I64);
                  code.local(F32);
                  code.local(F64);
                  code.local(EXTERNREF);
                  code.i64Const(7).localSet(wide);
                  code.localGet(wide).op(Opcode.I32_WRAP_I64);
                })));
  }

  @Test
  void constants_haveTheShortestForm() {
    ModuleBuilder module = new ModuleBuilder();
    for (int value : new int[] {-1, 5, 6, 127, 128, -32_768, 32_768, Integer.MIN_VALUE}) {
      module.function(TO_INT, code -> code.i32Const(value));
    }
    for (long value : new long[] {0, 1, 2, -32_768, 32_768, Long.MIN_VALUE}) {
      module.function(new FuncType(List.of(), List.of(I64)), code -> code.i64Const(value));
    }
    for (int bits : new int[] {0, 0x8000_0000, 0x3f80_0000, 0x7f80_0000, 0x7fa0_0001}) {
      module.function(
          new FuncType(List.of(), List.of(F32)), code -> code.op(Opcode.F32_CONST, bits));
    }
    for (long bits : new long[] {0, Long.MIN_VALUE, 0x7ff4_0000_0000_0001L}) {
      module.function(
          new FuncType(List.of(), List.of(F64)), code -> code.op(Opcode.F64_CONST, bits));
    }
    GoldenListing.assertMatches("constants", module);
  }

  @Test
  void arithmetic_isOneInstructionOrOneCall() {
    ModuleBuilder module = new ModuleBuilder();
    for (Operator operator : Operator.ALL) {
      module.function(
          new FuncType(List.copyOf(operator.operands()), List.of(operator.result())),
          code -> {
            for (int i = 0; i < operator.operands().size(); i++) {
              code.localGet(i);
            }
            code.op(operator.opcode());
          });
    }
    GoldenListing.assertMatches("arithmetic", module);
  }

  @Test
  void wideArithmetic_leavesBothHalvesOnTheStack() {
    FuncType sum = new FuncType(List.of(I64, I64), List.of(I64, I64));
    GoldenListing.assertMatches(
        "wide_arithmetic",
        functions(
            sum,
            List.of(
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .localGet(1)
                        .i64Const(1)
                        .op(Opcode.I64_MUL_WIDE_U)
                        .op(Opcode.I64_ADD128),
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I64_MUL_WIDE_S)
                        .localGet(0)
                        .localGet(1)
                        .op(Opcode.I64_SUB128))));
  }

  @Test
  void comparisons_areFusedWithBranches() {
    GoldenListing.assertMatches(
        "comparisons",
        functions(
            BINARY,
            List.of(
                code ->
                    code.block()
                        .localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_LT_S)
                        .brIf(0)
                        .i32Const(1)
                        .ret()
                        .end()
                        .i32Const(2),
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_GE_U)
                        .ifThen(I32)
                        .i32Const(1)
                        .otherwise()
                        .i32Const(2)
                        .end(),
                code -> code.localGet(0).op(Opcode.I32_EQZ).op(Opcode.I32_EQZ),
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_EQ)
                        .op(Opcode.I32_EQZ)
                        .ifThen()
                        .op(Opcode.UNREACHABLE)
                        .end()
                        .localGet(0)
                        .op(Opcode.I64_EXTEND_I32_S)
                        .op(Opcode.I64_EQZ),
                code ->
                    code.block()
                        .localGet(0)
                        .op(Opcode.F64_CONVERT_I32_S)
                        .f64Const(1)
                        .op(Opcode.F64_LT)
                        .op(Opcode.I32_EQZ)
                        .brIf(0)
                        .i32Const(1)
                        .ret()
                        .end()
                        .localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_NE)
                        .localGet(0)
                        .op(Opcode.I32_AND))));
  }

  @Test
  void select_choosesOnTheStack() {
    ModuleBuilder module = new ModuleBuilder();
    module.function(
        BINARY,
        code -> code.localGet(0).localGet(1).localGet(0).op(Opcode.I32_EQZ).op(Opcode.SELECT));
    module.function(
        new FuncType(List.of(I64, I64, I32), List.of(I64)),
        code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.SELECT));
    module.function(
        new FuncType(List.of(EXTERNREF, EXTERNREF, I32), List.of(EXTERNREF)),
        code -> code.localGet(0).localGet(1).localGet(2).select(EXTERNREF));
    GoldenListing.assertMatches("select", module);
  }

  @Test
  void blocks_leaveTheStackEmptyWhereControlMeets() {
    FuncType pair = new FuncType(List.of(I32, I32), List.of(I32, I32));
    GoldenListing.assertMatches(
        "blocks",
        functions(
            BINARY,
            List.of(
                // A result by fall-through and by branch.
                code -> code.block(I32).i32Const(7).localGet(0).brIf(0).drop().localGet(1).end(),
                // An operand waits below a block with parameters and results.
                code ->
                    code.localGet(0)
                        .localGet(0)
                        .localGet(1)
                        .start(Opcode.BLOCK, pair)
                        .i32Add()
                        .i32Const(3)
                        .br(0)
                        .end()
                        .i32Add()
                        .i32Add(),
                // A loop with parameters, which its branches assign.
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .start(Opcode.LOOP, pair)
                        .i32Const(1)
                        .op(Opcode.I32_SUB)
                        .localTee(0)
                        .localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_GT_S)
                        .brIf(0)
                        .end()
                        .i32Add(),
                // An if with parameters; without else it must pass them on.
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .localGet(0)
                        .start(Opcode.IF, pair)
                        .i32Const(1)
                        .i32Add()
                        .otherwise()
                        .i32Const(2)
                        .i32Add()
                        .end()
                        .localGet(0)
                        .start(Opcode.IF, pair)
                        .end()
                        .op(Opcode.I32_SUB),
                // What cannot be reached is not written.
                code ->
                    code.block()
                        .br(0)
                        .localGet(0)
                        .block()
                        .localGet(1)
                        .op(Opcode.I32_EQZ)
                        .drop()
                        .end()
                        .drop()
                        .end()
                        .i32Const(1))));
  }

  @Test
  void branchTable_isOneSwitch() {
    GoldenListing.assertMatches(
        "br_table",
        functions(
            BINARY,
            List.of(
                code ->
                    code.block()
                        .block()
                        .localGet(0)
                        .brTable(0, 1, 0, 1)
                        .end()
                        .i32Const(1)
                        .ret()
                        .end()
                        .i32Const(2),
                // With values, and with the function as a target.
                code ->
                    code.block(I32)
                        .block(I32)
                        .localGet(1)
                        .localGet(0)
                        .brTable(0, 1, 2)
                        .end()
                        .i32Const(1)
                        .i32Add()
                        .end()
                        .i32Const(2)
                        .i32Add())));
  }

  @Test
  void bigSwitch_givesItsCasesCopiesOfTheirLocals() {
    GoldenListing.assertMatches(
        "big_switch",
        function(
            BINARY,
            code -> {
              int wide = code.local(I64);
              for (int i = 0; i < 9; i++) {
                code.block();
              }
              code.localGet(0).brTable(0, 1, 2, 3, 4, 5, 6, 7, 8);
              for (int i = 0; i < 9; i++) {
                code.end();
                switch (i) {
                  case 0 -> code.localGet(1).i32Const(1).i32Add().localSet(1);
                  case 1 -> code.localGet(wide).localGet(wide).op(Opcode.I64_ADD).localSet(wide);
                  // Written before it is read: no copy.
                  case 2 -> code.i32Const(3).localSet(1).localGet(1).drop();
                  default -> {}
                }
              }
              code.localGet(1);
            }));
  }

  private record Access(Opcode opcode, ValueType value) {
    boolean isLoad() {
      return opcode.mnemonic().contains("load");
    }
  }

  private static final List<Access> LOADS =
      List.of(
          new Access(Opcode.I32_LOAD, I32),
          new Access(Opcode.I64_LOAD, I64),
          new Access(Opcode.F32_LOAD, F32),
          new Access(Opcode.F64_LOAD, F64),
          new Access(Opcode.I32_LOAD8_S, I32),
          new Access(Opcode.I32_LOAD8_U, I32),
          new Access(Opcode.I32_LOAD16_S, I32),
          new Access(Opcode.I32_LOAD16_U, I32),
          new Access(Opcode.I64_LOAD8_S, I64),
          new Access(Opcode.I64_LOAD8_U, I64),
          new Access(Opcode.I64_LOAD16_S, I64),
          new Access(Opcode.I64_LOAD16_U, I64),
          new Access(Opcode.I64_LOAD32_S, I64),
          new Access(Opcode.I64_LOAD32_U, I64));

  private static final List<Access> STORES =
      List.of(
          new Access(Opcode.I32_STORE, I32),
          new Access(Opcode.I64_STORE, I64),
          new Access(Opcode.F32_STORE, F32),
          new Access(Opcode.F64_STORE, F64),
          new Access(Opcode.I32_STORE8, I32),
          new Access(Opcode.I32_STORE16, I32),
          new Access(Opcode.I64_STORE8, I64),
          new Access(Opcode.I64_STORE16, I64),
          new Access(Opcode.I64_STORE32, I64));

  private static ModuleBuilder accesses(List<Access> accesses, long... offsets) {
    return accesses(I32, accesses, offsets);
  }

  private static ModuleBuilder accesses(ValueType address, List<Access> accesses, long... offsets) {
    ModuleBuilder module = new ModuleBuilder();
    for (Access access : accesses) {
      for (long offset : offsets) {
        if (access.isLoad()) {
          module.function(
              new FuncType(List.of(address), List.of(access.value())),
              code -> code.localGet(0).access(access.opcode(), offset));
        } else {
          module.function(
              new FuncType(List.of(address, access.value()), List.of()),
              code -> code.localGet(0).localGet(1).access(access.opcode(), offset));
        }
      }
    }
    return module;
  }

  @Test
  void loads_inExactForm() {
    GoldenListing.assertMatches("loads_exact", accesses(LOADS, 0, 16).memory(1));
  }

  @Test
  void stores_inExactForm() {
    GoldenListing.assertMatches("stores_exact", accesses(STORES, 0, 16).memory(1));
  }

  private static final List<Access> FORMS =
      List.of(
          new Access(Opcode.I32_LOAD, I32),
          new Access(Opcode.I32_LOAD8_U, I32),
          new Access(Opcode.F64_STORE, F64),
          new Access(Opcode.I32_STORE8, I32));

  private static Limits wide(long min) {
    return new Limits(/* is64= */ true, min, /* hasMax= */ false, 0);
  }

  @Test
  void accesses_with64BitAddresses_inExactForm() {
    GoldenListing.assertMatches(
        "accesses64_exact",
        accesses(I64, FORMS, 0, 16, 0x8000_0000L).memory(MemoryType.of(wide(1))));
  }

  @Test
  void accesses_with64BitAddresses_inLimitForm() {
    GoldenListing.assertMatches(
        "accesses64_limit",
        accesses(I64, FORMS, 0, 16)
            .function(VOID, code -> code.i64Const(1).op(Opcode.MEMORY_GROW, 0).drop())
            .function(VOID, code -> code.op(Opcode.MEMORY_SIZE, 0).drop())
            .memory(MemoryType.of(wide(1))));
  }

  @Test
  void accesses_inSegmentForm() {
    GoldenListing.assertMatches(
        "accesses_segment",
        accesses(FORMS, 0, 16, 0xffff_ffffL).memory(MemoryType.of(Limits.of(32_768))));
  }

  @Test
  void accesses_with64BitAddresses_inSegmentForm() {
    GoldenListing.assertMatches(
        "accesses64_segment",
        accesses(I64, FORMS, 0, 0xffff_ffffL, -1L).memory(MemoryType.of(wide(32_768))));
  }

  @Test
  void bulkOperations_with64BitOperands() {
    FuncType copy = new FuncType(List.of(I64, I64, I64), List.of());
    FuncType mixed = new FuncType(List.of(I32, I64, I32), List.of());
    GoldenListing.assertMatches(
        "bulk64",
        new ModuleBuilder()
            .function(copy, code -> operands(code, 3).op(Opcode.MEMORY_COPY, 0, 0))
            .function(mixed, code -> operands(code, 3).op(Opcode.MEMORY_COPY, 1, 0))
            .function(
                new FuncType(List.of(I64, I32, I64), List.of()),
                code -> operands(code, 3).op(Opcode.MEMORY_FILL, 0))
            .function(
                new FuncType(List.of(I64, I32, I32), List.of()),
                code -> operands(code, 3).op(Opcode.MEMORY_INIT, 0, 0))
            .function(mixed, code -> operands(code, 3).op(Opcode.TABLE_COPY, 1, 0))
            .function(
                new FuncType(List.of(I64, FUNCREF, I64), List.of()),
                code -> operands(code, 3).op(Opcode.TABLE_FILL, 0))
            .function(
                new FuncType(List.of(FUNCREF, I64), List.of(I64)),
                code -> operands(code, 2).op(Opcode.TABLE_GROW, 0))
            .function(
                new FuncType(List.of(I64), List.of(FUNCREF)),
                code -> operands(code, 1).op(Opcode.TABLE_GET, 0))
            .function(
                new FuncType(List.of(I64), List.of()),
                code -> operands(code, 1).callIndirect(VOID, 0))
            .table(new TableType(FUNCREF, wide(1)))
            .table(new TableType(FUNCREF, Limits.of(1)))
            .memory(MemoryType.of(wide(1)))
            .memory(1)
            .passiveData(new byte[1]));
  }

  /// Memory 0 is shared, memory 1 an array with 64-bit addresses.
  @Test
  void atomics_areCalls() {
    MemoryType shared =
        new MemoryType(Limits.of(1, 1), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2);
    GoldenListing.assertMatches(
        "atomics",
        new ModuleBuilder()
            .function(INT, code -> operands(code, 1).op(Opcode.I32_ATOMIC_LOAD8_U, 0, 16))
            .function(
                new FuncType(List.of(I32, I64), List.of()),
                code -> operands(code, 2).op(Opcode.I64_ATOMIC_STORE, 3, 0))
            .function(
                new FuncType(List.of(I32, I64), List.of(I64)),
                code -> operands(code, 2).op(Opcode.I64_ATOMIC_RMW32_SUB_U, 2, 0))
            .function(
                new FuncType(List.of(I64, I64, I64), List.of(I64)),
                code -> operands(code, 3).op(Opcode.I64_ATOMIC_RMW8_CMPXCHG_U, 0, 0, 1))
            .function(
                new FuncType(List.of(I32, I64, I64), List.of(I32)),
                code -> operands(code, 3).op(Opcode.MEMORY_ATOMIC_WAIT64, 3, 8))
            .function(BINARY, code -> operands(code, 2).op(Opcode.MEMORY_ATOMIC_NOTIFY, 2, 0))
            .function(VOID, code -> code.op(Opcode.ATOMIC_FENCE))
            .memory(shared)
            .memory(MemoryType.of(wide(1))));
  }

  private static CodeBuilder operands(CodeBuilder code, int count) {
    for (int i = 0; i < count; i++) {
      code.localGet(i);
    }
    return code;
  }

  private static ModuleBuilder growing(ModuleBuilder module) {
    return module
        .function(VOID, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop())
        .memory(1);
  }

  @Test
  void accesses_inLimitForm() {
    GoldenListing.assertMatches(
        "accesses_limit",
        growing(
            accesses(
                List.of(
                    new Access(Opcode.I32_LOAD, I32),
                    new Access(Opcode.I32_LOAD8_U, I32),
                    new Access(Opcode.I64_LOAD32_U, I64),
                    new Access(Opcode.F64_STORE, F64),
                    new Access(Opcode.I32_STORE8, I32)),
                0,
                16,
                0x7fff_fff0L,
                0x8000_0000L)));
  }

  @Test
  void operands_ofStores_areReorderedThroughVariables() {
    GoldenListing.assertMatches(
        "store_operands",
        functions(
                BINARY,
                List.of(
                    // Both computed, address computed, value computed.
                    code ->
                        code.localGet(0)
                            .i32Const(4)
                            .i32Add()
                            .localGet(1)
                            .i32Const(1)
                            .i32Add()
                            .access(Opcode.I32_STORE, 8)
                            .localGet(0)
                            .i32Const(4)
                            .i32Add()
                            .i32Const(9)
                            .access(Opcode.I32_STORE8, 0)
                            .localGet(0)
                            .localGet(1)
                            .localGet(0)
                            .i32Add()
                            .access(Opcode.I32_STORE16, 0)
                            .i32Const(0),
                    // The memory is a local variable, read again after what may replace it.
                    code ->
                        code.localGet(0)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Const(1)
                            .op(Opcode.MEMORY_GROW, 0)
                            .i32Add()
                            .localGet(0)
                            .localGet(1)
                            .call(0)
                            .i32Add()
                            .localGet(0)
                            .access(Opcode.I32_LOAD, 0)
                            .i32Add()))
            .memory(1));
  }

  @Test
  void bulkOperations_areCalls() {
    GoldenListing.assertMatches(
        "bulk",
        functions(
                VOID,
                List.of(
                    code -> code.i32Const(1).i32Const(2).i32Const(3).op(Opcode.MEMORY_FILL, 0),
                    code -> code.i32Const(1).i32Const(2).i32Const(3).op(Opcode.MEMORY_COPY, 0, 1),
                    code -> code.i32Const(1).i32Const(2).i32Const(3).op(Opcode.MEMORY_INIT, 0, 1),
                    code -> code.op(Opcode.DATA_DROP, 0).op(Opcode.MEMORY_SIZE, 1).drop()))
            .memory(1)
            .memory(1)
            .passiveData(new byte[4]));
  }

  @Test
  void globals_areFieldsOrCells() {
    ModuleBuilder module = new ModuleBuilder().importItem("m", "g", new GlobalType(I64, true));
    module
        .function(
            VOID,
            code -> {
              code.globalGet(0).globalSet(0);
              code.globalGet(1).globalSet(1);
              code.globalGet(2).globalSet(2);
              code.globalGet(3).globalSet(3);
            })
        .global(new GlobalType(F64, true), code -> code.f64Const(1))
        .global(
            new GlobalType(EXTERNREF, true),
            code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.EXTERN))
        .global(new GlobalType(I32, true), code -> code.i32Const(1))
        .export("g", ExternKind.GLOBAL, 3);
    GoldenListing.assertMatches("globals", module);
  }

  @Test
  void globals_beyondTheFields_areInArrays() {
    ModuleBuilder module =
        new ModuleBuilder()
            .function(
                VOID,
                code -> {
                  code.globalGet(1_000).globalSet(1_000);
                  code.globalGet(1_001).globalSet(1_001);
                  code.globalGet(1_002).globalSet(1_002);
                });
    for (int i = 0; i < 1_000; i++) {
      module.global(new GlobalType(I32, true), code -> code.i32Const(0));
    }
    module
        .global(new GlobalType(I32, true), code -> code.i32Const(0))
        .global(new GlobalType(I64, true), code -> code.i64Const(0))
        .global(new GlobalType(I64, true), code -> code.i64Const(0))
        .export("g", ExternKind.GLOBAL, 1_002);
    GoldenListing.assertMatches("globals_arrays", module);
  }

  @Test
  void calls_passTheInstanceLast() {
    ModuleBuilder module = new ModuleBuilder().importFunction("m", "f", BINARY);
    module
        .function(INT, code -> code.localGet(0).i32Const(1).call(0))
        .function(INT, code -> code.localGet(0).call(1).call(2))
        .function(TRIPLE, code -> code.i32Const(1).i64Const(2).f64Const(3))
        .function(TO_INT, code -> code.call(3).drop().op(Opcode.I32_WRAP_I64).i32Add())
        .function(INT, code -> code.localGet(0).localGet(0).callIndirect(INT, 0))
        .function(INT, code -> code.op(Opcode.REF_FUNC, 1).drop().localGet(0))
        .table(new TableType(FUNCREF, Limits.of(2)))
        .elements(0, 0, 1, 2);
    GoldenListing.assertMatches("calls", module);
  }

  @Test
  void dispatch_isASwitchOverTheOwnFunctions() {
    ModuleBuilder module = new ModuleBuilder();
    module
        .function(INT, code -> code.localGet(0))
        .function(INT, code -> code.localGet(0).localGet(0).callIndirect(INT, 0))
        .function(INT, code -> code.localGet(0))
        .table(new TableType(FUNCREF, Limits.of(2)))
        .elements(0, 0, 0, 2);
    GoldenListing.assertDispatchMatches("dispatch", module, 0, name -> true);
  }

  /// More functions than one switch takes: pieces, and a switch over them.
  @Test
  void dispatch_ofManyFunctions_isATree() {
    ModuleBuilder module = new ModuleBuilder();
    int[] functions = new int[600];
    for (int i = 0; i < functions.length; i++) {
      module.function(INT, code -> code.localGet(0));
      functions[i] = i;
    }
    module.table(new TableType(FUNCREF, Limits.of(600))).elements(0, 0, functions);
    GoldenListing.assertDispatchMatches("dispatch_tree", module, 0, name -> name.equals("call"));
  }

  @Test
  void stopChecks_areAtEntriesOfCallersAndAtLoops() {
    GoldenListing.assertMatches(
        "stop_checks",
        functions(
            VOID,
            List.of(
                // A leaf without a loop ends by itself.
                code -> {},
                code -> code.call(0),
                code -> code.loop().end().loop().br(0).end())));
  }

  @Test
  void tables_areReachedByCalls() {
    ModuleBuilder module = new ModuleBuilder();
    module
        .function(
            VOID,
            code -> {
              code.i32Const(0).i32Const(1).op(Opcode.TABLE_GET, 0).op(Opcode.TABLE_SET, 0);
              code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC);
              code.op(Opcode.TABLE_SIZE, 0).op(Opcode.TABLE_GROW, 0).drop();
              code.i32Const(0).op(Opcode.REF_FUNC, 0).i32Const(1).op(Opcode.TABLE_FILL, 0);
              code.i32Const(0).i32Const(1).i32Const(2).op(Opcode.TABLE_COPY, 0, 0);
              code.i32Const(0).i32Const(1).i32Const(2).op(Opcode.TABLE_INIT, 0, 0);
              code.op(Opcode.ELEM_DROP, 0);
              code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC).op(Opcode.REF_IS_NULL);
              code.ifThen().end();
            })
        .table(new TableType(FUNCREF, Limits.of(9)))
        .elements(Mode.PASSIVE, 0);
    GoldenListing.assertMatches("tables", module);
  }

  @Test
  void tailCalls_leaveArgumentsAndTargetToALoop() {
    FuncType mixed = new FuncType(List.of(I32, EXTERNREF, F64), List.of(I32));
    GoldenListing.assertMatches(
        "tail-calls",
        new ModuleBuilder()
            .importFunction("host", "f", mixed)
            .function(
                mixed,
                code ->
                    code.localGet(0)
                        .ifThen()
                        .localGet(0)
                        .localGet(1)
                        .localGet(2)
                        .op(Opcode.RETURN_CALL, 0)
                        .end()
                        .i32Const(5)
                        .localGet(1)
                        .localGet(2)
                        .op(Opcode.RETURN_CALL, 1))
            .function(INT, code -> code.localGet(0).localGet(0).returnCallIndirect(INT, 0))
            .function(VOID, code -> code.op(Opcode.REF_FUNC, 3).returnCallRef(VOID))
            .table(new TableType(FUNCREF, Limits.of(1)))
            .elements(Mode.DECLARATIVE, 3));
  }

  @Test
  void structures_areFieldsBehindANullCheck() {
    ModuleBuilder module = new ModuleBuilder();
    FieldType number = new FieldType(I32, true);
    DefinedType point = module.openType(null, new StructType(List.of(number, number)));
    DefinedType pixel =
        module.openType(
            point,
            new StructType(
                List.of(
                    number, number, new FieldType(PackedType.I8, true), new FieldType(I64, true))));
    FuncType get = new FuncType(List.of(RefType.of(true, pixel)), List.of(I32));
    FuncType set = new FuncType(List.of(RefType.of(true, pixel), I64), List.of());
    FuncType make = new FuncType(List.of(I32), List.of(RefType.of(true, pixel)));
    GoldenListing.assertMatches(
        "structures",
        module
            .function(
                make,
                code ->
                    code.localGet(0)
                        .i32Const(1)
                        .i32Const(2)
                        .i64Const(3)
                        .op(Opcode.STRUCT_NEW, pixel))
            .function(make, code -> code.op(Opcode.STRUCT_NEW_DEFAULT, pixel))
            .function(get, code -> code.localGet(0).op(Opcode.STRUCT_GET, point, 1))
            .function(get, code -> code.localGet(0).op(Opcode.STRUCT_GET_S, pixel, 2))
            .function(get, code -> code.localGet(0).op(Opcode.STRUCT_GET_U, pixel, 2))
            .function(set, code -> code.localGet(0).localGet(1).op(Opcode.STRUCT_SET, pixel, 3))
            .function(
                set,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I32_WRAP_I64)
                        .op(Opcode.STRUCT_SET, pixel, 2)));
  }

  /// Fields behind the thousandth are in arrays.
  @Test
  void wideStructures_areMadeInGroups() {
    ModuleBuilder module = new ModuleBuilder();
    FieldType field = new FieldType(F32, true);
    FieldType reference = new FieldType(EXTERNREF, true);
    List<FieldType> fields = new ArrayList<>(Collections.nCopies(1_001, field));
    fields.add(reference);
    DefinedType wide = module.type(new StructType(fields));
    RefType type = RefType.of(true, wide);
    GoldenListing.assertMatches(
        "wide_structures",
        module
            .function(
                new FuncType(List.of(type), List.of(F32)),
                code -> code.localGet(0).op(Opcode.STRUCT_GET, wide, 1_000))
            .function(
                new FuncType(List.of(type, F32), List.of()),
                code -> code.localGet(0).localGet(1).op(Opcode.STRUCT_SET, wide, 1_000))
            .function(
                new FuncType(List.of(type, EXTERNREF), List.of()),
                code -> code.localGet(0).localGet(1).op(Opcode.STRUCT_SET, wide, 1_001)));
  }

  @Test
  void arrays_areCallsOfTheirClass() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType bytes = module.type(new ArrayType(new FieldType(PackedType.I8, true)));
    DefinedType doubles = module.type(new ArrayType(new FieldType(F64, true)));
    RefType type = RefType.of(true, bytes);
    FuncType make = new FuncType(List.of(I32), List.of(type));
    FuncType get = new FuncType(List.of(type, I32), List.of(I32));
    FuncType change = new FuncType(List.of(type, I32), List.of());
    GoldenListing.assertMatches(
        "arrays",
        module
            .passiveData(new byte[4])
            .function(make, code -> code.i32Const(7).localGet(0).op(Opcode.ARRAY_NEW, bytes))
            .function(make, code -> code.localGet(0).op(Opcode.ARRAY_NEW_DEFAULT, bytes))
            .function(
                make, code -> code.localGet(0).i32Const(2).op(Opcode.ARRAY_NEW_DATA, bytes, 0))
            .function(
                new FuncType(List.of(F64), List.of(RefType.of(true, doubles))),
                code -> {
                  for (int i = 0; i < 9; i++) {
                    code.localGet(0);
                  }
                  code.op(Opcode.ARRAY_NEW_FIXED, doubles, 9);
                })
            .function(get, code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_GET_S, bytes))
            .function(get, code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_GET_U, bytes))
            .function(get, code -> code.localGet(0).op(Opcode.ARRAY_LEN))
            .function(
                change,
                code -> code.localGet(0).localGet(1).i32Const(3).op(Opcode.ARRAY_SET, bytes))
            .function(
                change,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .i32Const(3)
                        .i32Const(4)
                        .op(Opcode.ARRAY_FILL, bytes))
            .function(
                change,
                code ->
                    code.localGet(0)
                        .i32Const(1)
                        .localGet(0)
                        .localGet(1)
                        .i32Const(4)
                        .op(Opcode.ARRAY_COPY, bytes, 0))
            .function(
                change,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .i32Const(3)
                        .i32Const(4)
                        .op(Opcode.ARRAY_INIT_DATA, bytes, 0)));
  }

  @Test
  void casts_areTestsAndBranches() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType point = module.type(new StructType(List.of(new FieldType(I32, true))));
    FuncType test = new FuncType(List.of(ANYREF), List.of(I32));
    FuncType cast = new FuncType(List.of(ANYREF), List.of(RefType.of(true, point)));
    GoldenListing.assertMatches(
        "casts",
        module
            .function(test, code -> code.localGet(0).heapType(Opcode.REF_TEST, point))
            .function(
                test, code -> code.localGet(0).heapType(Opcode.REF_TEST_NULL, AbstractHeapType.EQ))
            .function(
                test, code -> code.localGet(0).heapType(Opcode.REF_TEST, AbstractHeapType.NONE))
            .function(cast, code -> code.localGet(0).heapType(Opcode.REF_CAST_NULL, point))
            .function(
                cast,
                code ->
                    code.block(RefType.of(true, point))
                        .localGet(0)
                        .castBranch(Opcode.BR_ON_CAST, 0, ANYREF, RefType.of(true, point))
                        .drop()
                        .heapType(Opcode.REF_NULL, point)
                        .end())
            .function(
                new FuncType(List.of(I32), List.of(I32)),
                code ->
                    code.localGet(0)
                        .op(Opcode.REF_I31)
                        .op(Opcode.I31_GET_U)
                        .op(Opcode.REF_I31)
                        .i32Const(1)
                        .op(Opcode.REF_I31)
                        .op(Opcode.REF_EQ)));
  }

  /// What counts: segments at the beginning, behind a call, in a loop and in both arms, and bulk.
  @Test
  void countingCode_paysForItsSegments() {
    GoldenListing.assertMatches("fuel", CodeKind.FUEL, variants());
  }

  /// What can be debugged: positions, operands that are new, and locals in the frame.
  @Test
  void debuggableCode_keepsItsFrame() {
    GoldenListing.assertMatches("debug", CodeKind.DEBUG, variants());
  }

  private static ModuleBuilder variants() {
    return new ModuleBuilder()
        .memory(1)
        .function(
            BINARY,
            code ->
                code.localGet(0)
                    .localGet(1)
                    .call(1)
                    .localGet(0)
                    .op(Opcode.I32_LT_S)
                    .ifThen(I32)
                    .i32Const(1)
                    .otherwise()
                    .localGet(0)
                    .i32Const(2)
                    .i32Add()
                    .end()
                    .i32Add())
        .function(
            INT,
            code -> {
              int sum = code.local(I64);
              code.loop()
                  .localGet(sum)
                  .localGet(0)
                  .access(Opcode.I64_LOAD32_U, 4)
                  .op(Opcode.I64_ADD)
                  .localSet(sum)
                  .localGet(0)
                  .i32Const(4)
                  .i32Add()
                  .localTee(0)
                  .i32Const(400)
                  .op(Opcode.I32_NE)
                  .brIf(0)
                  .end()
                  .i32Const(0)
                  .i32Const(0)
                  .localGet(0)
                  .op(Opcode.MEMORY_FILL, 0)
                  .localGet(sum)
                  .op(Opcode.I32_WRAP_I64);
            });
  }
}
