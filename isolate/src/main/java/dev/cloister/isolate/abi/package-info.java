/// How a plugin is spoken to: which convention a module follows, and the values that cross.
@NullMarked
package dev.cloister.isolate.abi;

import org.jspecify.annotations.NullMarked;
