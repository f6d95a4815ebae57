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
/// The expressions were validated, so a fault in one is a fault of ours. Callers have probed for
/// headroom on the stack.
final class ConstantEvaluator {
  /// Stands for null on the operand stack, which cannot hold it.
  private enum Null {
    NULL
  }

  private static final @Nullable Object[] NO_GLOBALS = new Object[0];

  private final WasmModule module;
  private final @Nullable Instance owner;
  private final @Nullable Object[] globals;
  private final Deque<Object> stack = new ArrayDeque<>();
  private @Nullable InstructionReader reader;

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
    InstructionReader code = readerOf(expression);
    while (!code.atEnd()) {
      switch (code.next()) {
        case I32_CONST, I64_CONST, F32_CONST, F64_CONST, V128_CONST, REF_NULL, END -> {}
        case I32_ADD, I32_SUB, I32_MUL, I64_ADD, I64_SUB, I64_MUL -> {}
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  /// One reader for all expressions: there may be hundreds, and it is larger than most of them.
  private InstructionReader readerOf(ConstExpr expression) {
    InstructionReader known = reader;
    if (known == null) {
      known = module.instructions(expression.offset(), expression.end());
      reader = known;
    } else {
      known.reset(expression.offset(), expression.end());
    }
    return known;
  }

  private Instance instance() {
    if (owner == null) {
      throw new IllegalStateException("the expression depends on an instance");
    }
    return owner;
  }

  /// {@return the value of an expression, boxed}
  @Nullable Object evaluate(ConstExpr expression) {
    InstructionReader code = readerOf(expression);
    stack.clear(); // An expression that was refused may have left something.
    while (!code.atEnd()) {
      Opcode opcode = code.next();
      switch (opcode) {
        case I32_CONST -> stack.push(code.i32Const());
        case I64_CONST -> stack.push(code.i64Const());
        case F32_CONST -> stack.push(Float.intBitsToFloat(code.f32Bits()));
        case F64_CONST -> stack.push(Double.longBitsToDouble(code.f64Bits()));
        case V128_CONST -> stack.push(new V128(code.v128Low(), code.v128High()));
        case REF_NULL -> stack.push(Null.NULL);
        case REF_FUNC -> stack.push(instance().referenceWithHeadroom(code.index()));
        case GLOBAL_GET -> push(globals[code.index()]);
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
          DefinedType type = module.type(code.index());
          @Nullable Object[] fields = pop(((StructType) type.composite()).fields().size());
          WasmStruct struct = instance().linkage().newStruct(code.index(), instance().gcHeap);
          struct.write(fields);
          stack.push(struct);
        }
        case STRUCT_NEW_DEFAULT ->
            stack.push(instance().linkage().newStruct(code.index(), instance().gcHeap));
        case ARRAY_NEW -> {
          int length = (Integer) stack.pop();
          Object value = pop();
          WasmArray array = WasmArray.create(module.type(code.index()), length, instance());
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
                WasmArray.create(module.type(code.index()), (Integer) stack.pop(), instance()));
        case ARRAY_NEW_FIXED -> {
          @Nullable Object[] values = pop(code.index2());
          WasmArray array = WasmArray.create(module.type(code.index()), values.length, instance());
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
    return pop();
  }

  /// {@return the values of a list of expressions}
  @Nullable Object[] evaluateAll(List<ConstExpr> expressions) {
    @Nullable Object[] values = new Object[expressions.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = evaluate(expressions.get(i));
    }
    return values;
  }

  private @Nullable Object pop() {
    Object value = stack.pop();
    return value == Null.NULL ? null : value;
  }

  /// {@return the topmost values, the lowest first}
  private @Nullable Object[] pop(int count) {
    @Nullable Object[] values = new Object[count];
    for (int i = count - 1; i >= 0; i--) {
      values[i] = pop();
    }
    return values;
  }

  private void push(@Nullable Object value) {
    stack.push(value == null ? Null.NULL : value);
  }
}
