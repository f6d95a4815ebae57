package dev.cloister.engine.script;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The sections of DWARF that tell of inlined functions.
///
/// @param info the section `.debug_info`
/// @param abbreviations the section `.debug_abbrev`
/// @param others those of the others that are there, by name
record DwarfSections(
    DebugSection info, DebugSection abbreviations, Map<String, DebugSection> others) {
  static final String INFO = LineTable.INFO;
  static final String ABBREVIATIONS = ".debug_abbrev";
  static final String OLD_RANGES = ".debug_ranges";
  static final String RANGES = ".debug_rnglists";
  static final String ADDRESSES = ".debug_addr";
  static final String STRING_OFFSETS = ".debug_str_offsets";

  DwarfSections {
    others = Map.copyOf(others);
  }

  /// {@return the sections of a file, or null if it has none of this kind}
  static @Nullable DwarfSections of(ModuleSections file) {
    DebugSection info = file.custom().get(INFO);
    DebugSection abbreviations = file.custom().get(ABBREVIATIONS);
    return info == null || abbreviations == null
        ? null
        : new DwarfSections(info, abbreviations, file.custom());
  }

  /// {@return a section, or null if it is not there}
  @Nullable DebugSection find(String name) {
    return others.get(name);
  }
}
