/// Bytes and primitive collections: bounds-checked reading, LEB128, growable lists of primitives.
@NullMarked
package dev.cloister.engine.util;

import org.jspecify.annotations.NullMarked;
