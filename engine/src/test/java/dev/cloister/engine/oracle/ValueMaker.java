package dev.cloister.engine.oracle;

import static dev.cloister.engine.oracle.FunctionMaker.i32;
import static dev.cloister.engine.oracle.FunctionMaker.localGet;
import static dev.cloister.engine.oracle.FunctionMaker.localTee;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.VecType.V128;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Makes numbers, vectors, and accesses to memories and tables.
///
/// Arithmetic leaves the bits of a NaN open, so a float is made canonical where its bits would be
/// seen, and the lanes of a vector as soon as they are computed.
final class ValueMaker {
  private static final long F32_NAN = 0x7fc0_0000L;
  private static final long F64_NAN = 0x7ff8_0000_0000_0000L;

  private static final List<Long> EDGES =
      List.of(
          0L,
          1L,
          -1L,
          (long) Integer.MIN_VALUE,
          (long) Integer.MAX_VALUE,
          Long.MIN_VALUE,
          Long.MAX_VALUE,
          0xffff_ffffL,
          0x80L,
          0xffffL,
          64L);

  private static final List<Double> FLOAT_EDGES =
      List.of(
          0.0,
          -0.0,
          1.0,
          -1.5,
          Double.NaN,
          Double.POSITIVE_INFINITY,
          Double.NEGATIVE_INFINITY,
          (double) Integer.MAX_VALUE,
          (double) Long.MIN_VALUE,
          0x1p-149,
          Double.MIN_VALUE,
          0.5,
          4294967296.0);

  private static final Map<Opcode, FuncType> PLAIN = plain();

  private final FunctionMaker maker;
  private final Programs programs;
  private final Random random;

  ValueMaker(FunctionMaker maker) {
    this.maker = maker;
    this.programs = maker.programs;
    this.random = maker.random;
  }

  /// What computes one value of operands alone, with at most lanes as immediates.
  private static Map<Opcode, FuncType> plain() {
    Map<Opcode, FuncType> plain = new EnumMap<>(Opcode.class);
    for (Opcode opcode : Opcode.values()) {
      FuncType signature = opcode.signature();
      ImmediateKind kind = opcode.immediates();
      if (signature != null
          && signature.results().size() == 1
          && !signature.params().isEmpty()
          && opcode.accessWidthLog2() < 0
          && opcode.feature() != WasmFeature.RELAXED_SIMD
          && (kind == ImmediateKind.NONE
              || kind == ImmediateKind.LANE
              || kind == ImmediateKind.SHUFFLE)) {
        plain.put(opcode, signature);
      }
    }
    return plain;
  }

  private Tree operation(ValueType result, int depth) {
    List<Opcode> fitting = new ArrayList<>();
    PLAIN.forEach((opcode, signature) -> {
      Operator scalar = Operator.of(opcode);
      boolean mayTrap = scalar != null && scalar.canTrap();
      if (signature.results().getFirst().equals(result)
          && programs.has(opcode.feature())
          && (!mayTrap || programs.oneIn(8))) {
        fitting.add(opcode);
      }
    });
    Opcode opcode = programs.pick(fitting);
    List<Tree> operands = new ArrayList<>();
    boolean showsBits =
        opcode.mnemonic().contains("reinterpret")
            || opcode.mnemonic().contains("copysign")
            || opcode.mnemonic().contains("splat")
            || opcode.mnemonic().contains("replace_lane");
    for (ValueType param : Objects.requireNonNull(PLAIN.get(opcode)).params()) {
      Tree operand = maker.expression(param, depth - 1);
      operands.add(showsBits ? shown(param, operand) : operand);
    }
    long[] immediates = immediates(opcode);
    Tree made = Tree.op(List.of(result), operands, to -> to.code().op(opcode, immediates));
    return result == V128 ? canonicalLanes(opcode, made) : made;
  }

  private long[] immediates(Opcode opcode) {
    return switch (opcode.immediates()) {
      case LANE -> new long[] {random.nextInt(laneCount(opcode))};
      case SHUFFLE -> new long[] {shuffle(), shuffle()};
      default -> new long[0];
    };
  }

  private long shuffle() {
    long lanes = 0;
    for (int i = 0; i < 8; i++) {
      lanes |= (long) random.nextInt(32) << (8 * i);
    }
    return lanes;
  }

