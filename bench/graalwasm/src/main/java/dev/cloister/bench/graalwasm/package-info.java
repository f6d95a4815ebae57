/// GraalWasm, the WebAssembly engine of the Graal project, with its compiler.
@NullMarked
package dev.cloister.bench.graalwasm;

import org.jspecify.annotations.NullMarked;
