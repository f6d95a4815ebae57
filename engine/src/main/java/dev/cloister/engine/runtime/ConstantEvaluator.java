package dev.cloister.engine.runtime;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.StructType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Computes constant expressions: initial values of globals, offsets and elements (Spec 3.3.13).
///
/// The expressions were validated, so a fault in one is a fault of ours.
final class ConstantEvaluator {
  /// Stands for null on the operand stack, which cannot hold it.
  private enum Null {
    NULL
  }

  private static final @Nullable Object[] NO_GLOBALS = new Object[0];

  private final WasmModule module;
  private final @Nullable Instance owner;
  private final @Nullable Object[] globals;

  /// @param globals the values of the module's globals so far, boxed
  ConstantEvaluator(Instance instance, @Nullable Object[] globals) {
    this.module = instance.module();
    this.owner = instance;
    this.globals = globals;
  }

  /// Prepares for expressions whose values depend on no instance; see [#isConstant].
  ConstantEvaluator(WasmModule module) {
    this.module = module;
    this.owner = null;
    this.globals = NO_GLOBALS;
  }

  /// {@return whether an expression has the same value for all instances of the module}
  boolean isConstant(ConstExpr expression) {
    InstructionReader reader = module.instructions(expression.offset(), expression.end());
    while (!reader.atEnd()) {
      switch (reader.next()) {
        case I32_CONST, I64_CONST, F32_CONST, F64_CONST, V128_CONST, REF_NULL, END -> {}
        case I32_ADD, I32_SUB, I32_MUL, I64_ADD, I64_SUB, I64_MUL -> {}
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  private Instance instance() {
    if (owner == null) {
      throw new IllegalStateException("the expression depends on an instance");
    }
    return owner;
  }

  /// {@return the value of an expression, boxed}
  @Nullable Object evaluate(ConstExpr expression) {
    InstructionReader reader = module.instructions(expression.offset(), expression.end());
    Deque<Object> stack = new ArrayDeque<>();
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      switch (opcode) {
        case I32_CONST -> stack.push(reader.i32Const());
        case I64_CONST -> stack.push(reader.i64Const());
        case F32_CONST -> stack.push(Float.intBitsToFloat(reader.f32Bits()));
        case F64_CONST -> stack.push(Double.longBitsToDouble(reader.f64Bits()));
        case V128_CONST -> stack.push(new V128(reader.v128Low(), reader.v128High()));
        case REF_NULL -> stack.push(Null.NULL);
        case REF_FUNC -> stack.push(instance().reference(reader.index()));
        case GLOBAL_GET -> push(stack, globals[reader.index()]);
        case I32_ADD, I32_SUB, I32_MUL -> {
          int right = (Integer) stack.pop();
          int left = (Integer) stack.pop();
          stack.push(
              opcode == Opcode.I32_ADD
                  ? left + right
                  : opcode == Opcode.I32_SUB ? left - right : left * right);
        }
        case I64_ADD, I64_SUB, I64_MUL -> {
          long right = (Long) stack.pop();
          long left = (Long) stack.pop();
          stack.push(
              opcode == Opcode.I64_ADD
                  ? left + right
                  : opcode == Opcode.I64_SUB ? left - right : left * right);
        }
        case STRUCT_NEW -> {
          DefinedType type = module.type(reader.index());
          @Nullable Object[] fields = pop(stack, ((StructType) type.composite()).fields().size());
          WasmStruct struct = instance().linkage().newStruct(reader.index(), instance().gcHeap);
          struct.write(fields);
          stack.push(struct);
        }
        case STRUCT_NEW_DEFAULT ->
            stack.push(instance().linkage().newStruct(reader.index(), instance().gcHeap));
        case ARRAY_NEW -> {
          int length = (Integer) stack.pop();
          Object value = pop(stack);
          WasmArray array = WasmArray.create(module.type(reader.index()), length, instance());
          for (int i = 0; i < length; i++) {
            if (i % WasmArray.SLICE == 0) {
              instance().store.throwIfStopped();
            }
            array.set(i, value);
          }
          stack.push(array);
        }
        case ARRAY_NEW_DEFAULT ->
            stack.push(
                WasmArray.create(module.type(reader.index()), (Integer) stack.pop(), instance()));
        case ARRAY_NEW_FIXED -> {
          @Nullable Object[] values = pop(stack, reader.index2());
          WasmArray array =
              WasmArray.create(module.type(reader.index()), values.length, instance());
          for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
          }
          stack.push(array);
        }
        case REF_I31 -> stack.push(I31.of((Integer) stack.pop(), instance().gcHeap));
        case END, ANY_CONVERT_EXTERN, EXTERN_CONVERT_ANY -> {}
        default -> throw new IllegalStateException("not a constant instruction: " + opcode);
      }
    }
    return pop(stack);
  }

  /// {@return the values of a list of expressions}
  @Nullable Object[] evaluateAll(List<ConstExpr> expressions) {
    @Nullable Object[] values = new Object[expressions.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = evaluate(expressions.get(i));
    }
    return values;
  }

  private static @Nullable Object pop(Deque<Object> stack) {
    Object value = stack.pop();
    return value == Null.NULL ? null : value;
  }

  /// {@return the topmost values, the lowest first}
  private static @Nullable Object[] pop(Deque<Object> stack, int count) {
    @Nullable Object[] values = new Object[count];
    for (int i = count - 1; i >= 0; i--) {
      values[i] = pop(stack);
    }
    return values;
  }

  private static void push(Deque<Object> stack, @Nullable Object value) {
    stack.push(value == null ? Null.NULL : value);
  }
}
