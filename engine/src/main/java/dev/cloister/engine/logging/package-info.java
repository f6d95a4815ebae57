/// The code log: what code the engine makes, told to the isolates that asked for it.
@NullMarked
package dev.cloister.engine.logging;

import org.jspecify.annotations.NullMarked;
