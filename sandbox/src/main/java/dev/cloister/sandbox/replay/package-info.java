/// Drives a module by a recorded trace of what its host did, so that a program runs without the
/// glue code it was made for.
@NullMarked
package dev.cloister.sandbox.replay;

import org.jspecify.annotations.NullMarked;
