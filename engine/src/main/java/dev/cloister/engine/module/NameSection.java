package dev.cloister.engine.module;

import org.jspecify.annotations.Nullable;

/// The names that a name section gives (Spec 7.4.1), as far as they could be read.
///
/// @param moduleName name of the module, if it has one
/// @param functionNames for each function, from 0, the offset in the module of its name, a length
///   and the bytes, or 0 if it has none; shorter than the index space if the last have none
@SuppressWarnings("ArrayRecordComponent") // Names are made when they are asked for.
public record NameSection(@Nullable String moduleName, int[] functionNames) {

  /// No names.
  public static final NameSection EMPTY = new NameSection(null, new int[0]);
}
