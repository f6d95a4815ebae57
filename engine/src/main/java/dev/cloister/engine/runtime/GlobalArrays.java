package dev.cloister.engine.runtime;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.VecType;
import org.jspecify.annotations.Nullable;

/// The globals of an instance that have neither cell nor field: elements of arrays by type.
final class GlobalArrays {
  private final Instance instance;
  private final int count;

  GlobalArrays(Instance instance) {
    this.instance = instance;
    this.count = instance.module().globalCount();
  }

  /// {@return a global, boxed as in [FuncRef#call]}
  @Nullable Object get(int index) {
    return switch (instance.module().globalType(index).valueType()) {
      case NumType number ->
          switch (number) {
            case I32 -> (Object) instance.i32Globals[index];
            case I64 -> instance.i64Globals[index];
            case F32 -> instance.f32Globals[index];
            case F64 -> instance.f64Globals[index];
          };
      case VecType _ -> new V128(instance.i64Globals[index], instance.highGlobals[index]);
      case RefType _ -> instance.refGlobals[index];
    };
  }

  /// Sets a global, and makes its array if there is none.
  void set(int index, @Nullable Object value) {
    switch (instance.module().globalType(index).valueType()) {
      case NumType number -> {
        switch (number) {
          case I32 -> {
            if (instance.i32Globals.length == 0) {
              instance.i32Globals = new int[count];
            }
            instance.i32Globals[index] = Values.require(Integer.class, value, number);
          }
          case I64 -> {
            if (instance.i64Globals.length == 0) {
              instance.i64Globals = new long[count];
            }
            instance.i64Globals[index] = Values.require(Long.class, value, number);
          }
          case F32 -> {
            if (instance.f32Globals.length == 0) {
              instance.f32Globals = new float[count];
            }
            instance.f32Globals[index] = Values.require(Float.class, value, number);
          }
          case F64 -> {
            if (instance.f64Globals.length == 0) {
              instance.f64Globals = new double[count];
            }
            instance.f64Globals[index] = Values.require(Double.class, value, number);
          }
        }
      }
      case VecType vector -> {
        V128 bits = Values.require(V128.class, value, vector);
        if (instance.i64Globals.length == 0) {
          instance.i64Globals = new long[count];
        }
        if (instance.highGlobals.length == 0) {
          instance.highGlobals = new long[count];
        }
        instance.i64Globals[index] = bits.low();
        instance.highGlobals[index] = bits.high();
      }
      case RefType _ -> {
        if (instance.refGlobals.length == 0) {
          instance.refGlobals = new Object[count];
        }
        instance.refGlobals[index] = value;
      }
    }
  }
}
