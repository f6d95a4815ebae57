package dev.cloister.engine.decode;

import dev.cloister.engine.bytecode.TypeReader;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.TypeText;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.ByteReader;
import dev.cloister.engine.util.Checkpoint;
import dev.cloister.engine.validate.ConstExprValidator;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/// A cursor over one section: what all sections are made of, read and checked.
final class SectionReader {

  private static final int SHOWN_NAME_LENGTH = 60;

  /// How many entries are read between two checkpoints.
  private static final int WORK_BETWEEN_CHECKPOINTS = 1 << 12;

  final WasmModuleBuilder module;
  final WasmFeatures features;
  final WasmLimits limits;
  final ByteReader reader = new ByteReader(new byte[0], 0, 0);
  final TypeReader types;

  private final ConstExprValidator constExprs;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private byte[] bytes = new byte[0];
  private Checkpoint checkpoint = Checkpoint.NONE;
  private int work;

  SectionReader(WasmModuleBuilder module, WasmFeatures features, WasmLimits limits) {
    this.module = module;
    this.features = features;
    this.limits = limits;
    this.types = new TypeReader(reader, module, features);
    this.constExprs = new ConstExprValidator(module, features, limits);
  }

  /// Starts on the section whose payload is `bytes[from, to)`.
  void reset(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    reader.reset(bytes, from, to);
  }

  /// Sets what reading is to pass from now on.
  void use(Checkpoint newCheckpoint) {
    checkpoint = newCheckpoint;
    constExprs.use(newCheckpoint);
  }

  /// Notes that an entry is read, and passes the checkpoint when it is due.
  void work() {
    if (++work >= WORK_BETWEEN_CHECKPOINTS) {
      work = 0;
      checkpoint.pass();
    }
  }

  int position() {
    return reader.position();
  }

  boolean has(WasmFeature feature) {
    return features.has(feature);
  }

  /// Reads the number of entries of a vector.
  int readCount(WasmLimit limit) {
    return readCount(limit, 0);
  }

  /// Reads the number of entries of a vector, which come in addition to `known` ones.
  int readCount(WasmLimit limit, int known) {
    int start = reader.position();
    int count = reader.readU32();
    limits.check(limit, known + Integer.toUnsignedLong(count), start);
    return count;
  }

  /// Reads an index that must be below `count`.
  int readIndex(String kind, int count) {
    work();
    int start = reader.position();
    int index = reader.readU32();
    if (Integer.compareUnsigned(index, count) >= 0) {
      throw new InvalidModuleException(
          "unknown " + kind + " " + Integer.toUnsignedString(index) + ", there are " + count,
          start);
    }
    return index;
  }

  /// Reads the index of a type.
  DefinedType readType() {
    return module.type(readIndex("type", module.typeCount()));
  }

  /// Reads a name and requires that it is UTF-8.
  String readName() {
    work();
    int start = reader.position();
    int length = reader.readU32();
    if (Integer.compareUnsigned(length, reader.remaining()) > 0) {
      throw new MalformedException(
          "length out of bounds: name of "
              + Integer.toUnsignedString(length)
              + " bytes, "
              + reader.remaining()
              + " are left",
          start);
    }
    limits.check(WasmLimit.NAME_SIZE, length, start);
    int from = reader.position();
    reader.skip(length);
    try {
      return utf8.decode(ByteBuffer.wrap(bytes, from, length)).toString();
    } catch (CharacterCodingException _) {
      throw new MalformedException("malformed UTF-8 encoding of a name", from);
    }
  }

  /// Passes over a constant expression that yields `expected`.
  void readConstExpr(ValueType expected) {
    work();
    int from = reader.position();
    int end = constExprs.validate(bytes, from, reader.end(), expected);
    reader.skip(end - from);
  }

  /// Returns `type` as messages show it.
  String text(ValueType type) {
    return TypeText.of(type, module);
  }

  /// Returns the start of `name` as messages show it, with all but printable ASCII escaped.
  static String quoted(String name) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = 0; i < Math.min(name.length(), SHOWN_NAME_LENGTH); i++) {
      char c = name.charAt(i);
      text.append(c >= ' ' && c <= '~' ? String.valueOf(c) : String.format("\\u%04x", (int) c));
    }
    return text.append(name.length() > SHOWN_NAME_LENGTH ? "...\"" : "\"").toString();
  }

  /// Returns the fault that `feature` is switched off.
  static MalformedException switchedOff(String text, WasmFeature feature, int offset) {
    return new MalformedException(text + ": feature " + feature.id() + " is switched off", offset);
  }
}
