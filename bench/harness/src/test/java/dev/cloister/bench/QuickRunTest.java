package dev.cloister.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every mode the whole way once, with a worker of our engine, and of V8 where there is node. No
/// figure matters.
class QuickRunTest {
  private static final Path ROOT = Path.of(System.getProperty("project.root"));

  @TempDir Path home;

  @Test
  void fib_givesATableWithMatchingChecksums() throws IOException, InterruptedException {
    assertThat(bench("--quick", "fib"))
        .contains("| fib |")
        .contains("| fib+grow |")
        .contains("| **geometric mean: compute** |")
        .contains("| **geometric mean: compute, growable memory** |")
        .doesNotContain("WRONG");
  }

  @Test
  void cold_givesATable() throws IOException, InterruptedException {
    assertThat(brief("cold", "fib")).contains("| fib |").doesNotContain("WRONG");
  }

  @Test
  void cold_inFreshProcesses_isSaidToBe() throws IOException, InterruptedException {
    assertThat(brief("cold", "--fresh", "fib"))
        .contains("done nothing before")
        .contains("| fib |")
        .doesNotContain("WRONG");
  }

  @Test
  void warmup_givesARowForEachKindOfTime() throws IOException, InterruptedException {
    assertThat(brief("warmup", "fib"))
        .contains("| fib: ms of the wall |")
        .contains("| fib: ms of CPU |")
        .contains("| fib: ms in the JVM's interpreter |")
        .doesNotContain("WRONG");
  }

  @Test
  void throughput_givesARowForEachKindOfTime() throws IOException, InterruptedException {
    assertThat(
            bench(
                "--mode=throughput",
                "--quick",
                "--rounds=1",
                "--engines=v8-liftoff,baseline",
                "fib"))
        .contains("| fib: validated, a CPU second |")
        .contains("| fib: all code in a new process, a second of the wall |")
        .doesNotContain("| – ");
  }

  @Test
  void instances_givesATable() throws IOException, InterruptedException {
    assertThat(brief("instances", "fib")).contains("fib").doesNotContain("WRONG");
  }

  @Test
  void grow_givesATable() throws IOException, InterruptedException {
    assertThat(brief("grow")).contains("pages").doesNotContain("WRONG");
  }

  @Test
  void json_hasTheSameAsTheTable() throws IOException, InterruptedException {
    JsonNode json =
        new ObjectMapper()
            .readTree(bench("--json", "--quick", "--memory", "fixed", "--engines=baseline", "fib"));
    assertThat(json.get("cells")).hasSize(1);
    assertThat(json.get("cells").get(0).get("group").asText()).isEqualTo("compute");
    assertThat(json.get("engines").get("baseline").asText()).contains("Cloister");
  }

  @Test
  void absentEngine_isSaidToBe() throws IOException, InterruptedException {
    assertThat(bench("--list", "--engines=endive,optimized-graal"))
        .contains("engine endive: absent, its libraries are not in")
        .contains("engine optimized-graal: absent, its libraries are not in");
  }

  private String brief(String mode, String... names) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of("--mode", mode, "--rounds=1", "--warm-up=1", "--engines=v8,baseline"));
    arguments.addAll(List.of(names));
    return bench(arguments.toArray(String[]::new));
  }

  private String bench(String... arguments) throws IOException, InterruptedException {
    Path app = Files.createDirectory(home.resolve("app"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dbench.root=" + ROOT,
                "-Dbench.home=" + app,
                "-Dcorpora=" + home.resolve("none"),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.cloister.bench.Bench"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(home.resolve("stderr").toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Files.readString(home.resolve("stderr"))).isZero();
    return output;
  }
}
