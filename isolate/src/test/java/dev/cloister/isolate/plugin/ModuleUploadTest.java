package dev.cloister.isolate.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ModuleUploadTest {
  private static final byte[] MODULE = Modules.plain();

  private final Guests guests = new Guests();
  private final WasmEngine engine = guests.engine();
  private final EngineIsolate isolate = engine.addIsolate("tenant");
  private final HeapLedger ledger = new HeapLedger(1 << 20);
  private final CodeBudget code = new CodeBudget(ledger, 1 << 20);
  private final LoadedModules modules = new LoadedModules();

  @AfterEach
  void stop() {
    modules.close();
    isolate.close();
    assertThat(engine.nativeModules()).isEmpty();
    guests.close();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void moduleInPieces_isCompiledAndCharged() {
    ModuleUpload upload = upload(MODULE.length);
    for (int i = 0; i < MODULE.length; i++) {
      upload.push(MODULE, i, 1);
    }
    assertThat(charged(HeapCategory.BUFFER)).isEqualTo(MODULE.length);

    PluginHandle plugin = upload.finish();

    assertThat(plugin.hash()).isEqualTo(ModuleHash.of(MODULE));
    assertThat(plugin.abi()).isEqualTo(Abi.PLAIN);
    assertThat(plugin.scriptUrl()).startsWith("wasm://wasm/");
    assertThat(plugin.unresolvedImports()).isEmpty();
    assertThat(modules.find(plugin.hash())).isSameAs(plugin);
    assertThat(charged(HeapCategory.BUFFER)).isZero();
    assertThat(charged(HeapCategory.CODE_SHARE))
        .isEqualTo(
            MODULE.length
                + plugin.module().metadataBytes()
                + plugin.engineHandle().imageBytes(CodeKind.BASELINE));
    assertThat(code.usedBytes()).isEqualTo(charged(HeapCategory.CODE_SHARE));
    assertThat(upload.receivedBytes()).isEqualTo(MODULE.length);
  }

  @Test
  void sameModuleTwice_isHeldOnce() {
    PluginHandle first = load(MODULE);
    long charged = ledger.chargedBytes();

    PluginHandle second = load(MODULE);

    assertThat(second).isSameAs(first);
    assertThat(modules.count()).isEqualTo(1);
    assertThat(ledger.chargedBytes()).isEqualTo(charged);
    assertThat(engine.nativeModules().getFirst().references()).isEqualTo(1);
  }

  @Test
  void tooLargeModule_isRefusedAtTheByteThatIsTooMany() {
    ModuleUpload upload = upload(10);
    upload.push(MODULE, 0, 10);

    assertThatThrownBy(() -> upload.push(MODULE, 10, 1))
        .isInstanceOfSatisfying(
            LimitExceededException.class,
            e -> {
              assertThat(e.limit()).isEqualTo("uploadBytes");
              assertThat(e.used()).isEqualTo(11);
              assertThat(e.allowed()).isEqualTo(10);
            });
    assertThat(ledger.chargedBytes()).isZero();
    assertThatThrownBy(() -> upload.push(MODULE, 10, 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void fullLedger_refusesTheUpload() {
    assertThat(ledger.charge(HeapCategory.FILE, (1 << 20) - 10)).isTrue();
    ModuleUpload upload = upload(MODULE.length);

    assertThatThrownBy(() -> upload.push(MODULE, 0, MODULE.length))
        .isInstanceOfSatisfying(
            LimitExceededException.class, e -> assertThat(e.limit()).isEqualTo("memoryBytes"));

    ledger.release(HeapCategory.FILE, (1 << 20) - 10);
  }

  @Test
  void fullLedger_refusesTheMetadata() {
    ModuleUpload upload = upload(MODULE.length);
    upload.push(MODULE, 0, MODULE.length);
    long free = (1 << 20) - ledger.chargedBytes();
    assertThat(ledger.charge(HeapCategory.FILE, free)).isTrue();

    assertThatThrownBy(upload::finish)
        .isInstanceOfSatisfying(
            LimitExceededException.class, e -> assertThat(e.limit()).isEqualTo("memoryBytes"));

    ledger.release(HeapCategory.FILE, free);
    assertThat(modules.count()).isZero();
  }

  @Test
  void moduleWithMoreCodeThanAllowed_isRefusedByName() {
    code.changeMax(MODULE.length);
    ModuleUpload upload = upload(MODULE.length);
    upload.push(MODULE, 0, MODULE.length);

    assertThatThrownBy(upload::finish)
        .isInstanceOfSatisfying(
            LimitExceededException.class,
            e -> {
              assertThat(e.limit()).isEqualTo("codeBytes");
              assertThat(e.used()).isGreaterThan(MODULE.length);
              assertThat(e.allowed()).isEqualTo(MODULE.length);
            });
    assertThat(modules.count()).isZero();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void heldModuleAgain_needsNoMoreCodeThanOnce() {
    PluginHandle first = load(MODULE);
    code.changeMax(code.usedBytes());

    assertThat(load(MODULE)).isSameAs(first);
  }

  @Test
  void furtherKindOfCode_isPaidForOnceAndBeforeItRuns() {
    PluginHandle plugin = load(MODULE);
    long normal = code.usedBytes();
    plugin.payFor(CodeKind.OPTIMIZED);
    assertThat(code.usedBytes()).isEqualTo(normal);

    plugin.payFor(CodeKind.DEBUG);
    plugin.payFor(CodeKind.DEBUG);

    long debugging = plugin.engineHandle().imageBytes(CodeKind.DEBUG);
    assertThat(code.usedBytes()).isEqualTo(normal + debugging);
    code.changeMax(normal + debugging);
    assertThatThrownBy(() -> plugin.payFor(CodeKind.FUEL))
        .isInstanceOfSatisfying(
            LimitExceededException.class, e -> assertThat(e.limit()).isEqualTo("codeBytes"));
    assertThat(code.usedBytes()).isEqualTo(normal + debugging);
  }

  @Test
  void shareOfAModule_isTheSameWhoeverElseHoldsIt() {
    load(MODULE);
    long alone = code.usedBytes();
    try (EngineIsolate other = engine.addIsolate("other")) {
      CodeBudget otherCode = new CodeBudget(ledger, 1 << 20);
      LoadedModules otherModules = new LoadedModules();
      ModuleUpload upload =
          new ModuleUpload(
              engine.startStreaming(other), otherModules, ledger, otherCode, MODULE.length);
      upload.push(MODULE, 0, MODULE.length);
      upload.finish();

      assertThat(engine.nativeModules()).hasSize(1);
      assertThat(otherCode.usedBytes()).isEqualTo(alone);
      assertThat(code.usedBytes()).isEqualTo(alone);
      otherModules.close();
    }
  }

  @Test
  void faultyModule_isRefusedAsSoonAsItIsCertain() {
    byte[] faulty = MODULE.clone();
    faulty[0] = 1;
    ModuleUpload upload = upload(MODULE.length);

    assertThatThrownBy(() -> upload.push(faulty, 0, 8)).isInstanceOf(ModuleException.class);
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void moduleCutShort_isRefusedAtItsEnd() {
    ModuleUpload upload = upload(MODULE.length);
    upload.push(MODULE, 0, MODULE.length - 1);

    assertThatThrownBy(upload::finish).isInstanceOf(ModuleException.class);
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void abortedUpload_leavesNothing() {
    ModuleUpload upload = upload(MODULE.length);
    upload.push(MODULE, 0, 20);

    upload.abort();
    upload.abort();

    assertThat(ledger.chargedBytes()).isZero();
    assertThatThrownBy(upload::finish).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void uploadAfterTheTenantIsGone_leavesNothing() {
    ModuleUpload upload = upload(MODULE.length);
    upload.push(MODULE, 0, MODULE.length);
    modules.close();

    assertThatThrownBy(upload::finish).isInstanceOf(IllegalStateException.class);
    assertThat(ledger.chargedBytes()).isZero();
    assertThat(engine.nativeModules()).isEmpty();
  }

  @Test
  void holds_keepAnUnloadedModuleUntilTheLastIsReturned() {
    PluginHandle plugin = load(MODULE);
    assertThat(plugin.hold()).isTrue();

    assertThat(modules.remove(plugin.hash())).isTrue();
    assertThat(modules.remove(plugin.hash())).isFalse();
    assertThat(plugin.hold()).isFalse();
    assertThat(engine.nativeModules()).hasSize(1);
    plugin.release();

    assertThat(engine.nativeModules()).isEmpty();
    assertThat(ledger.chargedBytes()).isZero();
    assertThatThrownBy(plugin::release).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void importsThatNobodyHas_areKnown() {
    PluginHandle plugin = load(Modules.unlinkable());

    assertThat(plugin.unresolvedImports())
        .singleElement()
        .satisfies(missing -> assertThat(missing.name()).isEqualTo("missing"));
  }

  private PluginHandle load(byte[] wireBytes) {
    ModuleUpload upload = upload(wireBytes.length);
    upload.push(wireBytes, 0, wireBytes.length);
    return upload.finish();
  }

  private ModuleUpload upload(long maxBytes) {
    return new ModuleUpload(engine.startStreaming(isolate), modules, ledger, code, maxBytes);
  }

  private long charged(HeapCategory category) {
    return ledger.snapshot().bytes().getOrDefault(category, 0L);
  }
}
