/// Validation of functions and constant expressions, by the algorithm of the specification's
/// appendix.
@NullMarked
package dev.cloister.engine.validate;

import org.jspecify.annotations.NullMarked;
