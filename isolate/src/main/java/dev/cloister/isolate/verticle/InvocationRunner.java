package dev.cloister.isolate.verticle;

import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.types.FuncType;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.abi.CallContext;
import dev.cloister.isolate.abi.GuestProgram;
import dev.cloister.isolate.abi.PlainAbi;
import dev.cloister.isolate.abi.Program;
import dev.cloister.isolate.abi.ProgramLinker;
import dev.cloister.isolate.abi.UnsupportedTypeException;
import dev.cloister.isolate.abi.extism.ExtismFailure;
import dev.cloister.isolate.abi.extism.ExtismLinker;
import dev.cloister.isolate.abi.extism.ExtismProgram;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.instance.GuestInstance;
import dev.cloister.isolate.instance.InstanceSource;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.Answered;
import dev.cloister.isolate.verticle.InvocationResult.Exited;
import dev.cloister.isolate.verticle.InvocationResult.Failed;
import dev.cloister.isolate.verticle.InvocationResult.HostFailure;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.verticle.InvocationResult.UnknownExport;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedType;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.ProcessExit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one call on an instance of its own or a kept one, on the calling guest thread.
final class InvocationRunner {
  private static final Logger LOGGER = LoggerFactory.getLogger(InvocationRunner.class);

  private final HeapLedger ledger;
  private final CallLimits limits;
  private final BoundedOutput output;
  private final CallStop stop;
  private final InstanceSource source;
  private final GuestFaults faults;
  private final WasiHost host;
  private final BlockingRegion blocking;
  private final LongSupplier nanoTime;

  /// What serves the call, once it is known.
  private @Nullable GuestInstance serving;

  private long instantiateNanos;
  private long executeNanos;
  private long fuelUsed;

  InvocationRunner(
      HeapLedger ledger,
      CallLimits limits,
      BoundedOutput output,
      CallStop stop,
      InstanceSource source,
      GuestFaults faults,
      WasiHost host,
      BlockingRegion blocking,
      LongSupplier nanoTime) {
    this.ledger = ledger;
    this.limits = limits;
    this.output = output;
    this.stop = stop;
    this.source = source;
    this.faults = faults;
    this.host = host;
    this.blocking = blocking;
    this.nanoTime = nanoTime;
  }

  /// How long linking, segments and the start function took.
  long instantiateNanos() {
    return instantiateNanos;
  }

  /// How long the call itself took.
  long executeNanos() {
    return executeNanos;
  }

  /// How much fuel the call used, 0 if nobody counted.
  long fuelUsed() {
    return fuelUsed;
  }

  /// Runs `invocation` to its end, whatever that is.
  InvocationResult run(Invocation invocation) {
    try {
      return switch (invocation) {
        case CallExport call -> call(call);
        case CallBytes call -> callBytes(call);
        case RunCommand command -> runCommand(command);
      };
    } catch (ProcessExit exit) {
      return new Exited(exit.code(), output.toByteArray());
    } catch (RuntimeException | Error failure) {
      InvocationResult result =
          faults.resultOf(failure, serving == null ? null : serving.refusal());
      if (result instanceof HostFailure) {
        LOGGER.error("event=call-failed module={}", invocation.plugin().hash().hex(), failure);
      }
      return result;
    }
  }

  private InvocationResult call(CallExport call) {
    PluginHandle plugin = call.plugin();
    FuncType type = exportType(plugin, call.export());
    if (type == null) {
      return new UnknownExport(call.export(), functionNames(plugin));
    }
    @Nullable Object[] arguments = PlainAbi.arguments(type, call.arguments());
    return execute(
        plugin,
        new CallContext(
            InputSource.EMPTY, call.log(), call.log(), blocking, call.services(), call.mounts()),
        GuestProgram.class,
        GuestProgram.LINKER,
        program -> {
          FuncRef function = program.function(call.export());
          if (function == null) {
            throw new IllegalStateException("the instance lacks export " + call.export());
          }
          return returned(type, program.call(function, arguments));
        });
  }

