package dev.cloister.engine.decode;

/// A hash of all that comes before the bodies of a module, and of the size of the code section (V8
/// `PrefixHash`). While a module streams in, it tells whether an equal one may be known already; it
/// is no proof.
///
/// FNV-1a with 64 bits, over bytes in the order of the module; how they are cut does not matter.
final class PrefixHash {

  private static final long OFFSET_BASIS = 0xCBF29CE484222325L;
  private static final long PRIME = 0x100000001B3L;

  private long hash = OFFSET_BASIS;

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
