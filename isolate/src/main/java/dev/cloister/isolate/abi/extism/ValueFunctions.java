package dev.cloister.isolate.abi.extism;

import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.HostServices;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// `config_get`, `var_get`, `var_set`: values by name.
final class ValueFunctions {
  private final BlockMemory memory;
  private final Handles handles;
  private final ExtismEnvironment environment;

  ValueFunctions(BlockMemory memory, Handles handles, ExtismEnvironment environment) {
    this.memory = memory;
    this.handles = handles;
    this.environment = environment;
  }

  /// A value of the manifest, else of the tenant's configuration if the plug-in may read that; 0 if
  /// there is none.
  long config(long key) {
    String name = handles.takeText(key, "the name of a configuration value");
    String value = environment.settings().config().get(name);
    HostServices services = environment.services();
    if (value == null && services.grants().allows(Capability.CONFIG)) {
      value = services.configuration().get(name);
    }
    return value == null ? 0 : memory.put(value.getBytes(StandardCharsets.UTF_8));
  }

  long variable(long key) {
    String name = handles.takeText(key, "the name of a variable");
    byte @Nullable [] value = environment.variables().get(name);
    return value == null ? 0 : memory.put(value);
  }

  /// A value of 0 removes the variable.
  void setVariable(long key, long value) {
    long maxBytes = environment.settings().maxVariableBytes();
    if (maxBytes == 0) {
      throw new ExtismException("Variables are disabled: max_var_bytes is 0");
    }
    long nameBytes = memory.length(key);
    String name = handles.takeText(key, "the name of a variable");
    VariableStore variables = environment.variables();
    if (value == 0) {
      variables.remove(name);
    } else {
      byte[] bytes = handles.take(value, "the value of a variable", maxBytes);
      variables.set(name, nameBytes, bytes, maxBytes);
    }
  }
}
