package dev.cloister.isolate.abi;

import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Typed values in and out of plain exports.
///
/// | parameter | JSON in | text in | JSON out |
/// |---|---|---|---|
/// | i32 | integer from -2^31 to 2^32-1 | decimal or `0x` | number, signed |
/// | i64 | safe integer, or string | decimal or `0x` | string, signed |
/// | f32, f64 | number, `"nan"`, `"inf"`, `"-inf"` | the same | the same |
/// | nullable reference | null | `null` | null |
///
/// Vectors, references that are not null and non-nullable parameters are unsupported.
public final class PlainAbi {
  private PlainAbi() {}

  /// The values that `arguments`, as a JSON parser gives them, stand for under `type`.
  ///
  /// @throws ArgumentException if their number is wrong or one does not fit its parameter
  /// @throws UnsupportedTypeException if `type` or a value cannot cross
  public static @Nullable Object[] arguments(
      FuncType type, List<? extends @Nullable Object> arguments) {
    return convert(type, arguments, JsonArgument::value);
  }

  /// The values that `arguments`, as typed on a command line, stand for under `type`.
  ///
  /// @throws ArgumentException if their number is wrong or one does not fit its parameter
  /// @throws UnsupportedTypeException if `type` or a value cannot cross
  public static @Nullable Object[] parse(FuncType type, List<String> arguments) {
    return convert(type, arguments, TextArgument::value);
  }

  /// What a function of `type` returned, `values` being as the engine gives them.
  ///
  /// @throws UnsupportedTypeException if a value is a vector or a reference that is not null
  public static List<WasmValue> results(FuncType type, @Nullable Object[] values) {
    List<WasmValue> results = new ArrayList<>(values.length);
    for (int i = 0; i < values.length; i++) {
      results.add(result(type.results().get(i), values[i], i));
    }
    return results;
  }

  private static <T extends @Nullable Object> @Nullable Object[] convert(
      FuncType type, List<? extends T> arguments, ArgumentReader<T> reader) {
    requireSupported(type);
    List<ValueType> params = type.params();
    if (arguments.size() != params.size()) {
      throw new ArgumentException(-1, count(params.size()), String.valueOf(arguments.size()));
    }
    @Nullable Object[] values = new @Nullable Object[params.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = reader.read(params.get(i), arguments.get(i), i);
    }
    return values;
  }

  private static String count(int arguments) {
    return arguments == 1 ? "1 argument" : arguments + " arguments";
  }

  private static void requireSupported(FuncType type) {
    for (int i = 0; i < type.params().size(); i++) {
      ValueType param = type.params().get(i);
      if (param instanceof VecType) {
        throw new UnsupportedTypeException("parameter " + i + " is a v128");
      }
      if (param instanceof RefType reference && !reference.nullable()) {
        throw new UnsupportedTypeException(
            "parameter " + i + " is a reference that cannot be null");
      }
    }
    for (int i = 0; i < type.results().size(); i++) {
      if (type.results().get(i) instanceof VecType) {
        throw new UnsupportedTypeException("result " + i + " is a v128");
      }
    }
  }

  private static WasmValue result(ValueType type, @Nullable Object value, int index) {
    return switch (type) {
      case NumType number -> number(number, value);
      case VecType _ -> throw new UnsupportedTypeException("result " + index + " is a v128");
      case RefType _ -> {
        if (value != null) {
          throw new UnsupportedTypeException(
              "result " + index + " is a reference that is not null");
        }
        yield new WasmValue.NullRef();
      }
    };
  }

  private static WasmValue number(NumType type, @Nullable Object value) {
    return switch (value) {
      case Integer i32 when type == NumType.I32 -> new WasmValue.I32(i32);
      case Long i64 when type == NumType.I64 -> new WasmValue.I64(i64);
      case Float f32 when type == NumType.F32 -> new WasmValue.F32(f32);
      case Double f64 when type == NumType.F64 -> new WasmValue.F64(f64);
      case null, default ->
          throw new IllegalStateException("the engine returned " + value + " for " + type);
    };
  }

  /// Reads one argument in one notation.
  @FunctionalInterface
  private interface ArgumentReader<T extends @Nullable Object> {
    @Nullable Object read(ValueType type, T argument, int index);
  }
}
