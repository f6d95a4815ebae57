/// Wasm to JVM bytecode: what classes a module becomes and what is in them.
///
/// Everything here is a pure function of the module; loaders and the life of the classes are the
/// business of the package `code`. The only user of ASM.
@NullMarked
package dev.cloister.engine.codegen;

import org.jspecify.annotations.NullMarked;
