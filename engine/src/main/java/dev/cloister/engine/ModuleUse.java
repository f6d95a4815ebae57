package dev.cloister.engine;

import dev.cloister.engine.code.NativeModule;

/// Whoever has something to do when an isolate begins to use a native module and when it ends: what
/// is switched on for the isolate, debugging or logging, is to hold for all of its modules, those
/// it compiled, those that were there already and those that another isolate shares with it.
///
/// Called without locks, on the thread that takes or gives back the reference; two threads may
/// begin and end uses of the same module by the same isolate at once, each told once.
interface ModuleUse {
  /// An isolate has a first handle on a module, which nobody but the caller has yet.
  void began(EngineIsolate isolate, NativeModule module);

  /// The isolate's last handle on a module is closed.
  void ended(EngineIsolate isolate, NativeModule module);
}
