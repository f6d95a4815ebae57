/// The faults of guests: what was wrong, where, and with which words. See the specification's test
/// suite for the wording.
@NullMarked
package dev.cloister.engine.error;

import org.jspecify.annotations.NullMarked;
