package dev.cloister.engine.codegen;

import static dev.cloister.engine.codegen.GoldenListing.function;
import static dev.cloister.engine.codegen.GoldenListing.functions;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
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
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The bytecode of each group of instructions, so that a change of the code's shape is seen.
final class GoldenListingTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType TRIPLE = new FuncType(List.of(), List.of(I32, I64, F64));

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
    module.function(
        BINARY,
        code ->
            code.localGet(0)
                .localGet(1)
                .i32Add()
                .localGet(1)
                .localGet(0)
                .localGet(1)
                .op(Opcode.I32_LT_S)
                .op(Opcode.SELECT));
    GoldenListing.assertMatches("select", module);
  }

  @Test
  void masks_areOfTheFormThatTheConditionHas() {
    FuncType wide = new FuncType(List.of(I64, I64), List.of(I64));
    ModuleBuilder module = new ModuleBuilder();
    // What does not hold turns the operands round.
    module.function(
        BINARY,
        code -> computed(code).localGet(0).localGet(1).op(Opcode.I32_GE_U).op(Opcode.SELECT));
    module.function(
        wide,
        code ->
            code.localGet(0)
                .i64Const(1)
                .op(Opcode.I64_ADD)
                .localGet(1)
                .localGet(0)
                .localGet(1)
                .op(Opcode.I64_NE)
                .op(Opcode.SELECT));
    // One bit.
    module.function(
        BINARY,
        code -> computed(code).localGet(0).i32Const(64).op(Opcode.I32_AND).op(Opcode.SELECT));
    // Known to be 0 or 1 in optimized code, then not any more.
    module.function(
        BINARY,
        code -> {
          int kept = code.local(I32);
          code.localGet(0).localGet(1).op(Opcode.I32_LT_U).localSet(kept);
          computed(code).localGet(kept).op(Opcode.SELECT).localSet(0);
          code.localGet(1).localSet(kept);
          computed(code).localGet(kept).op(Opcode.SELECT);
        });
    GoldenListing.assertMatches("masks", CodeKind.OPTIMIZED, module);
  }

  @Test
  void lesserAndGreater_areMethodsOfTheJdk() {
    FuncType wide = new FuncType(List.of(I64, I64), List.of(I64));
    ModuleBuilder module = new ModuleBuilder();
    module.function(
        BINARY,
        code ->
            code.localGet(0)
                .localGet(1)
                .localGet(0)
                .localGet(1)
                .op(Opcode.I32_LT_U)
                .op(Opcode.SELECT));
    module.function(
        wide,
        code ->
            code.localGet(0)
                .localGet(1)
                .localGet(1)
                .localGet(0)
                .op(Opcode.I64_LE_S)
                .op(Opcode.SELECT));
    // A limit is seldom reached.
    module.function(
        BINARY,
        code ->
            code.localGet(0)
                .i32Const(7)
                .localGet(0)
                .i32Const(7)
                .op(Opcode.I32_LT_U)
                .op(Opcode.SELECT));
    // The first operand is another value of the local.
    module.function(
        BINARY,
        code ->
            code.localGet(0)
                .localGet(1)
                .localGet(1)
                .localSet(0)
                .localGet(0)
                .localGet(1)
                .op(Opcode.I32_LT_S)
                .op(Opcode.SELECT));
    GoldenListing.assertMatches("extremes", CodeKind.OPTIMIZED, module);
  }

  private static CodeBuilder computed(CodeBuilder code) {
    return code.localGet(0).i32Const(1).i32Add().localGet(1);
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
                  case 0, 4 -> code.localGet(1).i32Const(1).i32Add().localSet(1);
                  case 1, 5 -> code.localGet(wide).localGet(wide).op(Opcode.I64_ADD).localSet(wide);
                  // Written before it is read: no copy.
                  case 2, 6 -> code.i32Const(3).localSet(1).localGet(1).i32Const(1).i32Add().drop();
                  // A copy of one operand is enough.
                  case 3, 7 -> code.localGet(0).localGet(1).op(Opcode.I32_SUB).localSet(0);
                  // No other case does this: no copy.
                  default -> code.localGet(1).i32Const(9).op(Opcode.I32_MUL).localSet(1);
                }
              }
              code.localGet(1);
            }));
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

  /// One loop for each way to count: by a power of two, by another number, and up to a limit.
  @Test
  void loops_areCountedBesideTheirConditions() {
    GoldenListing.assertMatches(
        "counted_loops",
        functions(
            BINARY,
            List.of(
                code -> {
                  code.loop().localGet(0).i32Const(-8).i32Add().localTee(0).brIf(0).end();
                  code.localGet(0);
                },
                code -> {
                  code.loop().localGet(0).i32Const(12).i32Add().localTee(0).localGet(1);
                  code.op(Opcode.I32_NE).brIf(0).end().localGet(0);
                },
                code -> {
                  code.loop().localGet(0).i32Const(1).i32Add().localSet(0);
                  code.localGet(1).i32Const(5).i32Add().localGet(0);
                  code.op(Opcode.I32_GT_U).brIf(0).end().localGet(0);
                })));
  }

  /// Results of comparisons are not kept at jumps back, but for signed longs, which are counted.
  @Test
  void jumpsBack_onResultsOfComparisons_goThroughForwardJumps() {
    GoldenListing.assertMatches(
        "jumps_back",
        functions(
            BINARY,
            List.of(
                code -> {
                  code.loop().localGet(0).localGet(1).op(Opcode.I32_LT_U).brIf(0).end();
                  code.localGet(0);
                },
                code -> {
                  code.loop().localGet(0).op(Opcode.F64_CONVERT_I32_S).localGet(1);
                  code.op(Opcode.F64_CONVERT_I32_S).op(Opcode.F64_LT).brIf(0).end();
                  code.localGet(0);
                },
                code -> {
                  code.loop().localGet(0).op(Opcode.I64_EXTEND_I32_S).localGet(1);
                  code.op(Opcode.I64_EXTEND_I32_S).op(Opcode.I64_LT_S).brIf(0).end();
                  code.localGet(0);
                })));
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

  /// Where code looks by itself whether it is to stop: at entry, in loops, in counted loops between
  /// strips and at branches from the middle, and between tail calls.
  @Test
  void codeThatPolls_looksAtTheFlag() {
    GoldenListing.assertMatches(
        "polled",
        CodeKind.POLLED,
        variants()
            .function(
                INT,
                code -> {
                  code.loop().localGet(0).brIf(0);
                  code.localGet(0).i32Const(-8).i32Add().localTee(0);
                  code.i32Const(16).op(Opcode.I32_NE).brIf(0).end();
                  code.localGet(0);
                })
            .function(
                INT,
                code ->
                    code.loop().localGet(0).brIf(0).end().localGet(0).op(Opcode.RETURN_CALL, 1)));
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
