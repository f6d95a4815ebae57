package dev.cloister.sandbox.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// SIGHUP, by which daemons are told to read their configuration anew. Without a handler it would
/// end the process.
final class HangUp {
  private static final Logger LOG = LoggerFactory.getLogger(HangUp.class);
  private static final String NAME = "HUP";

  private HangUp() {}

  /// Has `action` called with the signal's name whenever it comes, on a thread of its own.
  ///
  /// The only way to handle a signal in Java is a class of the module `jdk.unsupported`. It is
  /// looked up by name, as the compiler warns of each place that names it, which nothing can switch
  /// off.
  static void handle(Consumer<String> action) {
    try {
      register(action);
    } catch (IllegalArgumentException | ReflectiveOperationException e) {
      // Windows has no such signal, -Xrs leaves it to the JVM, and a JDK may lack the module.
      LOG.info("event=signal-not-handled signal={} reason=\"{}\"", NAME, e.getMessage());
    }
  }

  private static void register(Consumer<String> action) throws ReflectiveOperationException {
    MethodHandles.Lookup lookup = MethodHandles.publicLookup();
    Class<?> signals = lookup.findClass("sun.misc.Signal");
    Class<?> handlers = lookup.findClass("sun.misc.SignalHandler");
    MethodHandle called =
        MethodHandles.insertArguments(
            MethodHandles.lookup()
                .findVirtual(
                    Consumer.class, "accept", MethodType.methodType(void.class, Object.class))
                .bindTo(action),
            0,
            NAME);
    Object handler =
        MethodHandleProxies.asInterfaceInstance(
            handlers, MethodHandles.dropArguments(called, 0, signals));
    try {
      Object signal =
          lookup
              .findConstructor(signals, MethodType.methodType(void.class, String.class))
              .invoke(NAME);
      Object _ =
          lookup
              .findStatic(signals, "handle", MethodType.methodType(handlers, signals, handlers))
              .invoke(signal, handler);
    } catch (RuntimeException | Error | ReflectiveOperationException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a signal cannot be handled", e);
    }
  }
}
