package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The table of all functions of `extism:host/env`: name, group, method, parameters and result.
///
/// `i` is i32, `l` is i64, `v` is no result.
enum ExtismFunction {
  ALLOC("alloc", MemoryFunctions.class, "allocate", "l", 'l', Kind.LEAF),
  FREE("free", MemoryFunctions.class, "free", "l", 'v', Kind.LEAF),
  LENGTH("length", MemoryFunctions.class, "length", "l", 'l', Kind.LEAF),
  LENGTH_UNSAFE("length_unsafe", MemoryFunctions.class, "length", "l", 'l', Kind.LEAF),
  LOAD_U8("load_u8", MemoryFunctions.class, "loadByte", "l", 'i', Kind.LEAF),
  LOAD_U64("load_u64", MemoryFunctions.class, "loadLong", "l", 'l', Kind.LEAF),
  STORE_U8("store_u8", MemoryFunctions.class, "storeByte", "li", 'v', Kind.LEAF),
  STORE_U64("store_u64", MemoryFunctions.class, "storeLong", "ll", 'v', Kind.LEAF),
  MEMORY_BYTES("memory_bytes", MemoryFunctions.class, "memoryBytes", "", 'l', Kind.LEAF),
  INPUT_SET("input_set", CallFunctions.class, "setInput", "ll", 'v', Kind.LEAF),
  INPUT_OFFSET("input_offset", CallFunctions.class, "inputOffset", "", 'l', Kind.LEAF),
  INPUT_LENGTH("input_length", CallFunctions.class, "inputLength", "", 'l', Kind.LEAF),
  INPUT_LOAD_U8("input_load_u8", CallFunctions.class, "loadInputByte", "l", 'i', Kind.LEAF),
  INPUT_LOAD_U64("input_load_u64", CallFunctions.class, "loadInputLong", "l", 'l', Kind.LEAF),
  OUTPUT_SET("output_set", CallFunctions.class, "setOutput", "ll", 'v', Kind.LEAF),
  OUTPUT_OFFSET("output_offset", CallFunctions.class, "outputOffset", "", 'l', Kind.LEAF),
  OUTPUT_LENGTH("output_length", CallFunctions.class, "outputLength", "", 'l', Kind.LEAF),
  ERROR_SET("error_set", CallFunctions.class, "setError", "l", 'v', Kind.LEAF),
  ERROR_GET("error_get", CallFunctions.class, "error", "", 'l', Kind.LEAF),
  RESET("reset", CallFunctions.class, "reset", "", 'v'),
  CONFIG_GET("config_get", ValueFunctions.class, "config", "l", 'l'),
  VAR_GET("var_get", ValueFunctions.class, "variable", "l", 'l'),
  VAR_SET("var_set", ValueFunctions.class, "setVariable", "ll", 'v'),
  HTTP_REQUEST("http_request", HttpFunctions.class, "request", "ll", 'l'),
  HTTP_STATUS_CODE("http_status_code", HttpFunctions.class, "statusCode", "", 'i', Kind.LEAF),
  HTTP_HEADERS("http_headers", HttpFunctions.class, "headers", "", 'l'),
  LOG_TRACE("log_trace", LogFunctions.class, "trace", "l", 'v'),
  LOG_DEBUG("log_debug", LogFunctions.class, "debug", "l", 'v'),
  LOG_INFO("log_info", LogFunctions.class, "info", "l", 'v'),
  LOG_WARN("log_warn", LogFunctions.class, "warn", "l", 'v'),
  LOG_ERROR("log_error", LogFunctions.class, "error", "l", 'v'),
  GET_LOG_LEVEL("get_log_level", LogFunctions.class, "level", "", 'i', Kind.LEAF);

  private static final Map<String, ExtismFunction> BY_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(ExtismFunction::functionName, Function.identity()));

  private final String functionName;
  private final Class<?> group;

  @SuppressWarnings("ImmutableEnumChecker") // its lists are copies
  private final HostFunction.Unbound function;

  /// What a guest calls again and again, and the rest.
  private enum Kind {
    /// It works on blocks alone, which nobody uses any more once the stack has overflowed; see
    /// [HostFunction.Unbound#leaf].
    LEAF,
    OTHER
  }

  ExtismFunction(String functionName, Class<?> group, String method, String params, char result) {
    this(functionName, group, method, params, result, Kind.OTHER);
  }

  ExtismFunction(
      String functionName, Class<?> group, String method, String params, char result, Kind kind) {
    this.functionName = functionName;
    this.group = group;
    MethodHandle target = method(group, method, params, result);
    HostFunction.Unbound unbound =
        HostFunction.unbound(
            type(params, result), MethodHandles.dropArguments(target, 1, Instance.class));
    this.function =
        switch (kind) {
          case LEAF -> unbound.leaf();
          case OTHER -> unbound;
        };
  }

  /// The function called `name`, or null.
  static @Nullable ExtismFunction named(String name) {
    return BY_NAME.get(name);
  }

  /// The name that plug-ins import.
  String functionName() {
    return functionName;
  }

  /// The class that has the method.
  Class<?> group() {
    return group;
  }

  /// The type that plug-ins import.
  FuncType type() {
    return function.type();
  }

  /// The function of `receiver`, an instance of [#group()].
  HostFunction boundTo(Object receiver) {
    return function.bind(receiver);
  }

  private static FuncType type(String params, char result) {
    List<ValueType> types = params.chars().mapToObj(ExtismFunction::valueType).toList();
    return new FuncType(types, result == 'v' ? List.of() : List.of(valueType(result)));
  }

  private static ValueType valueType(int letter) {
    return letter == 'l' ? NumType.I64 : NumType.I32;
  }

  private static MethodHandle method(Class<?> group, String method, String params, char result) {
    List<Class<?>> types = params.chars().<Class<?>>mapToObj(ExtismFunction::javaType).toList();
    Class<?> returned = result == 'v' ? void.class : javaType(result);
    try {
      return MethodHandles.lookup()
          .findVirtual(group, method, MethodType.methodType(returned, types));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no such method: " + group.getSimpleName() + "." + method, e);
    }
  }

  private static Class<?> javaType(int letter) {
    return letter == 'l' ? long.class : int.class;
  }
}
