package dev.cloister.bench.workload;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Makes the growable build of a module: the same module with one more function, exported as
/// `cloister:bench.grow` and never called, that executes `memory.grow`.
///
/// That is enough to take away from an engine what it can assume of a memory that never grows, and
/// changes nothing else: the function is the last, so no index moves. Compilers of C, Rust and Go
/// leave a growable memory behind wherever a program allocates, so it is what people run.
public final class GrowableModule {
  private static final int TYPE = 1;
  private static final int FUNCTION = 3;
  private static final int MEMORY = 5;
  private static final int EXPORT = 7;
  private static final int CODE = 10;

  private static final String EXPORT_NAME = "cloister:bench.grow";

  private final ByteBuffer in;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private int typeIndex = -1;
  private int importedFunctions;
  private int functionIndex;
  private boolean isGrowable;

  private GrowableModule(byte[] wasm) {
    in = ByteBuffer.wrap(wasm);
  }

  /// {@return the growable build, or nothing if the module has no memory of its own that could
  /// grow, or lacks one of the sections that need one more entry}
  public static Optional<byte[]> of(byte[] wasm) {
    return new GrowableModule(wasm).rewrite();
  }

  private Optional<byte[]> rewrite() {
    byte[] header = new byte[8];
    in.get(header);
    out.writeBytes(header);
    int extended = 0;
    while (in.hasRemaining()) {
      int id = in.get();
      byte[] content = new byte[readU32(in)];
      in.get(content);
      ByteBuffer section = ByteBuffer.wrap(content);
      switch (id) {
        case 2 -> {
          importedFunctions = countImportedFunctions(section);
          writeSection(id, content);
        }
        case MEMORY -> {
          isGrowable = readU32(section) == 1 && canGrow(section);
          writeSection(id, content);
        }
        case TYPE, FUNCTION, EXPORT, CODE -> {
          extended++;
          writeExtended(id, section);
        }
        default -> writeSection(id, content);
      }
    }
    return isGrowable && typeIndex >= 0 && extended == 4
        ? Optional.of(out.toByteArray())
        : Optional.empty();
  }

  private void writeExtended(int id, ByteBuffer section) {
    int count = readU32(section);
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    writeU32(content, count + 1);
    byte[] entries = new byte[section.remaining()];
    section.get(section.position(), entries);
    content.writeBytes(entries);
    switch (id) {
      case TYPE -> {
        typeIndex = countTypes(section, count);
        content.writeBytes(new byte[] {0x60, 1, 0x7F, 1, 0x7F});
      }
      case FUNCTION -> {
        functionIndex = importedFunctions + count;
        writeU32(content, typeIndex);
      }
      case EXPORT -> {
        byte[] name = EXPORT_NAME.getBytes(StandardCharsets.UTF_8);
        writeU32(content, name.length);
        content.writeBytes(name);
        content.write(0);
        writeU32(content, functionIndex);
      }
      // No locals; local.get 0, memory.grow 0, end.
      default -> content.writeBytes(new byte[] {6, 0, 0x20, 0, 0x40, 0, 0x0B});
    }
    writeSection(id, content.toByteArray());
  }

  /// The number of types, or -1 if there are others than function types, of which one entry can be
  /// several.
  private static int countTypes(ByteBuffer section, int count) {
    for (int entry = 0; entry < count; entry++) {
      if (section.get() != 0x60) {
        return -1;
      }
      for (int list = 0; list < 2; list++) {
        for (int types = readU32(section); types > 0; types--) {
          int code = section.get();
          // Long forms of reference types have a heap type behind them.
          if (code == 0x63 || code == 0x64) {
            readU32(section);
          }
        }
      }
    }
    return count;
  }

  /// True for a memory of ordinary pages with room for one more.
  private static boolean canGrow(ByteBuffer memory) {
    int flags = memory.get();
    int initial = readU32(memory);
    return flags == 0 || (flags == 1 && readU32(memory) > initial);
  }

  private static int countImportedFunctions(ByteBuffer section) {
    int functions = 0;
    for (int count = readU32(section); count > 0; count--) {
      skipName(section);
      skipName(section);
      switch (section.get()) {
        case 0 -> {
          readU32(section);
          functions++;
        }
        case 1 -> {
          section.get();
          skipLimits(section);
        }
        case 2 -> skipLimits(section);
        default -> section.position(section.position() + 2);
      }
    }
    return functions;
  }

  private static void skipLimits(ByteBuffer section) {
    int flags = section.get();
    readU32(section);
    if ((flags & 1) != 0) {
      readU32(section);
    }
  }

  private static void skipName(ByteBuffer section) {
    int length = readU32(section);
    section.position(section.position() + length);
  }

  private void writeSection(int id, byte[] content) {
    out.write(id);
    writeU32(out, content.length);
    out.writeBytes(content);
  }

  private static int readU32(ByteBuffer in) {
    int value = 0;
    for (int shift = 0; ; shift += 7) {
      byte part = in.get();
      value |= (part & 0x7F) << shift;
      if (part >= 0) {
        return value;
      }
    }
  }

  private static void writeU32(ByteArrayOutputStream out, int value) {
    int rest = value;
    for (; rest >>> 7 != 0; rest >>>= 7) {
      out.write((rest & 0x7F) | 0x80);
    }
    out.write(rest);
  }
}
