package dev.cloister.engine.codegen;

import static dev.cloister.engine.codegen.GoldenListing.functions;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static dev.cloister.engine.types.VecType.V128;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What accesses to memories become; see [GoldenListing].
final class MemoryListingTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));

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

  /// What is kept of a memory that may grow is read again only after calls that may let it.
  @Test
  void calls_thatMayGrowTheMemory() {
    GoldenListing.assertMatches(
        "calls_growth",
        new ModuleBuilder()
            .memory(1)
            .table(new TableType(FUNCREF, Limits.of(1)))
            .function(VOID, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop())
            .function(VOID, code -> {})
            .function(INT, code -> code.call(1).localGet(0).access(Opcode.I32_LOAD, 8))
            .function(INT, code -> code.call(0).localGet(0).access(Opcode.I32_LOAD, 8))
            .function(
                INT,
                code ->
                    code.i32Const(0)
                        .callIndirect(VOID, 0)
                        .localGet(0)
                        .access(Opcode.I32_LOAD8_S, 8))
            .function(
                INT,
                code ->
                    code.localGet(0)
                        .op(Opcode.MEMORY_GROW, 0)
                        .access(Opcode.I64_LOAD, 0)
                        .op(Opcode.I32_WRAP_I64)));
  }

  private static ModuleBuilder constantAddresses() {
    return new ModuleBuilder()
        .function(
            new FuncType(List.of(), List.of(I32)),
            code ->
                code.i32Const(16)
                    .i32Const(0x1000)
                    .access(Opcode.I32_LOAD16_U, 0xeffe)
                    .access(Opcode.I32_STORE, 4)
                    .i32Const(0x1000)
                    .access(Opcode.I32_LOAD, 0xeffd));
  }

  /// The last access reaches one byte beyond the smallest size.
  @Test
  void constantAddresses_areIndices() {
    GoldenListing.assertMatches("constants_exact", constantAddresses().memory(1));
    GoldenListing.assertMatches(
        "constants_growable",
        constantAddresses()
            .memory(1)
            .function(VOID, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop()));
  }

  /// The bytes are read again once before they are used, and before control meets.
  @Test
  void calls_inExactForm() {
    GoldenListing.assertMatches(
        "calls_exact",
        new ModuleBuilder()
            .memory(1)
            .function(VOID, code -> {})
            .function(
                INT,
                code ->
                    code.call(0)
                        .call(0)
                        .block()
                        .localGet(0)
                        .access(Opcode.I32_LOAD8_S, 0)
                        .localSet(0)
                        .end()
                        .localGet(0)
                        .access(Opcode.I32_LOAD8_S, 0)
                        .call(0))
            .function(
                INT,
                code ->
                    code.localGet(0)
                        .ifThen()
                        .call(0)
                        .localGet(0)
                        .ret()
                        .otherwise()
                        .call(0)
                        .end()
                        .localGet(0)
                        .access(Opcode.I32_LOAD8_S, 0))
            .function(
                INT,
                code ->
                    code.call(0)
                        .loop()
                        .localGet(0)
                        .access(Opcode.I32_LOAD8_S, 0)
                        .localSet(0)
                        .call(0)
                        .localGet(0)
                        .brIf(0)
                        .end()
                        .localGet(0)));
  }

  @Test
  void stores_inExactForm() {
    GoldenListing.assertMatches("stores_exact", accesses(STORES, 0, 16).memory(1));
  }

  /// One instruction of each form in the table, and those that are not in it.
  @Test
  void vectors_areTwoLongs() {
    FuncType binary = new FuncType(List.of(V128, V128), List.of(V128));
    FuncType mixed = new FuncType(List.of(V128, I32), List.of(V128));
    FuncType test = new FuncType(List.of(V128, V128), List.of(I32));
    GoldenListing.assertMatches(
        "vectors",
        new ModuleBuilder()
            .function(binary, code -> code.localGet(0).localGet(1).op(Opcode.I8X16_ADD))
            .function(
                binary,
                code ->
                    code.localGet(0)
                        .localGet(0)
                        .localGet(1)
                        .op(Opcode.F32X4_MUL)
                        .op(Opcode.V128_CONST, 1, -1)
                        .op(Opcode.V128_BITSELECT)
                        .localTee(1)
                        .localGet(0)
                        .op(Opcode.I64X2_ADD))
            .function(mixed, code -> code.localGet(0).localGet(1).op(Opcode.I16X8_SHL))
            .function(mixed, code -> code.localGet(1).op(Opcode.I32X4_SPLAT))
            .function(
                mixed,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I8X16_REPLACE_LANE, 9)
                        .op(Opcode.I32X4_TRUNC_SAT_F64X2_S_ZERO))
            .function(
                binary, code -> code.localGet(0).localGet(1).op(Opcode.I16X8_EXTMUL_HIGH_I8X16_U))
            .function(
                binary,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .op(Opcode.I8X16_SHUFFLE, 0x1514_0504_0302_0100L, 0x0f0e_0d0c_0b0a_0908L))
            .function(
                test,
                code ->
                    code.block()
                        .localGet(0)
                        .localGet(1)
                        .op(Opcode.I32X4_EQ)
                        .op(Opcode.I32X4_ALL_TRUE)
                        .brIf(0)
                        .end()
                        .localGet(0)
                        .op(Opcode.I16X8_EXTRACT_LANE_S, 6)));
  }

  @Test
  void vectors_inControlAndCalls() {
    FuncType choice = new FuncType(List.of(V128, V128, I32), List.of(V128, V128));
    GoldenListing.assertMatches(
        "vector_values",
        new ModuleBuilder()
            .function(
                choice,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .localGet(2)
                        .op(Opcode.SELECT)
                        .block(V128)
                        .localGet(0)
                        .localGet(2)
                        .brIf(0)
                        .drop()
                        .globalGet(0)
                        .end())
            .function(
                choice,
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .localGet(2)
                        .call(0)
                        .drop()
                        .globalSet(0)
                        .localGet(0)
                        .localGet(1))
            .global(new GlobalType(V128, true), code -> code.op(Opcode.V128_CONST, 1, 2)));
  }

  private static ModuleBuilder vectorAccesses() {
    FuncType load = new FuncType(List.of(I32), List.of(V128));
    FuncType store = new FuncType(List.of(I32, V128), List.of());
    FuncType loadLane = new FuncType(List.of(I32, V128), List.of(V128));
    return new ModuleBuilder()
        .function(load, code -> code.localGet(0).access(Opcode.V128_LOAD, 0))
        .function(load, code -> code.localGet(0).access(Opcode.V128_LOAD, 16))
        .function(load, code -> code.localGet(0).access(Opcode.V128_LOAD8X8_U, 0))
        .function(load, code -> code.localGet(0).access(Opcode.V128_LOAD8_SPLAT, 0))
        .function(load, code -> code.localGet(0).access(Opcode.V128_LOAD32_ZERO, 0))
        .function(
            loadLane, code -> code.localGet(0).localGet(1).op(Opcode.V128_LOAD16_LANE, 1, 0, 5))
        .function(store, code -> code.localGet(0).localGet(1).access(Opcode.V128_STORE, 0))
        .function(store, code -> code.localGet(0).localGet(1).access(Opcode.V128_STORE, 16))
        .function(store, code -> code.localGet(0).localGet(1).op(Opcode.V128_STORE8_LANE, 0, 4, 3));
  }

  @Test
  void vectorAccesses_inExactForm() {
    GoldenListing.assertMatches("vector_accesses_exact", vectorAccesses().memory(1));
  }

  @Test
  void vectorAccesses_inLimitForm() {
    GoldenListing.assertMatches("vector_accesses_limit", growing(vectorAccesses()));
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
}
