/// Servers that are killed under load, and what must be there when they are started again.
@NullMarked
package dev.cloister.sandbox.durability;

import org.jspecify.annotations.NullMarked;
