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
  ALLOC("alloc", MemoryFunctions.class, "allocate", "l", 'l'),
  FREE("free", MemoryFunctions.class, "free", "l", 'v'),
  LENGTH("length", MemoryFunctions.class, "length", "l", 'l'),
  LENGTH_UNSAFE("length_unsafe", MemoryFunctions.class, "length", "l", 'l'),
  LOAD_U8("load_u8", MemoryFunctions.class, "loadByte", "l", 'i'),
  LOAD_U64("load_u64", MemoryFunctions.class, "loadLong", "l", 'l'),
  STORE_U8("store_u8", MemoryFunctions.class, "storeByte", "li", 'v'),
  STORE_U64("store_u64", MemoryFunctions.class, "storeLong", "ll", 'v'),
  MEMORY_BYTES("memory_bytes", MemoryFunctions.class, "memoryBytes", "", 'l'),
  INPUT_SET("input_set", CallFunctions.class, "setInput", "ll", 'v'),
  INPUT_OFFSET("input_offset", CallFunctions.class, "inputOffset", "", 'l'),
  INPUT_LENGTH("input_length", CallFunctions.class, "inputLength", "", 'l'),
  INPUT_LOAD_U8("input_load_u8", CallFunctions.class, "loadInputByte", "l", 'i'),
  INPUT_LOAD_U64("input_load_u64", CallFunctions.class, "loadInputLong", "l", 'l'),
  OUTPUT_SET("output_set", CallFunctions.class, "setOutput", "ll", 'v'),
  OUTPUT_OFFSET("output_offset", CallFunctions.class, "outputOffset", "", 'l'),
  OUTPUT_LENGTH("output_length", CallFunctions.class, "outputLength", "", 'l'),
  ERROR_SET("error_set", CallFunctions.class, "setError", "l", 'v'),
  ERROR_GET("error_get", CallFunctions.class, "error", "", 'l'),
  RESET("reset", CallFunctions.class, "reset", "", 'v'),
  CONFIG_GET("config_get", ValueFunctions.class, "config", "l", 'l'),
  VAR_GET("var_get", ValueFunctions.class, "variable", "l", 'l'),
  VAR_SET("var_set", ValueFunctions.class, "setVariable", "ll", 'v'),
  HTTP_REQUEST("http_request", HttpFunctions.class, "request", "ll", 'l'),
  HTTP_STATUS_CODE("http_status_code", HttpFunctions.class, "statusCode", "", 'i'),
  HTTP_HEADERS("http_headers", HttpFunctions.class, "headers", "", 'l'),
  LOG_TRACE("log_trace", LogFunctions.class, "trace", "l", 'v'),
  LOG_DEBUG("log_debug", LogFunctions.class, "debug", "l", 'v'),
  LOG_INFO("log_info", LogFunctions.class, "info", "l", 'v'),
  LOG_WARN("log_warn", LogFunctions.class, "warn", "l", 'v'),
  LOG_ERROR("log_error", LogFunctions.class, "error", "l", 'v'),
  GET_LOG_LEVEL("get_log_level", LogFunctions.class, "level", "", 'i');

  private static final Map<String, ExtismFunction> BY_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(ExtismFunction::functionName, Function.identity()));

  private final String functionName;
  private final Class<?> group;

  @SuppressWarnings("ImmutableEnumChecker") // its lists are copies
  private final HostFunction.Unbound function;

  ExtismFunction(String functionName, Class<?> group, String method, String params, char result) {
    this.functionName = functionName;
    this.group = group;
    MethodHandle target = method(group, method, params, result);
    this.function =
        HostFunction.unbound(
            type(params, result), MethodHandles.dropArguments(target, 1, Instance.class));
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
