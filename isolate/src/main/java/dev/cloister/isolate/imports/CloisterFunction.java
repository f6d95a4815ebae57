package dev.cloister.isolate.imports;

import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.HostServiceException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The functions of the module `cloister`: name, what is needed to import it, method, parameters.
///
/// All parameters and the result are i32.
enum CloisterFunction {
  CONFIG_GET("config_get", Capability.CONFIG, "configGet", 4),
  SECRET_GET("secret_get", Capability.SECRETS, "secretGet", 4),
  KV_GET("kv_get", Capability.KV, "kvGet", 4),
  KV_SET("kv_set", Capability.KV, "kvSet", 4),
  KV_DELETE("kv_delete", Capability.KV, "kvDelete", 2),
  KV_LIST("kv_list", Capability.KV, "kvList", 6),
  HTTP_REQUEST("http_request", Capability.HTTP, "httpRequest", 4),
  HTTP_FIELDS("http_fields", Capability.HTTP, "httpFields", 2),
  HTTP_BODY("http_body", Capability.HTTP, "httpBody", 2),
  LOG("log", null, "log", 3),
  LAST_ERROR("last_error", null, "lastError", 2);

  private static final Map<String, CloisterFunction> BY_NAME =
      Arrays.stream(values())
          .collect(
              Collectors.toUnmodifiableMap(CloisterFunction::functionName, Function.identity()));

  private final String functionName;

  @SuppressWarnings("ImmutableEnumChecker") // it is a name
  private final @Nullable Capability capability;

  @SuppressWarnings("ImmutableEnumChecker") // its lists are copies
  private final HostFunction.Unbound function;

  CloisterFunction(
      String functionName, @Nullable Capability capability, String method, int paramCount) {
    this.functionName = functionName;
    this.capability = capability;
    List<ValueType> params = Collections.nCopies(paramCount, NumType.I32);
    this.function =
        HostFunction.unbound(
            new FuncType(params, List.of(NumType.I32)), Adapters.adapt(method, paramCount));
  }

  /// The function called `name`, or null.
  static @Nullable CloisterFunction named(String name) {
    return BY_NAME.get(name);
  }

  /// The name that modules import.
  String functionName() {
    return functionName;
  }

  /// What a module that imports it needs, or null.
  @Nullable Capability capability() {
    return capability;
  }

  /// The function of `module`.
  HostFunction of(CloisterModule module) {
    return function.bind(module);
  }

  /// Makes functions that take the calling instance, and return the code of what they throw.
  private static final class Adapters {
    private static final MethodHandle MEMORY;
    private static final MethodHandle IMPORT_FAILED;
    private static final MethodHandle SERVICE_FAILED;

    static {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      try {
        MEMORY =
            lookup.findStatic(
                CallerMemory.class,
                "of",
                MethodType.methodType(CallerMemory.class, Instance.class));
        IMPORT_FAILED = failed(lookup, ImportException.class);
        SERVICE_FAILED = failed(lookup, HostServiceException.class);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }

    private static MethodHandle failed(MethodHandles.Lookup lookup, Class<?> exception)
        throws ReflectiveOperationException {
      MethodHandle method =
          lookup.findVirtual(
              CloisterModule.class, "failed", MethodType.methodType(int.class, exception));
      return MethodHandles.permuteArguments(
          method, MethodType.methodType(int.class, exception, CloisterModule.class), 1, 0);
    }

    static MethodHandle adapt(String method, int paramCount) {
      List<Class<?>> params = Collections.nCopies(paramCount, int.class);
      MethodType type =
          MethodType.methodType(int.class, CallerMemory.class).appendParameterTypes(params);
      try {
        MethodHandle found = MethodHandles.lookup().findVirtual(CloisterModule.class, method, type);
        MethodHandle caught =
            MethodHandles.catchException(
                MethodHandles.catchException(found, ImportException.class, IMPORT_FAILED),
                HostServiceException.class,
                SERVICE_FAILED);
        return MethodHandles.filterArguments(caught, 1, MEMORY);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("no such method: " + method, e);
      }
    }
  }
}
