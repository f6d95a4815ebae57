package dev.cloister.isolate.verticle;

import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.mount.Mount;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A run of a WASI command, or of another function that takes and returns nothing.
///
/// @param plugin the plugin
/// @param entry the name of the exported function, `_start` for a command
/// @param programName the first argument
/// @param arguments the arguments after it
/// @param environment the environment variables
/// @param standardInput all of standard input; belongs to the call from now on
/// @param log where standard error goes
/// @param mounts the directories that the guest is given
/// @param services what the guest may use of its host
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record RunCommand(
    PluginHandle plugin,
    String entry,
    String programName,
    List<String> arguments,
    Map<String, String> environment,
    byte[] standardInput,
    OutputSink log,
    List<Mount> mounts,
    HostServices services)
    implements Invocation {

  /// Copies `arguments` and `environment`.
  public RunCommand {
    arguments = List.copyOf(arguments);
    mounts = List.copyOf(mounts);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /// A run without environment and directories, of a guest that may use what WASI programs take for
  /// granted.
  public static RunCommand of(
      PluginHandle plugin,
      String programName,
      List<String> arguments,
      byte[] standardInput,
      OutputSink log) {
    return new RunCommand(
        plugin,
        AbiDetector.START,
        programName,
        arguments,
        Map.of(),
        standardInput,
        log,
        List.of(),
        HostServices.BASIC);
  }

  /// Whether what runs is the command itself.
  public boolean isCommand() {
    return entry.equals(AbiDetector.START);
  }

  @Override
  public long requestBytes() {
    return standardInput.length;
  }
}
