/// Endive, the WebAssembly runtime of the Bytecode Alliance for the JVM, with its compiler.
@NullMarked
package dev.cloister.bench.endive;

import org.jspecify.annotations.NullMarked;
