/// Compiled code and its life: loaders, code images, native modules and the cache that shares them.
///
/// Four levels of loaders: the engine's own; one for each call shape; one for each native module;
/// one for each code image, below that of its module. What is dropped together is unloaded
/// together.
@NullMarked
package dev.cloister.engine.code;

import org.jspecify.annotations.NullMarked;
