package dev.cloister.bench.graalwasm;

import dev.cloister.bench.worker.GuestEngine;
import dev.cloister.bench.worker.Worker;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.ByteSequence;

/// GraalWasm with the Graal compiler on the module path of an ordinary JDK.
///
/// Kernels only: through the polyglot interface a host cannot answer imports by signature without a
/// description of them, and the traces need that.
final class GraalWasmEngine implements GuestEngine {
  private final Engine engine =
      Engine.newBuilder("wasm").option("engine.WarnInterpreterOnly", "true").build();

  /// Serves the harness.
  public static void main(String[] args) throws InterruptedException {
    Worker.serve(new GraalWasmEngine());
  }

  /// Without its compiler it is an interpreter, which would be no measure of it.
  @Override
  public String version() {
    String implementation = engine.getImplementationName();
    if (implementation.equals("Interpreted")) {
      throw new IllegalStateException("its compiler does not load on Java " + Runtime.version());
    }
    // The engine calls every build that is not Oracle's a development build.
    return "GraalWasm with "
        + Worker.jarOf(Engine.class)
        + " ("
        + implementation
        + ") on Java "
        + Runtime.version();
  }

  @Override
  public Module compile(byte[] wasm) {
    Context context = Context.newBuilder("wasm").engine(engine).build();
    try {
      Source source = Source.newBuilder("wasm", ByteSequence.create(wasm), "guest.wasm").build();
      Value module = context.eval(source);
      return host -> {
        if (!host.equals(GuestEngine.Host.NONE)) {
          throw new UnsupportedOperationException("hosts are not told the types of imports");
        }
        return new GraalInstance(module.newInstance().getMember("exports"));
      };
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Override
  public void close() {
    engine.close(true);
  }

  private record GraalInstance(Value exports) implements Instance {
    /// Of the one type that kernels have.
    @Override
    public Function function(String export) {
      Value function = exports.getMember(export);
      return arguments ->
          new long[] {Double.doubleToRawLongBits(function.execute((int) arguments[0]).asDouble())};
    }

    @Override
    public byte[] readMemory() {
      throw new UnsupportedOperationException("the memory as a whole");
    }

    @Override
    public void writeMemory(int address, byte[] bytes) {
      throw new UnsupportedOperationException("a host that writes to the memory");
    }

    @Override
    public void setElement(String table, int index, Object value) {
      throw new UnsupportedOperationException("a host that sets elements of tables");
    }
  }
}
