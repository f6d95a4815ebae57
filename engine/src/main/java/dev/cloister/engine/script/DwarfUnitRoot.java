package dev.cloister.engine.script;

/// What the first entry of a unit says for all others.
///
/// @param low the address to which those of lists of ranges are added
/// @param lineProgram where its line table is, or -1
/// @param stringsBase where its texts begin in `.debug_str_offsets`
/// @param addressesBase where its addresses begin in `.debug_addr`
/// @param rangesBase where its lists begin in `.debug_rnglists`
record DwarfUnitRoot(
    DwarfUnit unit,
    long low,
    long lineProgram,
    long stringsBase,
    long addressesBase,
    long rangesBase) {
  /// Where the first of these tables begins, behind the header of its section.
  private static final int TABLE_HEADER = 8;

  private static final int RANGES_HEADER = 12;

  static DwarfUnitRoot of(DwarfUnit unit, DwarfEntry entry, DwarfValues values) {
    int wider = unit.offsetBytes() == 8 ? 8 : 0;
    DwarfUnitRoot root =
        new DwarfUnitRoot(
            unit,
            0,
            entry.lineProgram,
            orElse(entry.stringsBase, TABLE_HEADER + wider),
            orElse(entry.addressesBase, TABLE_HEADER + wider),
            orElse(entry.rangesBase, RANGES_HEADER + wider));
    long low = entry.low == DwarfEntry.NONE ? 0 : values.low(root, entry);
    return new DwarfUnitRoot(
        unit, low, root.lineProgram, root.stringsBase, root.addressesBase, root.rangesBase);
  }

  private static long orElse(long value, long otherwise) {
    return value == DwarfEntry.NONE ? otherwise : value;
  }
}
