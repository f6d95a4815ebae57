package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.problem.ProblemType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// The page of problems lists exactly the types there are, with their status, in their order.
final class ProblemsPageTest {
  @Test
  void page_listsEveryType() throws IOException {
    Path page =
        Path.of(Objects.requireNonNull(System.getProperty("project.root")))
            .resolve("docs/api/problems.md");
    List<String> listed = new ArrayList<>();
    for (String line : Files.readAllLines(page)) {
      if (line.startsWith("| `")) {
        String[] cells = line.split("\\|", -1);
        listed.add(cells[1].strip().replace("`", "") + " " + cells[2].strip());
      }
    }

    List<String> types = new ArrayList<>();
    for (ProblemType type : ProblemType.values()) {
      types.add(type.slug() + " " + type.status());
    }
    assertThat(listed).isEqualTo(types);
  }
}
