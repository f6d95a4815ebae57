package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import java.util.Map;
import java.util.Set;

/// What the plan of a module has to know of a chunk whose class files were generated elsewhere.
///
/// @param levels how finely functions are divided, 1 to [#MAX_LEVEL], for those that turned out too
///   large for the plan that they were tried with first, by function
/// @param vectors the instructions of its functions that compute with vector objects
public record ChunkFacts(Map<Integer, Integer> levels, Set<Opcode> vectors) {
  /// The finest division of a function.
  public static final int MAX_LEVEL = SplitPlanner.LEVELS;

  /// Copies the collections.
  public ChunkFacts {
    levels = Map.copyOf(levels);
    vectors = Set.copyOf(vectors);
  }
}
