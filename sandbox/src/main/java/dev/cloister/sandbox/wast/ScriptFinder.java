package dev.cloister.sandbox.wast;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Finds scripts below folders, in an order that depends on names alone.
final class ScriptFinder {
  private ScriptFinder() {}

  /// The files among `paths` in their order, with every folder replaced by the scripts in it.
  ///
  /// @throws ScriptException if a path is not there, or a folder holds no script
  static List<Path> find(List<Path> paths) {
    List<Path> scripts = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        List<Path> found = findBelow(path);
        if (found.isEmpty()) {
          throw new ScriptException(path + ": no scripts in this folder");
        }
        scripts.addAll(found);
      } else if (Files.isRegularFile(path)) {
        scripts.add(path);
      } else {
        throw new ScriptException(path + ": no such file");
      }
    }
    return scripts;
  }

  private static List<Path> findBelow(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> scripts = new ArrayList<>();
      for (Path file :
          files
              .filter(file -> file.toString().endsWith(".json") && Files.isRegularFile(file))
              .sorted()
              .toList()) {
        if (ScriptReader.isScript(file)) {
          scripts.add(file);
        }
      }
      return scripts;
    } catch (IOException fault) {
      throw new ScriptException(folder + ": " + fault.getMessage(), fault);
    }
  }
}
