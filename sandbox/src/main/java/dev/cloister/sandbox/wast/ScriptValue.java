package dev.cloister.sandbox.wast;

import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.GcObject;
import dev.cloister.engine.runtime.I31;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A value in a script: an argument, or a pattern that a result has to match.
public sealed interface ScriptValue {

  /// The object that stands for this value in a call.
  ///
  /// @throws ScriptException if this is a pattern and not a value
  default @Nullable Object toGuest() {
    throw new ScriptException("not a value: " + this);
  }

  /// Whether `actual`, a result of a call, fits.
  boolean matches(@Nullable Object actual);

  /// A number, by its bits.
  ///
  /// @param bits zero-extended for the types of 32 bits
  record Numeric(Kind kind, long bits) implements ScriptValue {
    /// The four numeric types.
    public enum Kind {
      I32,
      I64,
      F32,
      F64
    }

    @Override
    public Object toGuest() {
      return switch (kind) {
        case I32 -> (int) bits;
        case I64 -> bits;
        case F32 -> Float.intBitsToFloat((int) bits);
        case F64 -> Double.longBitsToDouble(bits);
      };
    }

    @Override
    public boolean matches(@Nullable Object actual) {
      return switch (kind) {
        case I32 -> actual instanceof Integer value && value == (int) bits;
        case I64 -> actual instanceof Long value && value == bits;
        case F32 -> actual instanceof Float value && Float.floatToRawIntBits(value) == (int) bits;
        case F64 -> actual instanceof Double value && Double.doubleToRawLongBits(value) == bits;
      };
    }

    @Override
    public String toString() {
      return ActualValue.describe(toGuest());
    }
  }

  /// Any canonical or arithmetic NaN of a type, with either sign.
  ///
  /// @param isCanonical whether the payload must be exactly its top bit; else that bit must be set
  record Nan(boolean isDouble, boolean isCanonical) implements ScriptValue {
    private static final int F32_SIGN = 0x8000_0000;
    private static final int F32_CANONICAL = 0x7fc0_0000;
    private static final long F64_SIGN = 0x8000_0000_0000_0000L;
    private static final long F64_CANONICAL = 0x7ff8_0000_0000_0000L;

    @Override
    public boolean matches(@Nullable Object actual) {
      return switch (actual) {
        case Double f64 -> isDouble && matchesBits(Double.doubleToRawLongBits(f64));
        case Float f32 -> !isDouble && matchesBits(Float.floatToRawIntBits(f32));
        case null, default -> false;
      };
    }

    private boolean matchesBits(long bits) {
      return isCanonical
          ? (bits & ~F64_SIGN) == F64_CANONICAL
          : (bits & F64_CANONICAL) == F64_CANONICAL;
    }

    private boolean matchesBits(int bits) {
      return isCanonical
          ? (bits & ~F32_SIGN) == F32_CANONICAL
          : (bits & F32_CANONICAL) == F32_CANONICAL;
    }

    @Override
    public String toString() {
      return (isDouble ? "f64 nan:" : "f32 nan:") + (isCanonical ? "canonical" : "arithmetic");
    }
  }

  /// A vector, lane by lane; a float lane may be a NaN pattern.
  ///
  /// @param lanes lane 0, the one at the lowest address, first
  record Vector(LaneType laneType, List<ScriptValue> lanes) implements ScriptValue {
    public Vector {
      lanes = List.copyOf(lanes);
      if (lanes.size() != laneType.laneCount()) {
        throw new ScriptException(lanes.size() + " lanes of " + laneType);
      }
    }

    @Override
    public Object toGuest() {
      long low = 0;
      long high = 0;
      int width = laneType.bits;
      for (int i = 0; i < lanes.size(); i++) {
        if (!(lanes.get(i) instanceof Numeric lane)) {
          throw new ScriptException("not a value: " + this);
        }
        int shift = i * width;
        if (shift < Long.SIZE) {
          low |= lane.bits() << shift;
        } else {
          high |= lane.bits() << (shift - Long.SIZE);
        }
      }
      return new V128(low, high);
    }

