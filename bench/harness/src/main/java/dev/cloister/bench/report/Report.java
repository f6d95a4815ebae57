package dev.cloister.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All cells of one run, as one table in Markdown or as JSON.
///
/// Ratios are to the first column. The last rows are geometric means of ratios, for each group of
/// rows: of each column over all rows that it and the first column have, and over the rows that all
/// columns have.
public final class Report {
  /// From here on a cell shows its spread.
  private static final double NOTEWORTHY_SPREAD = 0.03;

  private static final int LONGEST_REASON = 40;

  /// What a fault is marked with.
  private static final String FAULT = "†";

  private final String title;
  private final List<String> columns;
  private final List<Double> bounds;
  private final Map<String, Map<String, Result>> rows = new LinkedHashMap<>();
  private final Map<String, String> groups = new LinkedHashMap<>();

  /// Starts a table.
  ///
  /// @param bounds the ratios above which rows are named below the table
  public Report(String title, List<String> columns, List<Double> bounds) {
    this.title = title;
    this.columns = List.copyOf(columns);
    this.bounds = List.copyOf(bounds);
  }

  /// Adds a cell; rows stay in the order in which they come.
  public void add(Result result) {
    rows.computeIfAbsent(result.row(), _ -> new LinkedHashMap<>()).put(result.column(), result);
  }

  /// Adds a cell of a row that belongs to a group, whose mean is one of its own.
  public void add(Result result, String group) {
    add(result);
    groups.put(result.row(), group);
  }

  /// {@return true if some engine computed something wrong}
  public boolean hasWrong() {
    return results().stream().anyMatch(Result::isWrong);
  }

  /// {@return true if some cell is one that should not be}
  public boolean hasFault() {
    return results().stream().anyMatch(result -> result.fault() != null);
  }

  private List<Result> results() {
    return rows.values().stream().flatMap(row -> row.values().stream()).toList();
  }

