/// The type system of the specification: value, heap, composite and external types, their
/// subtyping, and their canonical form.
@NullMarked
package dev.cloister.engine.types;

import org.jspecify.annotations.NullMarked;