    @Override
    public boolean matches(@Nullable Object actual) {
      if (!(actual instanceof V128 vector)) {
        return false;
      }
      for (int i = 0; i < lanes.size(); i++) {
        long bits = laneBits(vector, i);
        boolean fits =
            switch (lanes.get(i)) {
              case Numeric lane -> lane.bits() == bits;
              case Nan nan ->
                  nan.matches(
                      nan.isDouble()
                          ? (Object) Double.longBitsToDouble(bits)
                          : (Object) Float.intBitsToFloat((int) bits));
              default -> throw new ScriptException("not a lane: " + lanes.get(i));
            };
        if (!fits) {
          return false;
        }
      }
      return true;
    }

    private long laneBits(V128 vector, int lane) {
      int shift = lane * laneType.bits;
      long half = shift < Long.SIZE ? vector.low() : vector.high();
      return half >>> (shift & (Long.SIZE - 1)) & laneType.mask();
    }

    @Override
    public String toString() {
      return "v128 " + laneType.name().toLowerCase(Locale.ROOT) + lanes;
    }
  }

  /// How a vector is divided.
  enum LaneType {
    I8(8, Numeric.Kind.I32),
    I16(16, Numeric.Kind.I32),
    I32(32, Numeric.Kind.I32),
    I64(64, Numeric.Kind.I64),
    F32(32, Numeric.Kind.F32),
    F64(64, Numeric.Kind.F64);

    private final int bits;
    private final Numeric.Kind kind;

    LaneType(int bits, Numeric.Kind kind) {
      this.bits = bits;
      this.kind = kind;
    }

    Numeric.Kind kind() {
      return kind;
    }

    int laneCount() {
      return 128 / bits;
    }

    long mask() {
      return -1L >>> (Long.SIZE - bits);
    }
  }

  /// A null of any hierarchy.
  record NullReference(String type) implements ScriptValue {
    @Override
    public @Nullable Object toGuest() {
      return null;
    }

    @Override
    public boolean matches(@Nullable Object actual) {
      return actual == null;
    }

    @Override
    public String toString() {
      return type + " null";
    }
  }

  /// A host value of known identity, as `externref` or inside `anyref`.
  record HostValue(String type, HostReference reference) implements ScriptValue {
    @Override
    public Object toGuest() {
      return reference;
    }

    @Override
    public boolean matches(@Nullable Object actual) {
      return Objects.equals(actual, reference);
    }

    @Override
    public String toString() {
      return type + " " + reference;
    }
  }

  /// Any reference of a kind that is not null.
  record SomeReference(String type) implements ScriptValue {
    @Override
    public boolean matches(@Nullable Object actual) {
      if (actual == null) {
        return false;
      }
      return switch (type) {
        case "funcref" -> actual instanceof FuncRef;
        // The fuzz corpus writes anyref for a reference of any hierarchy.
        case "anyref", "externref" -> !ActualValue.isNumberOrVector(actual);
        case "eqref" -> actual instanceof GcObject || actual instanceof I31;
        case "structref" -> actual instanceof WasmStruct;
        case "arrayref" -> actual instanceof WasmArray;
        case "i31ref" -> actual instanceof I31;
        case "exnref" -> actual instanceof ThrownException;
        default -> throw new ScriptException("unknown reference type " + type);
      };
    }

    @Override
    public String toString() {
      return type;
    }
  }

  /// One of several, where the specification leaves a choice.
  record Either(List<ScriptValue> values) implements ScriptValue {
    public Either {
      values = List.copyOf(values);
    }

    @Override
    public boolean matches(@Nullable Object actual) {
      return values.stream().anyMatch(value -> value.matches(actual));
    }

    @Override
    public String toString() {
      return "either " + values;
    }
  }
}
