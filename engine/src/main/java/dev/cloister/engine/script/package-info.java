/// Modules as debuggers, logs and stack traces know them: scripts, and where in the sources their
/// code came from.
///
/// What is read here was written by tools for people and arrives with the module, so it may be
/// anything: whatever cannot be understood is left out, and all work has a bound.
@NullMarked
package dev.cloister.engine.script;

import org.jspecify.annotations.NullMarked;
