package dev.cloister.engine.oracle;

import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the interpreter's guests work on (Spec 4.2): values, objects, and how execution ends.
///
/// Values are `Integer` for i32, `Long` for i64, [F32], [F64], the engine's `V128`, and for
/// references null, [Function], [Struct], [Array], [I31], [Thrown], [Externalized], [Internalized]
/// or any other object, which is the host's.
final class Guest {
  private Guest() {}

  /// An f32 by its bits, as a Java float might not keep those of a NaN.
  record F32(int bits) {
    /// Equal are also all NaNs, whose bits arithmetic leaves open.
    boolean isNan() {
      return Float.isNaN(Float.intBitsToFloat(bits));
    }

    @Override
    public String toString() {
      return "f32 " + Float.intBitsToFloat(bits) + " (0x" + Integer.toHexString(bits) + ")";
    }
  }

  /// An f64 by its bits.
  record F64(long bits) {
    boolean isNan() {
      return Double.isNaN(Double.longBitsToDouble(bits));
    }

    @Override
    public String toString() {
      return "f64 " + Double.longBitsToDouble(bits) + " (0x" + Long.toHexString(bits) + ")";
    }
  }

  /// An `i31`, equal to all others of the same value.
  ///
  /// @param value sign-extended from 31 bits
  record I31(int value) {}

  /// A structure; equal only to itself.
  static final class Struct {
    final DefinedType type;
    final @Nullable Object[] fields;

    Struct(DefinedType type, @Nullable Object[] fields) {
      this.type = type;
      this.fields = fields;
    }
  }

  /// An array; equal only to itself.
  static final class Array {
    final DefinedType type;
    final @Nullable Object[] elements;

    Array(DefinedType type, @Nullable Object[] elements) {
      this.type = type;
      this.elements = elements;
    }
  }

  /// An internal reference seen from outside.
  record Externalized(Object internal) {}

  /// A host reference seen from inside.
  record Internalized(Object external) {}

  /// A function: of a module, or of the host.
  static final class Function {
    final DefinedType type;
    final @Nullable Oracle instance;
    final int index;
    final @Nullable Host host;

    Function(DefinedType type, Oracle instance, int index) {
      this.type = type;
      this.instance = instance;
      this.index = index;
      this.host = null;
    }

    Function(DefinedType type, Host host) {
      this.type = type;
      this.instance = null;
      this.index = -1;
      this.host = host;
    }
  }

  /// What a host function does.
  @FunctionalInterface
  interface Host {
    List<@Nullable Object> call(List<@Nullable Object> args);
  }

  /// A table.
  static final class Table {
    final TableType type;
    final List<@Nullable Object> elements = new ArrayList<>();

    Table(TableType type) {
      this.type = type;
    }
  }

  /// A global.
  static final class Global {
    final GlobalType type;
    @Nullable Object value;

    Global(GlobalType type, @Nullable Object value) {
      this.type = type;
      this.value = value;
    }
  }

  /// A tag; equal only to itself.
  static final class Tag {
    final TagType type;

    Tag(TagType type) {
      this.type = type;
    }
  }

  /// An exception of the guest, as a value and on its way to a handler.
  static final class Thrown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final transient Tag tag;
    final transient List<@Nullable Object> values;

    Thrown(Tag tag, List<@Nullable Object> values) {
      super("guest exception", null, false, false);
      this.tag = tag;
      this.values = values;
    }
  }

  /// The end of a call by a trap.
  static final class Trap extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final TrapReason reason;

    /// Where in the module the instruction is, or -1 while that is not known.
    final long offset;

    Trap(TrapReason reason) {
      this(reason, -1);
    }

    Trap(TrapReason reason, long offset) {
      super(reason.text() + " @" + offset, null, false, false);
      this.reason = reason;
      this.offset = offset;
    }
  }

  /// More steps or deeper calls than a test should take: nothing is said about what would come.
  static final class TooLong extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooLong(String what) {
      super(what, null, false, false);
    }
  }

  /// The value that a local or element of a type begins with.
  static @Nullable Object defaultOf(StorageType type) {
    return switch (type.unpacked()) {
      case NumType number ->
          switch (number) {
            case I32 -> 0;
            case I64 -> 0L;
            case F32 -> new F32(0);
            case F64 -> new F64(0);
          };
      case VecType _ -> new V128(0, 0);
      case RefType _ -> null;
    };
  }
}
