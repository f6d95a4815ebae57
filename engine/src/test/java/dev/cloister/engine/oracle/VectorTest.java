package dev.cloister.engine.oracle;

import static dev.cloister.engine.fixture.TestEngine.result;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// Each instruction on vectors, over special and random lanes, compared with the interpreter.
///
/// Once with vectors as two longs, and once as objects wherever they can be.
@ParameterizedClass
@EnumSource(VectorUse.class)
final class VectorTest {
  private static final int ROUNDS = 400;

  private static final List<NumType> TYPES = List.of(NumType.values());

  private static final long[] INTEGERS = {0, 1, 2, 3, -1, -2, 0x7f, 0x80, 0x7fff, 0x8000};

  private static final double[] REALS = {
    0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    -2.5,
    1,
    -1,
    127.4,
    0x1p31,
    -0x1p31,
    0x1p32,
    0x1p-149,
    0x1p127,
    1e300,
    -0x1p-1074,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };

  private static final long[] DOUBLE_NANS = {
    0x7ff8_0000_0000_0000L, 0xfff8_0000_0000_0001L, 0x7ff4_0000_0000_0000L
  };
  private static final int[] FLOAT_NANS = {0x7fc0_0000, 0xffc0_0001, 0x7fa0_0000};

  private final TestEngine engine;