  private static int laneCount(Opcode opcode) {
    String shape = opcode.mnemonic().substring(0, opcode.mnemonic().indexOf('.'));
    return Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
  }

  Tree number(NumType type, int depth) {
    if (programs.oneIn(5)) {
      return load(type, depth);
    }
    if (type == I64 && programs.has(WasmFeature.WIDE_ARITHMETIC) && programs.oneIn(10)) {
      return wide(depth);
    }
    return operation(type, depth);
  }

  Tree vector(int depth) {
    return programs.oneIn(5) ? load(V128, depth) : operation(V128, depth);
  }

  private Tree wide(int depth) {
    Opcode opcode =
        programs.pick(
            List.of(
                Opcode.I64_ADD128,
                Opcode.I64_SUB128,
                Opcode.I64_MUL_WIDE_S,
                Opcode.I64_MUL_WIDE_U));
    FuncType signature = Objects.requireNonNull(opcode.signature());
    List<Tree> operands = maker.expressions(signature.params(), depth - 1);
    Tree both = Tree.op(signature.results(), operands, to -> to.code().op(opcode));
    return FunctionMaker.of(Opcode.I64_XOR, I64, both);
  }

  // Constants.

  Tree leaf(NumType type) {
    if (type == I32 && programs.oneIn(4)) {
      int memory = random.nextInt(programs.memories.size());
      if (!programs.memories.get(memory).limits().is64()) {
        return programs.oneIn(4)
            ? Tree.op(
                List.of(I32),
                List.of(i32(random.nextInt(3))),
                to -> to.code().op(Opcode.MEMORY_GROW, memory))
            : Tree.op(List.of(I32), List.of(), to -> to.code().op(Opcode.MEMORY_SIZE, memory));
      }
    }
    return constant(type);
  }

  private Tree constant(NumType type) {
    long bits = bits(random, type);
    Opcode opcode = Opcode.valueOf(type.name() + "_CONST");
    return Tree.op(List.of(type), List.of(), to -> to.code().op(opcode, bits));
  }

  /// A number that may be on the edge of something, or any other.
  static long bits(Random random, NumType type) {
    long any =
        switch (random.nextInt(4)) {
          case 0 -> random.nextLong();
          case 1 -> EDGES.get(random.nextInt(EDGES.size()));
          default -> random.nextInt(80) - 16;
        };
    double number =
        random.nextInt(3) == 0 ? FLOAT_EDGES.get(random.nextInt(FLOAT_EDGES.size())) : any / 4.0;
    return switch (type) {
      case I32 -> (int) any;
      case I64 -> any;
      case F32 -> Float.floatToIntBits((float) number);
      case F64 -> Double.doubleToLongBits(number);
    };
  }

  Tree vectorConstant() {
    boolean isByte = random.nextBoolean();
    long low = isByte ? random.nextLong() : bits(random, programs.pick(List.of(NumType.values())));
    long high = isByte ? random.nextLong() : bits(random, I64);
    return vectorConstant(low, high);
  }

  private static Tree vectorConstant(long low, long high) {
    return Tree.op(List.of(V128), List.of(), to -> to.code().op(Opcode.V128_CONST, low, high));
  }

  // NaNs.

  /// A value whose bits are seen.
  private Tree shown(ValueType type, Tree value) {
    if (type != F32 && type != F64) {
      return value;
    }
    int scratch = maker.scratch(type);
    Opcode constant = Opcode.valueOf(type.toString().toUpperCase(Locale.ROOT) + "_CONST");
    Tree nan =
        Tree.op(
            List.of(type),
            List.of(),
            to -> to.code().op(constant, type == F32 ? F32_NAN : F64_NAN));
    Tree isNumber =
        FunctionMaker.of(
            type == F32 ? Opcode.F32_EQ : Opcode.F64_EQ,
            I32,
            localGet(type, scratch),
            localGet(type, scratch));
    return FunctionMaker.of(Opcode.SELECT, type, localTee(type, scratch, value), nan, isNumber);
  }

