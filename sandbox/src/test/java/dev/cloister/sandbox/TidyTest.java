package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The tidiness of the whole source tree, which no compiler looks at.
final class TidyTest {
  private static final int MAX_LINES_PER_FILE = 1000;
  private static final int MAX_COLUMNS = 100;

  private static final Set<String> SKIPPED_FOLDERS =
      Set.of(".git", ".idea", ".vscode", "data", "node_modules", "target");
  private static final Set<String> CODE = Set.of("java", "js", "css", "html", "sh");
  private static final Set<String> TEXT =
      Set.of(
          "java",
          "js",
          "css",
          "html",
          "sh",
          "json",
          "md",
          "options",
          "properties",
          "wat",
          "xml",
          "yaml",
          "yml");

  /// A reminder is fine when it says which issue it waits for: the word, then `(#12)`.
  private static final Pattern REMINDER =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b(?!\\(#\\d+\\))");

  private static final Pattern STANDARD_STREAM = Pattern.compile("\\bSystem\\.(out|err)\\b");
  private static final Pattern LINK = Pattern.compile("\\]\\(<?([^)\\s>]+)>?(?: \"[^\"]*\")?\\)");
  private static final Pattern SCHEME = Pattern.compile("^[a-z][a-z0-9+.-]*:.*");

  private static final List<SourceFile> FILES = new ArrayList<>();
  private static Path root = Path.of("");

  private record SourceFile(Path path, String kind, List<String> lines) {
    String at(int line) {
      return path + ":" + (line + 1);
    }

    boolean isMainJava() {
      return kind.equals("java") && path.toString().replace('\\', '/').contains("/src/main/");
    }
  }

  @BeforeAll
  static void readTree() throws IOException {
    root = Path.of(Objects.requireNonNull(System.getProperty("project.root"), "-Dproject.root"));
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return !folder.equals(root) && SKIPPED_FOLDERS.contains(name(folder))
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String kind = kind(file);
            if (attributes.isRegularFile() && TEXT.contains(kind)) {
              List<String> lines = Files.readString(file, StandardCharsets.UTF_8).lines().toList();
              FILES.add(new SourceFile(root.relativize(file), kind, lines));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    assertThat(FILES).as("files found under %s", root).hasSizeGreaterThan(10);
  }

  @Test
  void codeFiles_haveAtMostThousandLines() {
    List<String> faults = new ArrayList<>();
    for (SourceFile file : FILES) {
      if (CODE.contains(file.kind()) && file.lines().size() > MAX_LINES_PER_FILE) {
        faults.add(file.path() + " has " + file.lines().size() + " lines");
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void codeLines_haveAtMostHundredColumns() {
    List<String> faults = new ArrayList<>();
    for (SourceFile file : FILES) {
      if (!CODE.contains(file.kind())) {
        continue;
      }
      for (int i = 0; i < file.lines().size(); i++) {
        String line = file.lines().get(i);
        if (line.codePointCount(0, line.length()) > MAX_COLUMNS && !line.startsWith("import ")) {
          faults.add(file.at(i));
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void textLines_haveNoTabs() {
    assertThat(linesMatching(Pattern.compile("\t"))).isEmpty();
  }

  @Test
  void reminders_nameTheirIssue() {
    assertThat(linesMatching(REMINDER)).isEmpty();
  }

  @Test
  void standardStreams_areForCommandsOnly() {
    List<String> faults = new ArrayList<>();
    for (SourceFile file : FILES) {
      if (!file.isMainJava()
          || file.path().startsWith("bench")
          || file.path().toString().contains("sandbox/cli/")) {
        continue;
      }
      for (int i = 0; i < file.lines().size(); i++) {
        if (STANDARD_STREAM.matcher(file.lines().get(i)).find()) {
          faults.add(file.at(i));
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void packages_haveTheirInfo_nullMarked() {
    Set<String> marked = new HashSet<>();
    Set<String> packages = new TreeSet<>();
    for (SourceFile file : FILES) {
      boolean isInPackage =
          file.kind().equals("java")
              && !name(file.path()).equals("module-info.java")
              && !file.path().startsWith("examples");
      if (!isInPackage) {
        continue;
      }
      Path folder = Objects.requireNonNull(file.path().getParent(), "no file is in the root");
      // A test package that is also one of main has the info there.
      String name = folder.toString().replace('\\', '/').replace("/src/test/", "/src/main/");
      packages.add(name);
      if (name(file.path()).equals("package-info.java")
          && file.lines().stream().anyMatch(line -> line.startsWith("@NullMarked"))) {
        marked.add(name);
      }
    }
    packages.removeAll(marked);
    assertThat(packages).as("packages without a @NullMarked package-info.java").isEmpty();
  }

  @Test
  void links_inDocuments_resolve() {
    List<String> faults = new ArrayList<>();
    for (SourceFile file : FILES) {
      if (!file.kind().equals("md")) {
        continue;
      }
      boolean isFenced = false;
      for (int i = 0; i < file.lines().size(); i++) {
        String line = file.lines().get(i);
        isFenced ^= line.stripLeading().startsWith("```");
        Matcher links = LINK.matcher(isFenced ? "" : line.replaceAll("`[^`]*`", ""));
        while (links.find()) {
          String target = links.group(1).split("#", 2)[0];
          if (!target.isEmpty()
              && !SCHEME.matcher(target).matches()
              && !Files.exists(root.resolve(file.path()).resolveSibling(target))) {
            faults.add(file.at(i) + " links to " + target);
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  private static List<String> linesMatching(Pattern pattern) {
    List<String> found = new ArrayList<>();
    for (SourceFile file : FILES) {
      for (int i = 0; i < file.lines().size(); i++) {
        if (pattern.matcher(file.lines().get(i)).find()) {
          found.add(file.at(i));
        }
      }
    }
    return found;
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  /// The kind of a file: its extension, or `sh` for the scripts, which have none.
  private static String kind(Path file) {
    String name = name(file);
    Path folder = file.getParent();
    boolean isScript =
        root.resolve("scripts").equals(folder)
            || file.equals(root.resolve("mvnw"))
            || file.equals(root.resolve(".ci/run"));
    if (isScript) {
      return "sh";
    }
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
