package dev.cloister.engine.oracle;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Loads and stores of vectors and lanes, compared with single bytes, up to the ends of a memory.
///
/// Once with vectors as two longs, and once as objects wherever they can be.
@ParameterizedClass
@EnumSource(VectorUse.class)
final class VectorMemoryTest {
  private static final int PAGE = 1 << 16;
  private static final V128 A = new V128(0x8786_8584_8382_8180L, 0x8f8e_8d8c_8b8a_8988L);

  private final TestEngine engine;

  VectorMemoryTest(VectorUse vectorUse) {
    engine =
        new TestEngine(
            EngineConfig.defaults().withCodeKind(CodeKind.OPTIMIZED).withVectorUse(vectorUse));
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// An access; a lane of -1 if it has none.
  private record Access(Opcode opcode, int lane, long offset) {
    String name() {
      return opcode.mnemonic() + " " + lane + " " + offset;
    }

    boolean isLoad() {
      return opcode.mnemonic().contains("load");
    }

    boolean takesVector() {
      return lane >= 0 || !isLoad();
    }

    int width() {
      return 1 << opcode.accessWidthLog2();
    }

    FuncType type() {
      return new FuncType(
          takesVector() ? List.of(I32, VecType.V128) : List.of(I32),
          isLoad() ? List.of(VecType.V128) : List.of());
    }

    void write(CodeBuilder code) {
      code.localGet(0);
      if (takesVector()) {
        code.localGet(1);
      }
      if (lane < 0) {
        code.op(opcode, opcode.accessWidthLog2(), offset);
      } else {
        code.op(opcode, opcode.accessWidthLog2(), offset, lane);
      }
    }

    Object[] args(int address) {
      return takesVector() ? new Object[] {address, A} : new Object[] {address};
    }
  }

  private static List<Access> accesses(long... offsets) {
    List<Access> accesses = new ArrayList<>();
    for (Opcode opcode : Opcode.values()) {
      for (long offset : offsets) {
        if (opcode.prefix() != Opcode.PREFIX_SIMD) {
          continue;
        }
        if (opcode.immediates() == ImmediateKind.MEMORY_ACCESS) {
          accesses.add(new Access(opcode, -1, offset));
        } else if (opcode.immediates() == ImmediateKind.MEMORY_ACCESS_LANE) {
          for (int lane = 0; lane < 16 >> opcode.accessWidthLog2(); lane++) {
            accesses.add(new Access(opcode, lane, offset));
          }
        }
      }
    }
    return accesses;
  }

  /// {@return an instance whose memory is in exact form, or in limit form with spare capacity}
  private Instance instance(List<Access> accesses, boolean grows) {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    for (Access access : accesses) {
      module.exportFunction(access.name(), access.type(), access::write);
    }
    Consumer<CodeBuilder> grow =
        grows ? code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0).drop() : code -> {};
    module.exportFunction("grow", FuncType.EMPTY, grow);
    return engine.instantiate(module);
  }

  private static void fill(Memory memory) {
    for (int i = 0; i < memory.sizeBytes(); i++) {
      memory.setByte(i, (byte) (i * 37 + (i >> 8)));
    }
  }

  private static V128 loaded(Access access, byte[] bytes, int at) {
    int width = access.width();
    long number = 0;
    for (int i = 0; i < Math.min(width, 8); i++) {
      number |= (bytes[at + i] & 0xffL) << (8 * i);
    }
    long first = number;
    String operation = access.opcode().mnemonic().substring("v128.load".length());
    if (operation.isEmpty()) {
      return Vectors.make(8, i -> bytes[at + i]);
    }
    if (operation.endsWith("_splat")) {
      return Vectors.make(8 * width, _ -> first);
    }
    if (operation.endsWith("_zero")) {
      return new V128(first, 0);
    }
    if (operation.endsWith("_lane")) {
      return Vectors.make(
          8 * width, i -> i == access.lane() ? first : Vectors.lane(A, i, 8 * width));
    }
    int lane = Integer.parseInt(operation.substring(0, operation.indexOf('x')));
    int shift = 64 - lane;
    return Vectors.make(
        2 * lane,
        i -> {
          long top = first >>> (i * lane) << shift;
          return operation.endsWith("_s") ? top >> shift : top >>> shift;
        });
  }

  private static byte[] stored(Access access, byte[] before, int at) {
    byte[] after = before.clone();
    for (int i = 0; i < access.width(); i++) {
      int lane = access.lane() < 0 ? i : access.lane() * access.width() + i;
      after[at + i] = (byte) Vectors.lane(A, lane, 8);
    }
    return after;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void accesses_moveJustTheirBytes(boolean grows) {
    List<Access> accesses = accesses(0, 24);
    Instance instance = instance(accesses, grows);
    Memory memory = memory(instance);
    fill(memory);
    for (Access access : accesses) {
      int last = (int) (PAGE - access.width() - access.offset());
      for (int address : new int[] {0, 3, 1_001, last}) {
        byte[] before = memory.copy(0, PAGE);
        int at = (int) (address + access.offset());
        if (access.isLoad()) {
          assertThat(result(instance, access.name(), access.args(address)))
              .as(access + " at " + address)
              .isEqualTo(loaded(access, before, at));
        } else {
          call(instance, access.name(), access.args(address));
          boolean isRight = Arrays.equals(memory.copy(0, PAGE), stored(access, before, at));
          assertThat(isRight).as(access + " at " + address).isTrue();
        }
      }
    }
  }

  /// Nothing is written by a store that is partly out of bounds, also if its address wraps around.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void accesses_outOfBounds_trapAndChangeNothing(boolean grows) {
    List<Access> accesses = accesses(0, 24, 0x7fff_fff0L, 0x8000_0000L, 0xffff_fff8L);
    Instance instance = instance(accesses, grows);
    call(instance, "grow");
    Memory memory = memory(instance);
    fill(memory);
    int size = (int) memory.sizeBytes();
    byte[] before = memory.copy(0, size);
    for (Access access : accesses) {
      List<Integer> addresses = new ArrayList<>(List.of(size, -1, -4, -8, -9, -16));
      addresses.add(Integer.MIN_VALUE);
      addresses.add(Integer.MAX_VALUE);
      if (access.offset() < size) {
        int firstBad = (int) (size - access.width() - access.offset() + 1);
        addresses.addAll(List.of(firstBad, firstBad + access.width() - 1));
      } else {
        addresses.add(0);
      }
      for (int address : addresses) {
        assertTraps(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            () -> call(instance, access.name(), access.args(address)));
      }
      boolean isUnchanged = Arrays.equals(memory.copy(0, size), before);
      assertThat(isUnchanged).as(access.toString()).isTrue();
    }
  }
}
