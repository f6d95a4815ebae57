package dev.cloister.engine.snapshot;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.PackedType.I16;
import static dev.cloister.engine.types.PackedType.I8;
import static dev.cloister.engine.types.RefType.ANYREF;
import static dev.cloister.engine.types.RefType.EXNREF;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static dev.cloister.engine.types.VecType.V128;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.CodeBuilder.Catch;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.fixture.TrapAssert;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.I31;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceState;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.runtime.Values;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SnapshotsTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType TO_ANY = new FuncType(List.of(), List.of(ANYREF));
  private static final int CATCH_ALL_REF = 3;
  private static final int PAGE = 65_536;
  private static final byte[] KEY = new byte[32];
  private static final byte[] NOTHING = {};

  private final TestEngine engine = new TestEngine();
  private final Snapshots snapshots = new Snapshots(KEY);

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// A module that has something of everything; its state is set through the host's interface.
  private static ModuleBuilder module() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType node = module.type(struct(I8, I16, I32, I64, F32, F64, ANYREF, V128));
    DefinedType numbers = module.type(array(I64));
    DefinedType references = module.type(array(ANYREF));
    module.memory(MemoryType.of(Limits.of(1, 10)));
    module.table(new TableType(FUNCREF, Limits.of(4, 8)));
    module.table(new TableType(ANYREF, Limits.of(2, 100)));
    module.tag(new FuncType(List.of(I32, ANYREF), List.of()));
    module.global(new GlobalType(I32, true), code -> code.i32Const(1));
    module.global(new GlobalType(I64, true), code -> code.i64Const(2));
    module.global(new GlobalType(F32, true), code -> code.f32Const(3));
    module.global(new GlobalType(F64, true), code -> code.f64Const(4));
    module.global(new GlobalType(V128, true), code -> code.op(Opcode.V128_CONST, 5, 6));
    module.global(new GlobalType(ANYREF, true), code -> nullOf(code, AbstractHeapType.NONE));
    module.global(new GlobalType(FUNCREF, true), code -> nullOf(code, AbstractHeapType.NOFUNC));
    module.global(new GlobalType(EXNREF, true), code -> nullOf(code, AbstractHeapType.EXN));
    module.global(new GlobalType(EXTERNREF, true), code -> nullOf(code, AbstractHeapType.EXTERN));
    module.global(new GlobalType(I32, false), code -> code.i32Const(77));
    return module
        .export("cell", ExternKind.GLOBAL, 0)
        .exportFunction("one", TO_INT, code -> code.i32Const(1))
        .exportFunction("two", TO_INT, code -> code.i32Const(2))
        .exportFunction("node", TO_ANY, code -> code.op(Opcode.STRUCT_NEW_DEFAULT, node))
        .exportFunction(
            "numbers", TO_ANY, code -> code.i32Const(3).op(Opcode.ARRAY_NEW_DEFAULT, numbers))
        .exportFunction(
            "references", TO_ANY, code -> code.i32Const(3).op(Opcode.ARRAY_NEW_DEFAULT, references))
        .exportFunction(
            "throwing",
            VOID,
            code -> {
              code.block(EXNREF).tryTable(VOID, new Catch(CATCH_ALL_REF, 0, 0));
              code.i32Const(9).globalGet(5).op(Opcode.THROW, 0);
              code.end().op(Opcode.UNREACHABLE).end().globalSet(7);
            })
        .exportFunction(
            "indirect",
            new FuncType(List.of(I32), List.of(I32)),
            code -> code.localGet(0).callIndirect(TO_INT, 0))
        .exportFunction(
            "initData",
            VOID,
            code -> code.i32Const(0).i32Const(0).i32Const(1).op(Opcode.MEMORY_INIT, 1, 0))
        .exportFunction("dropData", VOID, code -> code.op(Opcode.DATA_DROP, 1))
        .exportFunction(
            "initElements",
            VOID,
            code -> code.i32Const(0).i32Const(0).i32Const(1).op(Opcode.TABLE_INIT, 1, 0))
        .exportFunction("dropElements", VOID, code -> code.op(Opcode.ELEM_DROP, 1))
        .exportFunction(
            "grow",
            new FuncType(List.of(I32), List.of(I32)),
            code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
        .elements(0, 1, 0, 1)
        .elements(Mode.PASSIVE, 0)
        .data(100, new byte[] {1, 2, 3})
        .passiveData(new byte[] {42});
  }

  private static void nullOf(CodeBuilder code, AbstractHeapType type) {
    code.heapType(Opcode.REF_NULL, type);
  }

  private static dev.cloister.engine.runtime.V128 vector(long low, long high) {
    return new dev.cloister.engine.runtime.V128(low, high);
  }

  private static StructType struct(StorageType... fields) {
    List<FieldType> types = new ArrayList<>();
    for (StorageType field : fields) {
      types.add(new FieldType(field, true));
    }
    return new StructType(types);
  }

  private static ArrayType array(StorageType element) {
    return new ArrayType(new FieldType(element, true));
  }

  private Instance instance(ModuleHandle module) {
    return module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
  }

  private byte[] capture(ModuleHandle module, Instance instance) {
    return snapshots.capture(module.hash(), instance, NOTHING, Long.MAX_VALUE);
  }

  private Instance restore(ModuleHandle module, byte[] image, Store store) {
    return module.restore(store, Imports.NONE, snapshots.open(module.hash(), image));
  }

  private Instance copy(ModuleHandle module, Instance instance) {
    return restore(module, capture(module, instance), new Store(HeapLimiter.UNLIMITED));
  }

  @Test
  void memoryAndNumbers_areAsTheyWere() {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    assertThat(intResult(instance, "grow", 3)).isEqualTo(1);
    memory(instance).setLong(PAGE - 4, 0x0102_0304_0506_0708L);
    memory(instance).setByte(4L * PAGE - 1, (byte) 9);
    instance.setGlobal(0, -5);
    instance.setGlobal(1, Long.MIN_VALUE);
    instance.setGlobal(2, Float.intBitsToFloat(0x7FC0_1234));
    instance.setGlobal(3, -0.0);
    instance.setGlobal(4, vector(7, -8));

    Instance copy = copy(module, instance);

    assertThat(memory(copy).sizeBytes()).isEqualTo(4L * PAGE);
    assertThat(memory(copy).copy(0, 4 * PAGE)).isEqualTo(memory(instance).copy(0, 4 * PAGE));
    assertThat(memory(copy).copy(100, 3)).containsExactly(1, 2, 3);
    for (int i : new int[] {0, 1, 3, 4, 9}) {
      assertThat(copy.global(i)).isEqualTo(instance.global(i));
    }
    assertThat(Float.floatToRawIntBits((Float) Objects.requireNonNull(copy.global(2))))
        .isEqualTo(0x7FC0_1234);
    assertThat(TestEngine.global(copy, "cell").value()).isEqualTo(-5);
    assertThat(intResult(copy, "grow", 7)).isEqualTo(-1);
    assertThat(intResult(copy, "grow", 6)).isEqualTo(4);
    memory(copy).setByte(0, (byte) 1);
    assertThat(memory(instance).getByte(0)).isZero();
  }

  @Test
  void objects_keepTheirIdentitiesAndCycles() {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    WasmStruct a = (WasmStruct) object(instance, "node");
    WasmStruct b = (WasmStruct) object(instance, "node");
    WasmArray references = (WasmArray) object(instance, "references");
    WasmArray numbers = (WasmArray) object(instance, "numbers");
    a.setField(0, -1);
    a.setField(1, -2);
    a.setField(3, 1L << 40);
    a.setField(5, Math.PI);
    a.setField(6, b);
    a.setField(7, vector(1, 2));
    b.setField(6, references);
    references.setElement(0, a);
    references.setElement(1, numbers);
    references.setElement(2, new InstanceState(instance).i31(-(1 << 29)));
    numbers.setElement(1, 99L);
    instance.setGlobal(5, a);
    instance.table(1).setElement(1, numbers);
    call(instance, "throwing");

    Instance copy = copy(module, instance);

    WasmStruct a2 = (WasmStruct) Objects.requireNonNull(copy.global(5));
    assertThat(a2).isNotSameAs(a);
    assertThat(a2.type()).isSameAs(a.type());
    assertThat(a2.fields()).startsWith(-1, -2, 0, 1L << 40, 0f, Math.PI).endsWith(vector(1, 2));
    WasmStruct b2 = (WasmStruct) Objects.requireNonNull(a2.fields()[6]);
    WasmArray references2 = (WasmArray) Objects.requireNonNull(b2.fields()[6]);
    assertThat(references2.get(0)).isSameAs(a2);
    WasmArray numbers2 = (WasmArray) Objects.requireNonNull(references2.get(1));
    assertThat(copy.table(1).get(1)).isSameAs(numbers2);
    assertThat(copy.table(1).get(0)).isNull();
    assertThat(numbers2.get(1)).isEqualTo(99L);
    assertThat(references2.get(2))
        .isInstanceOfSatisfying(
            I31.class, small -> assertThat(small.value()).isEqualTo(-(1 << 29)));
    ThrownException thrown = (ThrownException) Objects.requireNonNull(copy.global(7));
    assertThat(thrown.values()).hasSize(2).startsWith(9);
    assertThat(thrown.values().get(1)).isSameAs(a2);
    assertThat(thrown.tag()).isSameAs(new InstanceState(copy).tag(0));
  }

  private static Object object(Instance instance, String function) {
    return Objects.requireNonNull(result(instance, function));
  }

  @Test
  void functionsInTables_areThoseOfTheNewInstance() {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    instance.table(0).setElement(3, instance.exportedFunction("one"));
    instance.setGlobal(6, instance.exportedFunction("two"));

    Instance copy = copy(module, instance);

    assertThat(intResult(copy, "indirect", 1)).isEqualTo(1);
    assertThat(intResult(copy, "indirect", 2)).isEqualTo(2);
    assertThat(intResult(copy, "indirect", 3)).isEqualTo(1);
    TrapAssert.assertTraps(TrapReason.UNINITIALIZED_ELEMENT, () -> call(copy, "indirect", 0));
    assertThat(copy.global(6)).isSameAs(copy.exportedFunction("two"));
    assertThat(copy.exportedFunction("two").instance).isSameAs(copy);
  }

  @Test
  void segments_staySegmentsOrDropped() {
    ModuleHandle module = engine.compile(module());
    Instance whole = copy(module, instance(module));
    call(whole, "initData");
    call(whole, "initElements");
    assertThat(memory(whole).getByte(0)).isEqualTo((byte) 42);
    assertThat(intResult(whole, "indirect", 0)).isEqualTo(1);
    call(whole, "dropData");
    call(whole, "dropElements");

    Instance dropped = copy(module, whole);
    TrapAssert.assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(dropped, "initData"));
    TrapAssert.assertTraps(TrapReason.TABLE_OUT_OF_BOUNDS, () -> call(dropped, "initElements"));
  }

  @Test
  void whatIsNotTheInstances_isRefused() {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    instance.setGlobal(8, "an object of the host");
    assertRefused(module, instance, "global 8 refers to an object of the host");
    instance.setGlobal(8, null);
    Instance other = instance(module);
    instance.setGlobal(6, other.exportedFunction("one"));
    assertRefused(module, instance, "global 6 refers to a function of another instance");

    ModuleBuilder importing =
        new ModuleBuilder().importItem("env", "global", new GlobalType(I32, false));
    ModuleHandle importer = engine.compile(importing);
    Instance imported =
        importer.instantiate(
            new Store(HeapLimiter.UNLIMITED),
            (_, _, _) -> Global.create(new GlobalType(I32, false), 1));
    assertRefused(importer, imported, "the module imports more than functions: env.global");

    ModuleHandle shared =
        engine.compile(
            new ModuleBuilder()
                .memory(new MemoryType(Limits.of(1, 1), true, MemoryType.DEFAULT_PAGE_SIZE_LOG2)));
    assertRefused(shared, instance(shared), "the instance is not alone: it has a shared memory");

    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance first = module.instantiate(store, Imports.NONE);
    module.instantiate(store, Imports.NONE);
    assertRefused(module, first, "the instance is not alone: there are other instances beside it");
  }

  @Test
  void runningInstance_isRefused() {
    ModuleBuilder builder = new ModuleBuilder().importFunction("env", "capture", VOID);
    ModuleHandle module = engine.compile(builder.exportFunction("run", VOID, code -> code.call(0)));
    Imports imports =
        (_, _, _) ->
            HostFunction.of(
                VOID,
                (caller, _) -> {
                  capture(module, caller);
                  return new Object[0];
                });
    Instance instance = module.instantiate(new Store(HeapLimiter.UNLIMITED), imports);

    assertThatThrownBy(() -> call(instance, "run"))
        .isInstanceOf(SnapshotException.class)
        .hasMessageContaining("guest code is running");
    byte[] image = capture(module, instance);
    assertThat(image).isNotEmpty();
  }

  private void assertRefused(ModuleHandle module, Instance instance, String message) {
    assertThatThrownBy(() -> capture(module, instance))
        .isInstanceOf(SnapshotException.class)
        .hasMessage(message);
  }

  @Test
  void images_areBounded() {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    byte[] image = capture(module, instance);

    assertThat(image.length).isLessThan(1_000);
    assertThat(snapshots.capture(module.hash(), instance, NOTHING, image.length))
        .hasSameSizeAs(image);
    assertThatThrownBy(() -> snapshots.capture(module.hash(), instance, NOTHING, image.length - 1))
        .isInstanceOf(SnapshotException.class)
        .hasMessage("the image would have more than " + (image.length - 1) + " bytes");
  }

  @Test
  void attachment_comesBack() {
    ModuleHandle module = engine.compile(module());
    byte[] attachment = {1, 2, 3};
    byte[] image = snapshots.capture(module.hash(), instance(module), attachment, Long.MAX_VALUE);

    assertThat(snapshots.attachment(module.hash(), image)).isEqualTo(attachment);
  }

  @Test
  void everyDamagedByte_isNoticed() {
    ModuleHandle module = engine.compile(module());
    byte[] image = capture(module, instance(module));

    for (int i = 0; i < image.length; i++) {
      byte[] damaged = image.clone();
      damaged[i] ^= 1;
      assertThatThrownBy(() -> snapshots.open(module.hash(), damaged))
          .as("byte %s", i)
          .isInstanceOf(SnapshotException.class);
    }
    for (int length = 0; length < image.length; length++) {
      byte[] cut = Arrays.copyOf(image, length);
      assertThatThrownBy(() -> snapshots.open(module.hash(), cut))
          .as("length %s", length)
          .isInstanceOf(SnapshotException.class);
    }
  }

  @Test
  void otherKeysAndModules_areRefused() {
    ModuleHandle module = engine.compile(module());
    ModuleHandle other = engine.compile(module().name("other"));
    byte[] image = capture(module, instance(module));
    byte[] otherKey = KEY.clone();
    otherKey[0] = 1;

    assertThatThrownBy(() -> new Snapshots(otherKey).open(module.hash(), image))
        .isInstanceOf(SnapshotException.class)
        .hasMessage("the image is not authentic");
    assertThatThrownBy(() -> snapshots.open(other.hash(), image))
        .isInstanceOf(SnapshotException.class)
        .hasMessage(
            "the image is of module " + module.hash().hex() + ", not of " + other.hash().hex());
    assertThatThrownBy(() -> new Snapshots(new byte[31]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void restoring_isChargedAndCanBeStopped() {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    call(instance, "grow", 5);
    byte[] image = capture(module, instance);
    HeapLimiter small = new CountingLimiter(5L * PAGE);

    assertThatThrownBy(() -> restore(module, image, new Store(small)))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("memory size in bytes");
    Store stopped = new Store(HeapLimiter.UNLIMITED);
    stopped.requestStop(StopReason.DEADLINE);
    assertThatThrownBy(() -> restore(module, image, stopped)).isInstanceOf(StoppedException.class);
  }

  /// Images that are authentic and wrong, as only a fault of ours could make them.
  @Test
  void mutatedState_neverYieldsAWrongType() throws IOException {
    ModuleHandle module = engine.compile(module());
    Instance instance = instance(module);
    WasmStruct node = (WasmStruct) object(instance, "node");
    WasmArray references = (WasmArray) object(instance, "references");
    node.setField(6, references);
    references.setElement(0, node);
    references.setElement(1, new InstanceState(instance).i31(5));
    instance.setGlobal(5, node);
    instance.setGlobal(6, instance.exportedFunction("two"));
    instance.table(1).setElement(0, references);
    call(instance, "throwing");
    byte[] state = state(instance);
    Random random = Seed.random();
    int restored = 0;

    for (int round = 0; round < (Boolean.getBoolean("slow") ? 200_000 : 4_000); round++) {
      byte[] mutated = mutate(state, random);
      byte[] image = snapshots.seal(module.hash(), NOTHING, mutated);
      try (Store store = new Store(new CountingLimiter(64 << 20))) {
        Instance copy = restore(module, image, store);
        requireTyped(copy);
        restored++;
      } catch (SnapshotException | LimitExceededException _) {
        // That is how faulty images are to end.
      }
    }
    assertThat(restored).isPositive();
  }

  private static void requireTyped(Instance instance) {
    for (int i = 0; i < instance.module().globalCount(); i++) {
      Object value = instance.global(i);
      Values.requireType(value, instance.module().globalType(i).valueType());
      assertThat(value instanceof WasmStruct struct ? struct.fields() : new Object[1]).isNotEmpty();
    }
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < instance.table(i).size(); j++) {
        Values.requireType(instance.table(i).get(j), instance.table(i).type().element());
      }
    }
    assertThat(intResult(instance, "one")).isEqualTo(1);
  }

  private static byte[] mutate(byte[] state, Random random) {
    byte[] mutated = state.clone();
    switch (random.nextInt(3)) {
      case 0 -> mutated[random.nextInt(mutated.length)] ^= (byte) (1 << random.nextInt(8));
      case 1 -> {
        int at = random.nextInt(mutated.length - 4);
        int value = random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(8);
        for (int i = 0; i < 4; i++) {
          mutated[at + i] = (byte) (value >> (24 - 8 * i));
        }
      }
      default -> mutated = Arrays.copyOf(mutated, random.nextInt(mutated.length));
    }
    return mutated;
  }

  private static byte[] state(Instance instance) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      new StateWriter(new InstanceState(instance), out).write();
    }
    return bytes.toByteArray();
  }
}
