package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.sandbox.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A short run pays for what it uses and for nothing of the server.
final class StartUpTest {
  private static final List<String> FOREIGN =
      List.of(
          "io.vertx.",
          "io.netty.",
          "com.hazelcast.",
          "org.sqlite.",
          "ch.qos.logback.",
          "org.slf4j.",
          "com.fasterxml.jackson.");

  @TempDir private Path folder;

  @Test
  void validate_loadsNothingOfTheServer() throws Exception {
    assertThat(foreignClasses("validate", module())).isEmpty();
  }

  @Test
  void run_loadsNothingOfTheServer() throws Exception {
    assertThat(foreignClasses("run", "--invoke", "f", module())).isEmpty();
  }

  private String module() throws IOException {
    byte[] module = new ModuleBuilder().exportFunction("f", FuncType.EMPTY, _ -> {}).build();
    return Files.write(folder.resolve("module.wasm"), module).toString();
  }

  private List<String> foreignClasses(String... words) throws IOException, InterruptedException {
    Path log = folder.resolve("classes.log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xshare:auto");
    command.add("-Xlog:class+load=info:file=" + log);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isZero();
    try (var lines = Files.lines(log)) {
      return lines
          .filter(line -> FOREIGN.stream().anyMatch(prefix -> line.contains(" " + prefix)))
          .toList();
    }
  }
}
