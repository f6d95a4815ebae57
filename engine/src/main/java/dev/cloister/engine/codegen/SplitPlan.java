package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a function becomes JVM methods of at most 64 KiB: which parts of it are methods of their
/// own, and which of its locals are elements of frame arrays.
///
/// Immutable, and a function of the body alone: stack traces are mapped to offsets with it.
final class SplitPlan {
  /// A part of the function that becomes a method: a run of complete instructions and blocks of one
  /// nesting level.
  ///
  /// @param ordinal its position among the regions of the function
  /// @param start module offset of its first instruction
  /// @param end module offset behind its last instruction
  /// @param loopDepth the number of loops around it
  /// @param bytes the estimated size of its bytecode, without the regions in it
  /// @param used the locals that it reads or writes and that are local variables
  /// @param passed the ones among them whose values it may read
  /// @param returned those that it writes and that may be read after it
  /// @param accessesMemory whether it reads or writes memory 0 outside of the regions in it
  /// @param throwsExceptions whether a Wasm exception can come out of it
  record Region(
      int ordinal,
      int start,
      int end,
      int loopDepth,
      int bytes,
      BitSet used,
      BitSet passed,
      BitSet returned,
      boolean accessesMemory,
      boolean throwsExceptions) {}

  private static final SplitPlan WHOLE = new SplitPlan(0, List.of(), new BitSet());

  private final int level;
  private final List<Region> regions;
  private final Map<Integer, List<Region>> regionsByStart = new HashMap<>();
  private final BitSet framed;

  /// @param level how finely the function is divided, 0 if it is not
  /// @param regions all regions, by ordinal
  /// @param framed the locals in frame arrays
  SplitPlan(int level, List<Region> regions, BitSet framed) {
    this.level = level;
    this.regions = regions;
    this.framed = framed;
    for (Region region : regions) {
      regionsByStart.computeIfAbsent(region.start(), _ -> new ArrayList<>(1)).add(region);
    }
  }

  /// {@return the plan of a function that is one method with all locals in local variables}
  static SplitPlan whole() {
    return WHOLE;
  }

  /// {@return the largest region that begins at a module offset and lies within another one}
  ///
  /// @param within the region whose method is being written, or null in that of the function
  @Nullable Region regionAt(int offset, @Nullable Region within) {
    if (regions.isEmpty()) {
      return null;
    }
    Region found = null;
    for (Region region : regionsByStart.getOrDefault(offset, List.of())) {
      boolean fits =
          within == null || (region.ordinal() != within.ordinal() && region.end() <= within.end());
      if (fits && (found == null || region.end() > found.end())) {
        found = region;
      }
    }
    return found;
  }

  /// {@return a region by its ordinal}
  Region region(int ordinal) {
    return regions.get(ordinal);
  }

  /// {@return the number of regions}
  int regionCount() {
    return regions.size();
  }

  /// {@return how finely the function is divided; 0 if it is not}
  int level() {
    return level;
  }

  /// {@return whether parts of the function are methods of their own}
  boolean isDivided() {
    return !regions.isEmpty();
  }

  /// {@return the locals that are in frame arrays}
  BitSet framed() {
    return framed;
  }

  /// {@return whether the methods of the function share frame arrays}
  boolean hasFrame() {
    return isDivided() || !framed.isEmpty();
  }
}
