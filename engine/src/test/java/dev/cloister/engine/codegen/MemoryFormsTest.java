package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
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
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Loads and stores in all forms that a memory can have.
///
/// Strategy: each instruction is executed with each combination of the offsets and addresses at
/// which something changes: at the end of the memory, where 31, 32 and 63 bits end, and where the
/// sum wraps around. What must happen is computed with numbers that have no limits.
///
/// Invariants: an access traps exactly if its last byte is out of bounds, and then changes nothing;
/// else it reads or writes exactly its bytes, the lowest first.
final class MemoryFormsTest {
  private static final int PAGE = 1 << 16;

  /// More pages than an array can hold.
  private static final int LARGE_PAGES = Memory.MAX_ARRAY_PAGES + 1;

  /// So many that growing to them page by page leaves spare capacity behind.
  private static final int GROWN_PAGES = 6;

  private static final long[] OFFSETS = {
    0,
    1,
    16,
    PAGE - 8,
    PAGE,
    Integer.MAX_VALUE - 8L,
    Integer.MAX_VALUE - 3L,
    Integer.MAX_VALUE,
    1L << 31,
    (1L << 31) + PAGE - 4,
    (1L << 32) - 1,
    1L << 32,
    1L << 40,
    Long.MAX_VALUE - 1,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -8,
    -1
  };

  private static final List<Opcode> CONSTANT_ACCESSES =
      List.of(Opcode.I32_LOAD8_S, Opcode.I32_LOAD16_U, Opcode.I64_LOAD, Opcode.I64_STORE);

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// The forms: where the bytes are, how they are checked, how wide addresses are.
  enum Form {
    EXACT(false, 1, false),
    LIMIT(false, 1, true),
    /// One that has grown so often that it has spare capacity.
    SPARE(false, GROWN_PAGES, true),
    SEGMENT(false, LARGE_PAGES, false),
    EXACT_64(true, 1, false),
    LIMIT_64(true, 1, true),
    SPARE_64(true, GROWN_PAGES, true),
    SEGMENT_64(true, LARGE_PAGES, true),
    /// In functions that are so large that their accesses are calls.
    EXACT_CALLED(false, 1, false),
    LIMIT_CALLED(false, 1, true),
    SPARE_CALLED(false, GROWN_PAGES, true);

    final boolean is64;
    final int pages;
    final boolean grows;

    Form(boolean is64, int pages, boolean grows) {
      this.is64 = is64;
      this.pages = pages;
      this.grows = grows;
    }

    /// {@return the pages that it has before it grows to [#pages]}
    int initialPages() {
      return hasSpare() ? 1 : pages;
    }

    boolean hasSpare() {
      return this == SPARE || this == SPARE_64 || this == SPARE_CALLED;
    }

    /// Makes a function as large as it has to be.
    CodeBuilder fill(CodeBuilder code) {
      boolean isCalled = this == EXACT_CALLED || this == LIMIT_CALLED || this == SPARE_CALLED;
      for (int i = 0; isCalled && i < BytecodeSizes.LARGE_BODY_BYTES; i++) {
        code.op(Opcode.NOP);
      }
      return code;
    }

    NumType address() {
      return is64 ? I64 : I32;
    }

    ModuleBuilder module() {
      ModuleBuilder module = new ModuleBuilder();
      module.memory(MemoryType.of(new Limits(is64, initialPages(), /* hasMax= */ false, 0)));
      if (grows) {
        module.exportFunction(
            "grow",
            new FuncType(List.of(address()), List.of(address())),
            code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0));
      }
      return module;
    }

