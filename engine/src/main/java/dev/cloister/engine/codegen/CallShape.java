package dev.cloister.engine.codegen;

import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;

/// The shape of a signature on the JVM: what is left of a function type when references are erased.
///
/// Functions of one shape are called with the same descriptor. One class of function references is
/// generated for each shape and shared by all modules; the function *type* is checked apart.
///
/// @param params a letter of [JvmKind] for each parameter
/// @param results a letter for each result; the first is returned, the others are left in the
///   result slots, and so is the high half of the first if it is a vector
public record CallShape(String params, String results) {
  /// The most values that are passed as arguments of a JVM method, a vector being two: besides them
  /// there are the instance and what an indirect call adds. The parameters that do not fit travel
  /// in slots of the store.
  ///
  /// C2 leaves a method to C1 for good ("unsupported calling sequence") if the arguments that it
  /// gets on the machine's stack and those that it passes there are more than 64 together. Each
  /// method may get and pass half of that, where six are in registers.
  static final int MAX_PARAM_VALUES = 32;

  /// {@return the shape of a function type}
  public static CallShape of(FuncType type) {
    StringBuilder params = new StringBuilder();
    for (ValueType param : type.params()) {
      params.append(JvmKind.of(param).code());
    }
    StringBuilder results = new StringBuilder();
    for (ValueType result : type.results()) {
      results.append(JvmKind.of(result).code());
    }
    return new CallShape(params.toString(), results.toString());
  }

  /// {@return the internal name of the class of references of this shape}
  String referenceClass() {
    return Names.SIGNATURES + "F" + params + "_" + results;
  }

  /// {@return the internal name of the class of references to host functions of this shape}
  String hostClass() {
    return Names.SIGNATURES + "H" + params + "_" + results;
  }

  /// {@return the internal name of the class of references to one leaf of this shape}
  String leafClass(int number) {
    return Names.SIGNATURES + "L" + number + params + "_" + results;
  }

  /// {@return the number of parameters that are passed on the JVM stack: the first ones}
  int stackParams() {
    int values = 0;
    for (int i = 0; i < params.length(); i++) {
      values += param(i).resultSlots();
      if (values > MAX_PARAM_VALUES) {
        return i;
      }
    }
    return params.length();
  }

  /// {@return the JVM slots of the parameters that are passed on the JVM stack}
  int stackParamSlots() {
    int slots = 0;
    for (int i = stackParams() - 1; i >= 0; i--) {
      slots += param(i).slots();
    }
    return slots;
  }

  /// {@return the descriptor of a method that takes the parameters and then `trailing`}
  String descriptor(String trailing) {
    return descriptor("", trailing);
  }

  /// {@return the descriptor of a method that takes `leading`, the parameters and `trailing`}
  String descriptor(String leading, String trailing) {
    StringBuilder descriptor = new StringBuilder("(").append(leading);
    int stackParams = stackParams();
    for (int i = 0; i < stackParams; i++) {
      descriptor.append(param(i).descriptor());
    }
    return descriptor.append(trailing).append(')').append(returnDescriptor()).toString();
  }

  /// {@return the descriptor of what is returned on the JVM stack}
  String returnDescriptor() {
    return results.isEmpty() ? "V" : result(0).returned().descriptor();
  }

  /// {@return the types in a stack map frame of the parameters that are passed on the JVM stack, as
  /// ASM writes them}
  List<Object> frameTypes() {
    List<Object> types = new ArrayList<>();
    int stackParams = stackParams();
    for (int i = 0; i < stackParams; i++) {
      param(i).addFrameTypes(types);
    }
    return types;
  }

  /// {@return whether the first result is a vector}
  boolean returnsVector() {
    return results.startsWith("V");
  }

  /// {@return the kind of a parameter}
  JvmKind param(int index) {
    return JvmKind.of(params.charAt(index));
  }

  /// {@return the kind of a result}
  JvmKind result(int index) {
    return JvmKind.of(results.charAt(index));
  }

  /// {@return the JVM slots that the parameters take}
  int paramSlots() {
    int slots = 0;
    for (int i = 0; i < params.length(); i++) {
      slots += param(i).slots();
    }
    return slots;
  }
}
