package dev.cloister.isolate.abi.extism;

import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.LogLevel;

/// What one call of a plug-in is handed.
///
/// @param services what it may use of its host
/// @param host the call that the services work for
/// @param variables those of the plug-in, which outlive the call
/// @param logLevel lines that matter less are dropped
public record ExtismCall(
    HostServices services, HostCall host, VariableStore variables, LogLevel logLevel) {}
