package dev.cloister.engine.codegen;

import org.objectweb.asm.Opcodes;

/// Writes accesses of the two arrays that the methods of a function share; see [SlotLayout].
final class FrameArrayEmitter {
  private final BytecodeWriter writer;
  private final SlotLayout slots;

  FrameArrayEmitter(BytecodeWriter writer, SlotLayout slots) {
    this.writer = writer;
    this.slots = slots;
  }

  /// Pushes both arrays to the JVM stack.
  void writeArrays() {
    writer.aload(slots.arraySlot(JvmKind.LONG));
    writer.aload(slots.arraySlot(JvmKind.REF));
  }

  /// Pushes an element of the array for values of a kind, a vector from that and the next one.
  void load(JvmKind kind, int element) {
    if (kind == JvmKind.V128) {
      load(JvmKind.LONG, element);
      load(JvmKind.LONG, element + 1);
      return;
    }
    writer.aload(slots.arraySlot(kind));
    writer.iconst(element);
    writer.insn(kind == JvmKind.REF ? Opcodes.AALOAD : Opcodes.LALOAD);
    CallEmitter.writeFromSlot(writer, kind);
  }

  /// Pops the value on top of the JVM stack into an element of the array for its kind, a vector
  /// into that and the next one.
  void store(JvmKind kind, int element) {
    if (kind == JvmKind.V128) {
      store(JvmKind.LONG, element + 1);
      store(JvmKind.LONG, element);
      return;
    }
    CallEmitter.writeAsSlot(writer, kind);
    writer.aload(slots.arraySlot(kind));
    writer.iconst(element);
    if (kind == JvmKind.REF) {
      writer.invokestatic(Names.LARGE_FRAMES, "set", "(Ljava/lang/Object;[Ljava/lang/Object;I)V");
    } else {
      writer.invokestatic(Names.LARGE_FRAMES, "set", "(J[JI)V");
    }
  }
}
