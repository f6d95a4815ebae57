package dev.cloister.engine.oracle;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Instructions on vectors in loops that run until the JIT has compiled them: vector objects give
/// what two longs give, whose helpers are compared with the specification elsewhere.
///
/// An ordinary run has some instructions, chosen by the seed; `-Dslow=true` all.
final class CompiledVectorTest {
  private static final boolean IS_SLOW = Boolean.getBoolean("slow");
  private static final int SOME = 12;

  /// Vectors in each of the three blocks of operands, and in that of results.
  private static final int VECTORS = 512;

  private static final int BLOCK = 16 * VECTORS;

  /// So often the loop is run: some ten times what the JIT wants to see.
  private static final int CALLS = 400;

  private final TestEngine objects =
      new TestEngine(
          EngineConfig.defaults().withCodeKind(CodeKind.OPTIMIZED).withVectorUse(VectorUse.ALWAYS));
  private final TestEngine longs = new TestEngine();

  @AfterEach
  void closeEngines() {
    objects.close();
    longs.close();
  }

  private static void write(CodeBuilder code, Opcode opcode) {
    FuncType type = VectorTest.signature(opcode);
    boolean hasVector = !(type.results().getFirst() instanceof NumType);
    code.loop().localGet(0);
    int block = 0;
    for (ValueType param : type.params()) {
      code.localGet(0);
      if (param instanceof NumType number) {
        switch (number) {
          case I32 -> code.access(Opcode.I32_LOAD, (long) block * BLOCK);
          case I64 -> code.access(Opcode.I64_LOAD, (long) block * BLOCK);
          case F32 -> code.access(Opcode.F32_LOAD, (long) block * BLOCK);
          case F64 -> code.access(Opcode.F64_LOAD, (long) block * BLOCK);
        }
      } else {
        code.access(Opcode.V128_LOAD, (long) block * BLOCK);
      }
      block++;
    }
    code.op(opcode);
    code.access(hasVector ? Opcode.V128_STORE : Opcode.I32_STORE, 3 * BLOCK);
    code.localGet(0).i32Const(16).i32Add().localTee(0).i32Const(BLOCK).op(Opcode.I32_NE);
    code.brIf(0).end();
  }

  @Test
  void compiledInstructions_giveWhatHelpersGive() {
    Random random = Seed.random();
    List<Opcode> opcodes = new ArrayList<>(VectorTest.opcodes());
    Collections.shuffle(opcodes, random);
    for (Opcode opcode : IS_SLOW ? opcodes : opcodes.subList(0, SOME)) {
      ModuleBuilder module =
          new ModuleBuilder()
              .memory(1)
              .exportFunction("f", new FuncType(List.of(I32), List.of()), c -> write(c, opcode));
      Instance tested = objects.instantiate(module);
      Instance expected = longs.instantiate(module);
      for (int i = 0; i < 3 * VECTORS; i++) {
        V128 vector = VectorTest.vector(random);
        for (Instance instance : List.of(tested, expected)) {
          setLong(memory(instance), 16 * i, vector.low());
          setLong(memory(instance), 16 * i + 8, vector.high());
        }
      }
      call(expected, "f", 0);
      byte[] result = memory(expected).copy(3 * BLOCK, BLOCK);
      for (int i = 0; i < CALLS; i++) {
        call(tested, "f", 0);
        if (Integer.bitCount(i) == 1 || i == CALLS - 1) {
          assertSame(opcode, memory(tested).copy(3 * BLOCK, BLOCK), result);
        }
      }
    }
  }

  private static void assertSame(Opcode opcode, byte[] actual, byte[] expected) {
    for (int i = 0; i < BLOCK; i += 16) {
      byte[] left = Arrays.copyOfRange(expected, i, i + 16);
      byte[] right = Arrays.copyOfRange(actual, i, i + 16);
      if (!VectorTest.matches(opcode, vector(left), vector(right))) {
        assertThat(right).as(opcode.mnemonic() + " of vector " + i / 16).isEqualTo(left);
      }
    }
  }

  private static V128 vector(byte[] bytes) {
    return Vectors.make(8, i -> bytes[i]);
  }

  private static void setLong(Memory memory, int address, long value) {
    for (int i = 0; i < 8; i++) {
      memory.setByte(address + i, (byte) (value >>> (8 * i)));
    }
  }
}
