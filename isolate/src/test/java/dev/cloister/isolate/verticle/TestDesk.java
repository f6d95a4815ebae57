package dev.cloister.isolate.verticle;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.abi.extism.VariableStore;
import dev.cloister.isolate.fake.FakeTimer;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.plugin.CodeBudget;
import dev.cloister.isolate.plugin.DocumentUpload;
import dev.cloister.isolate.plugin.LoadedModules;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.Answered;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.wasi.OutputSink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// The desk of a tenant with everything that it needs, and a clock that the test moves.
///
/// Closing it fails if anything is still charged or kept.
final class TestDesk implements AutoCloseable {
  static final long MEMORY_BYTES = 64 << 20;

  private final HeapLedger ledger = new HeapLedger(MEMORY_BYTES);
  private final GuestExecutor executor = new GuestExecutor(4, 16);
  private final FakeTimer timer = new FakeTimer();
  private final AtomicLong nanoTime = new AtomicLong(1);
  private final CallDesk desk =
      new CallDesk(
          ledger,
          executor,
          timer,
          new CpuWatch(new FakeTimer(), System::nanoTime),
          WasiHost.system(),
          nanoTime::get);
  private final LoadedModules modules = new LoadedModules();
  private final VariableStore variables = new VariableStore(ledger);
  private final EngineIsolate isolate;
  private final Guests guests;
  private HostServices services = HostServices.BASIC;

  TestDesk(Guests guests) {
    this.guests = guests;
    isolate = guests.engine().addIsolate("tenant");
  }

  /// Lets the calls from now on use `offered`.
  void offer(HostServices offered) {
    services = offered;
  }

  HeapLedger ledger() {
    return ledger;
  }

  CallDesk desk() {
    return desk;
  }

  /// A module that was uploaded.
  PluginHandle load(byte[] module) {
    ModuleUpload upload =
        new ModuleUpload(
            guests.engine().startStreaming(isolate),
            modules,
            ledger,
            new CodeBudget(ledger, MEMORY_BYTES),
            module.length);
    upload.push(module, 0, module.length);
    return upload.finish();
  }

  /// A manifest that was uploaded.
  PluginHandle loadManifest(String manifest) {
    DocumentUpload upload =
        new DocumentUpload(
            () -> guests.engine().startStreaming(isolate),
            modules,
            ledger,
            new CodeBudget(ledger, MEMORY_BYTES),
            1 << 20);
    byte[] bytes = manifest.getBytes(StandardCharsets.UTF_8);
    upload.push(bytes, 0, bytes.length);
    return upload.finish();
  }

  /// Lets go of a module.
  void unload(PluginHandle plugin) {
    modules.remove(plugin.hash());
    desk.kept().unloaded(plugin.hash());
  }

  /// What a call of an export with integers came to.
  InvocationResult call(
      PluginHandle plugin, InstanceRequest request, String export, Integer... arguments) {
    return resultOf(desk.invoke(invocation(plugin, request, export, arguments), TestLimits.LIMITS));
  }

  /// A call of an export with integers.
  CallExport invocation(
      PluginHandle plugin, InstanceRequest request, String export, Integer... arguments) {
    List<@Nullable Object> list = new ArrayList<>(Arrays.asList(arguments));
    return new CallExport(plugin, export, list, 0, OutputSink.DISCARD, services, request);
  }

  /// What a call of an Extism plug-in without input came to.
  InvocationResult callBytes(PluginHandle plugin, InstanceRequest request, String export) {
    return resultOf(
        desk.invoke(
            new CallBytes(
                plugin,
                export,
                new byte[0],
                OutputSink.DISCARD,
                services,
                variables,
                LogLevel.INFO,
                request),
            TestLimits.LIMITS));
  }

  /// Lets a minute pass, after which `count` instances of the plugin are to hibernate.
  void hibernate(String plugin, int count) {
    passMinute();
    Awaitility.await()
        .until(() ->
            desk.kept().stateful(plugin).stream().filter(info -> info.isHibernating()).count()
                == count);
  }

  /// Lets a minute pass.
  void passMinute() {
    nanoTime.addAndGet(TimeUnit.MINUTES.toNanos(1));
    timer.fire();
  }

  /// What is charged of one category.
  long bytes(HeapCategory category) {
    return ledger.snapshot().bytes().getOrDefault(category, 0L);
  }

  /// One i32.
  static Returned returned(int value) {
    return new Returned(List.of(new WasmValue.I32(value)));
  }

  /// The text that a plug-in answered, or what else came of the call.
  static String answer(InvocationResult result) {
    return result instanceof Answered(byte[] output)
        ? new String(output, StandardCharsets.UTF_8)
        : String.format(Locale.ROOT, "%s", result);
  }

  static InvocationResult resultOf(CompletableFuture<InvocationOutcome> call) {
    try (InvocationOutcome outcome = call.orTimeout(60, TimeUnit.SECONDS).join()) {
      return outcome.result();
    }
  }

  @Override
  public void close() {
    desk.close().orTimeout(60, TimeUnit.SECONDS).join();
    modules.close();
    isolate.close();
    executor.close();
    variables.close();
    if (ledger.chargedBytes() != 0) {
      throw new AssertionError("still charged: " + ledger.snapshot());
    }
    if (desk.kept().pooledCount() != 0 || desk.kept().statefulCount() != 0) {
      throw new AssertionError("instances are still kept");
    }
  }
}
