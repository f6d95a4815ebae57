package dev.cloister.sandbox.cli;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.module.InstructionText;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Shows a function's Wasm on the left and the JVM bytecode that it became on the right, group by
/// group: a group begins at each instruction that has a line number in the generated code.
final class FunctionListing {
  private static final int COLUMN = 44;

  /// The methods of a divided function with code of its instructions.
  private static final Pattern PART_OF_FUNCTION = Pattern.compile("f[0-9]+_([0-9]+|body)");

  private final Map<Label, Integer> labels = new HashMap<>();

  private FunctionListing() {}

  /// The listing of own function `functionIndex`.
  static String of(ModuleHandle module, int functionIndex) {
    return new FunctionListing().list(module, functionIndex);
  }

  private String list(ModuleHandle module, int functionIndex) {
    List<InstructionText> wasm = module.module().disassemble(functionIndex);
    NavigableMap<Integer, List<String>> bytecode = bytecode(module, functionIndex, wasm);
    StringBuilder text = new StringBuilder();
    NavigableMap<Integer, List<String>> groups = new TreeMap<>();
    for (InstructionText instruction : wasm) {
      int group = bytecode.floorKey(instruction.offset());
      groups
          .computeIfAbsent(group, _ -> new ArrayList<>())
          .add("0x%05x  %s".formatted(instruction.offset(), instruction.text()));
    }
    bytecode.forEach((offset, right) -> join(text, groups.getOrDefault(offset, List.of()), right));
    return text.toString();
  }

  private static void join(StringBuilder text, List<String> left, List<String> right) {
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      String wasm = i < left.size() ? left.get(i) : "";
      String jvm = i < right.size() ? right.get(i) : "";
      text.append(("%-" + COLUMN + "s | %s").formatted(wasm, jvm).stripTrailing())
          .append(System.lineSeparator());
    }
  }

  /// The bytecode by the offset of the Wasm instruction where it begins.
  private NavigableMap<Integer, List<String>> bytecode(
      ModuleHandle module, int functionIndex, List<InstructionText> wasm) {
    NavigableMap<Integer, List<String>> groups = new TreeMap<>();
    groups.put(wasm.getFirst().offset(), new ArrayList<>());
    String function = "f" + functionIndex;
    for (byte[] classFile : module.classFiles(functionIndex)) {
      for (MethodModel method : ClassFile.of().parse(classFile).methods()) {
        String name = method.methodName().stringValue();
        boolean isPart =
            name.startsWith(function + "_") && PART_OF_FUNCTION.matcher(name).matches();
        if (name.equals(function) || isPart) {
          addCode(module, functionIndex, method, groups);
        }
      }
    }
    return groups;
  }

  private void addCode(
      ModuleHandle module,
      int functionIndex,
      MethodModel method,
      NavigableMap<Integer, List<String>> groups) {
    String name = method.methodName().stringValue();
    List<String> group = group(groups, module.offsetOfLine(functionIndex, name, 0));
    if (name.indexOf('_') >= 0) {
      group.add(name + ":");
    }
    for (CodeElement element : method.code().orElseThrow()) {
      switch (element) {
        case LineNumber line -> {
          if (line.line() > 0) {
            group = group(groups, module.offsetOfLine(functionIndex, name, line.line()));
          }
        }
        case LabelTarget target -> group.add(name(target.label()) + ":");
        case Instruction instruction -> group.add("    " + describe(instruction));
        default -> {}
      }
    }
  }

  private static List<String> group(NavigableMap<Integer, List<String>> groups, int offset) {
    return groups.computeIfAbsent(offset, _ -> new ArrayList<>());
  }

  private String describe(Instruction instruction) {
    String mnemonic = instruction.opcode().name().toLowerCase(Locale.ROOT);
    return switch (instruction) {
      case LoadInstruction load -> mnemonic + operand(mnemonic, load.slot());
      case StoreInstruction store -> mnemonic + operand(mnemonic, store.slot());
      case IncrementInstruction increment ->
          mnemonic + " " + increment.slot() + " " + increment.constant();
      case ConstantInstruction.IntrinsicConstantInstruction _ -> mnemonic;
      case ConstantInstruction constant -> mnemonic + " " + constant.constantValue();
      case BranchInstruction branch -> mnemonic + " " + name(branch.target());
      case FieldInstruction field ->
          mnemonic + " " + simple(field.owner().asInternalName()) + "." + field.name();
      case InvokeInstruction invoke ->
          mnemonic
              + " "
              + simple(invoke.owner().asInternalName())
              + "."
              + invoke.name()
              + invoke.type();
      case TableSwitchInstruction table ->
          mnemonic
              + " "
              + table.lowValue()
              + ".."
              + table.highValue()
              + " default "
              + name(table.defaultTarget());
      case LookupSwitchInstruction lookup -> mnemonic + " default " + name(lookup.defaultTarget());
      default -> mnemonic;
    };
  }

  /// The slot, unless the mnemonic ends with it.
  private static String operand(String mnemonic, int slot) {
    return mnemonic.matches(".*_[0-3]") ? "" : " " + slot;
  }

  private String name(Label label) {
    return "L" + labels.computeIfAbsent(label, _ -> labels.size());
  }

  private static String simple(String internalName) {
    return internalName.substring(internalName.lastIndexOf('/') + 1);
  }
}
