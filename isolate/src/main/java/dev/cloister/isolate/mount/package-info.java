/// The directories that a guest is given, whatever its calling convention is.
@NullMarked
package dev.cloister.isolate.mount;

import org.jspecify.annotations.NullMarked;
