package dev.cloister.bench.worker;

import dev.cloister.bench.worker.Trace.Event;
import dev.cloister.bench.worker.Trace.Write;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One pass through a trace on a fresh instance: plays the host, and checks that the module does
/// what it did when the trace was recorded.
final class TracePlay implements GuestEngine.Host {
  private final List<Event> events;
  private GuestEngine.@Nullable Instance instance;
  private int next;

  private TracePlay(Trace trace) {
    events = trace.events();
  }

  /// Plays to the end.
  ///
  /// @param isMemoryChecked whether the memory is compared with that of the recorded run, which
  ///   costs a hash over it
  /// @return the hash that the memory has to have
  static String play(GuestEngine.Module module, Trace trace, boolean isMemoryChecked) {
    TracePlay play = new TracePlay(trace);
    GuestEngine.Instance instance = module.instantiate(play);
    play.instance = instance;
    while (true) {
      switch (play.consume()) {
        case Event.Call call -> play.call(call);
        case Event.SetElement set -> play.set(set);
        case Event.End end -> {
          if (isMemoryChecked) {
            compare(end, instance.readMemory());
          }
          return end.sha256();
        }
        case Event other -> throw new IllegalStateException(other + " outside of a call");
      }
    }
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
