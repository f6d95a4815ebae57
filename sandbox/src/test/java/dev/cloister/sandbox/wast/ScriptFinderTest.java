package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScriptFinderTest {
  @TempDir private Path folder;

  @Test
  void folder_givesItsScriptsByName() throws IOException {
    Path second = write("b/b.json", "{\"source_filename\":\"b\",\"commands\":[]}");
    Path first = write("a/a.json", "{\"commands\":[]}");
    write("index.json", "{\"groups\":{\"commands\":[]}}");
    write("conflicts.json", "[]");
    write("a/a.0.wasm", "");

    assertThat(ScriptFinder.find(List.of(folder))).containsExactly(first, second);
  }

  @Test
  void files_keepTheirOrder() throws IOException {
    Path first = write("b.json", "{\"commands\":[]}");
    Path second = write("a.json", "{\"commands\":[]}");

    assertThat(ScriptFinder.find(List.of(first, second))).containsExactly(first, second);
  }

  @Test
  void missingPath_isAFault() {
    assertThatThrownBy(() -> ScriptFinder.find(List.of(folder.resolve("none.json"))))
        .isInstanceOf(ScriptException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void folderWithoutScripts_isAFault() {
    assertThatThrownBy(() -> ScriptFinder.find(List.of(folder)))
        .isInstanceOf(ScriptException.class)
        .hasMessageContaining("no scripts");
  }

  private Path write(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }
}