  VectorTest(VectorUse vectorUse) {
    engine =
        new TestEngine(
            EngineConfig.defaults().withCodeKind(CodeKind.OPTIMIZED).withVectorUse(vectorUse));
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  static List<Opcode> opcodes() {
    return Arrays.stream(Opcode.values())
        .filter(opcode -> opcode.prefix() == Opcode.PREFIX_SIMD)
        .filter(opcode -> opcode.immediates() == ImmediateKind.NONE)
        .toList();
  }

  static FuncType signature(Opcode opcode) {
    return Objects.requireNonNull(opcode.signature());
  }

  @Test
  void instructions_areWhatTheSpecificationSays() {
    Random random = Seed.random();
    ModuleBuilder module = new ModuleBuilder();
    for (Opcode opcode : opcodes()) {
      FuncType type = signature(opcode);
      module.exportFunction(
          opcode.mnemonic(),
          type,
          code -> {
            for (int i = 0; i < type.params().size(); i++) {
              code.localGet(i);
            }
            code.op(opcode);
          });
    }
    ModuleHandle handle = engine.compile(module);
    Instance instance = handle.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
    Oracle oracle = Oracle.instantiate(handle.module(), new Oracle.Steps(), _ -> "nothing");
    int function = 0;
    for (Opcode opcode : opcodes()) {
      for (int i = 0; i < ROUNDS; i++) {
        List<Object> args = new ArrayList<>();
        List<@Nullable Object> guestArgs = new ArrayList<>();
        for (ValueType param : signature(opcode).params()) {
          if (param instanceof NumType number) {
            long scalar = lane(random, number);
            args.add(Comparison.box(number, scalar));
            guestArgs.add(Interpreter.number(number, scalar));
          } else {
            args.add(vector(random));
            guestArgs.add(args.getLast());
          }
        }
        Object expected =
            Objects.requireNonNull(
                Interpreter.call(oracle.functions.get(function), guestArgs).getFirst());
        Object actual = Objects.requireNonNull(result(instance, opcode.mnemonic(), args.toArray()));
        if (!matches(opcode, expected, actual)) {
          assertThat(actual).as(opcode.mnemonic() + " of " + args).isEqualTo(expected);
        }
      }
      function++;
    }
  }

  static V128 vector(Random random) {
    NumType type = TYPES.get(random.nextInt(TYPES.size()));
    int width = type == NumType.I32 ? 8 << random.nextInt(3) : type == NumType.F32 ? 32 : 64;
    return Vectors.make(width, _ -> lane(random, type));
  }

  private static long lane(Random random, NumType type) {
    if (random.nextInt(4) == 0) {
      return type == NumType.I32 || type == NumType.F32 ? random.nextInt() : random.nextLong();
    }
    boolean isNan = random.nextInt(8) == 0;
    double real = REALS[random.nextInt(REALS.length)];
    return switch (type) {
      case I32, I64 -> INTEGERS[random.nextInt(INTEGERS.length)];
      case F32 ->
          isNan
              ? FLOAT_NANS[random.nextInt(FLOAT_NANS.length)]
              : Float.floatToRawIntBits((float) real);
      case F64 ->
          isNan
              ? DOUBLE_NANS[random.nextInt(DOUBLE_NANS.length)]
              : Double.doubleToRawLongBits(real);
    };
  }

  /// Whether two results are equal, or differ only in what a NaN that was computed looks like.
  static boolean matches(Opcode opcode, Object expected, Object actual) {
    if (expected.equals(actual)) {
      return true;
    }
    int width = opcode.mnemonic().startsWith("f32x4") ? 32 : 64;
    if (!(expected instanceof V128 left)
        || !(actual instanceof V128 right)
        || !opcode.mnemonic().startsWith("f")
        || keepsBits(opcode)) {
      return false;
    }
    for (int i = 0; i < 128 / width; i++) {
      long a = Vectors.lane(left, i, width);
      long b = Vectors.lane(right, i, width);
      if (a != b && !(isNan(a, width) && isQuietNan(b, width))) {
        return false;
      }
    }
    return true;
  }

  private static boolean keepsBits(Opcode opcode) {
    return switch (opcode) {
      case F32X4_ABS,
          F32X4_NEG,
          F32X4_PMIN,
          F32X4_PMAX,
          F32X4_SPLAT,
          F64X2_ABS,
          F64X2_NEG,
          F64X2_PMIN,
          F64X2_PMAX,
          F64X2_SPLAT ->
          true;
      default -> false;
    };
  }

  private static boolean isNan(long bits, int width) {
    return width == 32
        ? Float.isNaN(Float.intBitsToFloat((int) bits))
        : Double.isNaN(Double.longBitsToDouble(bits));
  }

  private static boolean isQuietNan(long bits, int width) {
    long quiet = width == 32 ? 0x7fc0_0000L : 0x7ff8_0000_0000_0000L;
    return (bits & quiet) == quiet;
  }

  // Lanes.

  private static final V128 A = new V128(0x8786_8584_8382_8180L, 0x8f8e_8d8c_8b8a_8988L);
  private static final V128 B = new V128(0x9796_9594_9392_9190L, 0x9f9e_9d9c_9b9a_9998L);

  @Test
  void shuffles_moveEveryByte() {
    Random random = Seed.random();
    List<V128> patterns = new ArrayList<>();
    patterns.add(new V128(0x0706_0504_0302_0100L, 0x0f0e_0d0c_0b0a_0908L));
    patterns.add(new V128(0x1716_1514_1312_1110L, 0x0807_0605_0403_0201L));
    patterns.add(new V128(0, 0x0f0f_0f0f_1f1f_1f1fL));
    for (int i = 0; i < 50; i++) {
      patterns.add(Vectors.make(8, _ -> random.nextInt(32)));
    }
    FuncType type = new FuncType(List.of(VecType.V128, VecType.V128), List.of(VecType.V128));
    ModuleBuilder module = new ModuleBuilder();
    for (V128 pattern : patterns) {
      module.exportFunction(
          pattern.toString(),
          type,
          code ->
              code.localGet(0).localGet(1).op(Opcode.I8X16_SHUFFLE, pattern.low(), pattern.high()));
    }
    Instance instance = engine.instantiate(module);
    for (V128 pattern : patterns) {
      V128 expected =
          Vectors.make(
              8,
              i -> {
                int from = (int) Vectors.lane(pattern, i, 8);
                return Vectors.lane(from < 16 ? A : B, from % 16, 8);
              });
      assertThat(result(instance, pattern.toString(), A, B)).isEqualTo(expected);
    }
  }

  private record LaneOpcodes(NumType type, int width, Opcode replace, List<Opcode> extract) {}

  private static final List<LaneOpcodes> LANES =
      List.of(
          new LaneOpcodes(
              NumType.I32,
              8,
              Opcode.I8X16_REPLACE_LANE,
              List.of(Opcode.I8X16_EXTRACT_LANE_S, Opcode.I8X16_EXTRACT_LANE_U)),
          new LaneOpcodes(
              NumType.I32,
              16,
              Opcode.I16X8_REPLACE_LANE,
              List.of(Opcode.I16X8_EXTRACT_LANE_S, Opcode.I16X8_EXTRACT_LANE_U)),
          new LaneOpcodes(
              NumType.I32, 32, Opcode.I32X4_REPLACE_LANE, List.of(Opcode.I32X4_EXTRACT_LANE)),
          new LaneOpcodes(
              NumType.I64, 64, Opcode.I64X2_REPLACE_LANE, List.of(Opcode.I64X2_EXTRACT_LANE)),
          new LaneOpcodes(
              NumType.F32, 32, Opcode.F32X4_REPLACE_LANE, List.of(Opcode.F32X4_EXTRACT_LANE)),
          new LaneOpcodes(
              NumType.F64, 64, Opcode.F64X2_REPLACE_LANE, List.of(Opcode.F64X2_EXTRACT_LANE)));

  @Test
  void lanes_areReplacedAndExtracted() {
    ModuleBuilder module = new ModuleBuilder();
    for (LaneOpcodes lanes : LANES) {
      for (int i = 0; i < 128 / lanes.width(); i++) {
        int lane = i;
        module.exportFunction(
            lanes.replace().mnemonic() + lane,
            new FuncType(List.of(VecType.V128, lanes.type()), List.of(VecType.V128)),
            code -> code.localGet(0).localGet(1).op(lanes.replace(), lane));
        for (Opcode extract : lanes.extract()) {
          module.exportFunction(
              extract.mnemonic() + lane,
              new FuncType(List.of(VecType.V128), List.of(lanes.type())),
              code -> code.localGet(0).op(extract, lane));
        }
      }
    }
    Instance instance = engine.instantiate(module);
    for (LaneOpcodes lanes : LANES) {
      int width = lanes.width();
      for (int i = 0; i < 128 / width; i++) {
        int lane = i;
        long value = 0x7ff0_1234_5678_9abcL;
        V128 replaced = Vectors.make(width, j -> j == lane ? value : Vectors.lane(A, j, width));
        assertThat(
                result(
                    instance,
                    lanes.replace().mnemonic() + lane,
                    A,
                    Comparison.box(lanes.type(), value)))
            .isEqualTo(replaced);
        for (Opcode extract : lanes.extract()) {
          long bits = Vectors.lane(A, lane, width);
          boolean isUnsigned = extract.mnemonic().endsWith("_u");
          long expected = isUnsigned ? bits : bits << (64 - width) >> (64 - width);
          assertThat(bits(result(instance, extract.mnemonic() + lane, A)))
              .as(extract.mnemonic() + lane)
              .isEqualTo(expected);
        }
      }
    }
  }

  private static long bits(@Nullable Object number) {
    return switch (number) {
      case Integer i -> i;
      case Long l -> l;
      case Float f -> Float.floatToRawIntBits(f);
      case Double d -> Double.doubleToRawLongBits(d);
      case null, default -> throw new AssertionError("not a number: " + number);
    };
  }
}
