/// Compilations: what they are for, how far they are, what ends them, and the one way from bytes to
/// a native module.
@NullMarked
package dev.cloister.engine.compile;

import org.jspecify.annotations.NullMarked;