  private Tree canonicalLanes(Opcode opcode, Tree vector) {
    String name = opcode.mnemonic();
    String operation = name.substring(name.indexOf('.') + 1);
    boolean computes =
        name.startsWith("f")
            && !List.of("eq", "ne", "lt", "gt", "le", "ge", "splat", "replace_lane", "abs", "neg")
                .contains(operation);
    if (!computes) {
      return vector;
    }
    boolean isF32 = name.startsWith("f32");
    long nan = isF32 ? F32_NAN | F32_NAN << 32 : F64_NAN;
    int scratch = maker.scratch(V128);
    Tree isNumber =
        FunctionMaker.of(
            isF32 ? Opcode.F32X4_EQ : Opcode.F64X2_EQ,
            V128,
            localGet(V128, scratch),
            localGet(V128, scratch));
    return FunctionMaker.of(
        Opcode.V128_BITSELECT,
        V128,
        localTee(V128, scratch, vector),
        vectorConstant(nan, nan),
        isNumber);
  }

  // Memories.

  private record Access(Opcode opcode, int memory, long offset, int lane, int alignment) {
    void write(Tree.Writer to) {
      List<Long> immediates = new ArrayList<>(List.of((long) alignment, offset));
      if (memory != 0) {
        immediates.add((long) memory);
      }
      if (opcode.immediates() == ImmediateKind.MEMORY_ACCESS_LANE) {
        immediates.add((long) lane);
      }
      to.code().op(opcode, immediates.stream().mapToLong(Long::longValue).toArray());
    }
  }

  private Access access(ValueType type, boolean isStore) {
    List<Opcode> fitting =
        Arrays.stream(Opcode.values())
            .filter(opcode -> opcode.accessWidthLog2() >= 0)
            .filter(opcode -> opcode.prefix() != Opcode.PREFIX_ATOMIC)
            .filter(opcode -> type.equals(accessed(opcode, isStore)))
            .toList();
    Opcode opcode = programs.pick(fitting);
    long offset =
        switch (random.nextInt(5)) {
          case 0 -> random.nextInt(64);
          case 1 -> random.nextInt(64_000);
          case 2 -> programs.oneIn(40) ? random.nextInt() & 0xffff_ffffL : 8;
          default -> 0;
        };
    int lane = random.nextInt(16 >> opcode.accessWidthLog2());
    int alignment = random.nextInt(opcode.accessWidthLog2() + 1);
    return new Access(opcode, random.nextInt(programs.memories.size()), offset, lane, alignment);
  }

  private static @Nullable ValueType accessed(Opcode opcode, boolean isStore) {
    FuncType signature = opcode.signature();
    if (signature == null || signature.results().isEmpty() != isStore) {
      return null;
    }
    return isStore ? signature.params().getFirst() : signature.results().getFirst();
  }

  private Tree load(ValueType type, int depth) {
    Access access = access(type, /* isStore= */ false);
    List<Tree> operands = new ArrayList<>(List.of(address(access.memory, depth - 1)));
    FuncType signature = access.opcode.signature();
    if (signature != null && !signature.params().isEmpty()) {
      operands.add(maker.expression(V128, depth - 1)); // The other lanes.
    }
    Tree loaded = Tree.op(List.of(type), operands, access::write);
    return loaded;
  }

  Tree store(int depth) {
    ValueType type =
        programs.pick(programs.types.stream().filter(each -> !(each instanceof RefType)).toList());
    Access access = access(type, /* isStore= */ true);
    Tree address = address(access.memory, depth - 1);
    Tree value = shown(type, maker.expression(type, depth - 1));
    return Tree.op(List.of(), List.of(address, value), access::write);
  }

  /// An address that is mostly within the first kilobyte.
  private Tree address(int memory, int depth) {
    return small(programs.memories.get(memory).limits().is64(), 0x3ff, depth);
  }

  /// A number that is mostly at most `mask`.
  private Tree small(boolean is64, int mask, int depth) {
    NumType type = is64 ? I64 : I32;
    Tree any = maker.expression(type, depth);
    if (programs.oneIn(80)) {
      return any;
    }
    Opcode constant = is64 ? Opcode.I64_CONST : Opcode.I32_CONST;
    Tree bound = Tree.op(List.of(type), List.of(), to -> to.code().op(constant, mask));
    return FunctionMaker.of(is64 ? Opcode.I64_AND : Opcode.I32_AND, type, any, bound);
  }

