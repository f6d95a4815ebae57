/// Operations that generated code calls, because the JVM has no instruction for them.
@NullMarked
package dev.cloister.engine.runtime.intrinsic;

import org.jspecify.annotations.NullMarked;
