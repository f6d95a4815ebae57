package dev.cloister.bench.worker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What happened to the methods that guests became, in the order in which it happened.
final class JitLog {
  /// The level of C2, or of what stands in for it; below are the interpreter and C1.
  private static final int TOP_LEVEL = 4;

  /// From this part of the samples on a method is hot.
  private static final double HOT = 0.05;

  /// Below, a share says nothing.
  private static final int FEWEST = 3;

  /// Of failures by method and reason.
  private static final int MOST_TOLD = 5;

  /// How a frame is executed.
  enum Mode {
    INTERPRETED,
    COMPILED,
    /// As part of the code of the frame below.
    INLINED
  }

  /// A frame of a sampled stack.
  record Frame(String method, Mode mode) {}

  private final String prefix;
  private final Map<Integer, String> failures = new LinkedHashMap<>();
  private final Map<Integer, String> methods = new HashMap<>();
  private final Map<String, Integer> levels = new HashMap<>();
  private final List<@Nullable Frame> units = new ArrayList<>();

  /// Starts an empty log.
  ///
  /// @param prefix of the names of the methods that matter
  JitLog(String prefix) {
    this.prefix = prefix;
  }

  /// A compilation ended.
  ///
  /// @param level of the code, or 0 if there is none
  void compiled(int id, String method, int level) {
    if (method.startsWith(prefix)) {
      methods.put(id, method);
      if (level > 0) {
        levels.put(method, level);
      }
    }
  }

  /// A compilation was given up; that it ended may be told before or after.
  void failed(int id, String message) {
    failures.put(id, message);
  }

  /// The guest's thread was seen with this stack, topmost frame first.
  void sampled(List<Frame> stack) {
    for (int i = 0; i < stack.size(); i++) {
      if (isGuest(stack.get(i))) {
        units.add(unit(stack, i));
        return;
      }
    }
    units.add(null);
  }

  private boolean isGuest(Frame frame) {
    return frame.method().startsWith(prefix);
  }

  /// {@return the frame whose code it is that runs}
  private static Frame unit(List<Frame> stack, int from) {
    int at = from;
    while (stack.get(at).mode() == Mode.INLINED && at + 1 < stack.size()) {
      at++;
    }
    return stack.get(at);
  }

  /// {@return what is to be said of all that}
  JitVerdict verdict() {
    Map<String, Integer> counts = new TreeMap<>();
    failures.forEach((id, message) -> {
      String method = methods.get(id);
      if (method != null) {
        counts.merge(message + ": " + brief(method), 1, Integer::sum);
      }
    });
    List<String> given = new ArrayList<>();
    counts.forEach((text, count) -> given.add(count == 1 ? text : text + " " + count + "×"));
    if (given.size() > MOST_TOLD) {
      List<String> rest = given.subList(MOST_TOLD, given.size());
      String more = "and " + rest.size() + " more";
      rest.clear();
      given.add(more);
    }
    return new JitVerdict(
        units.size(),
        (int) units.stream().filter(JitLog::isInterpreted).count(),
        counts.values().stream().mapToInt(Integer::intValue).sum(),
        String.join(", ", given),
        String.join(", ", slow()));
  }

  private static boolean isInterpreted(@Nullable Frame unit) {
    return unit != null && unit.mode() == Mode.INTERPRETED;
  }

  /// {@return the methods that are hot in the second half and have not the code that they should}
  private List<String> slow() {
    List<@Nullable Frame> late = units.subList(units.size() / 2, units.size());
    Map<String, Integer> counts = new TreeMap<>();
    for (Frame unit : late) {
      if (unit != null && isGuest(unit)) {
        // What was compiled before anyone watched is not known.
        int level = levels.getOrDefault(unit.method(), TOP_LEVEL);
        if (isInterpreted(unit)) {
          counts.merge(brief(unit.method()) + " interpreted", 1, Integer::sum);
        } else if (level < TOP_LEVEL) {
          counts.merge(brief(unit.method()) + " at level " + level, 1, Integer::sum);
        }
      }
    }
    List<String> slow = new ArrayList<>();
    counts.forEach((text, count) -> {
      if (count >= FEWEST && count >= late.size() * HOT) {
        slow.add(text + " in " + count * 100 / late.size() + " % of samples");
      }
    });
    return slow;
  }

  private String brief(String method) {
    return method.substring(prefix.length());
  }
}
