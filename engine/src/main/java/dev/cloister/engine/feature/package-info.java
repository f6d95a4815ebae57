/// Which proposals of WebAssembly a module may use, and the implementation limits it must keep.
@NullMarked
package dev.cloister.engine.feature;

import org.jspecify.annotations.NullMarked;
