package dev.cloister.bench.worker;

import dev.cloister.bench.worker.Trace.Event;
import dev.cloister.bench.worker.Trace.Write;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One pass through a trace on a fresh instance: plays the host, and checks that the module does
/// what it did when the trace was recorded. Closing it ends the instance, as every embedder does.
final class TracePlay implements GuestEngine.Host, AutoCloseable {
  private final List<Event> events;
  private GuestEngine.@Nullable Instance instance;
  private Event.@Nullable End end;
  private int next;

  private TracePlay(Trace trace) {
    events = trace.events();
  }

  /// Plays to the end.
  static TracePlay play(GuestEngine.Module module, Trace trace) {
    TracePlay play = new TracePlay(trace);
    play.instance = module.instantiate(play);
    while (true) {
      switch (play.consume()) {
        case Event.Call call -> play.call(call);
        case Event.SetElement set -> play.set(set);
        case Event.End end -> {
          play.end = end;
          return play;
        }
        case Event other -> throw new IllegalStateException(other + " outside of a call");
      }
    }
  }

  /// Compares the memory with that of the recorded run, which costs a hash over it.
  ///
  /// @return the hash
  String checkMemory() {
    Event.End expected = end;
    if (expected == null) {
      throw new IllegalStateException("not played to the end");
    }
    compare(expected, instance().readMemory());
    return expected.sha256();
  }

  @Override
  public void close() {
    instance().close();
  }

  @Override
  public long[] call(String module, String name, long[] arguments) {
    if (!(consume() instanceof Event.Import expected)
        || !expected.module().equals(module)
        || !expected.name().equals(name)
        || !expected.arguments().matches(arguments)) {
      throw new IllegalStateException(
          "event " + next + ": expected " + events.get(next - 1) + ", got " + module + " " + name);
    }
    while (true) {
      switch (consume()) {
        case Event.Call call -> call(call);
        case Event.SetElement set -> set(set);
        case Event.Ret ret -> {
          write(ret.writes());
          return ret.results().bits();
        }
        case Event other -> throw new IllegalStateException(other + " inside of " + name);
      }
    }
  }

  private void call(Event.Call call) {
    write(call.writes());
    long[] results = instance().function(call.export()).call(call.arguments().bits());
    if (!(consume() instanceof Event.Return expected) || !expected.results().matches(results)) {
      throw new IllegalStateException(
          "event " + next + ": wrong results of " + call.export() + " at " + events.get(next - 1));
    }
  }

  private void set(Event.SetElement set) {
    instance().setElement(set.table(), set.index(), set.value());
  }

  private void write(List<Write> writes) {
    for (Write write : writes) {
      instance().writeMemory(write.address(), write.bytes());
    }
  }

  private Event consume() {
    if (next == events.size()) {
      throw new IllegalStateException("the module goes on after the end of the trace");
    }
    return events.get(next++);
  }

  private GuestEngine.Instance instance() {
    GuestEngine.Instance made = instance;
    if (made == null) {
      throw new IllegalStateException("an import is called before the instance is there");
    }
    return made;
  }

  private static void compare(Event.End end, byte[] memory) {
    try {
      String actual = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(memory));
      if (memory.length != end.memoryBytes() || !actual.equals(end.sha256())) {
        throw new IllegalStateException(
            "the memory ends as " + memory.length + " bytes, SHA-256 " + actual);
      }
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