    long size() {
      return (long) pages * PAGE;
    }
  }

  private static List<Opcode> accesses() {
    List<Opcode> accesses = new ArrayList<>();
    for (Opcode opcode : Opcode.values()) {
      if (opcode.prefix() == 0 && opcode.immediates() == ImmediateKind.MEMORY_ACCESS) {
        accesses.add(opcode);
      }
    }
    return accesses;
  }

  private static NumType type(Opcode opcode) {
    return switch (opcode.mnemonic().substring(0, 3)) {
      case "i32" -> I32;
      case "i64" -> I64;
      case "f32" -> F32;
      default -> F64;
    };
  }

  private static boolean isStore(Opcode opcode) {
    return opcode.mnemonic().contains("store");
  }

  private static String name(Opcode opcode, long offset) {
    return opcode.mnemonic() + "+" + Long.toUnsignedString(offset);
  }

  private static List<Long> offsets(Form form) {
    return Arrays.stream(OFFSETS)
        .filter(offset -> form.is64 || offset >>> Integer.SIZE == 0)
        .boxed()
        .toList();
  }

  private static Memory grown(Form form, Instance instance) {
    Memory memory = TestEngine.memory(instance);
    while (memory.pages() < form.pages) {
      memory.grow(1);
    }
    assertThat(memory.capacityBytes() > memory.sizeBytes()).isEqualTo(form.hasSpare());
    return memory;
  }

  private Instance instantiate(Form form, Store store) {
    ModuleBuilder module = form.module();
    for (Opcode opcode : accesses()) {
      for (long offset : offsets(form)) {
        if (isStore(opcode)) {
          module.exportFunction(
              name(opcode, offset),
              new FuncType(List.of(form.address(), type(opcode)), List.of()),
              code -> form.fill(code).localGet(0).localGet(1).access(opcode, offset));
        } else {
          module.exportFunction(
              name(opcode, offset),
              new FuncType(List.of(form.address()), List.of(type(opcode))),
              code -> form.fill(code).localGet(0).access(opcode, offset));
        }
      }
    }
    return engine.instantiate(module, Imports.NONE, store);
  }

  /// {@return addresses at which something changes for accesses of `width` bytes}
  private static List<Long> addresses(Form form, long offset, int width) {
    List<Long> addresses = new ArrayList<>();
    long last = form.size() - offset - width;
    for (long address :
        new long[] {
          0,
          8,
          last - 1,
          last,
          last + 1,
          last + width,
          form.size() - 1,
          form.size(),
          1L << 31,
          (1L << 32) - 1,
          1L << 32,
          (1L << 32) + 8,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          -8,
          -offset,
          -1
        }) {
      addresses.add(form.is64 ? address : address & 0xffff_ffffL);
    }
    return addresses;
  }

  @ParameterizedTest
  @EnumSource
  void access_ofEveryForm_trapsExactlyOutOfBounds(Form form) {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = instantiate(form, store);
      Memory memory = grown(form, instance);
      for (Opcode opcode : accesses()) {
        int width = 1 << opcode.accessWidthLog2();
        for (long offset : offsets(form)) {
          for (long address : addresses(form, offset, width)) {
            String what = name(opcode, offset) + " at " + Long.toUnsignedString(address);
            long start = start(form, address, offset, width);
            check(instance, memory, opcode, offset, address, start, what);
          }
        }
      }
    }
  }

  /// Vectors of 16 bytes, which are two accesses: what does not fit must not be written in part.
  @ParameterizedTest
  @EnumSource
  void vectorAccess_ofEveryForm_trapsExactlyOutOfBounds(Form form) {
    ModuleBuilder module = form.module();
    for (long offset : offsets(form)) {
      module
          .exportFunction(
              "load" + offset,
              new FuncType(List.of(form.address()), List.of(I64, I64)),
              code ->
                  form.fill(code)
                      .localGet(0)
                      .access(Opcode.V128_LOAD, offset)
                      .op(Opcode.I64X2_EXTRACT_LANE, 0)
                      .localGet(0)
                      .access(Opcode.V128_LOAD, offset)
                      .op(Opcode.I64X2_EXTRACT_LANE, 1))
          .exportFunction(
              "store" + offset,
              new FuncType(List.of(form.address(), I64), List.of()),
              code ->
                  form.fill(code)
                      .localGet(0)
                      .localGet(1)
                      .op(Opcode.I64X2_SPLAT)
                      .access(Opcode.V128_STORE, offset))
          .exportFunction(
              "lane" + offset,
              new FuncType(List.of(form.address(), I64), List.of()),
              code ->
                  form.fill(code)
                      .localGet(0)
                      .localGet(1)
                      .op(Opcode.I64X2_SPLAT)
                      .op(Opcode.V128_STORE32_LANE, 2, offset, 3));
    }
    long value = 0x8182_8384_8586_8788L;
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = engine.instantiate(module, Imports.NONE, store);
      Memory memory = grown(form, instance);
      for (long offset : offsets(form)) {
        for (long address : addresses(form, offset, 16)) {
          Object boxed = form.is64 ? (Object) address : (Object) (int) address;
          String what = offset + " at " + Long.toUnsignedString(address);
          long start = start(form, address, offset, 16);
          if (start >= 0) {
            TestEngine.call(instance, "store" + offset, boxed, value);
            assertThat(memory.getLong(start)).as(what).isEqualTo(value);
            assertThat(TestEngine.call(instance, "load" + offset, boxed))
                .as(what)
                .containsExactly(value, value);
            memory.write(start, new byte[16], 0, 16);
          } else {
            assertTraps(
                TrapReason.MEMORY_OUT_OF_BOUNDS,
                () -> TestEngine.call(instance, "store" + offset, boxed, value));
            assertTraps(
                TrapReason.MEMORY_OUT_OF_BOUNDS,
                () -> TestEngine.call(instance, "load" + offset, boxed));
          }
          long lane = start(form, address, offset, 4);
          if (lane >= 0) {
            TestEngine.call(instance, "lane" + offset, boxed, value);
            assertThat(memory.getInt(lane)).as(what).isEqualTo((int) (value >>> 32));
            memory.setInt(lane, 0);
          } else {
            assertTraps(
                TrapReason.MEMORY_OUT_OF_BOUNDS,
                () -> TestEngine.call(instance, "lane" + offset, boxed, value));
          }
        }
      }
      assertThat(memory.copy(0, PAGE)).containsOnly(0);
      assertThat(memory.copy(form.size() - PAGE, PAGE)).containsOnly(0);
    }
  }

  /// Addresses in the text, of which the code generator knows which are in bounds at any time.
  @ParameterizedTest
  @EnumSource
  void constantAddress_ofEveryForm_trapsExactlyOutOfBounds(Form form) {
    ModuleBuilder module = form.module();
    Set<String> names = new HashSet<>();
    for (Opcode opcode : CONSTANT_ACCESSES) {
      for (long offset : offsets(form)) {
        for (long address : addresses(form, offset, 1 << opcode.accessWidthLog2())) {
          if (!names.add(name(opcode, offset) + "@" + address)) {
            continue;
          }
          module.exportFunction(
              name(opcode, offset) + "@" + address,
              isStore(opcode)
                  ? new FuncType(List.of(I64), List.of())
                  : new FuncType(List.of(), List.of(type(opcode))),
              code -> {
                if (form.is64) {
                  code.i64Const(address);
                } else {
                  code.i32Const((int) address);
                }
                if (isStore(opcode)) {
                  code.localGet(0);
                }
                code.access(opcode, offset);
              });
        }
      }
    }
    long value = 0x8182_8384_8586_8788L;
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = engine.instantiate(module, Imports.NONE, store);
      Memory memory = grown(form, instance);
      for (Opcode opcode : CONSTANT_ACCESSES) {
        int width = 1 << opcode.accessWidthLog2();
        Object[] arguments = isStore(opcode) ? new Object[] {value} : new Object[0];
        for (long offset : offsets(form)) {
          for (long address : addresses(form, offset, width)) {
            String what = name(opcode, offset) + "@" + address;
            long start = start(form, address, offset, width);
            if (start < 0) {
              assertTraps(
                  TrapReason.MEMORY_OUT_OF_BOUNDS,
                  () -> TestEngine.call(instance, what, arguments));
              continue;
            }
            byte[] bytes = new byte[width];
            Arrays.fill(bytes, (byte) 0x81);
            memory.write(start, bytes, 0, isStore(opcode) ? 0 : width);
            List<Object> results = Arrays.asList(TestEngine.call(instance, what, arguments));
            switch (opcode) {
              case I32_LOAD8_S -> assertThat(results).as(what).containsExactly((int) (byte) 0x81);
              case I32_LOAD16_U -> assertThat(results).as(what).containsExactly(0x8181);
              case I64_LOAD -> assertThat(results).as(what).containsExactly(0x8181_8181_8181_8181L);
              default -> assertThat(memory.getLong(start)).as(what).isEqualTo(value);
            }
            memory.write(start, new byte[width], 0, width);
          }
        }
      }
      assertThat(memory.copy(0, PAGE)).containsOnly(0);
      assertThat(memory.copy(form.size() - PAGE, PAGE)).containsOnly(0);
    }
  }

  /// {@return where an access begins, or -1 if it is out of bounds}
  private static long start(Form form, long address, long offset, int width) {
    BigInteger start = unsigned(address).add(unsigned(offset));
    BigInteger end = start.add(BigInteger.valueOf(width));
    return end.compareTo(BigInteger.valueOf(form.size())) <= 0 ? start.longValue() : -1;
  }

  private static void check(
      Instance instance,
      Memory memory,
      Opcode opcode,
      long offset,
      long address,
      long start,
      String what) {
    int width = 1 << opcode.accessWidthLog2();
    Object argument = isWide(instance) ? (Object) address : (Object) (int) address;
    long pattern = 0x8182_8384_8586_8788L >>> (Long.SIZE - 8 * width);
    byte[] before = snapshot(memory, start, width);
    try {
      if (isStore(opcode)) {
        TestEngine.call(instance, name(opcode, offset), argument, value(type(opcode), pattern));
        assertThat(start).as("%s: no trap", what).isNotNegative();
        byte[] expected = before.clone();
        for (int i = 0; i < width; i++) {
          expected[lead(start) + i] = (byte) (pattern >>> (8 * i));
        }
        assertThat(snapshot(memory, start, width)).as(what).isEqualTo(expected);
        memory.write(start - lead(start), before, 0, before.length);
      } else {
        if (start >= 0) {
          for (int i = 0; i < width; i++) {
            memory.setByte(start + i, (byte) (pattern >>> (8 * i)));
          }
        }
        Object result = TestEngine.result(instance, name(opcode, offset), argument);
        assertThat(start).as("%s: no trap", what).isNotNegative();
        assertThat(bits(result)).as(what).isEqualTo(loaded(opcode, pattern));
        memory.write(start - lead(start), before, 0, before.length);
      }
    } catch (TrapException trap) {
      assertThat(trap.reason()).as(what).isEqualTo(TrapReason.MEMORY_OUT_OF_BOUNDS);
      assertThat(start).as("%s: a trap", what).isEqualTo(-1);
    }
  }

  private static boolean isWide(Instance instance) {
    return TestEngine.memory(instance).type().limits().is64();
  }

  /// {@return the number of bytes before the access that are looked at too}
  private static int lead(long start) {
    return (int) Math.min(8, start);
  }

  private static byte[] snapshot(Memory memory, long start, int width) {
    if (start < 0) {
      return new byte[0];
    }
    long end = Math.min(memory.sizeBytes(), start + width + 8);
    return memory.copy(start - lead(start), (int) (end - start) + lead(start));
  }

  private static Object value(NumType type, long bits) {
    return switch (type) {
      case I32 -> (int) bits;
      case I64 -> bits;
      case F32 -> Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
    };
  }

  private static long bits(@Nullable Object value) {
    return switch (value) {
      case Integer i -> i & 0xffff_ffffL;
      case Long l -> l;
      case Float f -> Float.floatToRawIntBits(f) & 0xffff_ffffL;
      case Double d -> Double.doubleToRawLongBits(d);
      case null, default -> throw new AssertionError("no number: " + value);
    };
  }

  private static long loaded(Opcode opcode, long pattern) {
    int unused = Long.SIZE - (8 << opcode.accessWidthLog2());
    boolean isSigned = opcode.mnemonic().endsWith("_s");
    long value = isSigned ? pattern << unused >> unused : pattern;
    return opcode.mnemonic().startsWith("i32") ? value & 0xffff_ffffL : value;
  }

  private static BigInteger unsigned(long value) {
    return new BigInteger(Long.toUnsignedString(value));
  }
}
