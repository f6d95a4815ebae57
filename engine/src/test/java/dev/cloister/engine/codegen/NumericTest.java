package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.global;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.oracle.Operator;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.NumType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Each numeric instruction on each combination of edge cases, compared with [Operator].
final class NumericTest {
  private static final long[] INTS = {
    0,
    1,
    -1,
    2,
    -2,
    7,
    -7,
    31,
    32,
    33,
    63,
    64,
    65,
    -31,
    -32,
    127,
    128,
    -128,
    -129,
    255,
    256,
    32_767,
    32_768,
    -32_768,
    -32_769,
    65_535,
    0x1234_5678,
    0x8765_4321L << 32 >> 32,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    Integer.MIN_VALUE + 1,
    1 << 24,
    (1 << 24) + 1
  };

  private static final long[] LONGS = {
    1L << 31,
    (1L << 31) - 1,
    1L << 32,
    (1L << 32) - 1,
    -1L << 31,
    (-1L << 31) - 1,
    1L << 53,
    (1L << 53) + 1,
    (1L << 53) - 1,
    0x7fff_fe7f_ffff_ffffL,
    0x7fff_ff80_0000_0000L,
    0x7fff_ffff_ffff_fc00L,
    0x7fff_ffff_ffff_fbffL,
    0x8000_0080_0000_0001L,
    0x8000_0000_0000_0401L,
    0xffff_ff7f_ffff_ffffL,
    0x0123_4567_89ab_cdefL,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1
  };

  private static final double[] REALS = {
    0,
    -0.0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    0.499_999_97,
    -0.499_999_97,
    3.7,
    -3.7,
    1e-30,
    -1e-30,
    1e10,
    -1e10,
    1e19,
    -1e19,
    1e30,
    -1e30,
    8_388_607.5,
    8_388_608,
    4_503_599_627_370_495.5,
    0x1p31,
    -0x1p31,
    0x1p31 - 1,
    -0x1p31 - 1,
    0x1p31 - 0.5,
    -0x1p31 - 0.5,
    0x1p32,
    0x1p32 - 1,
    0x1p32 - 0.5,
    -0.999_999,
    0x1p63,
    -0x1p63,
    0x1p64,
    0x1.fffffffffffffp62,
    0x1.fffffffffffffp63,
    0x1.fffffep30,
    0x1.fffffep31,
    0x1.fffffep62,
    0x1.fffffep63,
    Float.MIN_VALUE,
    Float.MAX_VALUE,
    Float.MIN_NORMAL,
    Double.MIN_VALUE,
    Double.MAX_VALUE,
    Double.MIN_NORMAL,
    0x1.000001p0,
    0x1.0000010000001p0,
    0x1.ffffffp127,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };

  private static final int[] FLOAT_NANS = {
    0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0xffff_ffff, 0x7f80_0001, 0xffa0_1234
  };

  private static final long[] DOUBLE_NANS = {
    0x7ff8_0000_0000_0000L,
    0xfff8_0000_0000_0000L,
    0x7ff8_0000_0000_0001L,
    0xffff_ffff_ffff_ffffL,
    0x7ff0_0000_0000_0001L,
    0xfff4_1234_5678_9abcL
  };

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// Returns the edge cases of a type, as bits.
  private static long[] values(NumType type) {
    return switch (type) {
      case I32 -> Arrays.stream(INTS).map(value -> (int) value).distinct().toArray();
      case I64 -> Stream.of(INTS, LONGS).flatMapToLong(Arrays::stream).distinct().toArray();
      case F32 ->
          Stream.concat(
                  Arrays.stream(REALS).mapToObj(real -> Float.floatToRawIntBits((float) real)),
                  Arrays.stream(FLOAT_NANS).boxed())
              .mapToLong(bits -> bits)
              .distinct()
              .toArray();
      case F64 ->
          Stream.concat(
                  Arrays.stream(REALS).mapToObj(Double::doubleToRawLongBits),
                  Arrays.stream(DOUBLE_NANS).boxed())
              .mapToLong(bits -> bits)
              .distinct()
              .toArray();
    };
  }

  static Object box(long bits, NumType type) {
    return switch (type) {
      case I32 -> (Object) (int) bits;
      case I64 -> bits;
      case F32 -> Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
    };
  }

  static long unbox(@Nullable Object value) {
    return switch (value) {
      case Integer i -> i;
      case Long l -> l;
      case Float f -> Float.floatToRawIntBits(f);
      case Double d -> Double.doubleToRawLongBits(d);
      case null, default -> throw new AssertionError("not a number: " + value);
    };
  }

  static List<Operator> operators() {
    return Operator.ALL;
  }

