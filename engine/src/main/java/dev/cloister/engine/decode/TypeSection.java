package dev.cloister.engine.decode;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.CompositeType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RecGroup;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TypeCanonicalizer;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.ByteReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The type section (Spec 5.5.4): recursion groups, made canonical as they are read.
final class TypeSection {

  private static final int REC = 0x4E;
  private static final int SUB_FINAL = 0x4F;
  private static final int SUB = 0x50;
  private static final int ARRAY = 0x5E;
  private static final int STRUCT = 0x5F;
  private static final int FUNC = 0x60;

  private final SectionReader section;
  private final ByteReader reader;
  private final WasmModuleBuilder module;
  private final Map<FieldType, FieldType> fields = new HashMap<>();

  TypeSection(SectionReader section) {
    this.section = section;
    this.reader = section.reader;
    this.module = section.module;
  }

  void read() {
    int count = section.readCount(WasmLimit.TYPES);
    for (int i = 0; i < count; i++) {
      if (reader.peek() == REC) {
        requireFeature(WasmFeature.GC, "recursion group");
        reader.readByte();
        readGroup(section.readCount(WasmLimit.REC_GROUP_SIZE));
      } else {
        readGroup(1);
      }
    }
  }

  private void readGroup(int size) {
    int first = module.typeCount();
    section.limits.check(WasmLimit.TYPES, first + (long) size, reader.position());
    if (size > reader.remaining()) {
      // Every type takes bytes; do not make room for more than there can be.
      reader.skip(size);
    }
    RecGroup group = new RecGroup(size);
    for (int i = 0; i < size; i++) {
      module.addType(group.type(i));
    }
    int[] offsets = new int[size];
    int[] depths = new int[size];
    for (int i = 0; i < size; i++) {
      offsets[i] = reader.position();
      readSubType(group, first, i, depths);
    }
    RecGroup canonical = TypeCanonicalizer.shared().canonicalize(group);
    for (int i = 0; i < size; i++) {
      module.replaceType(first + i, canonical.type(i));
      checkSupertype(canonical.type(i), first + i, offsets[i]);
    }
  }

  private void readSubType(RecGroup group, int first, int member, int[] depths) {
    section.work();
    int form = reader.peek();
    boolean isFinal = form != SUB;
    DefinedType supertype = null;
    if (form == SUB || form == SUB_FINAL) {
      requireFeature(WasmFeature.GC, "subtype");
      reader.readByte();
      supertype = readSupertype(group, first, member, depths);
    }
    group.define(member, isFinal, supertype, readCompositeType());
  }

  private @Nullable DefinedType readSupertype(RecGroup group, int first, int member, int[] depths) {
    int start = reader.position();
    int count = reader.readU32();
    if (count == 0) {
      return null;
    }
    if (count != 1) {
      throw new InvalidModuleException(
          "sub type has " + Integer.toUnsignedString(count) + " supertypes, at most 1 is allowed",
          start);
    }
    int index = section.readIndex("type", first + member);
    int above = index < first ? module.type(index).depth() : depths[index - first];
    depths[member] = above + 1;
    section.limits.check(WasmLimit.SUBTYPING_DEPTH, depths[member], start);
    return index < first ? module.type(index) : group.type(index - first);
  }

  private static void checkSupertype(DefinedType type, int index, int offset) {
    DefinedType supertype = type.supertype();
    if (supertype == null) {
      return;
    }
    if (supertype.isFinal()) {
      throw new InvalidModuleException(
          "sub type " + index + " does not match its supertype, which is final", offset);
    }
    if (!Subtyping.isSubtype(type.composite(), supertype.composite())) {
      throw new InvalidModuleException(
          "sub type " + index + " does not match the structure of its supertype", offset);
    }
  }

  private CompositeType readCompositeType() {
    int start = reader.position();
    int form = reader.readByte();
    return switch (form) {
      case FUNC -> readFuncType();
      case STRUCT -> {
        requireFeature(WasmFeature.GC, "structure type");
        yield new StructType(readFields(section.readCount(WasmLimit.STRUCT_FIELDS)));
      }
      case ARRAY -> {
        requireFeature(WasmFeature.GC, "array type");
        yield new ArrayType(readField());
      }
      default ->
          throw new MalformedException(
              form >= 0x80
                  ? "integer representation too long"
                  : String.format("malformed type form %02x", form),
              start);
    };
  }

  private FuncType readFuncType() {
    List<ValueType> params = readValueTypes(section.readCount(WasmLimit.PARAMS));
    int start = reader.position();
    List<ValueType> results = readValueTypes(section.readCount(WasmLimit.RESULTS));
    if (results.size() > 1 && !section.has(WasmFeature.MULTI_VALUE)) {
      throw new InvalidModuleException(
          "invalid result arity: feature multi-value is switched off", start);
    }
    return new FuncType(params, results);
  }

  private List<ValueType> readValueTypes(int count) {
    ValueType[] types = new ValueType[Math.min(count, reader.remaining())];
    for (int i = 0; i < count; i++) {
      ValueType type = section.types.readValueType();
      types[i] = type;
    }
    return List.of(types);
  }

  private List<FieldType> readFields(int count) {
    FieldType[] fields = new FieldType[Math.min(count, reader.remaining())];
    for (int i = 0; i < count; i++) {
      FieldType field = readField();
      fields[i] = field;
    }
    return List.of(fields);
  }

  /// Types have many fields, but few different ones.
  private FieldType readField() {
    StorageType storage = section.types.readStorageType();
    FieldType field = new FieldType(storage, EntityTypes.readMutability(reader));
    FieldType known = fields.putIfAbsent(field, field);
    return known != null ? known : field;
  }

  private void requireFeature(WasmFeature feature, String what) {
    if (!section.has(feature)) {
      throw SectionReader.switchedOff("malformed type: " + what, feature, reader.position());
    }
  }
}
