package dev.cloister.engine.feature;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A part of WebAssembly that can be switched on and off: the proposals by which it grew.
public enum WasmFeature {
  /// The first release.
  CORE("the instructions of WebAssembly 1.0"),
  /// Imports and exports of mutable globals.
  MUTABLE_GLOBALS("imports and exports of mutable globals"),
  /// `i32.extend8_s` and its kin.
  SIGN_EXTENSION("sign extension instructions"),
  /// `i32.trunc_sat_f32_s` and its kin.
  SATURATING_FLOAT_TO_INT("float to integer conversions that saturate"),
  /// Functions and blocks with several results, blocks with parameters.
  MULTI_VALUE("several results, blocks with parameters"),
  /// `memory.copy`, `table.init`, passive segments.
  BULK_MEMORY("bulk operations on memories and tables, passive segments"),
  /// `externref`, several tables, table instructions.
  REFERENCE_TYPES("reference types as values, several tables"),
  /// `v128`.
  SIMD("128-bit vectors"),
  /// Arithmetic in constant expressions.
  EXTENDED_CONST("integer arithmetic in constant expressions"),
  /// `return_call` and its kin.
  TAIL_CALL("tail calls"),
  /// `(ref $t)`, `call_ref`.
  TYPED_FUNCTION_REFERENCES("typed function references", REFERENCE_TYPES),
  /// Structures, arrays, i31, subtyping, recursion groups.
  GC("structures, arrays and i31", TYPED_FUNCTION_REFERENCES),
  /// Tags, `throw`, `try_table`, `exnref`.
  EXCEPTIONS("exceptions with exnref", REFERENCE_TYPES),
  /// More than one memory.
  MULTI_MEMORY("several memories", BULK_MEMORY),
  /// Memories and tables with 64-bit addresses.
  MEMORY64("memories and tables with 64-bit addresses"),
  /// Vector instructions whose results may depend on the machine.
  RELAXED_SIMD("relaxed vector instructions", SIMD),
  /// Shared memories and atomic instructions.
  THREADS("shared memories and atomic instructions", BULK_MEMORY),
  /// `try`, `catch`, `delegate`, `rethrow`: the encoding that compilers used before exnref.
  LEGACY_EXCEPTIONS("exceptions in the older encoding", EXCEPTIONS),
  /// 128-bit results of 64-bit operations.
  WIDE_ARITHMETIC("128-bit addition, subtraction and multiplication", MULTI_VALUE),
  /// Memories with pages of one byte.
  CUSTOM_PAGE_SIZES("memories with pages of one byte"),
  /// Imports that share a module name or a type.
  COMPACT_IMPORT_SECTION("imports grouped by module name");

  private static final WasmFeature[] VALUES = values();

  private final String id = name().toLowerCase(Locale.ROOT).replace('_', '-');
  private final String description;
  private final long bitsWithImplied;

  WasmFeature(String description, WasmFeature... implied) {
    this.description = description;
    long bits = bit();
    for (WasmFeature feature : implied) {
      bits |= feature.bitsWithImplied;
    }
    this.bitsWithImplied = bits;
  }

  /// Returns the feature called `id`, or null if there is none.
  public static @Nullable WasmFeature ofId(String id) {
    for (WasmFeature feature : VALUES) {
      if (feature.id.equals(id)) {
        return feature;
      }
    }
    return null;
  }

  /// Returns the name used in configuration, on the command line and in messages: the name of the
  /// proposal, such as `tail-call`.
  public String id() {
    return id;
  }

  /// Returns what the feature brings, in a few words.
  public String description() {
    return description;
  }

  /// Returns the bit of this feature alone.
  @SuppressWarnings("EnumOrdinal") // The bits are those of one release and are never stored.
  long bit() {
    return 1L << ordinal();
  }

  /// Returns the bits of this feature and of all that it cannot be used without.
  long bitsWithImplied() {
    return bitsWithImplied;
  }
}
