/// A tenant at run time.
@NullMarked
package dev.cloister.isolate;

import org.jspecify.annotations.NullMarked;
