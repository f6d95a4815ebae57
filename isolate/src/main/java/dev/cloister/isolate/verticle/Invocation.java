package dev.cloister.isolate.verticle;

import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.plugin.PluginHandle;

/// A call of a plugin, as it is asked for.
public sealed interface Invocation permits CallBytes, CallExport, RunCommand {
  /// Which instance is to serve it.
  default InstanceRequest instance() {
    return InstanceRequest.FRESH;
  }

  /// The plugin to call; the caller need not hold it.
  PluginHandle plugin();

  /// The bytes of the request, charged to the tenant while the call lives.
  long requestBytes();

  /// What the guest may use of its host.
  HostServices services();
}
