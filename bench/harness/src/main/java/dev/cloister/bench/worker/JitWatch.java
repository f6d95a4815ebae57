package dev.cloister.bench.worker;

import dev.cloister.bench.worker.JitLog.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Objects;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/// Asks Flight Recorder what HotSpot's compilers make of guest code.
final class JitWatch {
  private static final String COMPILATION = "jdk.Compilation";
  private static final String FAILURE = "jdk.CompilationFailure";
  private static final String SAMPLE = "jdk.ExecutionSample";

  private static final Duration PERIOD = Duration.ofMillis(10);

  private final Recording recording = new Recording();
  private final String prefix;
  private final String thread;

  private JitWatch(String prefix, String thread) {
    this.prefix = prefix;
    this.thread = thread;
  }

  /// Begins to record compilations, which costs next to nothing.
  ///
  /// @param prefix of the names of the classes that guests become
  /// @param thread the name of the one that runs guests
  static JitWatch start(String prefix, String thread) {
    JitWatch watch = new JitWatch(prefix, thread);
    watch.recording.enable(COMPILATION).withThreshold(Duration.ZERO);
    watch.recording.enable(FAILURE);
    watch.recording.start();
    return watch;
  }

  /// Begins to record the stack of the guest.
  void sample() {
    recording.enable(SAMPLE).withPeriod(PERIOD);
  }

  /// {@return what was seen so far}
  JitVerdict read() throws IOException {
    Path file = Files.createTempFile("bench", ".jfr");
    try {
      recording.dump(file);
      JitLog log = new JitLog(prefix);
      RecordingFile.readAllEvents(file).stream()
          .sorted(Comparator.comparing(RecordedEvent::getEndTime))
          .forEach(event -> add(event, log));
      return log.verdict();
    } finally {
      Files.delete(file);
    }
  }

  private void add(RecordedEvent event, JitLog log) {
    switch (event.getEventType().getName()) {
      case COMPILATION -> {
        RecordedMethod method = event.getValue("method");
        // Sic, in HotSpot.
        boolean isDone = event.getBoolean("succeded");
        if (method != null) {
          log.compiled(
              event.getInt("compileId"), name(method), isDone ? event.getShort("compileLevel") : 0);
        }
      }
      case FAILURE -> log.failed(event.getInt("compileId"), event.getString("failureMessage"));
      case SAMPLE -> {
        RecordedThread sampled = event.getThread("sampledThread");
        if (sampled != null
            && thread.equals(sampled.getJavaName())
            && event.getStackTrace() != null) {
          log.sampled(event.getStackTrace().getFrames().stream().map(JitWatch::frame).toList());
        }
      }
      default -> {}
    }
  }

  private static Frame frame(RecordedFrame frame) {
    return new Frame(
        name(frame.getMethod()),
        switch (Objects.requireNonNullElse(frame.getType(), "")) {
          case "Interpreted" -> JitLog.Mode.INTERPRETED;
          case "Inlined" -> JitLog.Mode.INLINED;
          default -> JitLog.Mode.COMPILED;
        });
  }

  private static String name(RecordedMethod method) {
    return method.getType().getName() + "." + method.getName();
  }
}
