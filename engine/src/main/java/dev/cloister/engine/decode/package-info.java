/// Binary format to module: a push-based decoder that validates everything as soon as it is
/// complete.
@NullMarked
package dev.cloister.engine.decode;

import org.jspecify.annotations.NullMarked;
