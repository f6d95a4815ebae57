package dev.cloister.engine.decode;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.util.ByteReader;

/// A hash of all that comes before the bodies of a module, and of the size of the code section (V8
/// `PrefixHash`). While a module streams in, it tells whether an equal one may be known already; it
/// is no proof.
///
/// FNV-1a with 64 bits, over bytes in the order of the module; how they are cut does not matter.
public final class PrefixHash {

  private static final long OFFSET_BASIS = 0xCBF29CE484222325L;
  private static final long PRIME = 0x100000001B3L;
  private static final int HEADER_BYTES = 8;

  private long hash = OFFSET_BASIS;

  PrefixHash() {}

  /// {@return the hash of a module that is decoded already, as [StreamingDecoder#prefixHash] has it
  /// once the last byte has come}
  public static long of(WasmModule module) {
    PrefixHash prefix = new PrefixHash();
    ByteReader reader = module.wireBytes().reader(0);
    prefix.update(reader, HEADER_BYTES);
    while (!reader.atEnd()) {
      int start = reader.position();
      boolean isCode = reader.readByte() == SectionId.CODE.code();
      int size = reader.readU32();
      if (isCode) {
        prefix.updateInt(size);
        break;
      }
      int length = reader.position() - start + size;
      reader.reset(start, reader.end());
      prefix.update(reader, length);
    }
    return prefix.value();
  }

  private void update(ByteReader reader, int count) {
    long h = hash;
    for (int i = 0; i < count; i++) {
      h = (h ^ reader.readByte()) * PRIME;
    }
    hash = h;
  }

  void update(byte[] bytes, int from, int to) {
    long h = hash;
    for (int i = from; i < to; i++) {
      h = (h ^ (bytes[i] & 0xFF)) * PRIME;
    }
    hash = h;
  }

  void updateInt(int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      hash = (hash ^ ((value >>> shift) & 0xFF)) * PRIME;
    }
  }

  long value() {
    return hash;
  }
}
