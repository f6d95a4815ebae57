package dev.cloister.bench.worker;

import java.util.Optional;

/// One WebAssembly engine, as far as a benchmark needs it. Values are raw bits: an i32 in the low
/// half of a long with zeros above, floats as IEEE 754.
public interface GuestEngine extends AutoCloseable {
  /// {@return name and version, for the report}
  String version();

  /// {@return what the names of all classes begin with that guest code became, if that is what
  /// becomes of it}
  default Optional<String> generatedPrefix() {
    return Optional.empty();
  }

  /// {@return a module, compiled as far as this engine compiles before the first call}
  Module compile(byte[] wasm);

  /// Answers a command that not every engine can.
  default String special(String[] command) throws Exception {
    throw new IllegalArgumentException("no command " + command[0]);
  }

  /// Decodes and validates a module, and lets go of it.
  ///
  /// @throws UnsupportedOperationException if this engine cannot be made to do that
  default void validate(byte[] wasm) {
    throw new UnsupportedOperationException("validation alone");
  }

  /// Compiles a module with everything in it, and lets go of it.
  ///
  /// @throws UnsupportedOperationException if this engine cannot be made to do that
  default void compileAll(byte[] wasm) {
    throw new UnsupportedOperationException("compiles what is called");
  }

  @Override
  void close();

  /// A module from which instances are made.
  interface Module {
    /// {@return a fresh instance whose imported functions are all answered by `host`; a memory that
    /// it imports is made for it}
    Instance instantiate(Host host);
  }

  /// The functions of the host.
  @FunctionalInterface
  interface Host {
    /// A host without functions.
    Host NONE =
        (module, name, arguments) -> {
          throw new IllegalStateException("no function " + module + " " + name);
        };

    /// Answers the call of an imported function.
    long[] call(String module, String name, long[] arguments);
  }

  /// One instance.
  interface Instance {
    /// {@return an exported function}
    Function function(String export);

    /// {@return the bytes of memory 0}
    byte[] readMemory();

    /// Writes to memory 0.
    void writeMemory(int address, byte[] bytes);

    /// Sets an element of an exported table of external references to an object of the host.
    ///
    /// @throws UnsupportedOperationException if the host cannot do that in this engine
    void setElement(String table, int index, Object value);

    /// Ends the instance, where the engine wants to be told; it is not used any more.
    default void close() {}
  }

  /// A function of an instance.
  @FunctionalInterface
  interface Function {
    /// Calls the function.
    long[] call(long... arguments);
  }
}
