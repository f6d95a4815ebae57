/// An interpreter written down from the specification, programs to run it on, and the comparison of
/// compiled code with it.
@NullMarked
package dev.cloister.engine.oracle;

import org.jspecify.annotations.NullMarked;
