package dev.cloister.engine.script;

import dev.cloister.engine.error.InlinedCall;
import dev.cloister.engine.error.SourcePosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What DWARF tells of instructions.
///
/// @param lines their lines
/// @param inlined the functions that were inlined, if there is anything of them
record DwarfTable(SourceTable lines, @Nullable InlinedFunctions inlined) implements SourceTable {
  @Override
  public @Nullable SourcePosition find(int offset) {
    return lines.find(offset);
  }

  @Override
  public List<InlinedCall> inlinedAt(int offset) {
    return inlined == null ? List.of() : inlined.find(offset);
  }
}