  @Test
  void table_hasAllNumericInstructions() {
    Set<Opcode> expected = new HashSet<>();
    for (Opcode opcode : Opcode.values()) {
      FuncType signature = opcode.signature();
      if (signature != null
          && !signature.params().isEmpty()
          && signature.params().stream().allMatch(NumType.class::isInstance)
          && signature.results().size() == 1
          && signature.results().getFirst() instanceof NumType
          && opcode.immediates() == ImmediateKind.NONE
          && opcode.prefix() != Opcode.PREFIX_SIMD // See VectorTest.
          && opcode.feature() != WasmFeature.WIDE_ARITHMETIC // See WideArithmeticTest.
          && WasmFeatures.ALL.has(opcode.feature())) {
        expected.add(opcode);
      }
    }
    assertThat(Operator.ALL).extracting(Operator::opcode).containsAll(expected);
  }

  /// Operands as parameters, and as constants in the code.
  @ParameterizedTest
  @MethodSource("operators")
  void operator_onEdgeCases_isWhatTheSpecificationSays(Operator operator) {
    FuncType type = new FuncType(List.copyOf(operator.operands()), List.of(operator.result()));
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction(
                "f",
                type,
                code -> {
                  for (int i = 0; i < operator.operands().size(); i++) {
                    code.localGet(i);
                  }
                  code.op(operator.opcode());
                });
    FuncRef function = engine.instantiate(module).exportedFunction("f");
    boolean isUnary = operator.operands().size() == 1;
    long[] seconds = isUnary ? new long[1] : values(operator.operands().get(1));
    for (long a : values(operator.operands().getFirst())) {
      for (long b : seconds) {
        Object first = box(a, operator.operands().getFirst());
        check(
            operator,
            a,
            b,
            isUnary
                ? new Object[] {first}
                : new Object[] {first, box(b, operator.operands().get(1))},
            function);
      }
    }
  }

  private static void check(Operator operator, long a, long b, Object[] args, FuncRef function) {
    String what =
        operator.opcode().mnemonic() + " of " + Long.toHexString(a) + ", " + Long.toHexString(b);
    try {
      long expected = operator.apply(a, b);
      long found = unbox(function.call(args)[0]);
      if (!isSame(operator, expected, found)) {
        fail("%s: expected %s, got %s", what, Long.toHexString(expected), Long.toHexString(found));
      }
    } catch (Operator.Fault fault) {
      try {
        function.call(args);
        fail("%s: expected %s", what, fault.reason);
      } catch (TrapException trap) {
        assertThat(trap.reason()).as(what).isEqualTo(fault.reason);
      }
    }
  }

  /// NaNs of arithmetic must be quiet; which of them is left open.
  private static boolean isSame(Operator operator, long expected, long found) {
    if (expected == found) {
      return true;
    }
    if (operator.keepsNanBits()) {
      return false;
    }
    return switch (operator.result()) {
      case F32 -> isNan(expected, F32) && isNan(found, F32) && (found & 0x0040_0000) != 0;
      case F64 ->
          isNan(expected, F64) && isNan(found, F64) && (found & 0x0008_0000_0000_0000L) != 0;
      case I32, I64 -> false;
    };
  }

  static boolean isNan(long bits, NumType type) {
    return Double.isNaN(Operator.toDouble(bits, type));
  }

  /// All ways that a value can take through a module keep its bits, also those of NaNs.
  @ParameterizedTest
  @EnumSource(NumType.class)
  void bits_areKeptOnAllWays(NumType type) {
    FuncType identity = new FuncType(List.of(type), List.of(type));
    FuncType twice = new FuncType(List.of(type), List.of(type, type));
    Opcode load = Opcode.valueOf(type.name() + "_LOAD");
    Opcode store = Opcode.valueOf(type.name() + "_STORE");
    List<String> ways = new ArrayList<>();
    ModuleBuilder module = new ModuleBuilder().importFunction("host", "f", identity);
    way(ways, module, "param", identity, code -> code.localGet(0));
    way(
        ways,
        module,
        "local",
        identity,
        code -> {
          int local = code.local(type);
          code.localGet(0).localTee(local).drop().localGet(local);
        });
    way(ways, module, "field", identity, code -> code.localGet(0).globalSet(0).globalGet(0));
    way(ways, module, "cell", identity, code -> code.localGet(0).globalSet(1).globalGet(1));
    way(
        ways,
        module,
        "memory",
        identity,
        code -> code.i32Const(8).localGet(0).access(store, 3).i32Const(11).access(load, 0));
    way(ways, module, "host", identity, code -> code.localGet(0).call(0));
    way(
        ways,
        module,
        "select",
        identity,
        code -> code.localGet(0).localGet(0).i32Const(0).op(Opcode.SELECT));
    way(
        ways,
        module,
        "block",
        identity,
        code -> code.block(type).localGet(0).i32Const(1).brIf(0).drop().localGet(0).end());
    module.function(twice, code -> code.localGet(0).localGet(0));
    int second = module.functionCount() - 1;
    way(
        ways,
        module,
        "second result",
        identity,
        code -> {
          int local = code.local(type);
          code.localGet(0).call(second).localSet(local).drop().localGet(local);
        });
    module.memory(1);
    for (int i = 0; i < 2; i++) {
      module.global(
          new GlobalType(type, true), code -> code.op(Opcode.valueOf(type.name() + "_CONST"), 0));
    }
    module.export("global", ExternKind.GLOBAL, 1);
    HostFunction host = HostFunction.of(identity, (_, args) -> args);
    Instance instance =
        engine.instantiate(module, Imports.builder().define("host", "f", host).build());

    for (long bits : values(type)) {
      for (String way : ways) {
        assertThat(unbox(result(instance, way, box(bits, type))))
            .as("%s by %s", Long.toHexString(bits), way)
            .isEqualTo(bits);
      }
      assertThat(unbox(global(instance, "global").value())).isEqualTo(bits);
    }
  }