  private InvocationResult callBytes(CallBytes call) {
    PluginHandle plugin = call.plugin();
    FuncType type = exportType(plugin, call.export());
    if (type == null) {
      return new UnknownExport(call.export(), functionNames(plugin));
    }
    ExtismProgram.requireCallable(call.export(), type); // before an instance is touched
    CallContext streams =
        new CallContext(
            InputSource.EMPTY, call.log(), call.log(), blocking, call.services(), call.mounts());
    return execute(
        plugin,
        streams,
        ExtismProgram.class,
        new ExtismLinker(
            plugin.modules(),
            plugin.extismSettings(),
            call.variables(),
            call.logLevel(),
            call.export()),
        program -> {
          ExtismFailure failure = program.call(call.export(), call.input(), output);
          return failure == null
              ? new Answered(output.toByteArray())
              : new Failed(failure.message(), failure.code(), /* isByHost= */ false);
        });
  }

  /// What the guest returned; that some of it cannot cross is no fault of the instance.
  private static InvocationResult returned(FuncType type, @Nullable Object[] values) {
    try {
      return new Returned(PlainAbi.results(type, values));
    } catch (UnsupportedTypeException unsupported) {
      return new UnsupportedType(String.valueOf(unsupported.getMessage()));
    }
  }

  private InvocationResult runCommand(RunCommand command) {
    if (!AbiDetector.exportsProcedure(command.plugin().module(), command.entry())) {
      return new UnknownExport(command.entry(), procedureNames(command.plugin()));
    }
    List<String> arguments = new ArrayList<>();
    arguments.add(command.programName());
    arguments.addAll(command.arguments());
    InputSource stdin = InputSource.of(command.standardInput());
    return execute(
        command.plugin(),
        new CallContext(
            stdin, output, command.log(), blocking, command.services(), command.mounts()),
        GuestProgram.class,
        (module, context) ->
            GuestProgram.instantiate(
                module,
                context,
                context.wasi().arguments(arguments).environment(command.environment())),
        program -> new Exited(program.run(command.entry()), output.toByteArray()));
  }

  private <P extends Program> InvocationResult execute(
      PluginHandle plugin,
      CallContext context,
      Class<P> kind,
      ProgramLinker<P> linker,
      Function<P, InvocationResult> call) {
    long startNanos = nanoTime.getAsLong();
    GuestInstance instance = instance();
    serving = instance;
    boolean isIntact = true;
    try {
      instance.prepare(limits.ofInstance());
      stop.bind(instance.store());
      isIntact = false;
      instance.begin(context, limits.ofInstance(), limits.fuelPerCall());
      plugin.payFor(plugin.engineHandle().codeKind(instance.store()));
      P program = instance.program(kind, plugin.engineHandle(), linker, source.start());
      long instantiatedNanos = nanoTime.getAsLong();
      instantiateNanos = instantiatedNanos - startNanos;
      try {
        InvocationResult result = call.apply(program);
        isIntact = !program.isSpent();
        return result;
      } finally {
        executeNanos = nanoTime.getAsLong() - instantiatedNanos;
      }
    } finally {
      stop.unbind();
      fuelUsed = instance.fuelUsed();
      instance.end();
      source.leave(instance, instance.isAsleep() || (isIntact && !instance.isStopped()));
      if (instantiateNanos == 0) {
        instantiateNanos = nanoTime.getAsLong() - startNanos; // it did not come to the call
      }
    }
  }

  private GuestInstance instance() {
    GuestInstance kept = source.take();
    return kept != null
        ? kept
        : new GuestInstance(ledger, limits.ofInstance(), host.clocks().get(), host.random());
  }

  private static @Nullable FuncType exportType(PluginHandle plugin, String name) {
    for (Export export : plugin.module().exports()) {
      if (export.kind() == ExternKind.FUNCTION && export.name().equals(name)) {
        return plugin.module().signature(export.index());
      }
    }
    return null;
  }

  private static List<String> procedureNames(PluginHandle plugin) {
    return functionNames(plugin).stream()
        .filter(name -> AbiDetector.exportsProcedure(plugin.module(), name))
        .toList();
  }

  private static List<String> functionNames(PluginHandle plugin) {
    return plugin.module().exports().stream()
        .filter(export -> export.kind() == ExternKind.FUNCTION)
        .map(Export::name)
        .toList();
  }
}
