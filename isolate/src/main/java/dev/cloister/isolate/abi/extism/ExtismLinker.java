package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.isolate.abi.InstanceContext;
import dev.cloister.isolate.abi.ProgramLinker;
import dev.cloister.isolate.abi.ProgramModules;
import dev.cloister.isolate.host.LogLevel;

/// How the programs of one plug-in are made.
///
/// @param modules what they are linked of
/// @param settings what its author chose
/// @param variables its variables, which outlive the instances
/// @param logLevel lines of its log that matter less are dropped
/// @param export what is to be called first: before all but `_start` a program is initialized
public record ExtismLinker(
    ProgramModules modules,
    ExtismSettings settings,
    VariableStore variables,
    LogLevel logLevel,
    String export)
    implements ProgramLinker<ExtismProgram> {

  /// {@inheritDoc}
  ///
  /// @param module the main one of the program's modules
  @Override
  public ExtismProgram link(ModuleHandle module, InstanceContext context) {
    ExtismProgram program = ExtismProgram.link(modules, settings, context, variables, logLevel);
    boolean isDone = false;
    try {
      if (!export.equals(ExtismProgram.START)) {
        program.initialize();
      }
      isDone = true;
      return program;
    } finally {
      if (!isDone) {
        program.close();
      }
    }
  }

  @Override
  public ExtismProgram wake(
      ModuleHandle module, InstanceContext context, InstanceImage image, byte[] hostState) {
    return ExtismProgram.wake(modules, settings, context, variables, logLevel, image);
  }
}
