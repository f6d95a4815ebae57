/// The state of running Wasm programs, and the ABI that generated code is compiled against.
///
/// A [dev.cloister.engine.runtime.Store] groups the instances that one thread at a time executes;
/// memories, tables, globals and function references live here. Nothing in this package knows how
/// code is generated or where it is kept.
@NullMarked
package dev.cloister.engine.runtime;

import org.jspecify.annotations.NullMarked;
