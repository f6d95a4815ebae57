package dev.cloister.engine.codegen;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Opcodes;

/// Writes calls of the JDK's Vector API.
///
/// Generated methods call it directly. A helper in between would be one more method to inline, and
/// C2 gives up on those after some twenty vector operations, while all methods of the API are
/// inlined in any case. A vector operation that is not inlined makes objects of all its operands.
final class VectorWriter {
  private static final String VECTOR_DESC = Names.VECTOR_DESC;
  private static final String OPERATORS = Names.VECTORS + "VectorOperators";
  private static final String MASK = Names.VECTORS + "VectorMask";
  private static final String MASK_DESC = "L" + MASK + ";";
  private static final String SPECIES_DESC = "L" + Names.VECTORS + "VectorSpecies;";

  private final BytecodeWriter writer;

  VectorWriter(BytecodeWriter writer) {
    this.writer = writer;
  }

  /// Pushes the species of vectors with a type of lanes.
  void species(LaneType type) {
    species(type, 128);
  }

  private void species(LaneType type, int bits) {
    writer.getstatic(type.owner(), "SPECIES_" + bits, SPECIES_DESC);
  }

  /// Pushes a vector of longs whose halves are in local variables, one behind the other.
  void load(int slot) {
    species(LaneType.LONG);
    writer.load(JvmKind.LONG, slot);
    broadcast(LaneType.LONG);
    writer.iconst(1);
    writer.load(JvmKind.LONG, slot + 2);
    withLane(LaneType.LONG);
  }

  /// Makes a vector of longs of two longs on the JVM stack.
  ///
  /// @param low two free local variables
  /// @param high two more
  void pack(int low, int high) {
    writer.store(JvmKind.LONG, high);
    writer.store(JvmKind.LONG, low);
    species(LaneType.LONG);
    writer.load(JvmKind.LONG, low);
    broadcast(LaneType.LONG);
    writer.iconst(1);
    writer.load(JvmKind.LONG, high);
    withLane(LaneType.LONG);
  }

  /// Pops a vector into local variables for its halves, one behind the other.
  void unpack(int slot) {
    writer.insn(Opcodes.DUP);
    lane(LaneType.LONG, 0);
    writer.store(JvmKind.LONG, slot);
    lane(LaneType.LONG, 1);
    writer.store(JvmKind.LONG, slot + 2);
  }

  /// Views the vector on top of the JVM stack as one of a type.
  void view(LaneType type) {
    writer.invokevirtual(Names.VECTOR, type.view(), "()" + type.descriptor());
  }

  /// Pushes a vector with all lanes 0.
  void zero(LaneType type) {
    species(type);
    writer.invokestatic(type.owner(), "zero", "(" + SPECIES_DESC + ")" + type.descriptor());
  }

  /// Pushes a constant by its bits: one lane again and again where it is that, which C2 keeps in a
  /// register, else an object that is made when the instruction is first reached.
  void constant(LaneType type, long low, long high) {
    if (low == 0 && high == 0) {
      zero(type);
      return;
    }
    LaneType splat = splat(type.integral(), low, high);
    if (splat == null) {
      writer.vectorConstant(low, high);
      viewFrom(LaneType.BYTE, type);
      return;
    }
    species(splat);
    if (splat == LaneType.LONG) {
      writer.lconst(low);
    } else {
      int shift = 32 - splat.bits();
      writer.iconst((int) low << shift >> shift);
    }
    broadcast(splat);
    viewFrom(splat, type);
  }

  private static @Nullable LaneType splat(LaneType wanted, long low, long high) {
    if (low != high) {
      return null;
    }
    if (isSplat(wanted, low)) {
      return wanted;
    }
    for (LaneType type : new LaneType[] {LaneType.SHORT, LaneType.INT}) {
      if (isSplat(type, low)) {
        return type;
      }
    }
    return LaneType.LONG;
  }

  private static boolean isSplat(LaneType type, long half) {
    return type == LaneType.LONG || Long.rotateLeft(half, type.bits()) == half;
  }

  /// Pushes a constant with the same bits in all lanes of a type.
  void splat(LaneType type, long lane) {
    long half = lane;
    for (int bits = type.bits(); bits < 64; bits *= 2) {
      half = (half & (-1L >>> -bits)) | half << bits;
    }
    constant(type, half, half);
  }

  /// Views a vector whose type is known as one of another type.
  void viewFrom(LaneType type, LaneType wanted) {
    if (type != wanted) {
      view(wanted);
    }
  }

  /// Pops a species and a lane, and pushes a vector with this lane again and again.
  void broadcast(LaneType type) {
    writer.invokestatic(
        type.owner(), "broadcast", "(" + SPECIES_DESC + type.code() + ")" + type.descriptor());
  }

  /// Pushes an operator, to lie between the first and the second operand.
  void operator(VectorOperator operator) {
    writer.getstatic(OPERATORS, operator.name(), operator.descriptor());
  }

  /// Pops a vector and an operator.
  void unary() {
    lanewise(VectorOperator.UNARY, "");
  }

  /// Pops a vector, an operator and a vector.
  void binary() {
    lanewise(VectorOperator.BINARY, VECTOR_DESC);
  }

  /// The same with an operator and a constant operand, of which all lanes are the same.
  void binary(VectorOperator operator, LaneType type, long lane) {
    operator(operator);
    splat(type, lane);
    binary();
  }

