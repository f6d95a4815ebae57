package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Large code sections are validated by several threads, with the outcome of one.
@Timeout(60)
final class BodyValidationTest {
  private static final FuncType UNARY = new FuncType(List.of(I32), List.of(I32));
  private static final int FUNCTIONS = 500;

  private final ExecutorService threads = Executors.newFixedThreadPool(3);

  @AfterEach
  void closeThreads() {
    threads.shutdownNow();
  }

  /// A module whose code section has some 200 KB.
  private static byte[] module(BiConsumer<Integer, CodeBuilder> end) {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    for (int f = 0; f < FUNCTIONS; f++) {
      int function = f;
      module.exportFunction(
          "f" + f,
          UNARY,
          code -> {
            code.localGet(0);
            for (int i = 0; i < 100; i++) {
              code.i32Const(i * function).i32Add();
            }
            end.accept(function, code);
          });
    }
    return module.data(0, new byte[100]).build();
  }

  private static String outcome(byte[] module, Executor helpers) {
    try {
      WasmModule decoded =
          ModuleDecoder.decode(module.clone(), WasmFeatures.ALL, WasmLimits.defaults(), helpers);
      StringBuilder facts = new StringBuilder("valid");
      for (int i = 0; i < FUNCTIONS; i++) {
        facts.append(decoded.has(i, FunctionFacts.CALLS) ? " calls" : "");
        facts.append(decoded.makesTailCalls(i) ? " tail calls" : "");
        facts.append(decoded.mayGrowMemory(i) ? " grows" : "");
        facts.append(' ').append(decoded.bodyOffset(i)).append('-').append(decoded.bodyEnd(i));
      }
      return facts.toString();
    } catch (WasmException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private void assertSameWithAllHelpers(byte[] module, String expected) {
    String alone = outcome(module, StreamingDecoder.NO_HELPERS);
    assertThat(alone).contains(expected);
    for (int i = 0; i < 5; i++) {
      assertThat(outcome(module, threads)).isEqualTo(alone);
    }
    // At once, on the thread that decodes.
    assertThat(outcome(module, Runnable::run)).isEqualTo(alone);
    // When it is too late.
    List<Runnable> late = new ArrayList<>();
    assertThat(outcome(module, late::add)).isEqualTo(alone);
    assertThat(late).isNotEmpty();
    late.forEach(Runnable::run);
  }

  @Test
  void facts_areTheSame_whoeverValidates() {
    byte[] module =
        module((function, code) -> {
          if (function % 7 == 0) {
            code.call(function / 2);
          } else if (function % 11 == 0) {
            code.op(Opcode.RETURN_CALL, function / 2);
          }
        });

    assertSameWithAllHelpers(module, "tail calls");
  }

  /// Each function calls the next one or the one before; the last of all grows the memory.
  @Test
  void growth_reachesAllCallers_whoeverValidates() {
    byte[] module =
        module((function, code) -> {
          if (function == FUNCTIONS - 1) {
            code.op(Opcode.MEMORY_GROW, 0);
          } else {
            code.call(function + 1);
          }
          if (function > 0) {
            code.call(function - 1);
          }
        });

    assertSameWithAllHelpers(module, "valid calls grows");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 250, 498, 499})
  void firstFault_isTheOneThatIsThrown(int first) {
    byte[] module =
        module((function, code) -> {
          if (function >= first) {
            code.drop();
          }
        });

    assertSameWithAllHelpers(module, "in function " + first + " ");
  }

  @Test
  void fault_ofABody_goesBeforeThoseOfWhatFollows() {
    byte[] module =
        module((function, code) -> {
          if (function == 490) {
            code.drop();
          }
        });
    // The data section declares more than there is.
    module[module.length - 101]++;

    assertSameWithAllHelpers(module, "in function 490 ");
  }

  @Test
  void stream_inChunks_isTheSameAsWhole() {
    byte[] module =
        module((function, code) -> {
          if (function == 333) {
            code.drop();
          }
        });
    String whole = outcome(module, threads);
    for (int chunk : new int[] {10_000, 70_000, 150_000}) {
      StreamingDecoder decoder =
          new StreamingDecoder(WasmFeatures.ALL, WasmLimits.defaults(), threads);
      String outcome = "valid";
      int validated = 0;
      try {
        for (int at = 0; at < module.length; at += chunk) {
          decoder.push(module, at, Math.min(chunk, module.length - at));
          assertThat(decoder.validatedBodyCount()).isGreaterThanOrEqualTo(validated);
          validated = decoder.validatedBodyCount();
        }
      } catch (WasmException e) {
        outcome = String.valueOf(e.getMessage());
      }
      assertThat(outcome).isEqualTo(whole);
      assertThat(validated).isLessThanOrEqualTo(333);
    }
  }
}
