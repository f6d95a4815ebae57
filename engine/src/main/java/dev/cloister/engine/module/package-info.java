/// The immutable module: index spaces, segments and byte ranges of its wire bytes.
@NullMarked
package dev.cloister.engine.module;

import org.jspecify.annotations.NullMarked;
