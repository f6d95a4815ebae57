package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.isolate.abi.InstanceContext;
import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The host side of one plug-in instance: its blocks, and the functions over them.
///
/// Made for one store, used by its thread. It serves several calls, each between [#begin] and
/// [#end].
public final class ExtismEnvironment implements AutoCloseable {
  /// The module name that plug-ins import the functions from.
  public static final String MODULE_NAME = "extism:host/env";

  /// The groups that work on blocks alone, all of which are dropped when a call begins.
  private static final Set<Class<?>> TIMELESS = Set.of(MemoryFunctions.class, CallFunctions.class);

  private final ExtismSettings settings;
  private final InstanceContext context;
  private final VariableStore variables;
  private final LogLevel logLevel;
  private final BlockMemory memory;
  private final CallFunctions io;
  private final HttpFunctions http;

  /// The instances of the groups, by class.
  private final Map<Class<?>, Object> groups;

  /// Makes the environment of an instance.
  ///
  /// @param context what its functions work with; the blocks are charged to the limiter of its
  ///   store
  /// @param variables those of the plug-in, which outlive the instance
  /// @param logLevel lines of the plug-in's log that matter less are dropped
  public ExtismEnvironment(
      ExtismSettings settings,
      InstanceContext context,
      VariableStore variables,
      LogLevel logLevel) {
    this.settings = settings;
    this.context = context;
    this.variables = variables;
    this.logLevel = logLevel;
    memory = new BlockMemory(context.store().limiter());
    io = new CallFunctions(memory);
    Handles handles = new Handles(memory, io);
    http = new HttpFunctions(memory, handles, this);
    groups =
        Map.of(
            MemoryFunctions.class, new MemoryFunctions(memory, io),
            CallFunctions.class, io,
            ValueFunctions.class, new ValueFunctions(memory, handles, this),
            HttpFunctions.class, http,
            LogFunctions.class, new LogFunctions(handles, this));
  }

  /// Whether there is a function `name` in `moduleName`.
  public static boolean provides(String moduleName, String name) {
    return moduleName.equals(MODULE_NAME) && ExtismFunction.named(name) != null;
  }

  /// Whether a guest can import `name` from `moduleName`, and what that does before the first call
  /// is forgotten when the call begins, and follows from the guest alone.
  public static boolean isTimeless(String moduleName, String name) {
    ExtismFunction function = moduleName.equals(MODULE_NAME) ? ExtismFunction.named(name) : null;
    return function != null && TIMELESS.contains(function.group());
  }

  /// The function that a plug-in imports as `name` from `moduleName`, or null.
  public @Nullable Extern resolve(String moduleName, String name) {
    ExtismFunction function = moduleName.equals(MODULE_NAME) ? ExtismFunction.named(name) : null;
    if (function == null) {
      return null;
    }
    Object group = groups.get(function.group());
    if (group == null) {
      throw new IllegalStateException("no instance of " + function.group());
    }
    return function.boundTo(group);
  }

  /// Begins a call: drops what the one before left and makes `input` the input.
  ///
  /// @throws ExtismException if there is no memory for it
  void begin(byte[] input) {
    http.forget();
    io.begin(input);
  }

  /// Writes what the call answered.
  void writeOutput(OutputSink sink) {
    io.writeOutput(sink);
  }

  /// What the plug-in said went wrong, or null.
  @Nullable String error() {
    return io.errorText();
  }

  /// Ends a call: drops its blocks.
  void end() {
    io.reset();
    http.forget();
  }

  /// Gives back what the blocks are charged.
  @Override
  public void close() {
    memory.close();
  }

  ExtismSettings settings() {
    return settings;
  }

  /// What the call that is running may use of its host.
  HostServices services() {
    return context.services();
  }

  /// The call that services work for.
  HostCall host() {
    return context.hostCall();
  }

  VariableStore variables() {
    return variables;
  }

  LogLevel logLevel() {
    return logLevel;
  }
}
