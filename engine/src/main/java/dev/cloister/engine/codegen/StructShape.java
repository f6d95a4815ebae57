package dev.cloister.engine.codegen;

import dev.cloister.engine.runtime.GcHeap;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.StructType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// The shape of structures on the JVM: what is left of a structure type when references are erased,
/// names and mutability dropped.
///
/// One class is generated for each shape, below that of the super shape, and shared by all modules;
/// the *type* of an object is a field of it. A type that adds no fields to its supertype has the
/// supertype's shape. Two shapes are equal when their names are.
public final class StructShape {
  /// Fields beyond this number are in two arrays: a class file cannot declare them all and still
  /// have room for their use.
  static final int MAX_FIELDS = 1_000;

  /// The most JVM slots of fields that one method of a shape takes.
  private static final int GROUP_SLOTS = 240;

  /// The longest list of letters that is a class name as it is.
  private static final int MAX_NAME = 100;

  private static final int[] NONE = {};

  private final @Nullable StructShape parent;
  private final String kinds;
  private final String simpleName;

  /// The positions of the fields in the arrays, from field [#MAX_FIELDS] on.
  private final int[] positions;

  private final int numberCount;
  private final int referenceCount;

  private StructShape(@Nullable StructShape parent, String kinds) {
    this.parent = parent;
    this.kinds = kinds;
    this.simpleName = simpleName(parent, kinds);
    this.positions = kinds.length() <= MAX_FIELDS ? NONE : new int[kinds.length() - MAX_FIELDS];
    int numbers = 0;
    int references = 0;
    for (int i = 0; i < positions.length; i++) {
      StorageKind kind = kind(MAX_FIELDS + i);
      positions[i] = kind == StorageKind.REF ? references++ : numbers;
      numbers += kind == StorageKind.REF ? 0 : kind.kind().resultSlots();
    }
    this.numberCount = numbers;
    this.referenceCount = references;
  }

  /// {@return the shape of a structure type}
  ///
  /// @param parent the shape of its supertype, if it has one
  static StructShape of(DefinedType type, @Nullable StructShape parent) {
    StringBuilder kinds = new StringBuilder();
    for (FieldType field : ((StructType) type.composite()).fields()) {
      kinds.append(StorageKind.of(field.storage()).code());
    }
    return parent != null && parent.fieldCount() == kinds.length()
        ? parent
        : new StructShape(parent, kinds.toString());
  }

  /*
   * The letters of each shape on the way from the highest one, with a line between them. Long ones
   * are digested, which is as good: names must differ, and nobody can make two that do not.
   */
  private static String simpleName(@Nullable StructShape parent, String kinds) {
    String text = kinds;
    if (parent != null) {
      text = parent.simpleName + "_" + kinds.substring(parent.fieldCount());
    }
    if (text.length() <= MAX_NAME) {
      return parent == null ? "S" + text : text;
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
      return "H" + HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// {@return the super shape, or null}
  public @Nullable StructShape parent() {
    return parent;
  }

  /// {@return the internal name of the class}
  String className() {
    return Names.STRUCTS + simpleName;
  }

  /// {@return the binary name of the class without the package of generated classes}
  public String loadedName() {
    return className().substring(Names.GENERATED.length()).replace('/', '.');
  }

  /// {@return the number of fields, those of the super shape included}
  int fieldCount() {
    return kinds.length();
  }

  /// {@return the first field that the super shape does not have}
  int firstOwn() {
    return parent == null ? 0 : parent.fieldCount();
  }

  /// {@return how a field is stored}
  StorageKind kind(int field) {
    return StorageKind.of(kinds.charAt(field));
  }

  /// {@return whether a field is a Java field, not an element of an array}
  static boolean isField(int field) {
    return field < MAX_FIELDS;
  }

  /// {@return whether objects have arrays}
  boolean hasArrays() {
    return positions.length > 0;
  }

  /// {@return whether the class declares the arrays, not that of a super shape}
  boolean declaresArrays() {
    return hasArrays() && (parent == null || !parent.hasArrays());
  }

  /// {@return the letters of the fields that are in arrays}
  String arrayKinds() {
    return kinds.substring(MAX_FIELDS);
  }

  /// {@return the position of a field in the array of its sort; a vector has the next one too}
  int position(int field) {
    return positions[field - MAX_FIELDS];
  }

  /// {@return the length of the array of numbers}
  int numberCount() {
    return numberCount;
  }

  /// {@return the length of the array of references}
  int referenceCount() {
    return referenceCount;
  }

  /// {@return the bytes that an object is charged at}
  long bytes() {
    long bytes = GcHeap.HEADER_BYTES;
    for (int i = 0; i < Math.min(fieldCount(), MAX_FIELDS); i++) {
      bytes += kind(i).bytes();
    }
    if (hasArrays()) {
      bytes += 2L * (16 + GcHeap.REFERENCE_BYTES) + 8L * numberCount;
      bytes += (long) GcHeap.REFERENCE_BYTES * referenceCount;
    }
    return bytes + 7 & ~7;
  }

  // Groups of fields, which `struct.new` sets one after the other, from the last.

  /// {@return the field behind the group that begins at `field`}
  int groupEnd(int field) {
    int slots = 0;
    int end = field;
    while (end < fieldCount()) {
      slots += kind(end).kind().slots();
      if (slots > GROUP_SLOTS) {
        break;
      }
      end++;
    }
    return end;
  }

  /// {@return the descriptors of the fields of a group as they are on the operand stack}
  String params(int from, int to) {
    StringBuilder params = new StringBuilder();
    for (int i = from; i < to; i++) {
      params.append(kind(i).kind().descriptor());
    }
    return params.toString();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StructShape shape && simpleName.equals(shape.simpleName);
  }

  @Override
  public int hashCode() {
    return simpleName.hashCode();
  }

  @Override
  public String toString() {
    return simpleName;
  }
}
