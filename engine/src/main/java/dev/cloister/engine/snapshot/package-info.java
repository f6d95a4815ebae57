/// Images of instances: all their mutable state as bytes, and instances that begin with one.
@NullMarked
package dev.cloister.engine.snapshot;

import org.jspecify.annotations.NullMarked;
