package dev.cloister.engine.module;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/// What an earlier run of a module has executed, so that the next one can have it ready.
///
/// As text, a profile is the line `cloister-profile 1`, the line `module SHA256 functions N`, and a
/// line for each function that was executed, in the order in which they were first needed: `INDEX
/// SAMPLES`, with ` optimized` behind it if it had optimized code. What is needed is found out by
/// chunks of functions, so neighbours of functions that were executed may be among them.
///
/// @param module the digest of the module's bytes
/// @param functionCount the number of its functions, imported ones included
/// @param functions those that were executed, in the order of their first execution
public record ExecutionProfile(ModuleHash module, int functionCount, List<Function> functions) {
  /// The most characters of a profile.
  public static final int MAX_CHARS = 32 << 20;

  private static final String FIRST_LINE = "cloister-profile 1";
  private static final int MAX_FUNCTIONS = 1_000_000;
  private static final int LINE_CHARS = 12;

  /// A function that was executed.
  ///
  /// @param index its index
  /// @param samples how often a guest was found in it
  /// @param isOptimized whether it had optimized code although others have not
  public record Function(int index, long samples, boolean isOptimized) {}

  /// Copies the list.
  public ExecutionProfile {
    functions = List.copyOf(functions);
  }

  /// {@return the executed functions, the hottest first, those of equal heat by first execution}
  public List<Function> byHeat() {
    return functions.stream()
        .sorted(Comparator.comparingLong(Function::samples).reversed())
        .toList();
  }

  /// {@return the functions that had optimized code}
  public BitSet optimized() {
    BitSet optimized = new BitSet();
    functions.stream().filter(Function::isOptimized).forEach(f -> optimized.set(f.index()));
    return optimized;
  }

  /// {@return the profile as text}
  public String toText() {
    StringBuilder text = new StringBuilder(LINE_CHARS * (functions.size() + 10));
    text.append(FIRST_LINE).append("\nmodule ").append(module.hex());
    text.append(" functions ").append(functionCount).append('\n');
    for (Function function : functions) {
      text.append(function.index()).append(' ').append(function.samples());
      text.append(function.isOptimized() ? " optimized\n" : "\n");
    }
    return text.toString();
  }

  /// {@return the profile that a text is}
  ///
  /// @throws InvalidProfileException if it is none
  public static ExecutionProfile parse(String text) throws InvalidProfileException {
    if (text.length() > MAX_CHARS) {
      throw new InvalidProfileException(
          "the profile has " + text.length() + " characters, at most " + MAX_CHARS + " are read");
    }
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !lines.getFirst().equals(FIRST_LINE)) {
      throw fault(1, "expected '" + FIRST_LINE + "'");
    }
    String[] head = lines.size() < 2 ? new String[0] : lines.get(1).split(" ", -1);
    ModuleHash module = head.length == 4 ? ModuleHash.parse(head[1]) : null;
    if (module == null || !head[0].equals("module") || !head[2].equals("functions")) {
      throw fault(2, "expected 'module SHA256 functions N'");
    }
    int functionCount = (int) number(2, head[3], MAX_FUNCTIONS);
    BitSet seen = new BitSet();
    List<Function> functions = new ArrayList<>();
    for (int i = 2; i < lines.size(); i++) {
      Function function = function(i + 1, lines.get(i), functionCount);
      if (seen.get(function.index())) {
        throw fault(i + 1, "function " + function.index() + " stands there twice");
      }
      seen.set(function.index());
      functions.add(function);
    }
    return new ExecutionProfile(module, functionCount, functions);
  }

  private static Function function(int line, String text, int functionCount)
      throws InvalidProfileException {
    String[] words = text.split(" ", -1);
    boolean isOptimized = words.length == 3 && words[2].equals("optimized");
    if (words.length != 2 && !isOptimized) {
      throw fault(line, "expected 'INDEX SAMPLES' or 'INDEX SAMPLES optimized'");
    }
    return new Function(
        (int) number(line, words[0], functionCount - 1L),
        number(line, words[1], Long.MAX_VALUE),
        isOptimized);
  }

  private static long number(int line, String word, long most) throws InvalidProfileException {
    try {
      long number = Long.parseLong(word);
      if (number >= 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // Said below.
    }
    throw fault(line, "expected a number from 0 to " + most + ", got '" + word + "'");
  }

  private static InvalidProfileException fault(int line, String text) {
    return new InvalidProfileException("line " + line + " of the profile: " + text);
  }
}
