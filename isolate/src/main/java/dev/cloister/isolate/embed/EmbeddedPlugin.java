package dev.cloister.isolate.embed;

import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.abi.extism.VariableStore;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallBytes;
import dev.cloister.isolate.verticle.CallExport;
import dev.cloister.isolate.verticle.Invocation;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationResult;
import dev.cloister.isolate.verticle.RunCommand;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A plugin that a [PluginHost] loaded. Each call has an instance of its own.
///
/// Any thread but an event loop; calls block, and may be made at once.
public final class EmbeddedPlugin implements AutoCloseable {
  private final Isolate isolate;
  private final PluginHandle handle;
  private final HostServices services;
  private final OutputSink log;
  private final VariableStore variables;

  EmbeddedPlugin(Isolate isolate, PluginHandle handle, HostServices services, OutputSink log) {
    this.isolate = isolate;
    this.handle = handle;
    this.services = services;
    this.log = log;
    this.variables = isolate.newVariables();
  }

  /// Calls an export with numbers, or with texts for 64 bits and `nan`, `inf`, `-inf`.
  ///
  /// @return its results
  /// @throws PluginCallException if it did not succeed
  public List<WasmValue> call(String export, @Nullable Object... arguments) {
    InvocationResult result =
        invoke(
            new CallExport(
                handle,
                export,
                Arrays.asList(arguments),
                /* requestBytes= */ 0,
                log,
                services,
                InstanceRequest.FRESH));
    if (result instanceof InvocationResult.Returned returned) {
      return returned.values();
    }
    throw new PluginCallException(result);
  }

  /// Calls a function of an Extism plug-in.
  ///
  /// @param input its input, which must not be changed any more
  /// @return its output
  /// @throws PluginCallException if it did not succeed
  public byte[] call(String export, byte[] input) {
    InvocationResult result =
        invoke(
            new CallBytes(
                handle,
                export,
                input,
                log,
                services,
                variables,
                LogLevel.INFO,
                InstanceRequest.FRESH));
    if (result instanceof InvocationResult.Answered answered) {
      return answered.output();
    }
    throw new PluginCallException(result);
  }

  /// Runs a WASI command.
  ///
  /// @param input what it reads as standard input, which must not be changed any more
  /// @param arguments those after the name of the program
  /// @return what it wrote to standard output
  /// @throws PluginCallException if it did not end with exit code 0
  public byte[] run(byte[] input, String... arguments) {
    InvocationResult result =
        invoke(
            new RunCommand(
                handle,
                AbiDetector.START,
                "plugin",
                List.of(arguments),
                Map.of(),
                input,
                log,
                /* mounts= */ List.of(),
                services));
    if (result instanceof InvocationResult.Exited exited && exited.code() == 0) {
      return exited.output();
    }
    throw new PluginCallException(result);
  }

  /// Lets the plugin go; calls that are running end first.
  @Override
  public void close() {
    isolate.unload(handle.hash());
    variables.close();
  }

  private InvocationResult invoke(Invocation invocation) {
    try (InvocationOutcome outcome = PluginHost.await(isolate.invoke(invocation))) {
      return outcome.result();
    }
  }
}
