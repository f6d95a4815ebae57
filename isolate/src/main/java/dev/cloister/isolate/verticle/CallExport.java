package dev.cloister.isolate.verticle;

import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A call of one export with typed values.
///
/// @param plugin the plugin
/// @param export the name of the exported function
/// @param arguments as a JSON parser gives them: strings, numbers, booleans, null, lists, maps
/// @param requestBytes the size of the request they came in
/// @param log where standard output and error go
/// @param services what the guest may use of its host
/// @param instance which instance is to serve it
/// @param mounts the directories that the guest is given
public record CallExport(
    PluginHandle plugin,
    String export,
    List<@Nullable Object> arguments,
    long requestBytes,
    OutputSink log,
    HostServices services,
    InstanceRequest instance,
    List<Mount> mounts)
    implements Invocation {

  /// Copies `arguments` and `mounts`.
  // Not compact: the parameter of a compact one loses its inner annotation.
  public CallExport(
      PluginHandle plugin,
      String export,
      List<@Nullable Object> arguments,
      long requestBytes,
      OutputSink log,
      HostServices services,
      InstanceRequest instance,
      List<Mount> mounts) {
    this.plugin = plugin;
    this.export = export;
    this.arguments = Collections.unmodifiableList(new ArrayList<>(arguments));
    this.requestBytes = requestBytes;
    this.log = log;
    this.services = services;
    this.instance = instance;
    this.mounts = List.copyOf(mounts);
  }

  /// A call of a guest without directories.
  public CallExport(
      PluginHandle plugin,
      String export,
      List<@Nullable Object> arguments,
      long requestBytes,
      OutputSink log,
      HostServices services,
      InstanceRequest instance) {
    this(plugin, export, arguments, requestBytes, log, services, instance, List.of());
  }

  /// A call of a guest that may use what WASI programs take for granted, on an instance of its own.
  public static CallExport of(
      PluginHandle plugin,
      String export,
      List<@Nullable Object> arguments,
      long requestBytes,
      OutputSink log) {
    return new CallExport(
        plugin, export, arguments, requestBytes, log, HostServices.BASIC, InstanceRequest.FRESH);
  }
}
