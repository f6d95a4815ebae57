package dev.cloister.sandbox.stats;

import dev.cloister.engine.stats.SizeHistogram;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes figures in the text format of Prometheus (exposition format 0.0.4).
public final class PrometheusText {
  /// The content type of the format.
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final double MILLIS_PER_SECOND = 1_000;

  private final StringBuilder text = new StringBuilder();

  /// Creates an empty text.
  public PrometheusText() {}

  /// Begins a metric; its samples follow.
  ///
  /// @param type `counter`, `gauge` or `histogram`
  public void metric(String name, String type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  /// Writes a sample that is a whole number.
  public void sample(String name, Map<String, String> labels, long value) {
    write(name, labels, Long.toString(value));
  }

  /// Writes a sample.
  public void sample(String name, Map<String, String> labels, double value) {
    write(name, labels, number(value));
  }

  private void write(String name, Map<String, String> labels, String value) {
    text.append(name);
    if (!labels.isEmpty()) {
      char separator = '{';
      for (Map.Entry<String, String> label : labels.entrySet()) {
        text.append(separator).append(label.getKey()).append("=\"");
        text.append(escaped(label.getValue())).append('"');
        separator = ',';
      }
      text.append('}');
    }
    text.append(' ').append(value).append('\n');
  }

  /// Writes a metric with one sample.
  public void single(String name, String type, String help, long value) {
    metric(name, type, help);
    sample(name, Map.of(), value);
  }

  /// Writes a metric with one value.
  public void single(String name, String type, String help, double value) {
    metric(name, type, help);
    sample(name, Map.of(), value);
  }

  /// Writes a histogram of durations in seconds.
  public void histogram(String name, String help, LatencyHistogram.Snapshot durations) {
    metric(name, "histogram", help);
    long seen = 0;
    for (int i = 0; i < durations.bucketCount() - 1; i++) {
      seen += durations.count(i);
      String bound = number(durations.boundMillis(i) / MILLIS_PER_SECOND);
      sample(name + "_bucket", Map.of("le", bound), seen);
    }
    sample(name + "_bucket", Map.of("le", "+Inf"), durations.total());
    sample(name + "_sum", Map.of(), durations.sumSeconds());
    sample(name + "_count", Map.of(), durations.total());
  }

  /// Writes the samples of a histogram of sizes, whose metric was begun.
  public void sizes(String name, Map<String, String> labels, SizeHistogram.Snapshot sizes) {
    long seen = 0;
    int last = sizes.counts().size() - 1;
    for (int i = 0; i < last; i++) {
      seen += sizes.counts().get(i);
      sample(name + "_bucket", with(labels, Long.toString(SizeHistogram.Snapshot.bound(i))), seen);
    }
    long total = seen + sizes.counts().get(last);
    sample(name + "_bucket", with(labels, "+Inf"), total);
    sample(name + "_sum", labels, sizes.sum());
    sample(name + "_count", labels, total);
  }

  private static Map<String, String> with(Map<String, String> labels, String bound) {
    Map<String, String> more = new LinkedHashMap<>(labels);
    more.put("le", bound);
    return more;
  }

  /// Returns what was written.
  @Override
  public String toString() {
    return text.toString();
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
