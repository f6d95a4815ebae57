package dev.cloister.engine.code;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.ChunkFacts;
import dev.cloister.engine.runtime.intrinsic.VectorApi;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a chunk of functions became, as one unit of a [ClassFileArchive].
///
/// Numbers are big-endian: `u16` functions with levels, each `u32` index and `u8` level; `u8`
/// whether vectors of 256 bits were used; `u16` vector instructions, each its `u16` row in the
/// table of instructions; `u16` classes, each its name as Java writes strings, `u32` length and
/// class file.
///
/// @param files the class files by internal name, the first class first
/// @param facts what the plan has to know of them
record ChunkBundle(Map<String, byte[]> files, ChunkFacts facts) {
  private static final Opcode[] OPCODES = Opcode.values();

  /// {@return the bytes of the unit}
  @SuppressWarnings("EnumOrdinal") // Read by the same version of the engine only.
  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeShort(facts.levels().size());
      for (Map.Entry<Integer, Integer> level : facts.levels().entrySet()) {
        out.writeInt(level.getKey());
        out.writeByte(level.getValue());
      }
      out.writeBoolean(!facts.vectors().isEmpty() && VectorApi.isWide());
      out.writeShort(facts.vectors().size());
      for (Opcode opcode : facts.vectors()) {
        out.writeShort(opcode.ordinal());
      }
      out.writeShort(files.size());
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        out.writeUTF(file.getKey());
        out.writeInt(file.getValue().length);
        out.write(file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write to memory", e);
    }
    return bytes.toByteArray();
  }

  /// {@return the bundle that a unit is, or null if this JVM has other vectors than the one that
  /// made it}
  ///
  /// @throws IllegalArgumentException if it is none
  static @Nullable ChunkBundle read(byte[] unit) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(unit))) {
      Map<Integer, Integer> levels = new HashMap<>();
      for (int left = in.readUnsignedShort(); left > 0; left--) {
        levels.put(in.readInt(), in.readUnsignedByte());
      }
      boolean isWide = in.readBoolean();
      Set<Opcode> vectors = EnumSet.noneOf(Opcode.class);
      for (int left = in.readUnsignedShort(); left > 0; left--) {
        vectors.add(OPCODES[Objects.checkIndex(in.readUnsignedShort(), OPCODES.length)]);
      }
      if (!vectors.isEmpty() && (!VectorApi.isAvailable() || VectorApi.isWide() != isWide)) {
        return null;
      }
      Map<String, byte[]> files = new LinkedHashMap<>();
      for (int left = in.readUnsignedShort(); left > 0; left--) {
        String name = in.readUTF();
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
          throw new IllegalArgumentException("not a bundle: class " + name + " is cut off");
        }
        files.put(name, in.readNBytes(length));
      }
      if (files.isEmpty() || in.available() > 0) {
        throw new IllegalArgumentException("not a bundle: no class, or more than classes");
      }
      return new ChunkBundle(files, new ChunkFacts(levels, vectors));
    } catch (IOException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("not a bundle: " + e.getMessage(), e);
    }
  }
}
