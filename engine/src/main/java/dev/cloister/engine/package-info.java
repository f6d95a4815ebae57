/// A WebAssembly engine for the JVM.
@NullMarked
package dev.cloister.engine;

import org.jspecify.annotations.NullMarked;
