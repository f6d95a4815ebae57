package dev.cloister.engine.codegen;

import dev.cloister.engine.error.LimitExceededException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.objectweb.asm.ClassTooLargeException;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;

/// The classes that a chunk of functions becomes while it is written: one, and more where a
/// function has so many methods that their constants do not fit into it.
final class ChunkClasses {
  /// The estimated bytecode of a class. A constant takes at least two bytes for each of its entries
  /// in the pool, of which there are 65,535.
  private static final int MAX_PART_BYTES = 100_000;

  /// One class.
  static final class Part {
    private final String name;
    private final ClassWriter writer;
    private int bytes;

    private Part(String name) {
      this.name = name;
      this.writer = ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, name, Names.OBJECT);
    }

    String name() {
      return name;
    }

    ClassWriter writer() {
      return writer;
    }
  }

  private final int chunk;
  private final Part first;
  private final Map<String, Part> more = new LinkedHashMap<>();
  private Part last;

  ChunkClasses(int chunk) {
    this.chunk = chunk;
    first = new Part(Names.chunk(chunk));
    last = first;
  }

  /// {@return the class of the functions, as which others know the chunk}
  Part first() {
    return first;
  }

  /// Notes code that was put into the first class.
  void addToFirst(int estimatedBytes) {
    first.bytes += estimatedBytes;
  }

  /// {@return a class with room for a method}
  Part partFor(int estimatedBytes) {
    if (last.bytes + estimatedBytes > MAX_PART_BYTES) {
      last = new Part(Names.chunkPart(chunk, more.size()));
      more.put(last.name, last);
    }
    last.bytes += estimatedBytes;
    return last;
  }

  /// {@return the class files by internal name, the first class first}
  ///
  /// @throws LimitExceededException if a class has too many constants
  /// @throws org.objectweb.asm.MethodTooLargeException if a method is too large
  Map<String, byte[]> toClassFiles() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(first.name, finish(first));
    for (Part part : more.values()) {
      files.put(part.name, finish(part));
    }
    return files;
  }

  private static byte[] finish(Part part) {
    part.writer.visitEnd();
    try {
      return part.writer.toByteArray();
    } catch (ClassTooLargeException e) {
      throw new LimitExceededException(
          "constants of code class " + part.name, e.getConstantPoolCount(), ClassFiles.MAX_SIZE);
    }
  }
}
