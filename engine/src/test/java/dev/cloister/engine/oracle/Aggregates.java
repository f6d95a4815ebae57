package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.oracle.Guest.Array;
import dev.cloister.engine.oracle.Guest.I31;
import dev.cloister.engine.oracle.Guest.Struct;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.StructType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Instructions on structures, arrays and `i31` (Spec 4.6.6).
final class Aggregates {
  private final Oracle instance;
  private final Instruction instruction;
  private final List<@Nullable Object> stack;

  private Aggregates(Oracle instance, Instruction instruction, List<@Nullable Object> stack) {
    this.instance = instance;
    this.instruction = instruction;
    this.stack = stack;
  }

  /// Does an instruction.
  ///
  /// @return false if it is none of these
  static boolean step(Oracle instance, Instruction instruction, List<@Nullable Object> stack) {
    Aggregates step = new Aggregates(instance, instruction, stack);
    return step.structure() || step.newArray() || step.array();
  }

  private @Nullable Object pop() {
    return stack.removeLast();
  }

  private int popInt() {
    return (Integer) Interpreter.number(NumType.I32, Interpreter.bits(pop()));
  }

  private long popUnsigned() {
    return Integer.toUnsignedLong(popInt());
  }

  private List<@Nullable Object> popAll(int count) {
    List<@Nullable Object> top = stack.subList(stack.size() - count, stack.size());
    List<@Nullable Object> values = new ArrayList<>(top);
    top.clear();
    return values;
  }

  private Struct popStruct() {
    return References.require(Struct.class, pop(), TrapReason.NULL_STRUCTURE_REFERENCE);
  }

  private Array popArray() {
    return References.require(Array.class, pop(), TrapReason.NULL_ARRAY_REFERENCE);
  }

  private DefinedType type() {
    return instance.module.type(instruction.index);
  }

  private boolean structure() {
    Opcode opcode = instruction.opcode;
    switch (opcode) {
      case STRUCT_NEW, STRUCT_NEW_DEFAULT -> {
        List<FieldType> fields = ((StructType) type().composite()).fields();
        boolean isDefault = opcode == Opcode.STRUCT_NEW_DEFAULT;
        List<@Nullable Object> values = isDefault ? List.of() : popAll(fields.size());
        @Nullable Object[] stored = new Object[fields.size()];
        for (int i = 0; i < stored.length; i++) {
          stored[i] =
              isDefault
                  ? Guest.defaultOf(fields.get(i).storage())
                  : References.pack(values.get(i), fields.get(i).storage());
        }
        stack.add(new Struct(type(), stored));
      }
      case STRUCT_GET, STRUCT_GET_S, STRUCT_GET_U -> {
        Struct struct = popStruct();
        int field = instruction.index2;
        stack.add(
            References.unpack(
                struct.fields[field],
                References.field(struct, field),
                opcode == Opcode.STRUCT_GET_S));
      }
      case STRUCT_SET -> {
        Object value = pop();
        Struct struct = popStruct();
        int field = instruction.index2;
        struct.fields[field] = References.pack(value, References.field(struct, field));
      }
      case REF_I31 -> stack.add(new I31(popInt() << 1 >> 1));
      case I31_GET_S, I31_GET_U -> {
        I31 number = References.require(I31.class, pop(), TrapReason.NULL_I31_REFERENCE);
        boolean isSigned = opcode == Opcode.I31_GET_S;
        stack.add(isSigned ? number.value() : number.value() & 0x7fff_ffff);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean newArray() {
    switch (instruction.opcode) {
      case ARRAY_NEW -> {
        Array array = References.array(type(), popUnsigned());
        References.fill(array, 0, pop(), array.elements.length);
        stack.add(array);
      }
      case ARRAY_NEW_DEFAULT -> {
        Array array = References.array(type(), popUnsigned());
        Arrays.fill(array.elements, Guest.defaultOf(References.element(array)));
        stack.add(array);
      }
      case ARRAY_NEW_FIXED -> {
        Array array = References.array(type(), instruction.index2);
        List<@Nullable Object> values = popAll(instruction.index2);
        for (int i = 0; i < array.elements.length; i++) {
          array.elements[i] = References.pack(values.get(i), References.element(array));
        }
        stack.add(array);
      }
      case ARRAY_NEW_DATA -> {
        long length = popUnsigned();
        long from = popUnsigned();
        byte[] segment = instance.data.get(instruction.index2);
        // Whatever does not fit into the segment is not allocated.
        Oracle.range(from, length, segment.length, TrapReason.MEMORY_OUT_OF_BOUNDS);
        Array array = References.array(type(), length);
        References.initData(array, 0, segment, from, length);
        stack.add(array);
      }
      case ARRAY_NEW_ELEM -> {
        long length = popUnsigned();
        long from = popUnsigned();
        List<@Nullable Object> segment = instance.elements.get(instruction.index2);
        Oracle.range(from, length, segment.size(), TrapReason.TABLE_OUT_OF_BOUNDS);
        Array array = References.array(type(), length);
        References.initElements(array, 0, segment, from, length);
        stack.add(array);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean array() {
    Opcode opcode = instruction.opcode;
    switch (opcode) {
      case ARRAY_GET, ARRAY_GET_S, ARRAY_GET_U -> {
        long index = popUnsigned();
        Array array = popArray();
        Object value = array.elements[References.checked(array, index, 1)];
        stack.add(
            References.unpack(value, References.element(array), opcode == Opcode.ARRAY_GET_S));
      }
      case ARRAY_SET -> {
        Object value = pop();
        long index = popUnsigned();
        References.fill(popArray(), index, value, 1);
      }
      case ARRAY_LEN -> stack.add(popArray().elements.length);
      case ARRAY_FILL -> {
        long length = popUnsigned();
        Object value = pop();
        long from = popUnsigned();
        References.fill(popArray(), from, value, length);
      }
      case ARRAY_COPY -> {
        long length = popUnsigned();
        long from = popUnsigned();
        Object source = pop();
        long to = popUnsigned();
        Array target = popArray();
        References.copy(
            target,
            to,
            References.require(Array.class, source, TrapReason.NULL_ARRAY_REFERENCE),
            from,
            length);
      }
      case ARRAY_INIT_DATA -> {
        long length = popUnsigned();
        long from = popUnsigned();
        long to = popUnsigned();
        References.initData(popArray(), to, instance.data.get(instruction.index2), from, length);
      }
      case ARRAY_INIT_ELEM -> {
        long length = popUnsigned();
        long from = popUnsigned();
        long to = popUnsigned();
        References.initElements(
            popArray(), to, instance.elements.get(instruction.index2), from, length);
      }
      default -> {
        return false;
      }
    }
    return true;
  }
}
