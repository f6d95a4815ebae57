package dev.cloister.engine.decode;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.module.NameSection;
import dev.cloister.engine.util.ByteReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The name section (Spec 7.4.1), of which the names of the module and of its functions are used.
///
/// It is for people only and decides nothing: reading stops at the first fault, and what was read
/// until then counts.
final class NameSectionDecoder {

  private static final int MODULE_NAME = 0;
  private static final int FUNCTION_NAMES = 1;

  private final byte[] bytes;
  private final ByteReader reader;
  private final int functionCount;

  private @Nullable String moduleName;
  private int[] functionNames = new int[0];

  private NameSectionDecoder(byte[] bytes, int from, int to, int functionCount) {
    this.bytes = bytes;
    this.reader = new ByteReader(bytes, from, to);
    this.functionCount = functionCount;
  }

  /// Returns the names in the content `bytes[from, to)` of a name section.
  static NameSection decode(byte[] bytes, int from, int to, int functionCount) {
    NameSectionDecoder decoder = new NameSectionDecoder(bytes, from, to, functionCount);
    try {
      decoder.readSubsections();
    } catch (MalformedException _) {
      // What was read before the fault is kept.
    }
    return new NameSection(decoder.moduleName, decoder.functionNames);
  }

  private void readSubsections() {
    while (!reader.atEnd()) {
      int id = reader.readByte();
      int size = readSize();
      int end = reader.position() + size;
      if (id == MODULE_NAME) {
        int length = readSize();
        moduleName = new String(bytes, reader.position(), length, StandardCharsets.UTF_8);
      } else if (id == FUNCTION_NAMES) {
        readFunctionNames(end);
      }
      reader.reset(end, reader.end());
    }
  }

  private void readFunctionNames(int end) {
    int count = reader.readU32();
    for (int i = 0; Integer.compareUnsigned(i, count) < 0 && reader.position() < end; i++) {
      int index = reader.readU32();
      int offset = reader.position();
      reader.skip(readSize());
      if (index >= 0 && index < functionCount) {
        if (index >= functionNames.length) {
          functionNames = Arrays.copyOf(functionNames, functionCount);
        }
        functionNames[index] = offset;
      }
    }
  }

  private int readSize() {
    int size = reader.readU32();
    if (size < 0 || size > reader.remaining()) {
      throw new MalformedException("length out of bounds", reader.position());
    }
    return size;
  }
}
