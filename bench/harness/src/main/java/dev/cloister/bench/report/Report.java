package dev.cloister.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All cells of one run, as one table in Markdown or as JSON.
///
/// Ratios are to the first column. The last rows are geometric means of ratios: of each column over
/// all rows that it and the first column have, and over the rows that all columns have.
public final class Report {
  /// From here on a cell shows its spread.
  private static final double NOTEWORTHY_SPREAD = 0.03;

  private final String title;
  private final List<String> columns;
  private final Map<String, Map<String, Result>> rows = new LinkedHashMap<>();

  /// Starts a table.
  public Report(String title, List<String> columns) {
    this.title = title;
    this.columns = List.copyOf(columns);
  }

  /// Adds a cell; rows stay in the order in which they come.
  public void add(Result result) {
    rows.computeIfAbsent(result.row(), _ -> new LinkedHashMap<>()).put(result.column(), result);
  }

  /// {@return true if some engine computed something wrong}
  public boolean hasWrong() {
    return rows.values().stream().flatMap(row -> row.values().stream()).anyMatch(Result::isWrong);
  }

  /// {@return the table for people}
  public String markdown() {
    StringBuilder text = new StringBuilder("## " + title + "\n\n| workload |");
    columns.forEach(column -> text.append(' ').append(column).append(" |"));
    text.append("\n| --- |").append(" ---: |".repeat(columns.size())).append('\n');
    rows.keySet().forEach(name -> text.append(line(name)).append('\n'));
    if (columns.size() > 1) {
      appendMeans(text, "geometric mean of ratios", rows.keySet());
      Set<String> common = commonRows();
      if (common.size() < rows.size() && !common.isEmpty()) {
        appendMeans(text, "the same over common rows", common);
      }
    }
    appendNotes(text);
    return text.toString();
  }

  /// {@return one row of the table}
  public String line(String row) {
    StringBuilder text = new StringBuilder("| " + row + " |");
    Map<String, Result> cells = rows.getOrDefault(row, Map.of());
    columns.forEach(column -> text.append(' ').append(cell(cells, column)).append(" |"));
    return text.toString();
  }

  private String cell(Map<String, Result> row, String column) {
    Result result = row.get(column);
    if (result == null || !result.hasFigure()) {
      return result != null && result.isWrong() ? "WRONG" : "–";
    }
    String text = number(result.median());
    double spread = Statistics.spread(result.samples());
    if (spread >= NOTEWORTHY_SPREAD) {
      text += String.format(Locale.ROOT, " ±%.0f%%", spread * 100);
    }
    Double ratio = ratio(row, column);
    return ratio == null ? text : String.format(Locale.ROOT, "%s (%.2f×)", text, ratio);
  }

  private @Nullable Double ratio(Map<String, Result> row, String column) {
    Result base = row.get(columns.getFirst());
    Result result = row.get(column);
    if (base == null || result == null || !base.hasFigure() || !result.hasFigure()) {
      return null;
    }
    return result.median() / base.median();
  }

  private Set<String> commonRows() {
    Set<String> common = new LinkedHashSet<>();
    rows.forEach((name, row) -> {
      if (columns.stream().allMatch(column -> ratio(row, column) != null)) {
        common.add(name);
      }
    });
    return common;
  }

  private void appendMeans(StringBuilder text, String label, Set<String> names) {
    text.append("| **").append(label).append("** |");
    for (String column : columns) {
      List<Double> ratios =
          names.stream()
              .map(name -> ratio(Objects.requireNonNull(rows.get(name)), column))
              .filter(Objects::nonNull)
              .toList();
      text.append(
          ratios.isEmpty()
              ? " – |"
              : String.format(
                  Locale.ROOT,
                  " **%.2f×** (n=%d) |",
                  Statistics.geometricMean(ratios),
                  ratios.size()));
    }
    text.append('\n');
  }

  private void appendNotes(StringBuilder text) {
    List<String> notes = new ArrayList<>();
    rows.forEach((name, row) ->
        row.values().stream()
            .filter(result -> result.detail() != null)
            .forEach(result ->
                notes.add("- " + name + ", " + result.column() + ": " + result.detail())));
    if (!notes.isEmpty()) {
      text.append('\n').append(String.join("\n", notes)).append('\n');
    }
  }

  private static String number(double value) {
    int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /// {@return the table for programs, every sample of every cell}
  public ObjectNode json(ObjectMapper mapper) {
    ObjectNode json = mapper.createObjectNode().put("title", title);
    ArrayNode cells = json.putArray("cells");
    rows.forEach((name, row) ->
        columns.forEach(column -> {
          Result result = row.get(column);
          if (result == null) {
            return;
          }
          ObjectNode cell = cells.addObject().put("workload", name).put("engine", column);
          if (result.hasFigure()) {
            cell.put("median", result.median());
            cell.put("spread", Statistics.spread(result.samples()));
            Double ratio = ratio(row, column);
            if (ratio != null) {
              cell.put("ratio", ratio);
            }
            ArrayNode samples = cell.putArray("samples");
            for (double sample : result.samples()) {
              samples.add(sample);
            }
          }
          if (result.detail() != null) {
            cell.put("detail", result.detail());
          }
          if (result.isWrong()) {
            cell.put("wrong", true);
          }
        }));
    return json;
  }
}
