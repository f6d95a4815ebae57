package dev.cloister.bench.endive;

import dev.cloister.bench.worker.GuestEngine;
import dev.cloister.bench.worker.Worker;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import run.endive.compiler.InterpreterFallback;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.ExportFunction;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportMemory;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Machine;
import run.endive.runtime.Memory;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.FunctionImport;
import run.endive.wasm.types.FunctionType;
import run.endive.wasm.types.Import;
import run.endive.wasm.types.MemoryImport;
import run.endive.wasm.types.ValType;

/// Endive with its run-time compiler and the faster of its memories. Functions that its compiler
/// cannot take run in its interpreter, as they do for its users.
final class EndiveEngine implements GuestEngine {
  /// Serves the harness.
  public static void main(String[] args) throws InterruptedException {
    Worker.serve(new EndiveEngine());
  }

  @Override
  public String version() {
    return "Endive with "
        + Worker.jarOf(MachineFactoryCompiler.class)
        + " and ByteArrayMemory on Java "
        + Runtime.version();
  }

  @Override
  public Module compile(byte[] wasm) {
    WasmModule module = Parser.parse(wasm);
    java.util.function.Function<run.endive.runtime.Instance, Machine> machines =
        MachineFactoryCompiler.builder(module)
            .withInterpreterFallback(InterpreterFallback.WARN)
            .compile();
    return host -> new EndiveInstance(module, machines, host);
  }

  @Override
  public void close() {
    // Holds nothing but memory.
  }

  private static final class EndiveInstance implements Instance {
    private final run.endive.runtime.Instance instance;
    private @Nullable Memory importedMemory;

    EndiveInstance(
        WasmModule module,
        java.util.function.Function<run.endive.runtime.Instance, Machine> machines,
        Host host) {
      ImportValues.Builder imports = ImportValues.builder();
      for (Import declared : module.importSection().stream().toList()) {
        switch (declared) {
          case FunctionImport function ->
              imports.addFunction(function(declared, module, function.typeIndex(), host));
          case MemoryImport memory -> {
            Memory made = new ByteArrayMemory(memory.limits());
            importedMemory = made;
            imports.addMemory(new ImportMemory(declared.module(), declared.name(), made));
          }
          default -> throw new UnsupportedOperationException("an import of " + declared);
        }
      }
      instance =
          run.endive.runtime.Instance.builder(module)
              .withMemoryFactory(ByteArrayMemory::new)
              .withMachineFactory(machines)
              .withImportValues(imports.build())
              .withStart(false)
              .build();
    }

    private static HostFunction function(
        Import declared, WasmModule module, int typeIndex, Host host) {
      FunctionType type = module.typeSection().getType(typeIndex);
      return new HostFunction(
          declared.module(),
          declared.name(),
          type,
          (_, arguments) ->
              host.call(declared.module(), declared.name(), bits(type.params(), arguments)));
    }

    @Override
    public Function function(String export) {
      ExportFunction function = instance.export(export);
      FunctionType type = instance.exportType(export);
      return arguments -> {
        long[] results = function.apply(arguments);
        return results == null ? new long[0] : bits(type.returns(), results);
      };
    }

    @Override
    public byte[] readMemory() {
      return memory().readBytes(0, memory().pages() * Memory.PAGE_SIZE);
    }

    @Override
    public void writeMemory(int address, byte[] bytes) {
      memory().write(address, bytes);
    }

    @Override
    public void setElement(String table, int index, Object value) {
      throw new UnsupportedOperationException("a host that sets elements of tables");
    }

    private Memory memory() {
      return importedMemory != null ? importedMemory : instance.memory();
    }
  }

  /// What is above an i32 or f32 may be anything.
  private static long[] bits(List<ValType> types, long[] values) {
    long[] bits = Arrays.copyOf(values, types.size());
    for (int i = 0; i < bits.length; i++) {
      if (types.get(i).equals(ValType.I32) || types.get(i).equals(ValType.F32)) {
        bits[i] &= 0xFFFF_FFFFL;
      }
    }
    return bits;
  }
}