  /// The same for a vector of ints of 256 bits.
  void wideBinary(VectorOperator operator, int lane) {
    operator(operator);
    species(LaneType.INT, 256);
    writer.iconst(lane);
    broadcast(LaneType.INT);
    binary();
  }

  /// Pushes a vector of 256 bits with the same bits in all lanes, 0 or all ones.
  void wideConstant(LaneType type, long lane) {
    LaneType ints = type.integral();
    species(ints, 256);
    writer.lconst(lane);
    broadcast(ints);
    viewFrom(ints, type);
  }

  /// Makes a vector of 256 bits of one of 128; what is in the rest does not matter.
  void widen(LaneType type) {
    reshape(type, 256);
  }

  /// The opposite.
  void unwiden(LaneType type) {
    reshape(type, 128);
  }

  private void reshape(LaneType type, int bits) {
    species(type, bits);
    writer.iconst(0);
    writer.invokevirtual(Names.VECTOR, "reinterpretShape", "(" + SPECIES_DESC + "I)" + VECTOR_DESC);
  }

  /// Shifts the vector on top of the JVM stack by a constant.
  void shift(VectorOperator operator, int count) {
    operator(operator);
    writer.lconst(count);
    shift();
  }

  /// Pops a vector, an operator and a count of 64 bits that is less than the width of a lane.
  void shift() {
    lanewise(VectorOperator.BINARY, "J");
  }

  /// Pops a vector, an operator and two vectors.
  void ternary() {
    lanewise(VectorOperator.TERNARY, VECTOR_DESC + VECTOR_DESC);
  }

  private void lanewise(String operator, String operands) {
    writer.invokevirtual(Names.VECTOR, "lanewise", "(" + operator + operands + ")" + VECTOR_DESC);
  }

  /// Pops a vector, a comparison and a vector, and pushes a mask.
  void compare() {
    writer.invokevirtual(
        Names.VECTOR, "compare", "(" + VectorOperator.COMPARISON + VECTOR_DESC + ")" + MASK_DESC);
  }

  /// Pops two vectors and a mask: the lanes of the second where the mask is set.
  void blend() {
    writer.invokevirtual(Names.VECTOR, "blend", "(" + VECTOR_DESC + MASK_DESC + ")" + VECTOR_DESC);
  }

  /// Replaces a mask by whether any lane is set.
  void anyTrue() {
    writer.invokevirtual(MASK, "anyTrue", "()Z");
  }

  /// Replaces a mask by its bits.
  void bits() {
    writer.invokevirtual(MASK, "toLong", "()J");
    writer.insn(Opcodes.L2I);
  }

  /// Pops indices and a vector: its lanes by index.
  void selectFrom() {
    writer.invokevirtual(Names.VECTOR, "selectFrom", "(" + VECTOR_DESC + ")" + VECTOR_DESC);
  }

  /// Pushes bytes of two vectors, by constant indices from 0 to 31.
  ///
  /// Each is selected from on its own. That is faster than what the API has for two.
  void selectOfTwo(long low, long high, Runnable first, Runnable second) {
    long lanes = 0x0f0f_0f0f_0f0f_0f0fL;
    writer.vectorConstant(low & lanes, high & lanes);
    first.run();
    selectFrom();
    operator(VectorOperator.BITWISE_BLEND);
    writer.vectorConstant(low & lanes, high & lanes);
    second.run();
    selectFrom();
    writer.vectorConstant(ofSecond(low), ofSecond(high));
    ternary();
  }

  /// {@return all ones in the bytes whose index is that of a byte of the second vector}
  private static long ofSecond(long indices) {
    return (indices >>> 4 & 0x0101_0101_0101_0101L) * 0xff;
  }

  /// Converts the lowest lanes of a vector; the rest of the result is 0.
  void convert(String conversion, LaneType to) {
    convert(conversion, to, 128);
  }

  /// Converts to a vector of another size.
  void convert(String conversion, LaneType to, int bits) {
    writer.getstatic(OPERATORS, conversion, "L" + OPERATORS + "$Conversion;");
    species(to, bits);
    writer.iconst(0);
    writer.invokevirtual(
        Names.VECTOR,
        "convertShape",
        "(L" + OPERATORS + "$Conversion;" + SPECIES_DESC + "I)" + VECTOR_DESC);
  }

  /// Replaces a vector by one of its lanes.
  void lane(LaneType type, int lane) {
    view(type);
    writer.iconst(lane);
    writer.invokevirtual(type.owner(), "lane", "(I)" + type.code());
  }

  /// Begins to replace a lane of the vector on top of the JVM stack; the new lane comes next.
  void beginLane(LaneType type, int lane) {
    view(type);
    writer.iconst(lane);
  }

  /// Ends what [#beginLane] began.
  void withLane(LaneType type) {
    writer.invokevirtual(type.owner(), "withLane", "(I" + type.code() + ")" + type.descriptor());
  }

  /// Pops a species, an array of bytes and an index.
  void load() {
    writer.invokestatic(
        LaneType.BYTE.owner(),
        "fromArray",
        "(" + SPECIES_DESC + "[BI)" + LaneType.BYTE.descriptor());
  }

  /// Pops a vector of bytes, an array of bytes and an index.
  void store() {
    writer.invokevirtual(LaneType.BYTE.owner(), "intoArray", "([BI)V");
  }
}
