package dev.cloister.engine.decode;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.TypeText;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.ByteReader;

/// The types of tables, memories, globals and tags (Spec 5.3.11 to 5.3.15), which imports and
/// definitions share, and the rules that they must keep (Spec 3.2).
final class EntityTypes {

  private static final int HAS_MAX = 1;
  private static final int SHARED = 2;
  private static final int IS_64 = 4;
  private static final int CUSTOM_PAGE_SIZE = 8;
  private static final long MAX_TABLE_SIZE_32 = 0xFFFF_FFFFL;

  private final SectionReader section;
  private final ByteReader reader;

  EntityTypes(SectionReader section) {
    this.section = section;
    this.reader = section.reader;
  }

  /// Reads the byte that tells whether something can be written.
  static boolean readMutability(ByteReader reader) {
    int mutability = reader.readByte();
    if (mutability > 1) {
      throw new MalformedException("malformed mutability " + mutability, reader.position() - 1);
    }
    return mutability == 1;
  }

  TableType readTableType() {
    RefType element = section.types.readRefType();
    int start = reader.position();
    int flags = readFlags(HAS_MAX | IS_64);
    Limits limits = readLimits(flags);
    if (!limits.is64()) {
      checkRange(limits, MAX_TABLE_SIZE_32, "table size must be at most 2^32-1", start);
    }
    checkOrder(limits, start);
    return new TableType(element, limits);
  }

  MemoryType readMemoryType() {
    int start = reader.position();
    int flags = readFlags(HAS_MAX | SHARED | IS_64 | CUSTOM_PAGE_SIZE);
    Limits limits = readLimits(flags);
    int pageSizeLog2 = MemoryType.DEFAULT_PAGE_SIZE_LOG2;
    if ((flags & CUSTOM_PAGE_SIZE) != 0) {
      pageSizeLog2 = readPageSize();
    }
    checkMemoryRange(limits, pageSizeLog2, start);
    checkOrder(limits, start);
    boolean shared = (flags & SHARED) != 0;
    if (shared && !limits.hasMax()) {
      throw new InvalidModuleException("shared memory must have maximum", start);
    }
    return new MemoryType(limits, shared, pageSizeLog2);
  }

  private int readPageSize() {
    int start = reader.position();
    int log2 = reader.readU32();
    if (Integer.compareUnsigned(log2, Long.SIZE) >= 0) {
      throw new MalformedException(
          "invalid custom page size 2^" + Integer.toUnsignedString(log2), start);
    }
    if (log2 != 0 && log2 != MemoryType.DEFAULT_PAGE_SIZE_LOG2) {
      throw new InvalidModuleException(
          "invalid custom page size 2^" + log2 + ", allowed are 1 and 65536", start);
    }
    return log2;
  }

  private int readFlags(int known) {
    int start = reader.position();
    int flags = reader.readByte();
    if ((flags & ~known) != 0) {
      throw new MalformedException(String.format("malformed limits flags %02x", flags), start);
    }
    requireFeature(flags, SHARED, WasmFeature.THREADS, start);
    requireFeature(flags, IS_64, WasmFeature.MEMORY64, start);
    requireFeature(flags, CUSTOM_PAGE_SIZE, WasmFeature.CUSTOM_PAGE_SIZES, start);
    return flags;
  }

  private void requireFeature(int flags, int flag, WasmFeature feature, int start) {
    if ((flags & flag) != 0 && !section.has(feature)) {
      throw SectionReader.switchedOff(
          String.format("malformed limits flags %02x", flags), feature, start);
    }
  }

  private Limits readLimits(int flags) {
    // Without 64-bit addresses, too, larger numbers decode and are refused by validation.
    long min = reader.readU64();
    boolean hasMax = (flags & HAS_MAX) != 0;
    return new Limits((flags & IS_64) != 0, min, hasMax, hasMax ? reader.readU64() : 0);
  }

  private static void checkMemoryRange(Limits limits, int pageSizeLog2, int start) {
    int addressBits = limits.is64() ? 64 : 32;
    int pageBits = addressBits - pageSizeLog2;
    boolean isUsual = !limits.is64() && pageSizeLog2 == MemoryType.DEFAULT_PAGE_SIZE_LOG2;
    if (pageBits < Long.SIZE) {
      // A page of one byte leaves out the last: 2^32 bytes have no size in 32 bits.
      long most = pageSizeLog2 == 0 ? (1L << pageBits) - 1 : 1L << pageBits;
      checkRange(
          limits,
          most,
          "memory size must be at most " + most + " pages" + (isUsual ? " (4GiB)" : ""),
          start);
    }
  }

  private static void checkRange(Limits limits, long most, String text, int start) {
    if (Long.compareUnsigned(limits.min(), most) > 0
        || Long.compareUnsigned(limits.max(), most) > 0) {
      throw new InvalidModuleException(text + ", limits are " + limits, start);
    }
  }

  private static void checkOrder(Limits limits, int start) {
    if (limits.hasMax() && Long.compareUnsigned(limits.min(), limits.max()) > 0) {
      throw new InvalidModuleException(
          "size minimum must not be greater than maximum: " + limits, start);
    }
  }

  GlobalType readGlobalType() {
    ValueType type = section.types.readValueType();
    return new GlobalType(type, readMutability(reader));
  }

  TagType readTagType() {
    int start = reader.position();
    int attribute = reader.readByte();
    if (attribute != 0) {
      throw new MalformedException("malformed tag attribute " + attribute, start);
    }
    DefinedType type = section.readType();
    if (!(type.composite() instanceof FuncType function)) {
      throw new InvalidModuleException("type mismatch: the type of a tag is no function", start);
    }
    if (!function.results().isEmpty()) {
      throw new InvalidModuleException(
          "non-empty tag result type " + TypeText.of(function.results(), section.module), start);
    }
    return new TagType(type);
  }

  /// Reads the type of a function.
  DefinedType readFunctionType() {
    int start = reader.position();
    DefinedType type = section.readType();
    if (!(type.composite() instanceof FuncType)) {
      throw new InvalidModuleException(
          "type mismatch: the type of a function is no function type", start);
    }
    return type;
  }
}