  /// {@return the table for people}
  public String markdown() {
    StringBuilder text = new StringBuilder("## " + title + "\n\n| workload |");
    columns.forEach(column -> text.append(' ').append(column).append(" |"));
    text.append("\n| --- |").append(" ---: |".repeat(columns.size())).append('\n');
    rows.keySet().forEach(name -> text.append(line(name)).append('\n'));
    if (columns.size() > 1) {
      groups().forEach((group, names) -> appendMeans(text, group, names));
    }
    List<String> notes = new ArrayList<>();
    addBounds(notes);
    addNotes(notes);
    if (!notes.isEmpty()) {
      text.append("\n- ").append(String.join("\n- ", notes)).append('\n');
    }
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
      return result == null ? "–" : result.isWrong() ? "WRONG" : "– " + reason(result);
    }
    String text = number(result.median());
    double spread = result.median() == 0 ? 0 : Statistics.spread(result.samples());
    if (spread >= NOTEWORTHY_SPREAD) {
      text += String.format(Locale.ROOT, " ±%.0f%%", spread * 100);
    }
    Double ratio = ratio(row, column);
    if (ratio != null) {
      text += String.format(Locale.ROOT, " (%.2f×)", ratio);
    }
    return result.fault() == null ? text : text + " " + FAULT;
  }

  /// The beginning of why there is no figure, without the names of exceptions.
  private static String reason(Result result) {
    if (result.detail() == null) {
      return "";
    }
    String text = result.detail().replaceFirst("^([\\w.]+(Exception|Error): )+", "");
    text = text.replace('|', '/');
    return text.length() <= LONGEST_REASON ? text : text.substring(0, LONGEST_REASON).strip() + "…";
  }

  private @Nullable Double ratio(Map<String, Result> row, String column) {
    Result base = row.get(columns.getFirst());
    Result result = row.get(column);
    if (base == null || result == null || !base.hasFigure() || !result.hasFigure()) {
      return null;
    }
    // Of nothing at all there is no ratio.
    return base.median() > 0 && result.median() > 0 ? result.median() / base.median() : null;
  }

  /// Those that no group was told for are one group, without a name.
  private Map<String, Set<String>> groups() {
    Map<String, Set<String>> byGroup = new LinkedHashMap<>();
    for (String name : rows.keySet()) {
      String group = groups.getOrDefault(name, "");
      byGroup.computeIfAbsent(group, _ -> new LinkedHashSet<>()).add(name);
    }
    return byGroup;
  }

  private void appendMeans(StringBuilder text, String group, Set<String> names) {
    String label = group.isEmpty() ? "geometric mean of ratios" : "geometric mean: " + group;
    appendMean(text, label, names);
    List<String> common =
        names.stream()
            .filter(name -> {
              Map<String, Result> row = row(name);
              return columns.stream().allMatch(column -> ratio(row, column) != null);
            })
            .toList();
    // Columns that have nothing of a group do not matter there.
    boolean isOther =
        columns.stream().anyMatch(column -> ratios(names, column).size() > common.size());
    if (isOther && !common.isEmpty()) {
      appendMean(text, "the same over common rows", common);
    }
  }

  private void appendMean(StringBuilder text, String label, Collection<String> names) {
    text.append("| **").append(label).append("** |");
    for (String column : columns) {
      List<Double> ratios = ratios(names, column);
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

  private List<Double> ratios(Collection<String> names, String column) {
    return names.stream()
        .map(name -> ratio(row(name), column))
        .filter(Objects::nonNull)
        .map(Objects::requireNonNull)
        .toList();
  }

  private Map<String, Result> row(String name) {
    return rows.getOrDefault(name, Map.of());
  }

  /// Which rows of a column and group are above each of the bounds.
  private void addBounds(List<String> notes) {
    if (bounds.isEmpty()) {
      return;
    }
    for (String column : columns.subList(1, columns.size())) {
      groups()
          .forEach((group, names) -> {
            if (!ratios(names, column).isEmpty()) {
              String place = group.isEmpty() ? column : column + ", " + group;
              notes.add(
                  place
                      + ": "
                      + bounds.stream()
                          .map(bound -> "above " + bound + ": " + above(bound, names, column))
                          .collect(Collectors.joining("; ")));
            }
          });
    }
  }

  private String above(double bound, Collection<String> names, String column) {
    List<String> above = new ArrayList<>();
    for (String name : names) {
      Double ratio = ratio(row(name), column);
      if (ratio != null && ratio > bound) {
        above.add(String.format(Locale.ROOT, "%s %.2f", name, ratio));
      }
    }
    return above.isEmpty() ? "none" : above.size() + " (" + String.join(", ", above) + ")";
  }

  /// What is the same for several rows of a column is said once.
  private void addNotes(List<String> notes) {
    for (String column : columns) {
      Map<String, List<String>> rowsByNote = new LinkedHashMap<>();
      for (Result result : results()) {
        if (result.column().equals(column)) {
          for (String text : texts(result)) {
            rowsByNote.computeIfAbsent(text, _ -> new ArrayList<>()).add(result.row());
          }
        }
      }
      rowsByNote.forEach(
          (text, names) -> notes.add(column + ", " + String.join(", ", names) + ": " + text));
    }
  }

  private static List<String> texts(Result result) {
    List<String> texts = new ArrayList<>();
    if (result.fault() != null) {
      texts.add(FAULT + " " + result.fault());
    }
    if (result.detail() != null) {
      texts.add(result.detail());
    }
    return texts;
  }

  private static String number(double value) {
    int digits = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /// {@return the table for programs, every sample of every cell}
  public ObjectNode json(ObjectMapper mapper) {
    ObjectNode json = mapper.createObjectNode().put("title", title);
    ArrayNode cells = json.putArray("cells");
    rows.forEach((name, row) ->
        columns.forEach(column -> {
          Result result = row.get(column);
          if (result != null) {
            describe(cells.addObject(), name, result, ratio(row, column));
          }
        }));
    ArrayNode means = json.putArray("means");
    groups()
        .forEach((group, names) ->
            columns.forEach(column -> {
              List<Double> ratios = ratios(names, column);
              if (!ratios.isEmpty()) {
                ObjectNode mean = means.addObject().put("group", group).put("engine", column);
                mean.put("mean", Statistics.geometricMean(ratios)).put("rows", ratios.size());
              }
            }));
    return json;
  }

  private void describe(ObjectNode cell, String name, Result result, @Nullable Double ratio) {
    cell.put("workload", name).put("engine", result.column());
    if (groups.containsKey(name)) {
      cell.put("group", groups.get(name));
    }
    if (result.hasFigure()) {
      cell.put("median", result.median());
      if (result.median() != 0) {
        cell.put("spread", Statistics.spread(result.samples()));
      }
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
    if (result.fault() != null) {
      cell.put("fault", result.fault());
    }
    if (result.isWrong()) {
      cell.put("wrong", true);
    }
  }
}
