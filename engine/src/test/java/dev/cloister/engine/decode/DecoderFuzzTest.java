package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Mutations of a module that uses most of the format.
///
/// Strategy: flip bits, replace, insert, remove and repeat bytes, cut the end, for a fixed number
/// of rounds from a seed. Invariants: only our own faults are thrown, the decoder comes to an end,
/// and cutting the bytes does not change the verdict.
final class DecoderFuzzTest {

  private static final int ROUNDS = 30_000;
  private static final int CHUNKED_EVERY = 4;

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void mutatedModule_isAcceptedOrRefused_whateverTheCuts() {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    byte[] original = original();
    int valid = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] mutated = original;
      int mutations = 1 + random.nextInt(3);
      for (int i = 0; i < mutations; i++) {
        mutated = mutate(mutated, random);
      }
      String verdict;
      try {
        verdict = Decoding.sync(mutated, WasmFeatures.ALL, WasmLimits.defaults()).verdict();
        if (round % CHUNKED_EVERY == 0) {
          assertThat(
                  Decoding.chunked(mutated, WasmFeatures.ALL, WasmLimits.defaults(), random)
                      .verdict())
              .isEqualTo(verdict);
        }
      } catch (RuntimeException | Error e) {
        throw new AssertionError("-Dseed=" + seed + ", round " + round, e);
      }
      valid += verdict.equals("valid") ? 1 : 0;
    }
    assertThat(valid).isBetween(ROUNDS / 200, ROUNDS * 9 / 10);
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    if (bytes.length < 12) {
      return original();
    }
    int at = 8 + random.nextInt(bytes.length - 8);
    byte[] mutated = bytes.clone();
    switch (random.nextInt(6)) {
      case 0 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> mutated[at] = (byte) random.nextInt(256);
      case 2 -> mutated[at] = (byte) (random.nextBoolean() ? 0xFF : 0x80);
      case 3 -> {
        mutated = Arrays.copyOf(bytes, bytes.length + 1);
        System.arraycopy(bytes, at, mutated, at + 1, bytes.length - at);
      }
      case 4 -> {
        System.arraycopy(bytes, at + 1, mutated, at, bytes.length - at - 1);
        mutated = Arrays.copyOf(mutated, bytes.length - 1);
      }
      default -> mutated = random.nextInt(8) == 0 ? Arrays.copyOf(bytes, at) : mutated;
    }
    return mutated;
  }

  private static byte[] original() {
    FuncType binary = new FuncType(List.of(I32, I32), List.of(I32));
    ModuleBuilder module = new ModuleBuilder();
    var struct = module.type(new StructType(List.of(new FieldType(I32, true))));
    int structIndex = module.typeIndex(struct);
    return module
        .importFunction("env", "f", binary)
        .importItem("env", "g", new GlobalType(I32, false))
        .table(new TableType(RefType.FUNCREF, Limits.of(4, 8)))
        .memory(1)
        .tag(new FuncType(List.of(I32), List.of()))
        .global(new GlobalType(I32, true), code -> code.globalGet(0).i32Const(1).i32Add())
        .global(
            new GlobalType(RefType.of(true, struct), true),
            code -> code.op(Opcode.STRUCT_NEW_DEFAULT, structIndex))
        .exportFunction(
            "add",
            binary,
            code -> {
              int sum = code.local(I32);
              code.local(F64);
              code.block()
                  .loop()
                  .localGet(0)
                  .brIf(1)
                  .localGet(1)
                  .brTable(0, 1, 1)
                  .end()
                  .end()
                  .localGet(0)
                  .localGet(1)
                  .call(0)
                  .localTee(sum)
                  .access(Opcode.I32_LOAD, 8)
                  .ifThen(I32)
                  .localGet(sum)
                  .otherwise()
                  .i32Const(7)
                  .i32Const(8)
                  .i32Const(0)
                  .callIndirect(binary, 0)
                  .end();
            })
        .exportFunction(
            "gc",
            new FuncType(List.of(), List.of(I32)),
            code ->
                code.i32Const(1)
                    .op(Opcode.STRUCT_NEW, structIndex)
                    .op(Opcode.STRUCT_GET, structIndex, 0)
                    .op(Opcode.V128_CONST, 1, 2)
                    .op(Opcode.I32X4_EXTRACT_LANE, 3)
                    .i32Add())
        .elements(0, 0, 1, 2)
        .elements(Mode.DECLARATIVE, 1)
        .data(3, new byte[] {1, 2, 3})
        .passiveData(new byte[] {4})
        .name("fuzz")
        .nameFunction(1, "add")
        .build();
  }
}
