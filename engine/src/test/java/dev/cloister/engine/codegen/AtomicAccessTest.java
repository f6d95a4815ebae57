package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Atomic loads, stores and updates on all forms of memories, by one thread.
///
/// Invariants: each returns the old bits, zero-extended, and stores exactly its own; operands are
/// wrapped, that a comparison expects too; an address that is not aligned traps, one that is out of
/// bounds traps, and neither changes anything.
final class AtomicAccessTest {
  private static final long BEFORE = 0x8877_6655_4433_22f1L;
  private static final long OFFSET = 16;
  private static final Pattern NAME =
      Pattern.compile("i(32|64)\\.atomic\\.(?:rmw\\d*\\.)?(?<operation>[a-z]+)(?:\\d+)?(?:_u)?");

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  enum Form {
    ARRAY(false, 1, false),
    ARRAY_64(true, 1, false),
    SEGMENT(false, Memory.MAX_ARRAY_PAGES + 1, false),
    SHARED(false, 1, true),
    SHARED_64(true, 1, true);

    final boolean is64;
    final int pages;
    final boolean shared;

    Form(boolean is64, int pages, boolean shared) {
      this.is64 = is64;
      this.pages = pages;
      this.shared = shared;
    }

    MemoryType type() {
      return new MemoryType(
          new Limits(is64, pages, /* hasMax= */ shared, shared ? pages : 0),
          shared,
          MemoryType.DEFAULT_PAGE_SIZE_LOG2);
    }

    NumType address() {
      return type().limits().addressType();
    }

    Object boxed(long address) {
      return address() == I64 ? (Object) address : (Object) (int) address;
    }
  }

  private static List<Opcode> accesses() {
    List<Opcode> accesses = new ArrayList<>();
    for (Opcode opcode : Opcode.values()) {
      if (opcode.prefix() == Opcode.PREFIX_ATOMIC
          && opcode.immediates() == ImmediateKind.MEMORY_ACCESS
          && !opcode.mnemonic().startsWith("memory")) {
        accesses.add(opcode);
      }
    }
    return accesses;
  }

  private static NumType type(Opcode opcode) {
    return opcode.mnemonic().startsWith("i64") ? I64 : I32;
  }

  private static String operation(Opcode opcode) {
    Matcher matcher = NAME.matcher(opcode.mnemonic());
    assertThat(matcher.matches()).as(opcode.mnemonic()).isTrue();
    return matcher.group("operation");
  }

  private static int operandCount(Opcode opcode) {
    return switch (operation(opcode)) {
      case "load" -> 0;
      case "cmpxchg" -> 2;
      default -> 1;
    };
  }

  private Instance instantiate(Form form, Store store) {
    ModuleBuilder module = new ModuleBuilder().memory(form.type());
    for (Opcode opcode : accesses()) {
      int operands = operandCount(opcode);
      List<ValueType> params = new ArrayList<>();
      params.add(form.address());
      params.addAll(Collections.nCopies(operands, type(opcode)));
      boolean isStore = operation(opcode).equals("store");
      module.exportFunction(
          opcode.mnemonic(),
          new FuncType(params, isStore ? List.of() : List.of(type(opcode))),
          code -> {
            for (int i = 0; i <= operands; i++) {
              code.localGet(i);
            }
            code.access(opcode, OFFSET);
          });
    }
    return engine.instantiate(module, Imports.NONE, store);
  }

  private static Object[] arguments(Form form, Opcode opcode, long address, long... operands) {
    Object[] arguments = new Object[1 + operandCount(opcode)];
    arguments[0] = form.boxed(address);
    for (int i = 1; i < arguments.length; i++) {
      long operand = operands[operands.length - arguments.length + i];
      arguments[i] = type(opcode) == I64 ? (Object) operand : (Object) (int) operand;
    }
    return arguments;
  }

  private static long stored(String operation, long old, long expected, long operand, long mask) {
    return switch (operation) {
      case "load" -> old;
      case "store", "xchg" -> operand;
      case "add" -> old + operand;
      case "sub" -> old - operand;
      case "and" -> old & operand;
      case "or" -> old | operand;
      case "xor" -> old ^ operand;
      case "cmpxchg" -> (expected & mask) == old ? operand : old;
      default -> throw new AssertionError(operation);
    };
  }

  @ParameterizedTest
  @EnumSource
  void access_changesItsOwnBits_andReturnsTheOldOnes(Form form) {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = instantiate(form, store);
      Memory memory = TestEngine.memory(instance);
      for (Opcode opcode : accesses()) {
        int width = 1 << opcode.accessWidthLog2();
        long mask = -1L >>> (Long.SIZE - 8 * width);
        for (int at = 0; at < 8; at += width) {
          long old = (BEFORE >>> (8 * at)) & mask;
          // What is expected differs in bits that are wrapped away, or in one that is not.
          for (long expected : new long[] {old | (0x0700_0000_0000_0000L & ~mask), old ^ 1}) {
            long operand = 0x7a6b_5c4d_3e2f_1083L;
            memory.setLong(OFFSET + 8, BEFORE);
            String what = opcode.mnemonic() + " at " + at;
            @Nullable Object[] results =
                TestEngine.call(
                    instance,
                    opcode.mnemonic(),
                    arguments(form, opcode, 8 + at, expected, operand));
            if (results.length > 0) {
              Number result = (Number) Objects.requireNonNull(results[0]);
              long bits = result.longValue();
              assertThat(type(opcode) == I64 ? bits : bits & 0xffff_ffffL).as(what).isEqualTo(old);
            }
            long now = stored(operation(opcode), old, expected, operand, mask) & mask;
            assertThat(memory.getLong(OFFSET + 8))
                .as(what)
                .isEqualTo((BEFORE & ~(mask << (8 * at))) | (now << (8 * at)));
            assertThat(memory.getLong(OFFSET) | memory.getLong(OFFSET + 16)).isZero();
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void access_notAlignedOrOutOfBounds_trapsAndChangesNothing(Form form) {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = instantiate(form, store);
      Memory memory = TestEngine.memory(instance);
      long size = memory.sizeBytes();
      for (Opcode opcode : accesses()) {
        int width = 1 << opcode.accessWidthLog2();
        for (int misalignment = 1; misalignment < width; misalignment++) {
          Object[] arguments = arguments(form, opcode, misalignment, 0, -1);
          assertTraps(
              TrapReason.UNALIGNED_ATOMIC,
              () -> TestEngine.call(instance, opcode.mnemonic(), arguments));
        }
        for (long address : new long[] {size - OFFSET, 0xffff_fff0L, -OFFSET, -8}) {
          Object[] arguments = arguments(form, opcode, address, 0, -1);
          assertTraps(
              TrapReason.MEMORY_OUT_OF_BOUNDS,
              () -> TestEngine.call(instance, opcode.mnemonic(), arguments));
        }
        TestEngine.call(
            instance, opcode.mnemonic(), arguments(form, opcode, size - OFFSET - width, 1, 0));
      }
      for (long address = 0; address < 64; address += 8) {
        assertThat(memory.getLong(address)).isZero();
      }
      assertThat(memory.getLong(size - 8)).isZero();
    }
  }
}
