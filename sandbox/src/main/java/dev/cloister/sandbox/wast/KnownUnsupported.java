package dev.cloister.sandbox.wast;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The scripts and commands that are known to fail, each with the reason: a list in the tree, so
/// that a change of it is seen. A listed failure is a skip; a listed command that passes, and a
/// listed script without any failure, is a failure, so that the list stays true.
///
/// A line is `PATH[:LINE] | REASON`. PATH is the end of a script's path, whole segments, with `/`;
/// with a `/` at its end it stands for every script below such a folder.
public final class KnownUnsupported {
  private static final String RESOURCE = "known-unsupported.txt";
  private static final Pattern ENTRY =
      Pattern.compile("(?<path>[^\\s:|]+)(:(?<line>[0-9]+))?\\s*\\|\\s*(?<reason>\\S.*)");

  private final List<Entry> entries;

  private KnownUnsupported(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /// A list with nothing on it.
  public static KnownUnsupported none() {
    return new KnownUnsupported(List.of());
  }

  /// The list that belongs to this engine.
  public static KnownUnsupported ofEngine() {
    try (InputStream resource = KnownUnsupported.class.getResourceAsStream(RESOURCE)) {
      if (resource == null) {
        throw new IllegalStateException("missing resource " + RESOURCE);
      }
      try (var reader =
          new BufferedReader(new InputStreamReader(resource, StandardCharsets.UTF_8))) {
        return parse(reader.lines().toList());
      }
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
  }

  /// Reads a list; blank lines and lines that start with `#` say nothing.
  ///
  /// @throws ScriptException if a line has another form
  static KnownUnsupported parse(List<String> lines) {
    List<Entry> entries = new ArrayList<>();
    for (String line : lines) {
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      Matcher matcher = ENTRY.matcher(text);
      if (!matcher.matches()) {
        throw new ScriptException("known-unsupported: not 'PATH[:LINE] | REASON': " + text);
      }
      String number = matcher.group("line");
      entries.add(
          new Entry(
              "/" + matcher.group("path"),
              number == null ? Entry.WHOLE_SCRIPT : Integer.parseInt(number),
              matcher.group("reason")));
    }
    return new KnownUnsupported(entries);
  }

  /// Judges the results of one run of one script by the list.
  List<CommandResult> apply(Path script, List<CommandResult> results) {
    String path = "/" + script.toAbsolutePath().normalize().toString().replace('\\', '/');
    List<Entry> matching = entries.stream().filter(entry -> entry.covers(path)).toList();
    if (matching.isEmpty()) {
      return results;
    }
    List<CommandResult> judged = new ArrayList<>(results.size());
    for (CommandResult result : results) {
      judged.add(apply(matching, result));
    }
    for (Entry entry : matching) {
      if (entry.line() == Entry.WHOLE_SCRIPT && judged.stream().noneMatch(entry::explains)) {
        judged.add(
            new CommandResult(
                script,
                0,
                "script",
                new Verdict.Failed("a failure (" + entry.reason() + ")", "every command passed")));
      }
    }
    return judged;
  }

  private static CommandResult apply(List<Entry> matching, CommandResult result) {
    for (Entry entry : matching) {
      if (entry.line() != Entry.WHOLE_SCRIPT && entry.line() != result.line()) {
        continue;
      }
      switch (result.verdict()) {
        case Verdict.Failed _ -> {
          return result.with(new Verdict.Skipped(entry.reason()));
        }
        case Verdict.Passed _ -> {
          if (entry.line() != Entry.WHOLE_SCRIPT) {
            return result.with(
                new Verdict.Failed("a failure (" + entry.reason() + ")", "it passed"));
          }
        }
        case Verdict.Skipped _ -> {}
      }
    }
    return result;
  }

  private record Entry(String path, int line, String reason) {
    static final int WHOLE_SCRIPT = -1;

    boolean covers(String script) {
      return path.endsWith("/") ? script.contains(path) : script.endsWith(path);
    }

    boolean explains(CommandResult result) {
      return result.verdict() instanceof Verdict.Skipped(String because) && because.equals(reason);
    }
  }
}
