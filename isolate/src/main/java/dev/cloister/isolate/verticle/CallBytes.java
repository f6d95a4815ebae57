package dev.cloister.isolate.verticle;

import dev.cloister.isolate.abi.extism.VariableStore;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.List;

/// A call of a function of an Extism plug-in: bytes in, bytes out.
///
/// @param plugin the plugin
/// @param export the name of the exported function
/// @param input its input; belongs to the call from now on
/// @param log where standard output and error go
/// @param services what the guest may use of its host
/// @param variables the variables of the plugin
/// @param logLevel lines of its log that matter less are dropped
/// @param instance which instance is to serve it
/// @param mounts the directories that the guest is given
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record CallBytes(
    PluginHandle plugin,
    String export,
    byte[] input,
    OutputSink log,
    HostServices services,
    VariableStore variables,
    LogLevel logLevel,
    InstanceRequest instance,
    List<Mount> mounts)
    implements Invocation {

  /// Copies `mounts`.
  public CallBytes {
    mounts = List.copyOf(mounts);
  }

  /// A call of a guest without directories.
  public CallBytes(
      PluginHandle plugin,
      String export,
      byte[] input,
      OutputSink log,
      HostServices services,
      VariableStore variables,
      LogLevel logLevel,
      InstanceRequest instance) {
    this(plugin, export, input, log, services, variables, logLevel, instance, List.of());
  }

  @Override
  public long requestBytes() {
    return input.length;
  }
}
