package dev.cloister.engine.decode;

import dev.cloister.engine.feature.WasmFeature;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The sections in the order in which a module has them (Spec 5.5.2, 5.5.17). Custom sections may
/// stand anywhere.
enum SectionId {
  CUSTOM(0),
  TYPE(1),
  IMPORT(2),
  FUNCTION(3),
  TABLE(4),
  MEMORY(5),
  TAG(13, WasmFeature.EXCEPTIONS),
  GLOBAL(6),
  EXPORT(7),
  START(8),
  ELEMENT(9),
  DATA_COUNT(12, WasmFeature.BULK_MEMORY),
  CODE(10),
  DATA(11);

  private static final SectionId[] VALUES = values();

  private final int code;
  private final WasmFeature feature;

  SectionId(int code) {
    this(code, WasmFeature.CORE);
  }

  SectionId(int code, WasmFeature feature) {
    this.code = code;
    this.feature = feature;
  }

  static @Nullable SectionId ofCode(int code) {
    for (SectionId section : VALUES) {
      if (section.code == code) {
        return section;
      }
    }
    return null;
  }

  /// Returns the byte that stands for the section.
  int code() {
    return code;
  }

  WasmFeature feature() {
    return feature;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