  /// A bulk operation on memories, or growth.
  Tree bulk(int depth) {
    int memory = random.nextInt(programs.memories.size());
    int other = random.nextInt(programs.memories.size());
    boolean is64 = programs.memories.get(memory).limits().is64();
    boolean isOther64 = programs.memories.get(other).limits().is64();
    int segment = random.nextInt(programs.data.size());
    Tree to = address(memory, depth - 1);
    return switch (random.nextInt(5)) {
      case 0 ->
          bulk(
              Opcode.MEMORY_FILL,
              List.of(to, maker.expression(I32, depth - 1), small(is64, 127, depth - 1)),
              memory);
      case 1 ->
          bulk(
              Opcode.MEMORY_COPY,
              List.of(to, address(other, depth - 1), small(is64 && isOther64, 127, depth - 1)),
              memory,
              other);
      case 2 ->
          bulk(
              Opcode.MEMORY_INIT,
              List.of(to, small(false, 15, depth - 1), small(false, 15, depth - 1)),
              segment,
              memory);
      case 3 ->
          programs.oneIn(12)
              ? bulk(Opcode.DATA_DROP, List.of(), segment)
              : bulk(Opcode.MEMORY_FILL, List.of(to, i32(7), small(is64, 3, 0)), memory);
      default -> {
        Tree grown =
            Tree.op(
                List.of(is64 ? I64 : I32),
                List.of(small(is64, 3, depth - 1)),
                writer -> writer.code().op(Opcode.MEMORY_GROW, memory));
        yield Tree.op(List.of(), List.of(grown), writer -> writer.code().drop());
      }
    };
  }

  private static Tree bulk(Opcode opcode, List<Tree> operands, long... immediates) {
    return Tree.op(List.of(), operands, to -> to.code().op(opcode, immediates));
  }

  // Tables.

  private Tree index(int table, int mask, int depth) {
    return small(programs.tables.get(table).limits().is64(), mask, depth);
  }

  /// A statement about a table; never does table 0 lose its functions, or calls would end there.
  Tree table(int depth) {
    int last = programs.tables.size() - 1;
    TableType type = programs.tables.get(last);
    RefType element = type.element();
    boolean is64 = type.limits().is64();
    boolean hasFunctions = last == 0;
    Tree index =
        hasFunctions
            ? i32(8 + random.nextInt(programs.oneIn(10) ? 4 : 2))
            : index(last, 3, depth - 1);
    return switch (random.nextInt(6)) {
      case 0 -> bulk(Opcode.TABLE_SET, List.of(index, maker.expression(element, depth - 1)), last);
      case 1 -> {
        Tree grown =
            Tree.op(
                List.of(is64 ? I64 : I32),
                List.of(maker.expression(element, depth - 1), small(is64, 1, depth - 1)),
                to -> to.code().op(Opcode.TABLE_GROW, last));
        yield Tree.op(List.of(), List.of(grown), to -> to.code().drop());
      }
      case 2 ->
          bulk(
              Opcode.TABLE_FILL,
              List.of(index, maker.expression(element, depth - 1), small(is64, 1, depth - 1)),
              last);
      case 3 ->
          bulk(
              Opcode.TABLE_COPY,
              List.of(index, index(last, 3, depth - 1), small(is64, 1, depth - 1)),
              last,
              last);
      case 4 ->
          element.equals(RefType.FUNCREF)
              ? bulk(
                  Opcode.TABLE_INIT,
                  List.of(index, i32(programs.oneIn(10) ? 5 : 0), small(false, 1, depth - 1)),
                  1,
                  last)
              : bulk(Opcode.ELEM_DROP, List.of(), 1);
      default -> {
        Tree size =
            Tree.op(
                List.of(is64 ? I64 : I32), List.of(), to -> to.code().op(Opcode.TABLE_SIZE, last));
        yield Tree.op(List.of(), List.of(size), to -> to.code().drop());
      }
    };
  }

  /// An element of a table of references of a type, or null if there is none.
  @Nullable Tree element(RefType wanted, int depth) {
    int table = random.nextInt(programs.tables.size());
    return programs.tables.get(table).element().equals(wanted)
        ? Tree.op(
            List.of(wanted),
            List.of(index(table, table == 0 ? 7 : 3, depth)),
            to -> to.code().op(Opcode.TABLE_GET, table))
        : null;
  }
}
