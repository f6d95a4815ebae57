package dev.cloister.engine.script;

/// A module as one isolate's logs and debuggers know it. There is one for each isolate and module,
/// from when the isolate first uses the module until it no longer does.
///
/// @param id tells scripts of an engine apart, from 1; never used again
/// @param isolate the name of the isolate
/// @param url what the module is called; others may be called the same
/// @param symbols what the module says about its debug information
public record Script(int id, String isolate, ScriptUrl url, DebugSymbols symbols) {}
