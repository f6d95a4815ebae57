/// Runs the scripts of the WebAssembly specification's test suite in their JSON form, and the
/// differential fuzz corpus, which extends it. The command `wast` and the corpus tests share it.
///
/// [ScriptReader] makes a [Script] of a file, [ScriptInterpreter] executes it once and gives one
/// [CommandResult] per command, [WastRunner] walks folders, applies what is known to be unsupported
/// and counts.
@NullMarked
package dev.cloister.sandbox.wast;

import org.jspecify.annotations.NullMarked;