  private static void way(
      List<String> ways,
      ModuleBuilder module,
      String name,
      FuncType type,
      Consumer<CodeBuilder> body) {
    ways.add(name);
    module.exportFunction(name, type, body);
  }

  /// Constants in code and in initial values of globals keep their bits.
  @ParameterizedTest
  @EnumSource(NumType.class)
  void constants_keepTheirBits(NumType type) {
    Opcode constant = Opcode.valueOf(type.name() + "_CONST");
    FuncType toValue = new FuncType(List.of(), List.of(type));
    ModuleBuilder module = new ModuleBuilder();
    long[] values = values(type);
    for (int i = 0; i < values.length; i++) {
      long bits = values[i];
      int global = i;
      module.exportFunction("code" + i, toValue, code -> code.op(constant, bits));
      module.exportFunction("global" + i, toValue, code -> code.globalGet(global));
      module.global(new GlobalType(type, false), code -> code.op(constant, bits));
    }
    Instance instance = engine.instantiate(module);
    for (int i = 0; i < values.length; i++) {
      assertThat(unbox(result(instance, "code" + i))).isEqualTo(values[i]);
      assertThat(unbox(result(instance, "global" + i))).isEqualTo(values[i]);
    }
  }

  /// Loads extend and stores cut; all widths, at addresses of any alignment.
  @Test
  void accesses_ofAllWidths_areLittleEndianAndExtend() {
    record Case(Opcode opcode, NumType type, int bits, boolean isSigned) {}
    List<Case> cases =
        List.of(
            new Case(Opcode.I32_LOAD8_S, I32, 8, true),
            new Case(Opcode.I32_LOAD8_U, I32, 8, false),
            new Case(Opcode.I32_LOAD16_S, I32, 16, true),
            new Case(Opcode.I32_LOAD16_U, I32, 16, false),
            new Case(Opcode.I32_LOAD, I32, 32, true),
            new Case(Opcode.I64_LOAD8_S, I64, 8, true),
            new Case(Opcode.I64_LOAD8_U, I64, 8, false),
            new Case(Opcode.I64_LOAD16_S, I64, 16, true),
            new Case(Opcode.I64_LOAD16_U, I64, 16, false),
            new Case(Opcode.I64_LOAD32_S, I64, 32, true),
            new Case(Opcode.I64_LOAD32_U, I64, 32, false),
            new Case(Opcode.I64_LOAD, I64, 64, true));
    byte[] data = new byte[64];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 83 + 119);
    }
    ModuleBuilder module = new ModuleBuilder().memory(1).data(0, data);
    for (Case access : cases) {
      module.exportFunction(
          access.opcode().name(),
          new FuncType(List.of(I32), List.of(access.type())),
          code -> code.localGet(0).access(access.opcode(), 1));
    }
    Instance instance = engine.instantiate(module);
    for (Case access : cases) {
      for (int address = 0; address < 40; address++) {
        long bits = 0;
        for (int i = access.bits() / 8 - 1; i >= 0; i--) {
          bits = (bits << 8) | (data[address + 1 + i] & 0xff);
        }
        int unused = 64 - access.bits();
        long expected = access.isSigned() ? bits << unused >> unused : bits;
        assertThat(unbox(result(instance, access.opcode().name(), address)))
            .as("%s at %s", access.opcode().mnemonic(), address)
            .isEqualTo(expected);
      }
    }
  }
}
