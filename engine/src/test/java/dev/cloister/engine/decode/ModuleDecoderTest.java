package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.CustomSection;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RecGroup;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ModuleDecoderTest {

  private static final FuncType NOTHING = FuncType.EMPTY;
  private static final byte[] HEADER = {0, 'a', 's', 'm', 1, 0, 0, 0};

  private static WasmModule decode(byte[] bytes) {
    return ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
  }

  private static byte[] module(int... sections) {
    return new BinaryWriter().bytes(HEADER).bytes(sections).toByteArray();
  }

  private static void assertMalformed(byte[] bytes, String text, long offset) {
    assertThatThrownBy(() -> decode(bytes))
        .isInstanceOfSatisfying(
            MalformedException.class,
            fault -> {
              assertThat(fault.text()).startsWith(text);
              assertThat(fault.offset()).isEqualTo(offset);
              assertThat(fault).hasMessageEndingWith("(@+0x" + Long.toHexString(offset) + ")");
            });
  }

  private static void assertInvalid(ModuleBuilder module, String text) {
    assertThatThrownBy(() -> decode(module.build()))
        .isInstanceOf(InvalidModuleException.class)
        .hasMessageStartingWith(text);
  }

  @Test
  void emptyModule_isValid() {
    WasmModule module = decode(HEADER.clone());
    assertThat(module.functionCount()).isZero();
    assertThat(module.startFunction()).isEqualTo(-1);
    assertThat(module.dataCount()).isEqualTo(-1);
    assertThat(module.name()).isNull();
  }

  @Test
  void module_withEverything_isDescribedWhole() {
    FuncType unary = new FuncType(List.of(I32), List.of(I32));
    ModuleBuilder builder =
        new ModuleBuilder()
            .importFunction("env", "log", unary)
            .importItem("env", "limit", new GlobalType(I32, false))
            .function(NOTHING, code -> code.i32Const(1).call(0).drop())
            .exportFunction("twice", unary, code -> code.localGet(0).localGet(0).i32Add())
            .table(new TableType(RefType.FUNCREF, Limits.of(4, 8)))
            .memory(2)
            .tag(new FuncType(List.of(I64), List.of()))
            .global(new GlobalType(I32, true), code -> code.globalGet(0))
            .export("memory", ExternKind.MEMORY, 0)
            .start(1)
            .elements(0, 1, 2, 2)
            .elements(Mode.PASSIVE, 1)
            .data(16, "hello".getBytes(StandardCharsets.UTF_8))
            .passiveData(new byte[] {1, 2, 3})
            .name("sample")
            .nameFunction(2, "twice_named")
            .custom("note", new byte[] {9});
    byte[] bytes = builder.build();
    WasmModule module = decode(bytes);

    assertThat(module.imports()).hasSize(2);
    assertThat(module.functionCount()).isEqualTo(3);
    assertThat(module.importedFunctionCount()).isEqualTo(1);
    assertThat(module.signature(2)).isEqualTo(unary);
    assertThat(bytes[module.bodyEnd(2) - 1]).isEqualTo((byte) Opcode.END.code());
    assertThat(module.bodyInstructions(2).readLocalGroups()).isZero();
    assertThat(module.tableType(0).limits()).isEqualTo(Limits.of(4, 8));
    assertThat(module.tableInit(0)).isNull();
    assertThat(module.memoryType(0)).isEqualTo(MemoryType.of(Limits.of(2)));
    assertThat(module.tagCount()).isEqualTo(1);
    assertThat(module.globalCount()).isEqualTo(2);
    ConstExpr init = module.globalInit(1);
    assertThat(module.instructions(init.offset(), init.end()).next()).isEqualTo(Opcode.GLOBAL_GET);
    assertThat(module.exports()).hasSize(2);
    assertThat(module.startFunction()).isEqualTo(1);
    assertThat(module.elements()).hasSize(2);
    assertThat(module.elements().get(0).functionIndices()).containsExactly(2, 2);
    assertThat(module.elements().get(1).mode()).isEqualTo(Mode.PASSIVE);
    assertThat(module.data()).hasSize(2);
    assertThat(
            module
                .wireBytes()
                .text(module.data().get(0).dataOffset(), module.data().get(0).dataLength()))
        .isEqualTo("hello");
    assertThat(module.dataCount()).isEqualTo(2);
    assertThat(module.isDeclaredFunction(0)).isFalse();
    assertThat(module.isDeclaredFunction(1)).isTrue();
    assertThat(module.isDeclaredFunction(2)).isTrue();
    assertThat(module.name()).isEqualTo("sample");
    assertThat(module.functionName(2)).isEqualTo("twice_named");
    assertThat(module.functionName(0)).isNull();
    assertThat(module.customSections())
        .extracting(CustomSection::name)
        .containsExactly("note", "name");
    assertThat(module.wireBytes().sha256().hex()).hasSize(64);
  }

  @Test
  void recursionGroup_ofTwoModules_isTheSameType() {
    WasmModule first = decode(listModule());
    WasmModule second = decode(listModule());
    assertThat(first.type(0)).isSameAs(second.type(0));
    assertThat(first.type(1)).isSameAs(second.type(1)).isNotSameAs(first.type(0));
    assertThat(first.type(1).isSubtypeOf(first.type(0))).isTrue();
    assertThat(first.type(0).isSubtypeOf(first.type(1))).isFalse();
  }

  private static byte[] listModule() {
    RecGroup group = new RecGroup(2);
    FieldType next = new FieldType(RefType.of(true, group.type(0)), true);
    group.define(0, false, null, new StructType(List.of(next)));
    group.define(1, true, group.type(0), new StructType(List.of(next, new FieldType(I32, false))));
    return new ModuleBuilder().types(group).build();
  }

  @Test
  void brokenNameSection_isTolerated() {
    byte[] bytes =
        new ModuleBuilder()
            .function(NOTHING, _ -> {})
            .custom("name", new byte[] {0, 3, 2, 'o', 'k', 1, 100, 1})
            .build();
    WasmModule module = decode(bytes);
    assertThat(module.name()).isEqualTo("ok");
    assertThat(module.functionName(0)).isNull();
  }

  @Test
  void malformedBytes_areRefusedWhereTheFaultIs() {
    assertMalformed(new byte[0], "unexpected end", 0);
    assertMalformed(new byte[] {0, 'a', 's'}, "unexpected end", 3);
    assertMalformed(new byte[] {1, 'a', 's', 'm'}, "magic header not detected", 0);
    assertMalformed(new byte[] {0, 'a', 's', 'm', 2, 0, 0, 0}, "unknown binary version 2", 4);
    assertMalformed(module(14, 0), "malformed section id 14", 8);
    assertMalformed(module(1), "unexpected end", 9);
    assertMalformed(module(1, 0x80, 0x80, 0x80, 0x80, 0x80), "integer representation too long", 9);
    assertMalformed(module(1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F), "integer too large", 9);
    assertMalformed(module(1, 5, 0), "length out of bounds", 9);
    assertMalformed(module(1, 2, 0, 0), "section size mismatch", 11);
    assertMalformed(module(1, 1, 0, 1, 1, 0), "unexpected content after last section", 11);
    assertMalformed(module(1, 4, 1, 0x61, 0, 0), "malformed type form 61", 11);
    assertMalformed(module(1, 4, 1, 0x60, 0, 5), "unexpected end of section or function", 14);
    assertMalformed(module(0, 3, 2, 0xC3, 0x28), "malformed UTF-8 encoding", 11);
    assertMalformed(
        module(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0),
        "function and code section have inconsistent lengths: 1 and 0",
        18);
  }

  @Test
  void malformedBodies_areRefusedWhereTheFaultIs() {
    // One function of type [] -> []; its body starts at 0x17.
    int[] before = {1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0};
    assertMalformed(body(before, 0), "unexpected end of section or function, in function 0", 0x17);
    assertMalformed(body(before, 0, 0xFF, 0x0B), "illegal opcode ff, in function 0", 0x17);
    assertMalformed(body(before, 0, 0xFC, 0x7F, 0x0B), "illegal opcode fc 7f", 0x17);
    assertMalformed(body(before, 0, 0x0B, 0x01), "section size mismatch", 0x18);
    assertMalformed(
        body(before, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x7F, 1), "too many locals", 0x1E);
    assertMalformed(body(before, 1, 1), "unexpected end of section or function", 0x18);
  }

  private static byte[] body(int[] before, int... body) {
    byte[] bytes = new BinaryWriter().bytes(body).toByteArray();
    byte[] code = new BinaryWriter().unsigned(1).sized(bytes).toByteArray();
    return new BinaryWriter().bytes(HEADER).bytes(before).section(10, code).toByteArray();
  }

  @Test
  void invalidModules_areRefusedByTheirRule() {
    assertInvalid(
        new ModuleBuilder()
            .memory(1)
            .export("m", ExternKind.MEMORY, 0)
            .export("m", ExternKind.MEMORY, 0),
        "duplicate export name \"m\"");
    assertInvalid(
        new ModuleBuilder().export("f", ExternKind.FUNCTION, 7), "unknown function 7, there are 0");
    assertInvalid(
        new ModuleBuilder().memory(MemoryType.of(Limits.of(2, 1))),
        "size minimum must not be greater than maximum");
    assertInvalid(
        new ModuleBuilder().memory(65_537), "memory size must be at most 65536 pages (4GiB)");
    assertInvalid(
        new ModuleBuilder().memory(new MemoryType(Limits.of(1), true, 16)),
        "shared memory must have maximum");
    assertInvalid(
        new ModuleBuilder().memory(new MemoryType(Limits.of(1), false, 4)),
        "invalid custom page size");
    assertInvalid(
        new ModuleBuilder().function(new FuncType(List.of(I32), List.of()), _ -> {}).start(0),
        "start function 0");
    assertInvalid(
        new ModuleBuilder().global(new GlobalType(I32, false), code -> code.i64Const(1)),
        "type mismatch: instruction requires [i32] but stack has [i64]");
    assertInvalid(
        new ModuleBuilder()
            .global(new GlobalType(I32, false), code -> code.i32Const(1).op(Opcode.I32_CLZ)),
        "constant expression required: i32.clz is not constant");
    assertInvalid(new ModuleBuilder().data(0, new byte[1]), "unknown memory 0");
    assertInvalid(
        new ModuleBuilder().function(NOTHING, code -> code.op(Opcode.REF_FUNC, 0).drop()),
        "undeclared function reference");
  }

  @Test
  void switchedOffFeature_isNamed() {
    byte[] simd =
        new ModuleBuilder()
            .function(NOTHING, code -> code.op(Opcode.V128_CONST, 0, 0).drop())
            .build();
    assertRefused(simd, WasmFeature.SIMD);
    byte[] twoMemories = new ModuleBuilder().memory(1).memory(1).build();
    assertRefused(twoMemories, WasmFeature.MULTI_MEMORY);
    byte[] memory64 =
        new ModuleBuilder().memory(MemoryType.of(new Limits(true, 1, false, 0))).build();
    assertRefused(memory64, WasmFeature.MEMORY64);
    byte[] shared = new ModuleBuilder().memory(new MemoryType(Limits.of(1, 1), true, 16)).build();
    assertRefused(shared, WasmFeature.THREADS);
    byte[] tag = new ModuleBuilder().tag(NOTHING).build();
    assertRefused(tag, WasmFeature.EXCEPTIONS);
    assertRefused(listModule(), WasmFeature.GC);
    byte[] passive = new ModuleBuilder().passiveData(new byte[1]).build();
    assertRefused(passive, WasmFeature.BULK_MEMORY);
    byte[] externref =
        new ModuleBuilder()
            .function(new FuncType(List.of(RefType.EXTERNREF), List.of()), _ -> {})
            .build();
    assertRefused(externref, WasmFeature.REFERENCE_TYPES);
  }

  private static void assertRefused(byte[] bytes, WasmFeature feature) {
    assertThat(decode(bytes)).isNotNull();
    WasmFeatures features = WasmFeatures.ALL.without(feature);
    String verdict = Decoding.sync(bytes, features, WasmLimits.defaults()).verdict();
    assertThat(verdict).contains("feature " + feature.id()).contains("switched off");
  }

  @Test
  void compactImports_areTheSameAsLongOnes() {
    BinaryWriter types = new BinaryWriter().bytes(1, 0x60, 0, 0);
    byte[] byModule =
        new BinaryWriter()
            .unsigned(1)
            .name("m")
            .name("")
            .bytes(0x7F, 2)
            .name("a")
            .bytes(0, 0)
            .name("b")
            .bytes(3, 0x7F, 0)
            .toByteArray();
    byte[] byType =
        new BinaryWriter()
            .unsigned(1)
            .name("m")
            .name("")
            .bytes(0x7E, 3, 0x7F, 0, 2)
            .name("a")
            .name("b")
            .toByteArray();
    WasmModule first =
        decode(
            new BinaryWriter()
                .bytes(HEADER)
                .section(1, types.toByteArray())
                .section(2, byModule)
                .toByteArray());
    assertThat(first.imports()).extracting(Import::name).containsExactly("a", "b");
    assertThat(first.imports()).extracting(Import::module).containsExactly("m", "m");
    WasmModule second = decode(new BinaryWriter().bytes(HEADER).section(2, byType).toByteArray());
    assertThat(second.globalCount()).isEqualTo(2);
    assertThat(Objects.requireNonNull(second.imports().get(1)).type())
        .isEqualTo(new GlobalType(I32, false));
  }
}
