package dev.cloister.engine.module;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A section of hints as it was found in a module.
///
/// @param functions how many functions it names, up to the fault if it has one
/// @param hints how many hints it has for them
/// @param fault what is wrong and where, so that all of it is ignored; null if nothing is
public record HintSection(HintKind kind, int functions, int hints, @Nullable String fault) {

  /// {@return the sections of hints of a module, in order, read to their ends} Hints for something
  /// that is no instruction which they can be for are a fault here; compiling passes over them.
  public static List<HintSection> all(WasmModule module) {
    List<HintSection> sections = new ArrayList<>();
    Set<HintKind> known = EnumSet.noneOf(HintKind.class);
    for (CustomSection custom : module.customSections()) {
      HintKind kind = HintKind.of(custom.name());
      if (kind != null) {
        sections.add(
            known.add(kind)
                ? read(module, kind, custom)
                : new HintSection(kind, 0, 0, "a second section of its kind"));
      }
    }
    return sections;
  }

  private static HintSection read(WasmModule module, HintKind kind, CustomSection custom) {
    Places places = new Places(module, kind);
    HintSection section = HintReader.read(module, kind, custom, places);
    return section.fault == null && places.fault != null
        ? new HintSection(kind, section.functions, section.hints, places.fault)
        : section;
  }

  /// Looks what the hints are for, which come in ascending order.
  private static final class Places implements HintReader.Sink {
    private final WasmModule module;
    private final HintKind kind;
    private int function = -1;
    private int lastOffset = -1;
    private @Nullable InstructionReader reader;
    @Nullable String fault;

    Places(WasmModule module, HintKind kind) {
      this.module = module;
      this.kind = kind;
    }

    @Override
    public void hint(int hinted, int offset, int first, int second) {
      if (offset == 0 || fault != null) {
        return;
      }
      if (hinted == function && offset == lastOffset) {
        // Another target of the same call.
        return;
      }
      lastOffset = offset;
      InstructionReader body = reader;
      if (body == null || hinted != function) {
        body = module.bodyInstructions(hinted);
        reader = body;
        function = hinted;
        skipLocals(body);
      }
      long wanted = (long) module.bodyOffset(hinted) + offset;
      Opcode found = at(body, wanted);
      if (found == null || !kind.isFor(found)) {
        fault = "function %d has no instruction for the hint (@+0x%x)".formatted(hinted, wanted);
      }
    }

    private static void skipLocals(InstructionReader body) {
      for (int groups = body.readLocalGroups(); groups > 0; groups--) {
        int _ = body.readLocalCount();
        Object _ = body.readLocalType();
      }
    }

    /// {@return the instruction at an offset of the module, or null if none begins there}
    private static @Nullable Opcode at(InstructionReader body, long wanted) {
      while (body.position() <= wanted && !body.atEnd()) {
        Opcode opcode = body.next();
        if (body.offset() == wanted) {
          return opcode;
        }
      }
      return null;
    }
  }
}
