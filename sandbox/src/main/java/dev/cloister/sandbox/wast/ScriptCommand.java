package dev.cloister.sandbox.wast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One command of a script.
///
/// @param line 1-based line in the text the script was converted from
/// @param type the name of the command in the file
/// @param step what to do
/// @param log the values the module must hand to the host's log functions meanwhile, in order; null
///   where the script says nothing about it
record ScriptCommand(int line, String type, Step step, @Nullable List<ScriptValue> log) {

  /// What a command does.
  sealed interface Step {
    /// Instantiates a module; it becomes the current instance.
    record Module(@Nullable String name, ModuleFile module) implements Step {}

    /// Compiles a module without making an instance.
    record ModuleDefinition(@Nullable String name, ModuleFile module) implements Step {}

    /// Instantiates a definition; the result becomes the current instance.
    ///
    /// @param definition null for the last one
    record ModuleInstance(@Nullable String instance, @Nullable String definition) implements Step {}

    /// Makes an instance importable as module `as`.
    ///
    /// @param instance null for the current one
    record Register(@Nullable String instance, String as) implements Step {}

    /// Performs an action that must not fail; its results do not matter.
    record Perform(Action action) implements Step {}

    /// Performs an action that must give these results.
    record AssertReturn(Action action, List<ScriptValue> expected) implements Step {}

    /// Performs an action that must trap.
    record AssertTrap(Action action, String text) implements Step {}

    /// Performs an action that must exhaust the call stack.
    record AssertExhaustion(Action action, String text) implements Step {}

    /// Performs an action that must end with an uncaught Wasm exception.
    record AssertException(Action action) implements Step {}

    /// Performs an action that must leave an unhandled suspension.
    record AssertSuspension(Action action, String text) implements Step {}

    /// Refuses a module when it is validated.
    record AssertInvalid(ModuleFile module, String text) implements Step {}

    /// Refuses a module when it is decoded.
    record AssertMalformed(ModuleFile module, String text) implements Step {}

    /// Judges a custom section or an annotation, which a host may ignore.
    record AssertCustom(ModuleFile module, String text) implements Step {}

    /// Refuses a valid module when it is linked.
    record AssertUnlinkable(ModuleFile module, String text) implements Step {}

    /// Traps while a module is instantiated.
    record AssertUninstantiable(ModuleFile module, String text) implements Step {}

    /// Compares the exported state of the current instance.
    record AssertState(List<StateOf> states) implements Step {}

    /// Starts a thread with names and a registry of its own.
    ///
    /// @param sharedModule an instance that the thread sees under the same name
    record StartThread(String name, @Nullable String sharedModule, List<ScriptCommand> commands)
        implements Step {}

    /// Waits until a thread has run all its commands.
    record AwaitThread(String thread) implements Step {}

    /// A command this runner does not know.
    record Unknown() implements Step {}
  }

  /// A module a command names.
  ///
  /// @param filename beside the script
  /// @param isText whether only a text parser can judge it
  record ModuleFile(String filename, boolean isText) {}

  /// What to ask of an instance; a null `module` means the current one.
  sealed interface Action {
    @Nullable String module();

    String field();

    /// Calls an exported function.
    record Invoke(@Nullable String module, String field, List<ScriptValue> arguments)
        implements Action {}

    /// Reads an exported global.
    record Get(@Nullable String module, String field) implements Action {}
  }

  /// What an export must hold at the end.
  sealed interface StateOf {
    String export();

    /// A memory.
    ///
    /// @param sha256 of all its bytes, in hexadecimal
    record OfMemory(String export, long sizeBytes, String sha256) implements StateOf {}

    /// A global.
    record OfGlobal(String export, ScriptValue value) implements StateOf {}

    /// A table.
    record OfTable(String export, long length) implements StateOf {}
  }
}
