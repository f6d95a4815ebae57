package dev.cloister.engine.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What a module says about its debug information, and which of it is used.
final class SourceLocatorTest {
  private static final String MAP = "{\"version\":3,\"sources\":[\"map.c\"],\"mappings\":\"AAAA\"}";
  private static final String MAP_POSITION = "map.c:1:1";

  private static byte[] lines(String file) {
    return new LineProgram(4).file(file, 0).address(1).copy().advance(3).end().build();
  }

  private static ModuleBuilder module() {
    return new ModuleBuilder().function(FuncType.EMPTY, code -> code.i32Const(1).drop());
  }

  private static byte[] name(String text) {
    return new BinaryWriter().name(text).toByteArray();
  }

  private static SourceLocator locator(ModuleBuilder builder, DebugFileLoader files) {
    WasmModule module =
        ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
    ModuleHash hash = module.wireBytes().sha256();
    return new SourceLocator(module, ScriptUrl.of(module, hash), files);
  }

  /// {@return where the first function starts}
  private static @Nullable String start(ModuleBuilder builder, DebugFileLoader files) {
    WasmModule module =
        ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
    SourcePosition found = locator(builder, files).find(module.bodyOffset(0));
    return found == null ? null : found.toString();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void symbols_ofPlainModule_areNone() {
    SourceLocator locator =
        locator(
            module(),
            (_, _) -> {
              throw new AssertionError("nothing to load");
            });
    assertThat(locator.symbols()).isSameAs(DebugSymbols.NONE);
    assertThat(locator.symbols().isPresent()).isFalse();
    assertThat(locator.find(20)).isNull();
  }

  @Test
  void symbols_areWhatTheSectionsSay() {
    DebugSymbols symbols =
        locator(
                module()
                    .custom("sourceMappingURL", name("module.wasm.map"))
                    .custom("sourceMappingURL", name("second"))
                    .custom(".debug_info", new byte[0])
                    .custom("external_debug_info", name("module.debug.wasm")),
                DebugFileLoader.NONE)
            .symbols();
    assertThat(symbols).isEqualTo(new DebugSymbols("module.wasm.map", true, "module.debug.wasm"));
  }

  @Test
  void symbols_ofDataUrl_leaveTheDataOut() {
    String url = "data:application/json;base64," + "A".repeat(100_000);
    DebugSymbols symbols =
        locator(module().custom("sourceMappingURL", name(url)), DebugFileLoader.NONE).symbols();
    assertThat(symbols.sourceMapUrl()).isEqualTo("data:application/json;base64,");
  }

  @Test
  void symbols_thatAreNoNames_areNone() {
    String longest = "m".repeat(DebugSymbols.MAX_URL_BYTES);
    assertThat(url(name(longest))).isEqualTo(longest);
    assertThat(url(name(longest + "m"))).isNull();
    assertThat(url(name("data:" + longest))).isNull();
    assertThat(url(new byte[0])).isNull();
    assertThat(url(new byte[] {5, 'a'})).isNull();
    assertThat(url(new byte[] {-1, -1, -1, -1, 15})).isNull();
  }

  private static @Nullable String url(byte[] section) {
    return locator(module().custom("sourceMappingURL", section), DebugFileLoader.NONE)
        .symbols()
        .sourceMapUrl();
  }

  @Test
  void sourceMap_ofDataUrl_isUsedBeforeDwarf() {
    String url = "data:application/json;base64," + Base64.getEncoder().encodeToString(utf8(MAP));
    ModuleBuilder module =
        module().custom(".debug_line", lines("dwarf.c")).custom("sourceMappingURL", name(url));
    assertThat(start(module, DebugFileLoader.NONE)).isEqualTo(MAP_POSITION);
  }

  @Test
  void sourceMap_ofFile_isAskedForByItsUrl() {
    List<String> asked = new ArrayList<>();
    ModuleBuilder module = module().name("app").custom("sourceMappingURL", name("app.map"));
    assertThat(
            start(
                module,
                (script, url) -> {
                  asked.add(script.text() + " " + url);
                  return utf8(MAP);
                }))
        .isEqualTo(MAP_POSITION);
    assertThat(asked).hasSize(1);
    assertThat(asked.getFirst()).matches("wasm://wasm/app-[0-9a-f]{8} app\\.map");
  }

  @Test
  void sourceMap_missingOrMalformed_leavesDwarf() {
    ModuleBuilder module =
        module()
            .custom(".debug_line", lines("dwarf.c"))
            .custom("sourceMappingURL", name("app.map"));
    assertThat(start(module, DebugFileLoader.NONE)).isEqualTo("dwarf.c:1");
    assertThat(start(module, (_, _) -> utf8("no map"))).isEqualTo("dwarf.c:1");
  }

  @Test
  void dwarf_ofAnotherFile_isUsed() {
    byte[] debugFile = new ModuleBuilder().custom(".debug_line", lines("far.c")).build();
    ModuleBuilder module = module().custom("external_debug_info", name("app.debug.wasm"));
    assertThat(start(module, (_, url) -> url.equals("app.debug.wasm") ? debugFile : null))
        .isEqualTo("far.c:1");
    assertThat(start(module, DebugFileLoader.NONE)).isNull();
    assertThat(start(module, (_, _) -> new byte[3])).isNull();
    assertThat(start(module, (_, _) -> new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0, 0, 99})).isNull();
  }

  @Test
  void find_byManyThreads_readsOnce() throws Exception {
    AtomicInteger loads = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(4);
    SourceLocator locator =
        locator(
            module().custom("sourceMappingURL", name("app.map")),
            (_, _) -> {
              loads.incrementAndGet();
              return utf8(MAP);
            });
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<@Nullable SourcePosition>> found = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        found.add(
            threads.submit(() -> {
              begun.countDown();
              begun.await();
              return locator.find(20);
            }));
      }
      for (Future<@Nullable SourcePosition> future : found) {
        assertThat(future.get()).hasToString(MAP_POSITION);
      }
    }
    assertThat(loads).hasValue(1);
  }

  @Test
  void find_afterTheLoaderFailed_knowsNothing() {
    SourceLocator locator =
        locator(
            module().custom("sourceMappingURL", name("app.map")),
            (_, _) -> {
              throw new IllegalStateException("no disk");
            });
    assertThatThrownBy(() -> locator.find(20)).hasMessage("no disk");
    assertThat(locator.find(20)).isNull();
  }
}
