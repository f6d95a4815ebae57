package dev.cloister.engine.stats;

/// Is told what happens in an engine, see `EngineConfig.Builder.listener`.
///
/// Every method does nothing unless it is overridden. The thread on which something happens calls,
/// without any of the engine's locks, often before whoever waits for the result has it: a listener
/// must be quick, must not block, and must not call the engine. Several threads may call at once.
/// What a listener throws harms nobody; it is reported, the first time.
public interface EngineListener {

  /// A module's bytes were decoded and validated, or found faulty: once for each compilation that
  /// had to look at the bytes.
  default void moduleDecoded(ModuleDecoded event) {}

  /// A compilation has ended, well or not: exactly once for each that was begun.
  default void moduleCompiled(ModuleCompiled event) {}

  /// A compilation has begun, has come to another state, is further than a while ago, or has ended,
  /// which is the last that is told of it.
  default void compileJobChanged(CompileJobInfo job) {}

  /// The sizes of code and metadata were sampled.
  default void codeSampled(CodeSample sample) {}

  /// An instance was made, or could not be: once for each attempt.
  default void moduleInstantiated(ModuleInstantiated event) {}

  /// Calls enter a generation of a module's code from now on: once for each, and once more if it is
  /// entered again after it was retired. Told, like the two that follow, in the order in which
  /// things happen, by one thread at a time, soon after.
  default void generationPublished(GenerationPublished event) {}

  /// Calls enter a generation of code no more: exactly once for each time that it was published,
  /// unless the engine is closed first.
  default void generationRetired(GenerationRetired event) {}

  /// A collection of code has ended: exactly once for each.
  default void codeCollected(CodeCollected event) {}

  /// Code of a module was written, to be loaded when the module is used again.
  default void codePersisted(CodePersisted event) {}

  /// What was kept of a module's code cannot be used, or its new code not be kept.
  default void codeNotPersisted(CodeNotPersisted event) {}
}
