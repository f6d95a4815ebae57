package dev.cloister.sandbox.cli;

import static dev.cloister.engine.types.NumType.I32;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `--code-cache`, `--pgo-to` and `--pgo-from`: what one run leaves for the next.
final class KeptCodeOptionsTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  @TempDir private Path folder;
  private Path module = Path.of("");
  private Path cache = Path.of("");
  private Path profile = Path.of("");

  @BeforeEach
  void writeModule() throws IOException {
    module = Files.write(folder.resolve("m.wasm"), module(0));
    cache = folder.resolve("cache");
    profile = folder.resolve("profile");
  }

  private static byte[] module(int added) {
    ModuleBuilder built = new ModuleBuilder();
    for (int i = 0; i < 60; i++) {
      int number = i + added;
      built.exportFunction("f" + i, INT, code -> code.localGet(0).i32Const(number).i32Add());
    }
    return built.build();
  }

  private CommandRun run(String... options) {
    Object[] arguments = new Object[options.length + 5];
    arguments[0] = "run";
    System.arraycopy(options, 0, arguments, 1, options.length);
    arguments[options.length + 1] = "--invoke";
    arguments[options.length + 2] = "f50";
    arguments[options.length + 3] = module.toString();
    arguments[options.length + 4] = "4";
    return CommandRun.of(arguments);
  }

  private List<Path> archives() throws IOException {
    try (var tree = Files.walk(cache)) {
      return tree.filter(file -> file.toString().endsWith(".code")).toList();
    }
  }

  @Test
  void codeCache_isFilledOnce_andPrivate() throws IOException {
    assertThat(run("--code-cache", cache.toString()).lines()).containsExactly("54");
    assertThat(archives()).hasSize(1);
    byte[] first = Files.readAllBytes(archives().getFirst());
    assertThat(Files.getPosixFilePermissions(cache.resolve("code.key")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));

    CommandRun second = run("--code-cache", cache.toString());

    assertThat(second.lines()).containsExactly("54");
    assertThat(second.err()).isEmpty();
    assertThat(archives()).hasSize(1);
    assertThat(Files.readAllBytes(archives().getFirst())).isEqualTo(first);
  }

  @Test
  void archiveThatIsDamaged_isSaidAndDoneWithout() throws IOException {
    run("--code-cache", cache.toString());
    Path archive = archives().getFirst();
    byte[] bytes = Files.readAllBytes(archive);
    bytes[100] ^= 1;
    Files.write(archive, bytes);

    CommandRun run = run("--code-cache", cache.toString());

    assertThat(run.lines()).containsExactly("54");
    assertThat(run.err()).contains("kept code of the module is not used: it is not authentic");
    assertThat(run("--code-cache", cache.toString()).err()).isEmpty();
  }

  @Test
  void keyThatOthersCanRead_isNotUsed() throws IOException {
    run("--code-cache", cache.toString());
    Files.setPosixFilePermissions(
        cache.resolve("code.key"), PosixFilePermissions.fromString("rw-r--r--"));

    CommandRun run = run("--code-cache", cache.toString());

    assertThat(run.lines()).containsExactly("54");
    assertThat(run.err()).contains("--code-cache is not used").contains("its mode must be 0600");
  }

  @Test
  void keyThatIsNone_isNotUsed() throws IOException {
    run("--code-cache", cache.toString());
    Files.writeString(cache.resolve("code.key"), "secret");
    assertThat(run("--code-cache", cache.toString()).err()).contains("64 hexadecimal digits");
  }

  @Test
  void profile_saysWhatWasExecuted_andIsTakenAgain() throws IOException {
    assertThat(run("--pgo-to", profile.toString()).lines()).containsExactly("54");
    List<String> lines = Files.readAllLines(profile);
    assertThat(lines.getFirst()).isEqualTo("cloister-profile 1");
    assertThat(lines.get(1)).isEqualTo("module " + ModuleHash.of(module(0)) + " functions 60");
    assertThat(lines).contains("50 0").doesNotContain("0 0");

    CommandRun again = run("--pgo-from", profile.toString(), "--pgo-to", profile.toString());

    assertThat(again.lines()).containsExactly("54");
    assertThat(Files.readAllLines(profile)).isEqualTo(lines);
  }

  @Test
  void profileOfCompile_isOfAllFunctions() throws IOException {
    CommandRun.of("compile", "--pgo-to", profile.toString(), module.toString());
    assertThat(Files.readAllLines(profile)).hasSize(62);
  }

  @Test
  void profileOfAnotherModule_isRefused() throws IOException {
    run("--pgo-to", profile.toString());
    Files.write(module, module(1));
    CommandRun run = run("--pgo-from", profile.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err())
        .contains("is the profile of module " + ModuleHash.of(module(0)))
        .contains("this is module " + ModuleHash.of(module(1)));
  }

  @Test
  void fileThatIsNoProfile_isRefused() throws IOException {
    for (byte[] bytes : new byte[][] {{}, {-1, -2}, "cloister-profile 1\nx".getBytes(US_ASCII)}) {
      Files.write(profile, bytes);
      CommandRun run = run("--pgo-from", profile.toString());
      assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
      assertThat(run.err()).contains(profile.toString());
    }
    assertThat(run("--pgo-from", folder.resolve("none").toString()).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }
}
