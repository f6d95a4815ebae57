package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import java.util.BitSet;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// The labels of `br_table`s that are too long for a `tableswitch`, as string constants.
///
/// A method maps the index to the label; its own table is the characters of string constants, which
/// cost nothing to set up. What follows is a switch over the distinct labels, or none at all where
/// the labels are outside of the method.
final class BranchTables {
  /// A table with at most this many labels is a `tableswitch`.
  static final int MAX_DIRECT = 1_024;

  /// A table with at most this many distinct labels can be a `tableswitch`.
  static final int MAX_DIRECT_TARGETS = 256;

  /// A table has code for at most about this many labels in its method.
  static final int MAX_ESTIMATED_TARGETS = 1_024;

  /// What a method of a table counts as in its class, for its constants.
  static final int CONSTANT_BYTES = 64;

  /// The descriptor of a method that maps an index, unsigned, to a label.
  static final String DESCRIPTOR = "(I)I";

  /// Characters of a string constant: each takes at most three of its 65,535 bytes.
  private static final int PIECE_LOG2 = 14;

  private static final Object[] LOCALS = {Opcodes.INTEGER};
  private static final Object[] NO_STACK = {};

  private BranchTables() {}

  /// {@return whether a table is mapped by a method}
  static boolean isMapped(InstructionReader reader, int distinct) {
    return reader.tableLength() > MAX_DIRECT || distinct > MAX_DIRECT_TARGETS;
  }

  /// {@return the distinct labels of the table at which a reader stands, the innermost first}
  static int[] distinct(InstructionReader reader) {
    BitSet labels = new BitSet();
    for (int i = 0; i <= reader.tableLength(); i++) {
      labels.set(reader.tableLabel(i));
    }
    return labels.stream().toArray();
  }

  /// Writes the method that maps an index to the label of the table at which a reader stands.
  static void write(ClassWriter target, String name, InstructionReader reader) {
    int length = reader.tableLength();
    int largest = 0;
    for (int i = 0; i <= length; i++) {
      largest = Math.max(largest, reader.tableLabel(i));
    }
    // Labels of more than 16 bits take two characters.
    int shift = largest > Character.MAX_VALUE ? 1 : 0;
    MethodVisitor method =
        ClassFiles.method(target, Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, name, DESCRIPTOR);
    BytecodeWriter writer = new BytecodeWriter(method);
    Label outside = new Label();
    writer.load(JvmKind.INT, 0);
    writer.iconst(length);
    writer.invokestatic("java/lang/Integer", "compareUnsigned", "(II)I");
    writer.jump(Opcodes.IFGE, outside);
    int perPiece = 1 << (PIECE_LOG2 - shift);
    int pieces = (length + perPiece - 1) / perPiece;
    Label[] labels = new Label[pieces];
    for (int i = 0; i < pieces; i++) {
      labels[i] = new Label();
    }
    if (pieces > 0) {
      writer.load(JvmKind.INT, 0);
      writer.iconst(PIECE_LOG2 - shift);
      writer.insn(Opcodes.IUSHR);
      writer.tableswitch(0, labels, outside);
    }
    for (int i = 0; i < pieces; i++) {
      writer.labelWithFrame(labels[i], 1, LOCALS, 0, NO_STACK);
      String piece = piece(reader, i * perPiece, Math.min(length, (i + 1) * perPiece), shift);
      for (int part = shift; part >= 0; part--) {
        writer.string(piece);
        writer.load(JvmKind.INT, 0);
        writer.iconst(perPiece - 1);
        writer.insn(Opcodes.IAND);
        if (shift > 0) {
          writer.iconst(1);
          writer.insn(Opcodes.ISHL);
          writer.iconst(part);
          writer.insn(Opcodes.IOR);
        }
        writer.invokevirtual("java/lang/String", "charAt", "(I)C");
        if (part > 0) {
          writer.iconst(Character.SIZE);
          writer.insn(Opcodes.ISHL);
        } else if (shift > 0) {
          writer.insn(Opcodes.IOR);
        }
      }
      writer.insn(Opcodes.IRETURN);
    }
    writer.labelWithFrame(outside, 1, LOCALS, 0, NO_STACK);
    writer.iconst(reader.tableLabel(length));
    writer.insn(Opcodes.IRETURN);
    ClassFiles.end(method);
  }

  private static String piece(InstructionReader reader, int from, int to, int shift) {
    StringBuilder piece = new StringBuilder();
    for (int i = from; i < to; i++) {
      int label = reader.tableLabel(i);
      piece.append((char) label);
      if (shift > 0) {
        piece.append((char) (label >>> Character.SIZE));
      }
    }
    return piece.toString();
  }
}
