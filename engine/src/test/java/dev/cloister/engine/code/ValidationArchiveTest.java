package dev.cloister.engine.code;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.decode.DecodeMonitor;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ValidatedBodies;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is known of bodies is all that validating them again would find.
final class ValidationArchiveTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private final ClassFileArchive archive =
      new ClassFileArchive() {
        private final Map<String, byte[]> units = new HashMap<>();

        @Override
        public byte @Nullable [] find(String unit) {
          return units.get(unit);
        }

        @Override
        public void add(String unit, byte[] bytes) {
          units.put(unit, bytes);
        }
      };

  private static WasmModule decode(
      byte[] bytes, WasmLimits limits, @Nullable ValidatedBodies validated) {
    return ModuleDecoder.decode(
        bytes, WasmFeatures.ALL, limits, _ -> {}, DecodeMonitor.NONE, validated);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sqlite", "gofmt", "kotlin-text", "argon2-simd", "lua"})
  void program_decodedWithWhatIsKnown_isTheSame(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(Corpora.require("programs").resolve(name + ".wasm"));
    WasmModule validated = decode(bytes, WasmLimits.defaults(), null);
    ValidationArchive.add(archive, validated, WasmLimits.defaults());
    ValidatedBodies known =
        Objects.requireNonNull(ValidationArchive.find(archive, WasmLimits.defaults()));
    assertThat(known).isEqualTo(validated.validatedBodies());

    WasmModule trusted = decode(bytes, WasmLimits.defaults(), known);

    assertThat(trusted.validatedBodies()).isEqualTo(validated.validatedBodies());
    assertThat(trusted.growsMemory()).isEqualTo(validated.growsMemory());
    for (int f = validated.importedFunctionCount(); f < validated.functionCount(); f++) {
      assertThat(trusted.bodyOffset(f)).isEqualTo(validated.bodyOffset(f));
      assertThat(trusted.bodyEnd(f)).isEqualTo(validated.bodyEnd(f));
      assertThat(trusted.makesTailCalls(f)).isEqualTo(validated.makesTailCalls(f));
      assertThat(trusted.isTailCalled(f)).isEqualTo(validated.isTailCalled(f));
      assertThat(trusted.isDeclaredFunction(f)).isEqualTo(validated.isDeclaredFunction(f));
    }
  }

  @Test
  void bodies_areNotReadWhereTheyAreKnown() {
    byte[] valid = new ModuleBuilder().exportFunction("f", INT, code -> code.localGet(0)).build();
    // `local.get 0; end` becomes `nop; nop; end`.
    byte[] invalid = valid.clone();
    invalid[invalid.length - 2] = 1;
    invalid[invalid.length - 3] = 1;
    assertThatThrownBy(() -> decode(invalid, WasmLimits.defaults(), null))
        .isInstanceOf(InvalidModuleException.class);

    ValidatedBodies known = decode(valid, WasmLimits.defaults(), null).validatedBodies();

    assertThat(decode(invalid, WasmLimits.defaults(), known).functionCount()).isEqualTo(1);
  }

  @Test
  void limitsThatWereLowered_areChecked() {
    byte[] bytes =
        new ModuleBuilder()
            .exportFunction(
                "f",
                INT,
                code -> {
                  for (int i = 0; i < 10; i++) {
                    code.local(I32);
                  }
                  code.localGet(0);
                })
            .build();
    WasmModule module = decode(bytes, WasmLimits.defaults(), null);
    ValidationArchive.add(archive, module, WasmLimits.defaults());

    WasmLimits lower = WasmLimits.defaults().with(WasmLimit.LOCALS, 10);

    assertThat(ValidationArchive.find(archive, lower)).isNull();
    assertThatThrownBy(() -> decode(bytes, lower, ValidationArchive.find(archive, lower)))
        .isInstanceOf(LimitExceededException.class);
  }

  @Test
  void limitsThatWereRaised_doNotMatter() {
    byte[] bytes = new ModuleBuilder().exportFunction("f", INT, code -> code.localGet(0)).build();
    WasmLimits lower = WasmLimits.defaults().with(WasmLimit.LOCALS, 10);
    ValidationArchive.add(archive, decode(bytes, lower, null), lower);
    assertThat(ValidationArchive.find(archive, WasmLimits.defaults())).isNotNull();
  }

  @Test
  void bytesThatAreNoFindings_areRefused() throws IOException {
    Path program = Corpora.require("programs").resolve("lua.wasm");
    WasmModule module = decode(Files.readAllBytes(program), WasmLimits.defaults(), null);
    byte[] bytes = module.validatedBodies().toBytes();
    for (int length : new int[] {0, 3, bytes.length / 2, bytes.length - 1, bytes.length + 1}) {
      ByteBuffer changed = ByteBuffer.wrap(Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> ValidatedBodies.of(changed))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
