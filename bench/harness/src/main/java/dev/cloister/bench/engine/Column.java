package dev.cloister.bench.engine;

import java.util.List;

/// One engine in one setting: a column of the table.
///
/// @param name as it stands in the table
/// @param command what starts its worker
/// @param isWatched whether it is to be seen what HotSpot's compilers make of its guests
public record Column(String name, List<String> command, boolean isWatched) {
  /// Copies the command.
  public Column {
    command = List.copyOf(command);
  }
}
