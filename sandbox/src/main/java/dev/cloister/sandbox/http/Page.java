package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One page of a list, as every list is answered.
///
/// @param items the entries
/// @param next the cursor of the next page, null on the last one
/// @param total how many entries the whole list has, null if nobody counted
record Page(List<?> items, @Nullable String next, @Nullable Integer total) {
  static final int DEFAULT_LIMIT = 50;
  static final int MAX_LIMIT = 1_000;

  /// Cuts the page that `request` asks for out of `all`.
  ///
  /// @param order a total order; entries keep their place in it between requests
  /// @param cursor turns an entry into text from which `parse` makes one of the same place
  /// @param parse makes an entry of a cursor's text, or null if the text is none
  static <T> Page of(
      ApiRequest request,
      List<T> all,
      Comparator<T> order,
      Function<T, String> cursor,
      Function<String, @Nullable T> parse,
      Function<T, Object> view) {
    int limit = request.queryNumber("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    @Nullable T after = cursorOf(request, parse);
    List<T> following = new ArrayList<>(all);
    if (after != null) {
      following.removeIf(entry -> order.compare(entry, after) <= 0);
    }
    following.sort(order);
    List<T> items = following.subList(0, Math.min(limit, following.size()));
    @Nullable String next = following.size() > limit ? encode(cursor.apply(items.getLast())) : null;
    return new Page(items.stream().map(view).toList(), next, all.size());
  }

  /// Cuts a page out of a list that is ordered by a text of its own in each entry.
  static <T> Page byName(
      ApiRequest request, List<T> all, Function<T, String> name, Function<T, Object> view) {
    record Named<T>(String name, @Nullable T entry) {}
    List<Named<T>> named = new ArrayList<>();
    all.forEach(entry -> named.add(new Named<>(name.apply(entry), entry)));
    return of(
        request,
        named,
        Comparator.comparing(Named::name),
        Named::name,
        text -> new Named<>(text, null),
        item -> {
          if (item.entry == null) {
            throw new IllegalStateException("a cursor is not an entry");
          }
          return view.apply(item.entry);
        });
  }

  static String encode(String cursor) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(cursor.getBytes(StandardCharsets.UTF_8));
  }

  /// Returns what the cursor of `request` stands for, or null on the first page.
  static <T> @Nullable T cursorOf(ApiRequest request, Function<String, @Nullable T> parse) {
    @Nullable String text = request.query("cursor");
    if (text == null) {
      return null;
    }
    @Nullable T value = null;
    try {
      value = parse.apply(new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException _) {
      // Falls through to the problem below.
    }
    if (value == null) {
      throw Problem.invalid("cursor", text, "the `next` of the page before").asException();
    }
    return value;
  }
}
